#!lua
-- Adds a conversation to the queue, once for each creation.
--
-- KEYS  1 the queue: a sorted set of the waiting conversations' ids by their creation, and of the word
--       'version' by the queue's version. So it is one key, which moves at once between the nodes of a
--       cluster.
-- ARGV  2 the command that publishes, 3 the channel, 4 the id, 5 '1' if the conversation was just created,
--       so that what may be left of another under the same id does not count, 6 how many may wait
-- Replies 'done'.
local queue, id = KEYS[1], ARGV[4]
if ARGV[5] == '0' and redis.call('ZSCORE', queue, id) then
  return 'done'
end
-- Two of one microsecond have different versions, and so an order.
local time, last = redis.call('TIME'), redis.call('ZSCORE', queue, 'version') or 0
local version = string.format('%.0f', math.max(time[1] * 1000000 + time[2], last + 1))
redis.call('ZADD', queue, version, id, version, 'version')
-- The version has the highest rank of all.
redis.call('ZREMRANGEBYRANK', queue, '0', -2 - ARGV[6])
local published = redis.pcall(ARGV[2], ARGV[3], '')
if type(published) == 'table' then
  return {'done', published.err}
end
return 'done'
