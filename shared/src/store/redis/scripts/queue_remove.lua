#!lua flags=allow-oom
-- Removes conversations from the queue, also where Redis's memory is full: it frees some.
--
-- KEYS  1 the queue, see queue_add.lua
-- ARGV  2 the command that publishes, 3 the channel, and for each conversation its id, and its creation if
--       only the one of that time is to be removed ('' for any): another may have been created since
--       under the same id
-- Replies 'done'.
local queue, removed = KEYS[1], 0
for place = 4, #ARGV, 2 do
  local id, created = ARGV[place], ARGV[place + 1]
  if created == '' or tonumber(redis.call('ZSCORE', queue, id) or 0) == tonumber(created) then
    removed = removed + redis.call('ZREM', queue, id)
  end
end
if removed == 0 then
  return 'done'
end
