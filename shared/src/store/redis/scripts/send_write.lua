
if again and time > retried then
  call('SETRANGE', conversation, RETRIED, time)
end
-- At its place rather than with APPEND: a Redis killed while it writes its append-only file may come
-- back without this transaction, and run a part of it at its next start, before all that was written
-- since (valkey-io/valkey#4342). By then these bytes are to lie where others replace them.
local written = redis.pcall('SETRANGE', conversation, string.format('%d', length), line)
if type(written) == 'table' then
  if key then
    call('HDEL', sends, key)
  end
  return written
end
