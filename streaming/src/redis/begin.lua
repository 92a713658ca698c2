-- The generation of a side; the given name, if there is none yet.
-- KEYS: state. ARGV: side, a fresh name.
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])
