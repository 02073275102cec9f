
redis.call('ZADD', queue, version, id)
-- The version has the highest rank of all.
redis.call('ZREMRANGEBYRANK', queue, '0', -2 - ARGV[6])
