-- Give all lock keys that hold our value their full time to live again, and their fence keys too, or change nothing.
-- A time to live only grows: this may be an old request that arrives late, after a longer one was counted on.
-- KEYS: the lock keys, then (with fencing) their fence keys in the same order
-- ARGV: value, ttl in ms [, token, ttl of the fence keys in ms]
-- Answers 0 EXTENDED; -(1 + ms) LOST, another value is there for that long; 1 MISSING, a key is not there.

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
local value, ttl, token, fence_ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local n = token and #KEYS / 2 or #KEYS
local held, missing = -1, false
for i = 1, n do
	local current = get(KEYS[i])
	if not current then
		missing = true
	elseif current ~= value then
		held = math.max(held, left(KEYS[i]))
	end
end
if held >= 0 then
	return -(1 + held)
end
if missing then
	return 1
end
local function prolong(key, ms)
	local rest = redis.call('PTTL', key)
	if rest < tonumber(ms) then
		redis.call('PEXPIRE', key, ms)
	end
	return rest ~= -2
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
