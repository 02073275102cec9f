
-- Adds a message to a conversation, once, however often the same send arrives.
-- ARGV  4 the message's id up to its place, 5 the message's line after its place, 6 how many bytes the
--       conversation may have, 7 how many milliseconds ago at most an earlier attempt of this send may
--       have arrived ('' for a first attempt)
--       and as far as the send has them: 8 who takes the conversation with it (see event_log/state.rs, ''
--       for nobody), 9 the only cursor at which it may be added ('' for any), 10 the key that it is to be
--       remembered by, 11 its fingerprint
-- Replies the id of the message that was added, now or before, with ' taken' if it takes the
-- conversation, or why none was added.
local id_start, is_retry = ARGV[4], ARGV[7] ~= ''
local taker, expected, key, fingerprint = ARGV[8], ARGV[9], ARGV[10], ARGV[11]

line, reply, remembers = '{"messageId":"' .. id_start .. place .. ARGV[5], id_start .. place, key ~= nil

if key and remembered_until ~= NEVER then
  local found = call('HGET', sends, key)
  if found then
    local first_id = string.sub(found, #fingerprint + 1)
    local start = FRONT_LENGTH - 1 + tonumber(string.sub(first_id, 29), 16)
    local line_start = '\n{"messageId":"' .. first_id
    local there = call('GETRANGE', conversation, start, start + #line_start - 1)
    -- Else Redis was killed in the middle of the first send, and came back without its line.
    if there == line_start or string.sub(there, 1, 2) == '\n ' then
      local same = string.sub(found, 1, #fingerprint) == fingerprint
      return same and first_id or 'idempotency_key_reused'
    end
  end
end

-- Another attempt of this send may have been stored before, unless nothing was written since. Its line
-- is searched for from the end, in pieces that overlap by more than the searched text, back to
-- messages that are older by more than clocks differ.
local time = string.sub(id_start, 1, 13)
local may_be_there = time <= retried
if is_retry then
  local A_MOMENT = 1000
  local since_write = ARGV[1] - call('PTTL', conversation)
  may_be_there = since_write < ARGV[7] + A_MOMENT
end
if may_be_there then
  local PIECE, OVERLAP, CLOCK_SKEW = 4096, 80, 5 * 60 * 1000
  local milliseconds = tonumber(string.sub(id_start, 1, 8) .. string.sub(id_start, 10, 13), 16)
  local too_old = string.format('%012x', math.max(0, milliseconds - CLOCK_SKEW))
  local line_starts = {'\n{"messageId":"' .. id_start, '\n{"event":"deleted","messageId":"' .. id_start}
  local to = length
  while to >= FRONT_LENGTH do
    local from = math.max(FRONT_LENGTH - 1, to - PIECE)
    local piece = call('GETRANGE', conversation, from, to + OVERLAP - 1)
    for _, line_start in ipairs(line_starts) do
      local _, last = string.find(piece, line_start, 1, true)
      if last then
        return id_start .. string.sub(piece, last + 1, last + 8)
      end
    end
    local high, low = string.match(piece, '\n{"messageId":"(%x+)%-(%x+)')
    if high and high .. low < too_old then
      break
    end
    to = from
  end
end

if is_closed then
  return 'conversation_closed'
end
if expected and expected ~= '' and expected + FRONT_LENGTH ~= length then
  return string.format('conversation_changed %d', length - FRONT_LENGTH)
end
if taker and taker ~= '' and string.byte(state, 2) == 45 then
  takes, reply = taker, reply .. ' taken'
end
if length + #line > ARGV[6] + 0 then
  return 'conversation_full'
end
