-- Blanks a message's line and appends the line that says so.
-- KEYS  1 the log, 2 the sends that are remembered
-- ARGV  1 what the message's line begins with, 2 the deletion's line,
--       3 the conversation's life in milliseconds, 4 the command that publishes,
--       5 the channel that is told, 6 '1' where the same deletion may have arrived before,
--       7 how the message's line goes on where only one sender's may be deleted
-- Returns 'deleted', or why nothing was.
local log = redis.call('GET', KEYS[1])
if not log then
  return 'conversation_not_found'
end
local first = string.find(log, ARGV[1], 1, true)
if first then
  local rest = first + #ARGV[1]
  if string.sub(log, rest, rest + #ARGV[7] - 1) ~= ARGV[7] then
    return 'forbidden'
  end
  local line_feed = string.find(log, '\n', first, true)
  redis.call('SETRANGE', KEYS[1], first - 1, string.rep(' ', line_feed - first))
  -- At its place rather than with APPEND: a Redis killed while it writes its append-only file may
  -- come back without this transaction, and run a part of it at its next start, before all that was
  -- written since (valkey-io/valkey#4342). By then these bytes are to lie where others replace them.
  redis.call('SETRANGE', KEYS[1], #log, ARGV[2])
elseif ARGV[6] ~= '1' or not string.find(log, ARGV[2], 1, true) then
  return 'message_not_found'
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call(ARGV[4], ARGV[5], '')
return 'deleted'
