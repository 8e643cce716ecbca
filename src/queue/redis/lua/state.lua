-- Where a job stands, by its key's name; '' if nowhere. ARGV: id
for _, set in ipairs({'completed', 'failed', 'delayed', 'prioritized'}) do
  if call('ZSCORE', P .. set, ARGV[1]) then return set end
end
for _, list in ipairs({'active', 'wait', 'paused'}) do
  if call('LPOS', P .. list, ARGV[1]) then return list end
end
return call('ZSCORE', P .. 'waiting-children', ARGV[1]) and 'waiting-children' or ''
