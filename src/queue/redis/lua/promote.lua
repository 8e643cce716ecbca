-- A delayed job waits at once, or the next 1000 of them; answers how many, or a code. ARGV: id, '' for all
local ids = {ARGV[1]}
if ARGV[1] == '' then
  ids = call('ZRANGE', P .. 'delayed', 0, 999)
elseif call('EXISTS', P .. ARGV[1]) == 0 then
  return -1
end
for _, id in ipairs(ids) do
  if call('ZREM', P .. 'delayed', id) == 0 then return -3 end
  enqueue(id, priority_of(id))
  event('waiting', 'jobId', id, 'prev', 'delayed')
  call('HSET', P .. id, 'delay', '0')
end
return #ids
