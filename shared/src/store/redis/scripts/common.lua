#!lua
-- What every script that writes begins with. The line above has Redis refuse a script as a whole
-- where it may not write (memory full, disk full, a replica), and not in its middle.
--
-- KEYS  1 the conversation, 2 the sends that are remembered (left out where they are not needed)
-- ARGV  1 the conversation's life in milliseconds, 2 the command that publishes, 3 the channel
--
-- Numbers are given to Redis as strings where they can be: Lua takes long to write one.
local conversation, sends = KEYS[1], KEYS[2]
local FRONT_LENGTH = 166

-- What scripts need of the state, see event_log/state.rs for its fields. Their places count from 0, as
-- in SETRANGE; Lua's strings count from 1.
local state = redis.call('GETRANGE', conversation, '0', '27')
if state == '' then
  return 'conversation_not_found'
end
local RETRIED, REMEMBERED_UNTIL = '2', '15'
local retried, remembered_until = string.sub(state, 3, 15), string.sub(state, 16, 28)
local NEVER = '0000000000000'

-- Lets the conversation live on, and with it what is remembered of its sends: for longer than that,
-- so that it is seldom prolonged. False where this takes the second key.
--
-- It is the first thing that writes: who may not do this is refused before anything is stored.
local function prolong(remembers)
  redis.call('PEXPIRE', conversation, ARGV[1])
  if not remembers and remembered_until == NEVER then
    return true
  end
  local expires = redis.call('PEXPIRETIME', conversation)
  if remembered_until + 0 >= expires then
    return true
  end
  if not sends then
    return false
  end
  if remembered_until == NEVER then
    -- Left over from a conversation that had the same id.
    redis.call('DEL', sends)
  end
  remembered_until = string.format('%013.0f', expires + ARGV[1])
  redis.call('PEXPIREAT', sends, remembered_until)
  redis.call('SETRANGE', conversation, REMEMBERED_UNTIL, remembered_until)
  return true
end

-- Tells those who follow. Where that is refused the write stands, and the reply says so.
local function tell(reply)
  local told = redis.pcall(ARGV[2], ARGV[3], '')
  if type(told) == 'table' then
    return {reply, told.err}
  end
  return reply
end
