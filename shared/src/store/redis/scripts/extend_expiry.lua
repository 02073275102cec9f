
-- Extends the conversation's life, and that of its remembered sends if they would end before it.
-- They get twice the time, so that this is seldom due and the second key seldom needed.
-- These commands write first: a user who may not run them is refused before anything is stored.
call('PEXPIRE', conversation, ARGV[1])
local expires = call('PEXPIRETIME', conversation)
if (remembers or remembered_until ~= NEVER) and remembered_until + 0 < expires then
  if not sends then
    return 'sends_key_needed'
  end
  if remembered_until == NEVER then
    -- Left over from a conversation that had the same id.
    call('DEL', sends)
  end
  remembered_until = string.format('%013.0f', expires + ARGV[1])
  call('PEXPIREAT', sends, remembered_until)
  call('SETRANGE', conversation, REMEMBERED_UNTIL, remembered_until)
end
