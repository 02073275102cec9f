
-- Publishes the event: when the conversation expires now, where the line begins, and the line.
-- Followers read a long line themselves. Where publishing is refused, the write stands, and the
-- reply carries the error.
notification = notification
  or string.format('%d %s\n%s', expires, place, #line <= 4096 and line or '')
local published = redis.pcall(ARGV[2], ARGV[3], notification)
if type(published) == 'table' then
  return {reply, published.err}
end
return reply
