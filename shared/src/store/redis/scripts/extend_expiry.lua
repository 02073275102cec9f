
-- Extends the conversation's life, and that of its remembered sends if they would end before it.
-- They get twice the time, so that this is seldom due and the second key seldom needed.
-- A user who may not do this is refused here, when nothing is stored yet but a key.
local extended = redis.pcall('PEXPIRE', conversation, ARGV[1])
if type(extended) == 'table' then
  if remembered then
    call('HDEL', sends, remembered)
  end
  return extended
end
local expires = call('PEXPIRETIME', conversation)
local ends_before = (remembered or remembered_until ~= NEVER) and remembered_until + 0 < expires
-- A hash of one send is new and has no expiry yet: it is the first, or the others were evicted.
if ends_before or remembered and call('HLEN', sends) == 1 then
  if not sends then
    return 'sends_key_needed'
  end
  remembered_until = string.format('%013.0f', expires + ARGV[1])
  call('PEXPIREAT', sends, remembered_until)
  call('SETRANGE', conversation, REMEMBERED_UNTIL, remembered_until)
end
