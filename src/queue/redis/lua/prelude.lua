-- Before every script: the building blocks of bullmq-wire.md section 9. KEYS[1] is what the queue's keys begin with.
-- Numbers become text through int() alone, since Lua's own conversion keeps 14 digits.
local P = KEYS[1]
local call = redis.call

local function int(number) return string.format('%.0f', number) end

local stream_caps = {}
local function event(...)
  local most = stream_caps[P] or call('HGET', P .. 'meta', 'opts.maxLenEvents')
  if not most then
    most = '10000'
    call('HSET', P .. 'meta', 'opts.maxLenEvents', most)
  end
  stream_caps[P] = most
  call('XADD', P .. 'events', 'MAXLEN', '~', most, '*', 'event', ...)
end

-- Where a waiting job goes, whether anything is given out now, and the queue's rate limit.
local function target()
  local set = call('HMGET', P .. 'meta', 'paused', 'concurrency', 'max', 'duration')
  if set[1] then return P .. 'paused', true, set[3], set[4] end
  local full = set[2] and call('LLEN', P .. 'active') >= tonumber(set[2])
  return P .. 'wait', full or false, set[3], set[4]
end

local function base_mark(closed)
  if not closed then call('ZADD', P .. 'marker', 0, '0') end
end

local function delay_mark()
  local first = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')
  if first[2] then call('ZADD', P .. 'marker', tonumber(first[2]) / 4096, '1') end
end

local function push(id, front)
  local list, closed = target()
  call(front and 'RPUSH' or 'LPUSH', list, id)
  base_mark(closed)
end

local function prioritize(id, priority, front)
  local _, closed = target()
  local score = priority * 4294967296
  if not front then score = score + call('INCR', P .. 'pc') % 4294967296 end
  call('ZADD', P .. 'prioritized', score, id)
  base_mark(closed)
end

-- `side`: 'front', 'lifo' for the front of those without a priority, or nil for the back.
local function enqueue(id, priority, side)
  if priority > 0 then prioritize(id, priority, side == 'front') else push(id, side) end
end

local function priority_of(id) return tonumber(call('HGET', P .. id, 'priority') or 0) or 0 end

local function delay_until(id, due)
  local base = due * 4096
  local last = call('ZREVRANGEBYSCORE', P .. 'delayed', base + 4095, base, 'WITHSCORES', 'LIMIT', 0, 1)
  local score = base
  if last[2] then score = math.min(tonumber(last[2]) + 1, base + 4095) end
  call('ZADD', P .. 'delayed', score, id)
  event('delayed', 'jobId', id, 'delay', int(due))
  delay_mark()
end

-- Stores a job and puts it where it belongs. `more`: further fields of its hash.
local function store(id, name, data, opts, timestamp, delay, priority, lifo, more)
  call('HSET', P .. id, 'name', name, 'data', data, 'opts', opts, 'timestamp', int(timestamp), 'delay', int(delay),
    'priority', int(priority), unpack(more))
  event('added', 'jobId', id, 'name', name)
  if delay > 0 then
    delay_until(id, timestamp + delay)
  else
    enqueue(id, priority, lifo and 'lifo' or nil)
    event('waiting', 'jobId', id)
  end
end

local function promote_due(now)
  local due = call('ZRANGEBYSCORE', P .. 'delayed', 0, (now + 1) * 4096 - 1, 'LIMIT', 0, 1000)
  if #due == 0 then return end
  call('ZREM', P .. 'delayed', unpack(due))
  for _, id in ipairs(due) do
    enqueue(id, priority_of(id))
    event('waiting', 'jobId', id, 'prev', 'delayed')
    call('HSET', P .. id, 'delay', '0')
  end
end

-- Moves the next job to `active`. Ids without a job are what a crash of others left: they go.
local function pick()
  while true do
    local id = call('RPOPLPUSH', P .. 'wait', P .. 'active')
    if not id then
      id = call('ZPOPMIN', P .. 'prioritized')[1]
      if not id then
        call('DEL', P .. 'pc')
        return nil
      end
      call('LPUSH', P .. 'active', id)
    end
    if call('EXISTS', P .. id) == 1 then return id end
    call('LREM', P .. 'active', 1, id)
  end
end

