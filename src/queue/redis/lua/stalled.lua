-- Section 10.7. Answers the ids that wait again. ARGV: now, interval ms, most stalls
if call('EXISTS', P .. 'stalled-check') == 1 then return {} end
call('SET', P .. 'stalled-check', ARGV[1], 'PX', ARGV[2])
local found = {}
for _, id in ipairs(call('SMEMBERS', P .. 'stalled')) do
  if call('EXISTS', P .. id .. ':lock') == 0 and call('LREM', P .. 'active', 1, id) > 0
    and call('EXISTS', P .. id) == 1 then
    local times = call('HINCRBY', P .. id, 'stc', 1)
    local scheduler = call('HGET', P .. id, 'rjk')
    local of_scheduler = scheduler and call('EXISTS', P .. 'repeat:' .. scheduler) == 1
    if times > tonumber(ARGV[3]) and not of_scheduler then
      call('HSET', P .. id, 'defa', 'job stalled more than allowable limit')
    end
    push(id, true)
    event('waiting', 'jobId', id, 'prev', 'active')
    event('stalled', 'jobId', id)
    found[#found + 1] = id
  end
end
call('DEL', P .. 'stalled')
for _, id in ipairs(call('LRANGE', P .. 'active', 0, -1)) do call('SADD', P .. 'stalled', id) end
return found
