-- Adds a job; answers its id, or that of the one that is there already.
-- ARGV: id or '', name, data, opts, timestamp, delay, priority, lifo or '', deduplication id or '', its ttl or '',
-- scheduler or ''
local number = int(call('INCR', P .. 'id'))
local id = ARGV[1] ~= '' and ARGV[1] or number
if call('EXISTS', P .. id) == 1 then
  event('duplicated', 'jobId', id)
  return id
end
local more = {}
if ARGV[9] ~= '' then
  local key = P .. 'de:' .. ARGV[9]
  local free
  if ARGV[10] ~= '' then
    free = call('SET', key, id, 'NX', 'PX', ARGV[10])
  else
    free = call('SET', key, id, 'NX')
  end
  if not free then
    local owner = call('GET', key)
    event('debounced', 'jobId', owner, 'debounceId', ARGV[9])
    event('deduplicated', 'jobId', owner, 'deduplicationId', ARGV[9], 'deduplicatedJobId', id)
    return owner
  end
  more = {'deid', ARGV[9]}
end
if ARGV[11] ~= '' then
  more[#more + 1] = 'rjk'
  more[#more + 1] = ARGV[11]
end
store(id, ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8] ~= '', more)
return id
