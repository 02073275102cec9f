-- Reads a part of a log.
-- KEYS  1 the log
-- ARGV  1 the first byte, 2 the last byte; -1 is the log's last
-- Returns the bytes and when the log expires, in milliseconds since 1970; or nil where there is none.
local expires = redis.call('PEXPIRETIME', KEYS[1])
if expires < 0 then
  return nil
end
return { redis.call('GETRANGE', KEYS[1], ARGV[1], ARGV[2]), expires }
