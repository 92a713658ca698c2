-- One store's part of a batch: counts, log-ins and the position they reached.
-- KEYS: position, then of each day its log-ins and what says that they are there, then of each bucket itself and the bits that say
-- which are there.
-- ARGV: after, position, the position that must be known ('' if none), seconds that positions are kept, how many days, seconds from
-- which on what is missing has not expired; for each day seconds left, how many, and for each customer and milliseconds; then for each
-- bucket seconds left, seconds left of the bits, which bit, how many, and for each key and amount.
-- Answers what became of it, and the stored position. Positions are texts of 20 digits: numbers here are floats. Of what is lost
-- everything is given up: it does not matter that the rest was counted.
local stored = redis.call('GET', KEYS[1]) or '00000000000000000000'
if ARGV[3] ~= '' and stored < ARGV[3] then return {'lost', stored} end
if stored > ARGV[1] then return {'moved', stored} end

local at, days, lasting, lost = 7, tonumber(ARGV[5]), tonumber(ARGV[6]), false
for day = 2, 2 * days, 2 do
    local seconds, customers = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    at = at + 2
    if redis.call('EXISTS', KEYS[day]) ~= redis.call('EXISTS', KEYS[day + 1]) and seconds > lasting then lost = true end
    for _ = 1, customers do
        local customer, last = ARGV[at], ARGV[at + 1]
        local known = redis.call('ZSCORE', KEYS[day], customer)
        if not known or tonumber(known) < tonumber(last) then redis.call('ZADD', KEYS[day], last, customer) end
        at = at + 2
    end
    redis.call('EXPIRE', KEYS[day], seconds)
    redis.call('SET', KEYS[day + 1], '1', 'EX', seconds)
end

for bucket = 2 * days + 2, #KEYS, 2 do
    local seconds, bits_seconds, bit, keys = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    at = at + 4
    local was_there = redis.call('SETBIT', KEYS[bucket + 1], bit, 1)
    if was_there ~= redis.call('EXISTS', KEYS[bucket]) and seconds > lasting then lost = true end
    for _ = 1, keys do
        -- A sum stays at the largest instead of passing it.
        local added = redis.pcall('HINCRBY', KEYS[bucket], ARGV[at], ARGV[at + 1])
        if type(added) == 'table' and added.err then
            if not string.find(added.err, 'overflow') then return added end
            redis.call('HSET', KEYS[bucket], ARGV[at], '9223372036854775807')
        end
        at = at + 2
    end
    redis.call('EXPIRE', KEYS[bucket], seconds)
    redis.call('EXPIRE', KEYS[bucket + 1], bits_seconds)
end
if lost then return {'lost', stored} end

if stored < ARGV[2] then redis.call('SET', KEYS[1], ARGV[2]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {'done', ARGV[2]}
