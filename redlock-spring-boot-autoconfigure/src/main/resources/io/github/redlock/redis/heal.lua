-- Set again the lock keys that are absent and raise the fences to at least our token, or change nothing.
-- Sent only after a quorum confirmed the lock. A fence above our token does not forbid it: somebody's failed
-- attempt may have left it there.
-- KEYS: the lock keys, then (with fencing) their fence keys in the same order
-- ARGV: value, ttl in ms [, token, ttl of the fence keys in ms]
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
local value, ttl, token, fence_ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local n = token and #KEYS / 2 or #KEYS
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
if token then
	for i = n + 1, 2 * n do
		local stored = redis.call('GET', KEYS[i])
		local number = stored and tonumber(stored)
		if number and number >= tonumber(token) then
			if redis.call('PTTL', KEYS[i]) < tonumber(fence_ttl) then
				redis.call('PEXPIRE', KEYS[i], fence_ttl)
			end
		else
			redis.call('SET', KEYS[i], token, 'PX', fence_ttl)
		end
	end
end
return 0
