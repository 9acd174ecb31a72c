-- Let every lock key that holds our value live for exactly that long from now, whatever the others hold. This is the
-- last request of its owner: a key may live shorter than it did. A fence key may not.
-- KEYS: the lock keys, then (with fencing) their fence keys in the same order
-- ARGV: value, ttl in ms [, token, ttl of the fence keys in ms]
-- Answers 0 if all were ours; 1 MISSING, at least one was gone or holds another value.

-- Somebody's key of another type counts as another value.
local function get(key)
	local current = redis.pcall('GET', key)
	if type(current) == 'table' and not string.find(current.err, 'WRONGTYPE', 1, true) then
		return redis.call('GET', key)
	end
	return current
end
local value, ttl, token, fence_ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local n = token and #KEYS / 2 or #KEYS
local gone = 0
for i = 1, n do
	if get(KEYS[i]) == value then
		redis.call('PEXPIRE', KEYS[i], ttl)
		if token and redis.call('PTTL', KEYS[n + i]) < tonumber(fence_ttl) then
			redis.call('PEXPIRE', KEYS[n + i], fence_ttl)
		end
	else
		gone = 1
	end
end
return gone
