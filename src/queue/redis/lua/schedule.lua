-- Shared by the two scripts that make a scheduler's run. Section 13.

-- The next slot of an interval, and where its slots lie.
local function next_every(previous, every, now, offset, start)
  local function slot()
    local at = math.floor(now / every) * every + offset
    return at > now and at or at + every
  end
  local next = now
  if previous then
    next = previous + every
    if next < now then next = slot() end
  elseif start then
    next = math.max(start, now)
  elseif offset > 0 then
    next = slot()
  end
  return next, offset ~= 0 and offset or next % every
end

-- Stores and enqueues the run of `scheduler` at `at`; answers its id. The options' JSON comes in pieces that are closed
-- here, since only here the time is known. `run`: options, repeat, id (each without its end), count, priority, lifo.
local function add_run(scheduler, at, now, offset, name, data, run)
  local id = 'repeat:' .. scheduler .. ':' .. int(at)
  local delay = math.max(0, at - now)
  local opts = run.options .. ',"repeat":' .. run.every_or_pattern .. (offset and ',"offset":' .. int(offset) or '')
    .. ',"count":' .. run.count .. '},"jobId":' .. run.id .. int(at) .. '","delay":' .. int(delay)
    .. ',"timestamp":' .. int(now) .. (run.by_pattern and ',"prevMillis":' .. int(at) or '') .. '}'
  call('INCR', P .. 'id')
  store(id, name, data, opts, now, delay, tonumber(run.priority), run.lifo ~= '', {'rjk', scheduler})
  return id
end
