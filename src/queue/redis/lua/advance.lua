-- Makes the run after one that was just taken; answers its id, or '' when there is none to make.
-- ARGV: scheduler, now, next of a pattern or '', the taken run's id, the run's options, repeat and id (each without
-- its end), count, priority, lifo or ''
local scheduler, now, own = ARGV[1], tonumber(ARGV[2]), ARGV[4]
local hash = P .. 'repeat:' .. scheduler
local previous = tonumber(call('ZSCORE', P .. 'repeat', scheduler))
if not previous or own ~= 'repeat:' .. scheduler .. ':' .. int(previous) then return '' end
local known = call('HMGET', hash, 'every', 'offset', 'data', 'name')
local next, offset = tonumber(ARGV[3]), nil
if not next then
  offset = tonumber(known[2] or 0)
  next = next_every(previous, tonumber(known[1]), now, offset, nil)
end
local id = 'repeat:' .. scheduler .. ':' .. int(next)
if call('EXISTS', P .. id) == 1 then
  event('duplicated', 'jobId', id)
  return ''
end
call('ZADD', P .. 'repeat', next, scheduler)
call('HINCRBY', hash, 'ic', 1)
local data = known[3] or call('HGET', P .. own, 'data') or '{}'
local name = known[4] or call('HGET', P .. own, 'name') or scheduler
add_run(scheduler, next, now, offset, name, data, {options = ARGV[5], every_or_pattern = ARGV[6], id = ARGV[7],
  count = ARGV[8], by_pattern = ARGV[3] ~= '', priority = ARGV[9], lifo = ARGV[10]})
call('HSET', P .. own, 'nrjid', id)
return id
