#!lua flags=allow-oom
-- Deletes the conversation and its remembered sends, also where Redis's memory is full: it frees some.
--
-- KEYS  1 the conversation, 2 its remembered sends (only if it has any)
-- ARGV  2 the command that publishes, 3 the channel, 4 '1' if an earlier attempt may have arrived
-- Replies 'done', or why nothing was deleted.
local remembered_until = redis.call('GETRANGE', KEYS[1], '15', '27')
if remembered_until == '' then
  return ARGV[4] == '1' and 'done' or 'conversation_not_found'
end
if remembered_until ~= '0000000000000' and not KEYS[2] then
  return 'sends_key_needed'
end
redis.call('DEL', unpack(KEYS))
local reply, notification = 'done', ''
