-- Another delay or priority for a job that nobody has taken. ARGV: id, now, 'delay' or 'priority', value, lifo or ''
local id, value = ARGV[1], tonumber(ARGV[4])
if call('EXISTS', P .. id) == 0 then return -1 end
if ARGV[3] == 'delay' then
  if call('ZREM', P .. 'delayed', id) == 0 then return -3 end
  call('HSET', P .. id, 'delay', ARGV[4])
  delay_until(id, tonumber(ARGV[2]) + value)
  return 0
end
call('HSET', P .. id, 'priority', ARGV[4])
local list = target()
if call('ZREM', P .. 'prioritized', id) == 1 or call('LREM', list, -1, id) > 0 then
  enqueue(id, value, ARGV[5] ~= '' and 'lifo' or nil)
end
return 0
