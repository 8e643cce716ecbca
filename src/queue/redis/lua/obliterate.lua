-- Deletes the queue, 1000 jobs a call. Answers 1 while there is more, or a code. ARGV: '1' by force
if call('HEXISTS', P .. 'meta', 'paused') == 0 then return -1 end
if ARGV[1] ~= '1' and call('LLEN', P .. 'active') > 0 then return -2 end
local left = 1000
local function clear(name, ids)
  for _, id in ipairs(ids) do
    free_deduplication(id)
    drop(id)
    call('DEL', P .. id .. ':lock')
    left = left - 1
  end
end
for _, name in ipairs({'active', 'wait', 'paused'}) do
  if left <= 0 then return 1 end
  clear(name, call('LRANGE', P .. name, 0, left - 1))
  call('LTRIM', P .. name, 1000, -1)
  if call('EXISTS', P .. name) == 1 then return 1 end
end
for _, name in ipairs({'delayed', 'completed', 'prioritized', 'failed', 'waiting-children'}) do
  if left <= 0 then return 1 end
  local ids = call('ZRANGE', P .. name, 0, left - 1)
  clear(name, ids)
  if #ids > 0 then call('ZREM', P .. name, unpack(ids)) end
  if call('EXISTS', P .. name) == 1 then return 1 end
end
for _, id in ipairs(call('ZRANGE', P .. 'repeat', 0, -1)) do call('DEL', P .. 'repeat:' .. id) end
for _, name in ipairs({'repeat', 'events', 'stalled', 'stalled-check', 'id', 'pc', 'marker', 'meta', 'limiter',
  'metrics:completed', 'metrics:completed:data', 'metrics:failed', 'metrics:failed:data'}) do
  call('DEL', P .. name)
end
return 0
