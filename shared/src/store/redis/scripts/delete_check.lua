
-- Blanks a message's line and appends a line that says so.
-- ARGV  4 where the message's line begins, 5 what it begins with, 6 what follows that where only one
--       sender's messages may be deleted, 7 the deletion's line, 8 '1' if an earlier attempt of
--       this deletion may have arrived
-- Replies 'deleted', or why nothing was.
local start, line_start, sender, is_retry = ARGV[4] + 0, ARGV[5], ARGV[6], ARGV[8] == '1'
local PIECE = 1024

-- Reads from the line feed before the line.
local rest = call('GETRANGE', conversation, start - 1, start - 1 + PIECE)
if string.sub(rest, 1, #line_start + 1) ~= '\n' .. line_start then
  -- An earlier attempt has blanked the line.
  local is_blank = is_retry and string.sub(rest, 1, 2) == '\n '
  return is_blank and 'deleted' or 'message_not_found'
end
if string.sub(rest, #line_start + 2, #line_start + 1 + #sender) ~= sender then
  return 'forbidden'
end
local read = start - 1
local line_feed = string.find(rest, '\n', 2, true)
while not line_feed do
  read = read + #rest
  rest = call('GETRANGE', conversation, read, read + 16 * PIECE)
  if rest == '' then
    return 'message_not_found'
  end
  line_feed = string.find(rest, '\n', 1, true)
end
local line_length = read + line_feed - 1 - start
line, reply = ARGV[7], 'deleted'
