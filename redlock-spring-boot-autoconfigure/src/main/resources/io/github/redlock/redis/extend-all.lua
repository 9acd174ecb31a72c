-- Do what extend.lua does, for many locks of one resource each: each for itself.
-- KEYS: the lock keys, then (with fencing) for each of them the fence key of its slot
-- ARGV: ttl in ms, number of locks, the values, then (with fencing) the tokens
-- Answers with a list: for each lock 0 EXTENDED; -(1 + ms) LOST, another value is there for that long; 1 MISSING.

-- Somebody's key of another type counts as another value, and one without a time to live is held for longer than anybody
-- waits.
local function get(key)
	local current = redis.pcall('GET', key)
	if type(current) == 'table' and not string.find(current.err, 'WRONGTYPE', 1, true) then
		return redis.call('GET', key)
	end
	return current
end
local function left(key)
	local ms = redis.call('PTTL', key)
	return ms < 0 and 2 ^ 40 or ms
end
local ttl, n = ARGV[1], tonumber(ARGV[2])
local fenced = #KEYS > n
local answers = {}
for i = 1, n do
	local current = get(KEYS[i])
	if not current then
		answers[i] = 1
	elseif current ~= ARGV[2 + i] then
		answers[i] = -(1 + left(KEYS[i]))
	else
		answers[i] = 0
		if redis.call('PTTL', KEYS[i]) < tonumber(ttl) then
			redis.call('PEXPIRE', KEYS[i], ttl)
		end
		if fenced and not redis.call('ZSCORE', KEYS[n + i], 't') then
			redis.call('ZADD', KEYS[n + i], ARGV[2 + n + i], 't')
		end
	end
end
return answers
