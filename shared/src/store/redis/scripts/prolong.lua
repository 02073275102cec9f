
-- Lets the conversation live on, and with it what is remembered of its sends: for longer than that,
-- so that it is seldom prolonged, and seldom takes the second key.
--
-- It is the first thing that writes: who may not do this is refused before anything is stored.
redis.call('PEXPIRE', conversation, ARGV[1])
local expires = redis.call('PEXPIRETIME', conversation)
if (remembers or remembered_until ~= NEVER) and remembered_until + 0 < expires then
  if not sends then
    return 'sends_needed'
  end
  if remembered_until == NEVER then
    -- Left over from a conversation that had the same id.
    redis.call('DEL', sends)
  end
  remembered_until = string.format('%013.0f', expires + ARGV[1])
  redis.call('PEXPIREAT', sends, remembered_until)
  redis.call('SETRANGE', conversation, REMEMBERED_UNTIL, remembered_until)
end
