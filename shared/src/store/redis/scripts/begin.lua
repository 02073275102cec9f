#!lua
-- Begins every script that writes. Each is made of five parts, of which three are common to all:
-- begin.lua, what is checked, prolong.lua, what is written, tell.lua. They are one text and not
-- functions, which cost Lua more than what they do.
--
-- The line above has Redis refuse a script as a whole where it may not write (memory full, disk full,
-- a replica), and not in its middle. Numbers are given to Redis as strings where they can be: Lua
-- takes long to write one.
--
-- KEYS  1 the conversation, 2 the sends that are remembered (left out where they are not needed)
-- ARGV  1 the conversation's life in milliseconds, 2 the command that publishes, 3 the channel
-- Looked up once rather than at each command.
local call = redis.call
local conversation, sends = KEYS[1], KEYS[2]
local FRONT_LENGTH = 166

-- What scripts need of the state, see event_log/state.rs for its fields. Their places count from 0, as
-- in SETRANGE; Lua's strings count from 1.
local state = call('GETRANGE', conversation, '0', '27')
if state == '' then
  return 'conversation_not_found'
end
local RETRIED, REMEMBERED_UNTIL = '2', '15'
local retried, remembered_until = string.sub(state, 3, 15), string.sub(state, 16, 28)
local NEVER = '0000000000000'

local length = call('STRLEN', conversation)
local place = string.format('%08x', length - FRONT_LENGTH)
-- To be set before prolong.lua: the line to be added, what to reply, and the key that was
-- remembered.
local line, reply, remembered
