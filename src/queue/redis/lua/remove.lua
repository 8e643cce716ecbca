-- Removes a job from wherever it is. ARGV: id
local id = ARGV[1]
if call('EXISTS', P .. id) == 0 then return -1 end
if is_current_run(id) then return -8 end
if call('EXISTS', P .. id .. ':lock') == 1 then return -6 end
local from = take_out(id)
leave_parent(id, 'removed')
free_deduplication(id)
drop(id)
call('SREM', P .. 'stalled', id)
event('removed', 'jobId', id, 'prev', from or 'unknown')
return 0
