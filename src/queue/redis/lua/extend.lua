-- Answers the ids whose lock is not held any more. ARGV: lock ms, then id and token of each
local lost = {}
for i = 2, #ARGV, 2 do
  local id = ARGV[i]
  if call('GET', P .. id .. ':lock') == ARGV[i + 1] then
    call('SET', P .. id .. ':lock', ARGV[i + 1], 'PX', ARGV[1])
    call('SREM', P .. 'stalled', id)
  else
    lost[#lost + 1] = id
  end
end
return lost
