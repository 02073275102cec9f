
-- At its offset rather than with APPEND, see send_write.lua. The deletion's line is written first:
-- if Redis is killed after it, deleting again blanks the message, and readers see a new version.
call('SETRANGE', conversation, string.format('%d', length), line)
call('SETRANGE', conversation, start, string.rep(' ', line_length))
