
-- Lets an agent take the conversation.
-- ARGV  4 who takes it: 'a', or 'n' and a digest (see event_log/state.rs), 5 the event's line, 6 '1' if
--       an earlier attempt may have arrived
-- Replies 'done', or why it was refused.
takes = ARGV[4]
local taken_by = string.sub(state, 2, 2)
if taken_by == 'n' then
  taken_by = taken_by .. call('GETRANGE', conversation, '28', '59')
end
if is_closed and (ARGV[6] == '0' or taken_by ~= takes) then
  return 'conversation_closed'
end
if taken_by == takes then
  return 'done'
end
if #taken_by > 1 then
  return 'already_joined'
end
line, reply = ARGV[5], 'done'
