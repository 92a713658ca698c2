-- What was built answers from now on. Without anything that was built, somebody else has put it there already.
-- KEYS: state. ARGV: 'when reached' or 'now'.
local start = '00000000000000000000'
local building = redis.call('HGET', KEYS[1], 'building')
if not building then return 1 end
local live = redis.call('HGET', KEYS[1], 'live')
local function position(generation) return redis.call('HGET', KEYS[1], generation .. ':position') or start end
if live and ARGV[1] == 'when reached' and position(building) < position(live) then return 0 end
redis.call('HSET', KEYS[1], 'live', building)
redis.call('HDEL', KEYS[1], 'building')
if live then
    redis.call('HDEL', KEYS[1], live .. ':log', live .. ':position', live .. ':event', live .. ':skipped', live .. ':clock',
        live .. ':hash')
end
return 1
