-- Let every lock key that holds our value live for exactly that long from now, whatever the others hold. This is the
-- last request of its owner: a key may live shorter than it did.
-- KEYS: the lock keys
-- ARGV: value, ttl in ms [, then for each lock key the channel where its release is told of: those who wait ask again
-- then, and learn when it will be free]
-- Answers 0 if all were ours; 1 MISSING, at least one was gone or holds another value.

-- Somebody's key of another type counts as another value.
local function get(key)
	local current = redis.pcall('GET', key)
	if type(current) == 'table' and not string.find(current.err, 'WRONGTYPE', 1, true) then
		return redis.call('GET', key)
	end
	return current
end
local gone = 0
for i = 1, #KEYS do
	if get(KEYS[i]) == ARGV[1] then
		redis.call('PEXPIRE', KEYS[i], ARGV[2])
		if ARGV[2 + i] then
			redis.pcall('PUBLISH', ARGV[2 + i], '')
		end
	else
		gone = 1
	end
end
return gone
