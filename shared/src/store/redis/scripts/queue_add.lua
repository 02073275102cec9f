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
