-- One store's part of a batch: counts, log-ins and the position they reached.
-- KEYS: position, then a day's log-ins each, then a bucket each.
-- ARGV: after, position, the position that must be known ('' if none), seconds that positions are kept, how many days; for each
-- day seconds left, how many, and for each customer and milliseconds; then for each bucket seconds left, how many, and for each key
-- and amount.
-- Answers what became of it, and the stored position. Positions are texts of 20 digits: numbers here are floats.
local stored = redis.call('GET', KEYS[1]) or '00000000000000000000'
if ARGV[3] ~= '' and stored < ARGV[3] then return {'lost', stored} end
if stored > ARGV[1] then return {'moved', stored} end

local at, days = 6, tonumber(ARGV[5])
for day = 2, days + 1 do
    local seconds, customers = ARGV[at], tonumber(ARGV[at + 1])
    at = at + 2
    for _ = 1, customers do
        local customer, last = ARGV[at], ARGV[at + 1]
        local known = redis.call('ZSCORE', KEYS[day], customer)
        if not known or tonumber(known) < tonumber(last) then redis.call('ZADD', KEYS[day], last, customer) end
        at = at + 2
    end
    redis.call('EXPIRE', KEYS[day], seconds)
end

for bucket = days + 2, #KEYS do
    local seconds, keys = ARGV[at], tonumber(ARGV[at + 1])
    at = at + 2
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
end

if stored < ARGV[2] then redis.call('SET', KEYS[1], ARGV[2]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {'done', ARGV[2]}
