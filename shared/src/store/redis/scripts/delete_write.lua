
redis.call('SETRANGE', conversation, start, string.rep(' ', line_length))
-- At its place rather than with APPEND: see send_write.lua.
redis.call('SETRANGE', conversation, length, line)
