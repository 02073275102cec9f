
-- Closes the conversation, once.
-- ARGV  4 the event's line
-- Replies 'done'.
if is_closed then
  return 'done'
end
line, reply = ARGV[4], 'done'
