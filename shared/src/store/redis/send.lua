-- Adds a message to a conversation, once, however often the same send arrives.
-- KEYS  1 the log, 2 the sends that are remembered
-- ARGV  1 the message's line, 2 the most bytes of a log, 3 the conversation's life in milliseconds,
--       4 the command that publishes, 5 the channel that is told,
--       6 the name to remember the send by, 7 its fingerprint, 8 the message's id,
--       9 '1' where the send is to be remembered,
--       10 and 11, where the same send may have arrived before: what the message's line begins
--         with, and the line of its deletion
-- Returns the id of the message that was added, now or before, or why nothing was added.
local length = redis.call('STRLEN', KEYS[1])
if length == 0 then
  return 'conversation_not_found'
end
local first = redis.call('HGET', KEYS[2], ARGV[6])
if first then
  local same = string.sub(first, 1, #ARGV[7]) == ARGV[7]
  return same and string.sub(first, #ARGV[7] + 1) or 'idempotency_key_reused'
end
local arrived = false
if ARGV[10] then
  local log = redis.call('GET', KEYS[1])
  arrived = string.find(log, ARGV[10], 1, true) or string.find(log, ARGV[11], 1, true)
end
if not arrived then
  if length + #ARGV[1] > tonumber(ARGV[2]) then
    return 'conversation_full'
  end
  -- At its place rather than with APPEND: see delete.lua.
  redis.call('SETRANGE', KEYS[1], length, ARGV[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if ARGV[9] == '1' then
  redis.call('HSET', KEYS[2], ARGV[6], ARGV[7] .. ARGV[8])
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call(ARGV[4], ARGV[5], '')
return ARGV[8]
