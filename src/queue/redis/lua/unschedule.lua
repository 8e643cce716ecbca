-- Removes a scheduler with its delayed run; answers 0, or -1 if there is none. ARGV: id
local scheduler = ARGV[1]
local at = call('ZSCORE', P .. 'repeat', scheduler)
if not at then return -1 end
local id = 'repeat:' .. scheduler .. ':' .. int(tonumber(at))
if call('ZREM', P .. 'delayed', id) == 1 then
  drop(id)
  event('removed', 'jobId', id, 'prev', 'delayed')
end
call('ZREM', P .. 'repeat', scheduler)
call('DEL', P .. 'repeat:' .. scheduler)
return 0
