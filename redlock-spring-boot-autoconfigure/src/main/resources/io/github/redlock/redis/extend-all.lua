-- Do what extend.lua does, for many locks of one resource each: each for itself.
-- KEYS: the lock keys, then (with fencing) their fence keys in the same order
-- ARGV: ttl in ms, ttl of the fence keys in ms or '', the values, then (with fencing) the tokens
-- Answers with a list: for each lock 0 EXTENDED; -(1 + ms) LOST, another value is there for that long; 1 MISSING.

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
local ttl, fence_ttl = ARGV[1], ARGV[2]
local fenced = fence_ttl ~= ''
local n = fenced and #KEYS / 2 or #KEYS
local ttl_ms, fence_ms = tonumber(ttl), tonumber(fence_ttl)
local answers = {}
for i = 1, n do
	local current = get(KEYS[i])
	if not current then
		answers[i] = 1
	elseif current ~= ARGV[2 + i] then
		answers[i] = -(1 + left(KEYS[i]))
	else
		answers[i] = 0
		if redis.call('PTTL', KEYS[i]) < ttl_ms then
			redis.call('PEXPIRE', KEYS[i], ttl)
		end
		if fenced then
			local rest = redis.call('PTTL', KEYS[n + i])
			if rest == -2 then
				redis.call('SET', KEYS[n + i], ARGV[2 + n + i], 'PX', fence_ttl)
			elseif rest < fence_ms then
				redis.call('PEXPIRE', KEYS[n + i], fence_ttl)
			end
		end
	end
end
return answers
