-- Whether the node answers and can do what a lock and its fence need: run scripts, write, read, prolong and delete.
-- KEYS: a key that nobody locks; where somebody does, it is left alone. What a probe has left behind that was not allowed
-- to go on is no reason to look no further.
-- ARGV: a value, a ttl in ms
if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') or redis.call('GET', KEYS[1]) == ARGV[1] then
	if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[2]) and redis.call('GET', KEYS[1]) == ARGV[1] then
		redis.call('PEXPIRE', KEYS[1], ARGV[2])
		redis.call('DEL', KEYS[1])
		if redis.call('ZADD', KEYS[1], 1, 't') and redis.call('ZSCORE', KEYS[1], 't') then
			redis.call('DEL', KEYS[1])
		end
	end
end
return 0
