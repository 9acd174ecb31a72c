-- Delete every lock key that holds our value, whatever the others hold. Fence keys stay.
-- KEYS: the lock keys
-- ARGV: value
-- Answers 0 if all were ours; 1 MISSING, at least one was gone or holds another value.
local gone = 0
for i = 1, #KEYS do
	if redis.call('GET', KEYS[i]) == ARGV[1] then
		redis.call('DEL', KEYS[i])
	else
		gone = 1
	end
end
return gone
