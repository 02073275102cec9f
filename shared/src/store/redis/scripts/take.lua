
-- Notes who takes the conversation, if anybody does.
if takes then
  call('SETRANGE', conversation, '1', string.sub(takes, 1, 1))
  if #takes > 1 then
    call('SETRANGE', conversation, '28', string.sub(takes, 2))
  end
end
