-- Section 11, but merging: what stands where it should not is kept. ARGV: 'paused' or 'resumed'
local pausing = ARGV[1] == 'paused'
local from, to = P .. 'wait', P .. 'paused'
if not pausing then from, to = to, from end
local moved = call('EXISTS', from) == 1
if moved and call('EXISTS', to) == 0 then
  call('RENAME', from, to)
elseif moved then
  for _, id in ipairs(call('LRANGE', from, 0, -1)) do call('RPUSH', to, id) end
  call('DEL', from)
end
if pausing then
  call('HSET', P .. 'meta', 'paused', '1')
  call('DEL', P .. 'marker')
else
  call('HDEL', P .. 'meta', 'paused')
  if moved or call('EXISTS', P .. 'wait') == 1 or call('ZCARD', P .. 'prioritized') > 0 then
    base_mark(false)
  else
    delay_mark()
  end
end
event(ARGV[1])
return 0
