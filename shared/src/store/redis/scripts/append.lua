
-- Appends the line of an event, at its offset rather than with APPEND, see send_write.lua.
call('SETRANGE', conversation, string.format('%d', length), line)
