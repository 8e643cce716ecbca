-- ARGV: now, token, lock ms, worker's name
local answer = take(tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4])
return answer
