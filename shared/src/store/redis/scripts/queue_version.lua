
-- Gives the queue its next version, for publish.lua to tell of. Two of one microsecond have different
-- versions, and so an order.
local time, last = redis.call('TIME'), redis.call('ZSCORE', queue, 'version') or 0
local version = string.format('%.0f', math.max(time[1] * 1000000 + time[2], last + 1))
redis.call('ZADD', queue, version, 'version')
local reply, notification = 'done', ''
