
-- Lets the conversation live on, and with it what is remembered of its sends: for longer than that,
-- so that it is seldom prolonged, and seldom takes the second key.
-- Nothing is stored yet but a key: who may not do this is refused before.
local prolonged = redis.pcall('PEXPIRE', conversation, ARGV[1])
if type(prolonged) == 'table' then
  if remembered then
    call('HDEL', sends, remembered)
  end
  return prolonged
end
local expires = call('PEXPIRETIME', conversation)
local outlived = (remembered or remembered_until ~= NEVER) and remembered_until + 0 < expires
-- One alone is new, or the others were evicted.
if outlived or remembered and call('HLEN', sends) == 1 then
  if not sends then
    return 'sends_needed'
  end
  remembered_until = string.format('%013.0f', expires + ARGV[1])
  call('PEXPIREAT', sends, remembered_until)
  call('SETRANGE', conversation, REMEMBERED_UNTIL, remembered_until)
end
