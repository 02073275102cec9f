-- Sends the requests of a file one after another, and prints what came of it for wrk.rs to read.
-- All that can be done before is: wrk shares the processors with what it measures.
local before, after, count, number = {}, {}, 0, 0

function init(arguments)
  local file = assert(io.open(arguments[1], 'rb'))
  for request in string.gmatch(file:read('*a'), '[^\2]+') do
    count = count + 1
    before[count], after[count] = string.match(request, '^([^\1]*)\1(.*)$')
    before[count] = before[count] or request
  end
  file:close()
end

function request()
  number = number + 1
  local index = number % count + 1
  local rest = after[index]
  if rest then
    return before[index] .. number .. rest
  end
  return before[index]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'measured %d %d %d %d %d %d', summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout
  ))
end
