-- A finished job waits again, or the oldest 1000 of a set up to a time; answers how many, or a code.
-- ARGV: id or '', set or '' for either, time, lifo or ''
local function again(id, set, lifo)
  call('HDEL', P .. id, 'finishedOn', 'processedOn', set == 'failed' and 'failedReason' or 'returnvalue')
  enqueue(id, priority_of(id), lifo and 'lifo' or nil)
  event('waiting', 'jobId', id, 'prev', set)
end
if ARGV[1] == '' then
  local ids = call('ZRANGEBYSCORE', P .. ARGV[2], '-inf', ARGV[3], 'LIMIT', 0, 1000)
  for _, id in ipairs(ids) do
    call('ZREM', P .. ARGV[2], id)
    if call('EXISTS', P .. id) == 1 then again(id, ARGV[2], false) end
  end
  return #ids
end
if call('EXISTS', P .. ARGV[1]) == 0 then return -1 end
for _, set in ipairs({'failed', 'completed'}) do
  if call('ZREM', P .. set, ARGV[1]) == 1 then
    again(ARGV[1], set, ARGV[4] ~= '')
    return 1
  end
end
return -3
