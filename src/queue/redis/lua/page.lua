-- Jobs of a list or set: {id, hash} each. ARGV: key's name, first, last, '1' for newest first
local key, first, last, newest = P .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local ids
if ARGV[1] == 'wait' or ARGV[1] == 'paused' or ARGV[1] == 'active' then
  if newest then
    ids = call('LRANGE', key, first, last)
  else
    local from_right = call('LRANGE', key, -last - 1, -first - 1)
    if last < 0 then from_right = call('LRANGE', key, 0, -first - 1) end
    ids = {}
    for i = #from_right, 1, -1 do ids[#ids + 1] = from_right[i] end
  end
else
  ids = call(newest and 'ZREVRANGE' or 'ZRANGE', key, first, last)
end
local jobs = {}
for _, id in ipairs(ids) do
  local hash = call('HGETALL', P .. id)
  if #hash > 0 then jobs[#jobs + 1] = {id, hash} end
end
return jobs
