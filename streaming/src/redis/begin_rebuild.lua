-- An empty generation on the side that is built, whatever stood there.
-- KEYS: state. ARGV: a fresh name.
local before = redis.call('HGET', KEYS[1], 'building')
if before then
    redis.call('HDEL', KEYS[1], before .. ':log', before .. ':position', before .. ':event', before .. ':skipped',
        before .. ':clock', before .. ':hash')
end
redis.call('HSET', KEYS[1], 'building', ARGV[1])
return 1
