-- Adds a message to a conversation, once, however often the same send arrives.
-- ARGV  4 the message's line up to its place, 5 the line after its place, 6 the most bytes that a
--       conversation may have, 7 '1' where the same send may have arrived before, 8 how ids begin
--       that are too old to be this message's,
--       9 the name to remember the send by, and 10 what to remember; empty where it has no key
-- Returns the id of the message that was added, now or before, or why none was.
local line_start, line_end, most_bytes, again, too_old = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local key, fingerprint = ARGV[9], ARGV[10]

if state == '' then
  return 'conversation_not_found'
end
local length = redis.call('STRLEN', conversation)

if key ~= '' and sends and remembered_until > 0 then
  local first = redis.call('HGET', sends, key)
  if first then
    local same = string.sub(first, 1, #fingerprint) == fingerprint
    return same and string.sub(first, #fingerprint + 1) or 'idempotency_key_reused'
  end
end

-- Another attempt of this send may have come before. It is looked for from the end, in pieces that
-- overlap by more than what is looked for.
local MARK_LENGTH, PIECE, OVERLAP = #'{"messageId":"', 4096, 80
local time = string.sub(line_start, MARK_LENGTH + 1, MARK_LENGTH + 13)
local retried = field(RETRIED_FIRST, RETRIED_LAST)
if again == '1' or time <= retried then
  local own = string.sub(line_start, MARK_LENGTH + 1)
  local marks = { '\n{"messageId":"' .. own, '\n{"event":"deleted","messageId":"' .. own }
  local to = length
  while to > STATE_LENGTH do
    local from = math.max(STATE_LENGTH, to - PIECE)
    local piece = redis.call('GETRANGE', conversation, from, to + OVERLAP - 1)
    for _, mark in ipairs(marks) do
      local _, last = string.find(piece, mark, 1, true)
      if last then
        return own .. string.sub(piece, last + 1, last + 8)
      end
    end
    local oldest = string.match(piece, '\n{"messageId":"(%x+%-%x+)')
    to = from
    if oldest and oldest < too_old then
      break
    end
  end
end

local line = line_start .. string.format('%08x', length - FRONT_LENGTH) .. line_end
if length + #line > tonumber(most_bytes) then
  return 'conversation_full'
end
if not prolong(key ~= '') then
  return 'sends_needed'
end
if again == '1' and time > retried then
  redis.call('SETRANGE', conversation, RETRIED_FIRST, time)
end
local id = string.sub(line, MARK_LENGTH + 1, MARK_LENGTH + 36)
if key ~= '' then
  redis.call('HSET', sends, key, fingerprint .. id)
  redis.call('PEXPIREAT', sends, string.format('%.0f', remembered_until))
end
-- At its place rather than with APPEND: a Redis killed while it writes its append-only file may come
-- back without this transaction, and run a part of it at its next start, before all that was written
-- since (valkey-io/valkey#4342). By then these bytes are to lie where others replace them.
local written = redis.pcall('SETRANGE', conversation, length, line)
if type(written) == 'table' then
  if key ~= '' then
    redis.call('HDEL', sends, key)
  end
  return written
end
return tell(id)
