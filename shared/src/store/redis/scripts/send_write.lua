
if is_retry and time > retried then
  call('SETRANGE', conversation, RETRIED, time)
end
-- At its offset rather than with APPEND: a Redis that is killed while it writes its append-only file
-- may come back without this transaction, and run a part of it at its next start, before all that
-- was written since (valkey-io/valkey#4342). This way, later lines overwrite that part's bytes.
local written = redis.pcall('SETRANGE', conversation, string.format('%d', length), line)
if type(written) == 'table' then
  if key then
    call('HDEL', sends, key)
  end
  return written
end
