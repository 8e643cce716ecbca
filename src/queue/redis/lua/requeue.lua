-- An active job goes back to where it can be taken again: tried again now ('retry') or later ('delay'), put off without
-- a used attempt ('postpone'), or handed back ('return'). Answers 0 or a code below zero.
-- ARGV: id, now, token, how, delay ms, lifo or '', failed reason, stack trace JSON
local id, now, how, delay = ARGV[1], tonumber(ARGV[2]), ARGV[4], tonumber(ARGV[5])
local held = let_go(id, ARGV[3])
if held < 0 then return held end
if how == 'retry' or how == 'delay' then
  call('HSET', P .. id, 'failedReason', ARGV[7], 'stacktrace', ARGV[8])
  call('HINCRBY', P .. id, 'atm', 1)
end
if how == 'delay' or how == 'postpone' then
  call('HSET', P .. id, 'delay', int(delay))
  delay_until(id, now + delay)
  return 0
end
if how == 'retry' then promote_due(now) end
enqueue(id, priority_of(id), how == 'return' and 'front' or ARGV[6] ~= '' and 'lifo' or nil)
event('waiting', 'jobId', id, 'prev', 'active')
return 0
