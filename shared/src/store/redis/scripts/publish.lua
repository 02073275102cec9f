
-- Tells those who follow: when the conversation expires now, where the line begins, and the line; a
-- long one they read themselves. Where that is refused the write stands, and the reply says so.
local note = string.format('%d %s\n%s', expires, place, #line <= 4096 and line or '')
local told = redis.pcall(ARGV[2], ARGV[3], note)
if type(told) == 'table' then
  return {reply, told.err}
end
return reply
