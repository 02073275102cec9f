
if is_retry and time > retried then
  call('SETRANGE', conversation, RETRIED, time)
end
if key then
  -- The field without a name is new if all others are, because this is the first or because the
  -- others were evicted. Then the hash has no expiry yet.
  if call('HSET', sends, key, fingerprint .. id_start .. place, '', '') == 2 then
    local expiring = redis.pcall('PEXPIREAT', sends, remembered_until)
    if type(expiring) == 'table' then
      call('DEL', sends)
      return expiring
    end
  end
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
