#!lua
-- What every script that writes begins with. The line above has Redis refuse a script as a whole
-- where it may not write (memory full, disk full, a replica), and not in its middle.
--
-- KEYS  1 the conversation, 2 the sends that are remembered (left out where they are not needed)
-- ARGV  1 the conversation's life in milliseconds, 2 the command that publishes, 3 the channel
local conversation, sends = KEYS[1], KEYS[2]
local ttl, publish, channel = ARGV[1], ARGV[2], ARGV[3]

-- The fields of the state by their places, see event_log/state.rs. They are counted from 0 as in
-- GETRANGE and SETRANGE; Lua's strings count from 1.
local STATE_LENGTH, FRONT_LENGTH = 96, 166
local RETRIED_FIRST, RETRIED_LAST = 54, 66
local REMEMBERED_FIRST, REMEMBERED_LAST = 67, 79

local state = redis.call('GETRANGE', conversation, 0, STATE_LENGTH - 1)

local function field(first, last)
  return string.sub(state, first + 1, last + 1)
end

-- Until when sends are remembered; 0 where none was.
local remembered_until = tonumber(field(REMEMBERED_FIRST, REMEMBERED_LAST)) or 0

-- Lets the conversation live on, and with it what is remembered of its sends: for longer than that,
-- so that it is seldom prolonged. False where this takes the second key.
--
-- It is the first thing that writes: who may not do this is refused before anything is stored.
local function prolong(remembers)
  redis.call('PEXPIRE', conversation, ttl)
  if remembers or remembered_until > 0 then
    local expires = redis.call('PEXPIRETIME', conversation)
    if remembered_until < expires then
      if not sends then
        return false
      end
      if remembered_until == 0 then
        -- Left over from a conversation that had the same id.
        redis.call('DEL', sends)
      end
      remembered_until = expires + ttl
      redis.call('PEXPIREAT', sends, string.format('%.0f', remembered_until))
      redis.call('SETRANGE', conversation, REMEMBERED_FIRST,
        string.format('%013.0f', remembered_until))
    end
  end
  return true
end

-- Tells those who follow. Where that is refused the write stands, and the reply says so.
local function tell(reply)
  local told = redis.pcall(publish, channel, '')
  if type(told) == 'table' and told.err then
    return {reply, told.err}
  end
  return reply
end
