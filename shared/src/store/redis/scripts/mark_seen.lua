
-- Notes that a side has seen everything up to a cursor, unless it has seen more.
-- ARGV  4 the side, 5 where in the state its mark is, 6 the cursor in ten digits
-- Replies 'done', or that the cursor was never given out.
local mark = ARGV[5] + 0
-- Every valid cursor is at the end of a line.
local before = FRONT_LENGTH + ARGV[6] - 1
if call('GETRANGE', conversation, before, before) ~= '\n' then
  return 'invalid_cursor'
end
if ARGV[6] <= call('GETRANGE', conversation, mark, mark + #ARGV[6] - 1) then
  return 'done'
end
call('SETRANGE', conversation, mark, ARGV[6])
reply, notification = 'done', 'seen ' .. ARGV[4] .. ' ' .. string.format('%d', ARGV[6])
