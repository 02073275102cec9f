
-- Adds a message to a conversation, once, however often the same send arrives.
-- ARGV  4 the message's id up to its place, 5 its line after its place, 6 the most bytes that a
--       conversation may have, 7 where the same send may have arrived before: how many milliseconds
--       ago at most,
--       and where the send is to be remembered: 8 the name to remember it by, 9 what to remember
-- Replies the id of the message that was added, now or before, or why none was.
local own, again, key, fingerprint = ARGV[4], ARGV[7] ~= '', ARGV[8], ARGV[9]

line, reply, remembered = '{"messageId":"' .. own .. place .. ARGV[5], own .. place, key

-- One command looks a key up and remembers it. It is forgotten again where nothing is added.
if key then
  if remembered_until == NEVER then
    -- Left over from a conversation that had the same id.
    call('DEL', sends)
  end
  if call('HSETNX', sends, key, fingerprint .. reply) == 0 then
    local found = call('HGET', sends, key)
    local first = string.sub(found, #fingerprint + 1)
    local start = FRONT_LENGTH - 1 + tonumber(string.sub(first, 29), 16)
    local mark = '\n{"messageId":"' .. first
    local there = call('GETRANGE', conversation, start, start + #mark - 1)
    if there == mark or string.sub(there, 1, 2) == '\n ' then
      local same = string.sub(found, 1, #fingerprint) == fingerprint
      return same and first or 'idempotency_key_reused'
    end
    -- Redis was killed in the middle of it, and came back without the line.
    call('HSET', sends, key, fingerprint .. reply)
  end
end
local not_added

-- Another attempt of this send may have come before, unless nothing was written since. It is looked
-- for from the end, in pieces that overlap by more than what is looked for, up to messages that are
-- older by more than clocks differ.
local time = string.sub(own, 1, 13)
local may_be_there = time <= retried
if again then
  local A_MOMENT = 1000
  local since_write = ARGV[1] - call('PTTL', conversation)
  may_be_there = since_write < ARGV[7] + A_MOMENT
end
if may_be_there then
  local PIECE, OVERLAP, CLOCK_SKEW = 4096, 80, 5 * 60 * 1000
  local milliseconds = tonumber(string.sub(own, 1, 8) .. string.sub(own, 10, 13), 16)
  local too_old = string.format('%012x', math.max(0, milliseconds - CLOCK_SKEW))
  local marks = {'\n{"messageId":"' .. own, '\n{"event":"deleted","messageId":"' .. own}
  local to = length
  while to >= FRONT_LENGTH and not not_added do
    local from = math.max(FRONT_LENGTH - 1, to - PIECE)
    local piece = call('GETRANGE', conversation, from, to + OVERLAP - 1)
    for _, mark in ipairs(marks) do
      local _, last = string.find(piece, mark, 1, true)
      if last then
        not_added = own .. string.sub(piece, last + 1, last + 8)
      end
    end
    local high, low = string.match(piece, '\n{"messageId":"(%x+)%-(%x+)')
    if high and high .. low < too_old then
      break
    end
    to = from
  end
end

if length + #line > ARGV[6] + 0 then
  not_added = not_added or 'conversation_full'
end
if not_added then
  if key then
    call('HDEL', sends, key)
  end
  return not_added
end
