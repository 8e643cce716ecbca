-- Makes or replaces a scheduler and its next run. Answers the run's id, or -11 when its slots are taken.
-- ARGV: id, now, next of a pattern or '', every or '', offset or '', start or '', name, data, template options JSON,
-- the run's options, repeat and id (each without its end), priority, lifo or '', then fields of the scheduler's hash
local scheduler, now, every = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])
local hash = P .. 'repeat:' .. scheduler
local previous = tonumber(call('ZSCORE', P .. 'repeat', scheduler))
local same_interval = previous and every and tonumber(call('HGET', hash, 'every') or 0) == every
local function run_at(at) return 'repeat:' .. scheduler .. ':' .. int(at) end
local function queued(id)
  return call('ZSCORE', P .. 'delayed', id) or call('ZSCORE', P .. 'prioritized', id)
    or call('LPOS', P .. 'wait', id) or call('LPOS', P .. 'paused', id)
end
local replaces = previous and queued(run_at(previous))

local next, offset = tonumber(ARGV[3]), nil
if every then
  next, offset = next_every(same_interval and previous or nil, every, now, tonumber(ARGV[5]) or 0, tonumber(ARGV[6]))
  if replaces and same_interval then
    next, offset = previous, tonumber(call('HGET', hash, 'offset') or offset)
  end
end
local function taken(at)
  return call('EXISTS', P .. run_at(at)) == 1 and not (replaces and at == previous)
end
local steps = 0
while taken(next) do
  if not every or steps == 32 then return -11 end
  next, steps = next + every, steps + 1
end
if replaces then
  take_out(run_at(previous))
  drop(run_at(previous))
end

local count = call('HGET', hash, 'ic') or '1'
call('ZADD', P .. 'repeat', next, scheduler)
call('DEL', hash)
call('HSET', hash, 'name', ARGV[7], 'ic', count, unpack(ARGV, 15))
if offset then call('HSET', hash, 'offset', int(offset)) end
if ARGV[8] ~= '{}' then call('HSET', hash, 'data', ARGV[8]) end
if ARGV[9] ~= '{}' then call('HSET', hash, 'opts', ARGV[9]) end
return add_run(scheduler, next, now, offset, ARGV[7], ARGV[8], {options = ARGV[10], every_or_pattern = ARGV[11],
  id = ARGV[12], count = '1', by_pattern = not every, priority = ARGV[13], lifo = ARGV[14]})
