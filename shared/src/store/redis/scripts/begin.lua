#!lua
-- Begins every script that changes a conversation. A script is several files, put together as one
-- text: begin.lua, its own check, extend_expiry.lua if it extends the conversation's life, what it
-- writes, and publish.lua. Functions would cost Lua more than the work that they do.
--
-- With the line "#!lua", Redis refuses a script as a whole if it may not write (memory full, disk
-- full, a replica), instead of in its middle. Numbers are given to Redis as strings if possible,
-- because Lua formats a number slowly.
--
-- KEYS  1 the conversation, 2 its remembered sends (only if the script needs them)
-- ARGV  1 the conversation's time to live in milliseconds, 2 the command that publishes, 3 the channel
-- Looked up once, which is faster than at each call.
local call = redis.call
local conversation, sends = KEYS[1], KEYS[2]
local FRONT_LENGTH = 166

-- The part of the state that scripts need, see event_log/state.rs for its fields. Redis counts bytes
-- from 0, as in SETRANGE; Lua counts them from 1.
local state = call('GETRANGE', conversation, '0', '27')
if state == '' then
  return 'conversation_not_found'
end
local RETRIED, REMEMBERED_UNTIL = '2', '15'
local retried, remembered_until = string.sub(state, 3, 15), string.sub(state, 16, 28)
local NEVER = '0000000000000'
local is_closed = string.byte(state) == 99

local length = call('STRLEN', conversation)
local place = string.format('%08x', length - FRONT_LENGTH)
-- The check sets these: the line to append, what to reply, whether the send is remembered, who takes
-- the conversation, and what is published instead of the line.
local line, reply, remembers, takes, notification
