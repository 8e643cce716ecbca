-- Ends a job; with a fetch token it takes the next one. Answers a code below zero, or as take() does.
-- ARGV: id, now, token, 'completed' or 'failed', value, keep count or '', keep age s or '', keep limit,
-- attempts, stack trace JSON or '', fetch token or '', lock ms, worker's name, minutes of metrics
local id, now, set, value = ARGV[1], tonumber(ARGV[2]), ARGV[4], ARGV[5]
local key, done = P .. id, set == 'completed'
if done then
  if call('SCARD', key .. ':dependencies') > 0 then return -4 end
  if call('ZCARD', key .. ':unsuccessful') > 0 then return -9 end
end
local held = let_go(id, ARGV[3])
if held < 0 then return held end

-- The deduplication id is free for the next job, which may be waiting for just that.
local known = call('HMGET', key, 'deid', 'parentKey')
if known[1] then
  local owner = P .. 'de:' .. known[1]
  local left = call('PTTL', owner)
  if left == 0 or (left == -1 and call('GET', owner) == id) then call('DEL', owner) end
  local next_key = P .. 'dn:' .. known[1]
  local next = call('EXISTS', owner) == 0
    and call('HMGET', next_key, 'name', 'data', 'opts', 'rjk', 'jid', 'pk', 'pd') or {}
  if next[1] then
    local number = int(call('INCR', P .. 'id'))
    local next_id = next[5] or number
    local opts = cjson.decode(next[3])
    local more = {'deid', known[1]}
    for field, its in pairs({rjk = next[4], parentKey = next[6], parent = next[7]}) do
      if its then more[#more + 1] = field; more[#more + 1] = its end
    end
    call('SET', owner, next_id)
    store(next_id, next[1], next[2], next[3], now, tonumber(opts.delay or 0), tonumber(opts.priority or 0),
      opts.lifo == true, more)
    call('DEL', next_key)
  end
end
if known[2] then leave_parent(id, set, done and value or {reason = value, now = now}) end

local made = call('HINCRBY', key, 'atm', 1)
if ARGV[6] == '0' then
  drop(id)
else
  call('ZADD', P .. set, now, id)
  if done then
    call('HSET', key, 'returnvalue', value, 'finishedOn', int(now))
  else
    call('HSET', key, 'failedReason', value, 'stacktrace', ARGV[10], 'finishedOn', int(now))
    call('HDEL', key, 'defa')
  end
  if ARGV[7] ~= '' then
    local old = call('ZREVRANGEBYSCORE', P .. set, now - tonumber(ARGV[7]) * 1000, '-inf', 'LIMIT', 0, ARGV[8])
    for _, its in ipairs(old) do
      drop(its)
      call('ZREM', P .. set, its)
    end
  end
  if ARGV[6] ~= '' then
    for _, its in ipairs(call('ZREVRANGE', P .. set, ARGV[6], -1)) do
      drop(its)
      call('ZREM', P .. set, its)
    end
  end
end
event(set, 'jobId', id, done and 'returnvalue' or 'failedReason', value, 'prev', 'active')
if not done and made >= tonumber(ARGV[9]) then
  event('retries-exhausted', 'jobId', id, 'attemptsMade', int(made))
end

-- One more in this minute. Section 16, "Metrics".
local metrics, most = P .. 'metrics:' .. set, tonumber(ARGV[14])
local before = call('HINCRBY', metrics, 'count', 1) - 1
local noted = call('HMGET', metrics, 'prevTS', 'prevCount')
if not noted[1] then
  call('HSET', metrics, 'prevTS', int(now), 'prevCount', '0')
else
  local gone = math.min(math.floor(now / 60000) - math.floor(tonumber(noted[1]) / 60000), most)
  if gone > 0 then
    local points = {int(before - tonumber(noted[2]))}
    for i = 2, gone do points[i] = '0' end
    call('LPUSH', metrics .. ':data', unpack(points))
    call('LTRIM', metrics .. ':data', 0, most - 1)
    call('HSET', metrics, 'prevTS', int(now), 'prevCount', int(before))
  end
end

if ARGV[11] ~= '' then
  local answer, closed = take(now, ARGV[11], ARGV[12], ARGV[13])
  if answer[1] or closed or answer[3] > 0 or answer[4] > 0 then return answer end
end
if call('LLEN', P .. 'wait') == 0 and call('LLEN', P .. 'active') == 0 and call('ZCARD', P .. 'prioritized') == 0 then
  event('drained')
end
return {false, '', 0, 0}
