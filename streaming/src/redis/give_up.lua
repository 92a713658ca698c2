-- Takes a generation from its side, if it stands there.
-- KEYS: state. ARGV: side, generation.
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
    redis.call('HDEL', KEYS[1], ARGV[1], ARGV[2] .. ':log', ARGV[2] .. ':position', ARGV[2] .. ':event', ARGV[2] .. ':skipped',
        ARGV[2] .. ':clock', ARGV[2] .. ':hash')
end
return 1
