-- Delete every lock key that holds our value, whatever the others hold, and tell those who wait. Fence keys stay.
-- KEYS: the lock keys
-- ARGV: value [, then for each lock key the channel where its release is told of]
-- Answers 1 MISSING, at least one was gone or holds another value. If all were ours: 0 nobody was told, 2^20 + n so many
-- were; 2^21 if this server lets nobody be told, which is no reason not to release.
local gone, told = false, 0
for i = 1, #KEYS do
	local current = redis.pcall('GET', KEYS[i])
	if current == ARGV[1] then
		redis.call('DEL', KEYS[i])
		local listeners = ARGV[1 + i] and redis.pcall('PUBLISH', ARGV[1 + i], '') or 0
		if type(listeners) ~= 'number' then
			told = -1
		elseif told >= 0 then
			told = math.max(told, listeners)
		end
	else
		gone = true
		-- Somebody's key of another type counts as another value.
		if type(current) == 'table' and not string.find(current.err, 'WRONGTYPE', 1, true) then
			redis.call('GET', KEYS[i])
		end
	end
end
if gone then
	return 1
end
if told == 0 then
	return 0
end
return told > 0 and 2 ^ 20 + math.min(told, 2 ^ 20 - 1) or 2 ^ 21
