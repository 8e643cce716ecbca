-- What a worker notes on its job. ARGV: id, 'progress', 'data' or 'log', value, log rows to keep or ''
local id, what, value = ARGV[1], ARGV[2], ARGV[3]
if call('EXISTS', P .. id) == 0 then return -1 end
if what == 'log' then
  call('RPUSH', P .. id .. ':logs', value)
  if ARGV[4] ~= '' then call('LTRIM', P .. id .. ':logs', '-' .. ARGV[4], -1) end
else
  call('HSET', P .. id, what, value)
  if what == 'progress' then event('progress', 'jobId', id, 'data', value) end
end
return 0
