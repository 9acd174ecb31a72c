-- Give all lock keys that hold our value their full time to live again, and their fence keys too, or change nothing.
-- A time to live only grows: this may be an old request that arrives late, after a longer one was counted on.
-- KEYS: the lock keys, then (with fencing) their fence keys in the same order
-- ARGV: value, ttl in ms [, token, ttl of the fence keys in ms]
-- Answers 0 EXTENDED; -(1 + ms) LOST, another value is there for that long; 1 MISSING, a key is not there.
local value, ttl, token, fence_ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local n = token and #KEYS / 2 or #KEYS
local held, missing = -1, false
for i = 1, n do
	local current = redis.call('GET', KEYS[i])
	if not current then
		missing = true
	elseif current ~= value then
		held = math.max(held, redis.call('PTTL', KEYS[i]), 0)
	end
end
if held >= 0 then
	return -(1 + held)
end
if missing then
	return 1
end
local function prolong(key, ms)
	local left = redis.call('PTTL', key)
	if left < tonumber(ms) then
		redis.call('PEXPIRE', key, ms)
	end
	return left ~= -2
end
for i = 1, n do
	prolong(KEYS[i], ttl)
end
if token then
	for i = n + 1, 2 * n do
		-- A fence that was lost alone (evicted, deleted by hand) comes back with our token.
		if not prolong(KEYS[i], fence_ttl) then
			redis.call('SET', KEYS[i], token, 'PX', fence_ttl)
		end
	end
end
return 0
