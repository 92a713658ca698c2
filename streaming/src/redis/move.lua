-- The end of a batch: the checkpoint moves, if it is where the batch builds on.
-- KEYS: state, skipped, stores.
-- ARGV: side, generation, after, log, position, event, what is recorded of the stores, seconds that records are kept, how many
-- skipped events are kept, how many stores, the clock in milliseconds, the event's hash; the
-- stores; the skipped events.
-- Answers nothing, or the position where the generation is instead.
local start = '00000000000000000000'
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return start end
local position = redis.call('HGET', KEYS[1], ARGV[2] .. ':position') or start
local log = redis.call('HGET', KEYS[1], ARGV[2] .. ':log')
if position ~= ARGV[3] or (log and log ~= ARGV[4]) then return position end

redis.call('HSET', KEYS[1], ARGV[2] .. ':log', ARGV[4])
redis.call('HSET', KEYS[1], ARGV[2] .. ':position', ARGV[5])
redis.call('HSET', KEYS[1], ARGV[2] .. ':event', ARGV[6])
-- With the event: a node of an earlier version moves the checkpoint and leaves this.
redis.call('HSET', KEYS[1], ARGV[2] .. ':hash', ARGV[6] .. ' ' .. ARGV[12])
local clock = redis.call('HGET', KEYS[1], ARGV[2] .. ':clock')
if not clock or tonumber(clock) < tonumber(ARGV[11]) then redis.call('HSET', KEYS[1], ARGV[2] .. ':clock', ARGV[11]) end
local first_skipped = 13 + tonumber(ARGV[10])
for store = 13, first_skipped - 1 do redis.call('HSET', KEYS[3], ARGV[store], ARGV[7]) end
redis.call('EXPIRE', KEYS[3], ARGV[8])
if #ARGV >= first_skipped then
    for skipped = first_skipped, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[skipped]) end
    redis.call('LTRIM', KEYS[2], -tonumber(ARGV[9]), -1)
    redis.call('HINCRBY', KEYS[1], ARGV[2] .. ':skipped', #ARGV - first_skipped + 1)
end
redis.call('EXPIRE', KEYS[2], ARGV[8])
return false