-- Answers {the job's hash or false, its id, for how long a limit holds, when the next delayed job is due}, and whether
-- the queue was closed.
local function take(now, token, lock, worker)
  local _, closed, max, duration = target()
  promote_due(now)
  if max and tonumber(call('GET', P .. 'limiter') or 0) >= tonumber(max) then
    local left = call('PTTL', P .. 'limiter')
    if left > 0 then return {false, '', left, 0}, false end
    if left == 0 then call('DEL', P .. 'limiter') end
  end
  if closed then return {false, '', 0, 0}, true end
  local id = pick()
  if not id then
    local first = call('ZRANGE', P .. 'delayed', 0, 0, 'WITHSCORES')
    return {false, '', 0, first[2] and math.floor(tonumber(first[2]) / 4096) or 0}, false
  end
  if max and call('INCR', P .. 'limiter') == 1 then call('PEXPIRE', P .. 'limiter', duration) end
  call('SET', P .. id .. ':lock', token, 'PX', lock)
  event('active', 'jobId', id, 'prev', 'waiting')
  call('HSET', P .. id, 'processedOn', int(now))
  if worker ~= '' then call('HSET', P .. id, 'pb', worker) end
  call('HINCRBY', P .. id, 'ats', 1)
  call('ZADD', P .. 'marker', 0, '0')
  return {call('HGETALL', P .. id), id, 0, 0}, false
end

-- 0, or why the job is not ours: -1 no such job, -2 no lock, -6 another's lock, -3 not active. Frees lock and place.
local function let_go(id, token)
  if call('EXISTS', P .. id) == 0 then return -1 end
  local holder = call('GET', P .. id .. ':lock')
  if not holder then return -2 end
  if holder ~= token then return -6 end
  if call('LREM', P .. 'active', -1, id) == 0 then return -3 end
  call('DEL', P .. id .. ':lock')
  call('SREM', P .. 'stalled', id)
  return 0
end

local function drop(id)
  local key = P .. id
  call('DEL', key, key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
end

-- Frees the deduplication id of a job that goes before its end.
local function free_deduplication(id)
  local name = call('HGET', P .. id, 'deid')
  if name and call('GET', P .. 'de:' .. name) == id then call('DEL', P .. 'de:' .. name) end
end

local function is_current_run(id)
  local scheduler = call('HGET', P .. id, 'rjk')
  local at = scheduler and call('ZSCORE', P .. 'repeat', scheduler)
  return at and id == 'repeat:' .. scheduler .. ':' .. int(tonumber(at))
end

-- Takes an unfinished job out of its list or set and tells where it was; nil: nowhere.
local function take_out(id)
  for _, set in ipairs({'delayed', 'prioritized', 'waiting-children', 'completed', 'failed'}) do
    if call('ZREM', P .. set, id) == 1 then return set end
  end
  for _, list in ipairs({'wait', 'paused', 'active'}) do
    if call('LREM', P .. list, -1, id) > 0 then return list end
  end
end

-- Flows: what a job's end or removal means for its parent, whose queue may be another one. Section 16.
local function in_queue(prefix, work)
  local own = P
  P = prefix
  work()
  P = own
end

local function parent_may_run(parent_key, parent)
  local at = parent.queueKey .. ':'
  local id = string.sub(parent_key, #at + 1)
  in_queue(at, function()
    if call('ZREM', P .. 'waiting-children', id) == 0 then return end
    local set = call('HMGET', P .. id, 'priority', 'delay', 'timestamp')
    local delay = tonumber(set[2] or 0) or 0
    if delay > 0 then
      delay_until(id, tonumber(set[3]) + delay)
    else
      enqueue(id, tonumber(set[1] or 0) or 0, 'front')
      event('waiting', 'jobId', id, 'prev', 'waiting-children')
    end
  end)
end

local function leave_parent(id, how, value)
  local set = call('HMGET', P .. id, 'parentKey', 'parent')
  if not set[1] or not set[2] or call('EXISTS', set[1]) == 0 then return end
  local parent_key, parent, own = set[1], cjson.decode(set[2]), P .. id
  if how == 'failed' then
    if parent.fpof then
      call('SREM', parent_key .. ':dependencies', own)
      call('ZADD', parent_key .. ':unsuccessful', tonumber(value.now), own)
      call('HSET', parent_key, 'defa', 'child ' .. own .. ' failed')
      return parent_may_run(parent_key, parent)
    end
    if not (parent.cpof or parent.idof or parent.rdof) then return end
    if parent.cpof or parent.idof then call('HSET', parent_key .. ':failed', own, value.reason) end
    if call('SREM', parent_key .. ':dependencies', own) == 1
      and (parent.cpof or call('SCARD', parent_key .. ':dependencies') == 0) then
      parent_may_run(parent_key, parent)
    end
    return
  end
  if call('SREM', parent_key .. ':dependencies', own) == 0 then return end
  if how == 'completed' then call('HSET', parent_key .. ':processed', own, value) end
  if call('SCARD', parent_key .. ':dependencies') == 0 then parent_may_run(parent_key, parent) end
end
