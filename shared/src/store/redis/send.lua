-- Adds a message to a conversation, once per idempotency key.
-- KEYS  1 the log, 2 the idempotency keys, 3 the channel that is told
-- ARGV  1 the message's line, 2 the conversation's life in milliseconds, 3 the most bytes of a log,
--       4 the idempotency key or '', 5 the message's fingerprint, 6 its id
-- Returns 'added', the first message's id for a replay, or why nothing was added.
local length = redis.call('STRLEN', KEYS[1])
if length == 0 then
  return 'conversation_not_found'
end
local once = ARGV[4] ~= ''
if once then
  local first = redis.call('HGET', KEYS[2], ARGV[4])
  if first then
    local same = string.sub(first, 1, #ARGV[5]) == ARGV[5]
    return same and string.sub(first, #ARGV[5] + 1) or 'idempotency_key_reused'
  end
end
if length + #ARGV[1] > tonumber(ARGV[3]) then
  return 'conversation_full'
end
redis.call('APPEND', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if once then
  redis.call('HSET', KEYS[2], ARGV[4], ARGV[5] .. ARGV[6])
end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('PUBLISH', KEYS[3], '')
return 'added'
