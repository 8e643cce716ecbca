-- Removes jobs of one list or set that are old enough, oldest first; answers their ids. ARGV: key's name, time, most
local name, before, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local is_list = name == 'wait' or name == 'paused' or name == 'active'
local finished = name == 'completed' or name == 'failed'
local ids = is_list and call('LRANGE', P .. name, 0, -1)
  or finished and call('ZRANGEBYSCORE', P .. name, '-inf', before, 'LIMIT', 0, most)
  or call('ZRANGE', P .. name, 0, -1)
-- Which of its times a job is judged by; what has none counts as old.
local function time_of(id)
  local t = call('HMGET', P .. id, 'finishedOn', 'processedOn', 'timestamp')
  if name == 'prioritized' then return tonumber(t[3] or 0) end
  if name == 'delayed' then return tonumber(t[2] or t[3] or 0) end
  return tonumber(t[1] or t[2] or t[3] or 0)
end
local removed = {}
for at = 1, #ids do
  if #removed >= most then break end
  local id = is_list and ids[#ids + 1 - at] or ids[at]
  local free = name ~= 'active' or call('EXISTS', P .. id .. ':lock') == 0
  if finished or (free and time_of(id) <= before and not is_current_run(id)) then
    if is_list then call('LREM', P .. name, -1, id) else call('ZREM', P .. name, id) end
    if not finished then leave_parent(id, 'removed') end
    free_deduplication(id)
    drop(id)
    removed[#removed + 1] = id
  end
end
event('cleaned', 'count', int(#removed))
return removed
