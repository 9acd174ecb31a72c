-- Hand the lock over to the next holder inside the process of its owner, or change nothing: all lock keys that hold the
-- value before get the new one with its time to live, and the fences are raised to its token. A fence that is not below
-- its first token forbids it, although the keys are those of the holder before.
-- KEYS: the lock keys, then (with fencing) the fence keys of their slots, each of them once
-- ARGV: value, value before, ttl in ms [, token, number of lock keys, the first token of its block]
-- Answers 0 GRANTED; -(1 + ms) another value is there for that long; 1 MISSING, a key is not there; a larger number STALE,
-- the highest fence.
-- The new value found already counts as handed over: a repeated request is granted again, and shortens nothing.

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
local value, before, ttl, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local n = token and tonumber(ARGV[5]) or #KEYS
local held, missing, old, any_old = -1, false, {}, false
for i = 1, n do
	local current = get(KEYS[i])
	if not current then
		missing = true
	elseif current == before then
		old[i], any_old = true, true
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
if any_old then
	local fence = 0
	for i = n + 1, #KEYS do
		fence = math.max(fence, tonumber(redis.call('ZSCORE', KEYS[i], 't') or 0))
	end
	if fence > 0 and fence >= tonumber(ARGV[6]) then
		return math.max(fence, 2)
	end
end
for i = 1, n do
	if old[i] then
		redis.call('SET', KEYS[i], value, 'PX', ttl)
	elseif redis.call('PTTL', KEYS[i]) < tonumber(ttl) then
		redis.call('PEXPIRE', KEYS[i], ttl)
	end
end
if any_old then
	for i = n + 1, #KEYS do
		redis.call('ZADD', KEYS[i], token, 't')
	end
end
return 0
