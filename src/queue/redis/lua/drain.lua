-- Removes what waits, and what is delayed if asked; 1000 a call. Answers 1 while there may be more.
-- ARGV: '1' for delayed ones too
local removed = 0
-- `page`: the next ids behind those that stay.
local function remove_all(page, remove)
  local kept = 0
  while removed < 1000 do
    local ids = page(kept)
    if #ids == 0 then return end
    for _, id in ipairs(ids) do
      if is_current_run(id) then
        kept = kept + 1
      else
        remove(id)
        leave_parent(id, 'removed')
        free_deduplication(id)
        drop(id)
        removed = removed + 1
      end
    end
  end
end
for _, name in ipairs({'wait', 'paused'}) do
  -- From the right end, where what stays is the oldest. Within a page the order does not matter to LREM's count.
  remove_all(function(kept) return call('LRANGE', P .. name, -kept - 500, -kept - 1) end,
    function(id) call('LREM', P .. name, -1, id) end)
end
for _, name in ipairs({'prioritized', ARGV[1] == '1' and 'delayed' or nil}) do
  remove_all(function(kept) return call('ZRANGE', P .. name, kept, kept + 499) end,
    function(id) call('ZREM', P .. name, id) end)
end
return removed >= 1000 and 1 or 0
