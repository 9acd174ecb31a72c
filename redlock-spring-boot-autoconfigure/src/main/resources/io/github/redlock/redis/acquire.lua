-- Lock all resources or none.
-- KEYS: the lock keys, then (with fencing) the fence keys of their slots, each of them once
-- ARGV: value, ttl in ms [, token, number of lock keys [, the first token, where a block up to token is reserved]]
-- Answers 0 GRANTED; -(1 + ms) HELD by another value for that long; a positive number STALE, the highest fence.
-- The same value found again counts as free, so a repeated request is granted again. A time to live only grows then:
-- the repetition may arrive late, after an extension was counted on.
local value, ttl, token = ARGV[1], ARGV[2], ARGV[3]
local n = token and tonumber(ARGV[4]) or #KEYS
local first = token and tonumber(ARGV[5] or token)
if token and #KEYS == 2 then
	-- The usual case, a free resource, with as few calls as possible.
	local number = tonumber(redis.pcall('ZSCORE', KEYS[2], 't') or 0)
	if number and number >= 0 and number < first then
		if redis.call('SET', KEYS[1], value, 'PX', ttl, 'NX') then
			redis.call('ZADD', KEYS[2], token, 't')
			return 0
		end
	end
end
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
local mine, ours, held, fence = 0, {}, -1, -1
for i = 1, n do
	local current = get(KEYS[i])
	if current == value then
		mine = mine + 1
		ours[KEYS[i]] = true
	elseif current then
		held = math.max(held, left(KEYS[i]))
	end
end
if held >= 0 then
	return -(1 + held)
end
if token then
	for i = n + 1, #KEYS do
		local stored = redis.pcall('ZSCORE', KEYS[i], 't')
		if stored then
			if type(stored) == 'table' and not string.find(stored.err, 'WRONGTYPE', 1, true) then
				return redis.call('ZSCORE', KEYS[i], 't')
			end
			local number = tonumber(stored)
			if not number or number < 0 or number >= 2 ^ 53 then
				return redis.error_reply('REDLOCK fence key ' .. KEYS[i] .. ' does not hold a fencing token')
			end
			fence = math.max(fence, number)
		end
	end
	if fence >= first and not (fence == tonumber(token) and mine == n) then
		return fence
	end
end
for i = 1, n do
	if not ours[KEYS[i]] then
		redis.call('SET', KEYS[i], value, 'PX', ttl)
	elseif redis.call('PTTL', KEYS[i]) < tonumber(ttl) then
		redis.call('PEXPIRE', KEYS[i], ttl)
	end
end
for i = n + 1, #KEYS do
	redis.call('ZADD', KEYS[i], token, 't')
end
return 0
