
-- At its place rather than with APPEND: see send_write.lua. And first: what is cut off after this is
-- finished by who deletes again, and nobody's version hides it.
call('SETRANGE', conversation, string.format('%d', length), line)
call('SETRANGE', conversation, start, string.rep(' ', line_length))
