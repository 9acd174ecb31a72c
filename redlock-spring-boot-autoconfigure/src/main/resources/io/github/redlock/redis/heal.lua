-- Set again the lock keys that are absent and raise the fences to at least our token, or change nothing.
-- Sent only after a quorum confirmed the lock. A fence above our token does not forbid it: somebody's failed
-- attempt may have left it there.
-- KEYS: the lock keys, then (with fencing) the fence keys of their slots, each of them once
-- ARGV: value, ttl in ms [, token, number of lock keys]
-- Answers 0 HEALED; -(1 + ms) another value is there for that long.

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
local held = -1
for i = 1, n do
	local current = get(KEYS[i])
	if current and current ~= value then
		held = math.max(held, left(KEYS[i]))
	end
end
if held >= 0 then
	return -(1 + held)
end
for i = 1, n do
	-- Only what is absent: a key that is there may have been extended for longer in the meantime.
	redis.call('SET', KEYS[i], value, 'PX', ttl, 'NX')
end
for i = n + 1, #KEYS do
	if tonumber(redis.call('ZSCORE', KEYS[i], 't') or 0) < tonumber(token) then
		redis.call('ZADD', KEYS[i], token, 't')
	end
end
return 0
