-- Removes what waits, and what is delayed if asked; 1000 a call. Answers 1 while there may be more.
-- ARGV: '1' for delayed ones too
local removed = 0
local function remove_all(name, ids, remove)
  for at = #ids, 1, -1 do
    if removed >= 1000 then return end
    if not is_current_run(ids[at]) then
      remove(ids[at])
      leave_parent(ids[at], 'removed')
      free_deduplication(ids[at])
      drop(ids[at])
      removed = removed + 1
    end
  end
end
for _, name in ipairs({'wait', 'paused'}) do
  remove_all(name, call('LRANGE', P .. name, 0, -1), function(id) call('LREM', P .. name, -1, id) end)
end
for _, name in ipairs({'prioritized', ARGV[1] == '1' and 'delayed' or nil}) do
  remove_all(name, call('ZRANGE', P .. name, 0, -1), function(id) call('ZREM', P .. name, id) end)
end
return removed >= 1000 and 1 or 0
