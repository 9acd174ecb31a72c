-- Give all lock keys that hold our value their full time to live again, or change nothing.
-- A time to live only grows: this may be an old request that arrives late, after a longer one was counted on.
-- KEYS: the lock keys, then (with fencing) the fence keys of their slots, each of them once
-- ARGV: value, ttl in ms [, token, number of lock keys]
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
local value, ttl, token = ARGV[1], ARGV[2], ARGV[3]
local n = token and tonumber(ARGV[4]) or #KEYS
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
for i = 1, n do
	local rest = redis.call('PTTL', KEYS[i])
	if rest < tonumber(ttl) then
		redis.call('PEXPIRE', KEYS[i], ttl)
	end
end
for i = n + 1, #KEYS do
	-- A fence that was lost alone (evicted, deleted by hand) comes back with our token.
	if not redis.call('ZSCORE', KEYS[i], 't') then
		redis.call('ZADD', KEYS[i], token, 't')
	end
end
return 0
