#!lua
-- Tells the followers that a side is writing, which is kept nowhere.
--
-- KEYS  1 the conversation
-- ARGV  2 the command that publishes, 3 the channel, 4 the side
-- Replies 'done', or why it was refused.
local status = redis.call('GETRANGE', KEYS[1], '0', '0')
if status == '' then
  return 'conversation_not_found'
end
if status == 'c' then
  return 'conversation_closed'
end
redis.call(ARGV[2], ARGV[3], 'typing ' .. ARGV[4])
return 'done'
