-- GET with a bearer token, for wrk. Arguments: how many threads, and a file with a token and a text its answer
-- must contain on each line. The lines are distributed over the threads; each picks one of its own at random.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(args)
  messages, wrong = {}, 0
  local at = 0
  for line in io.lines(args[2]) do
    if at % tonumber(args[1]) == number - 1 then
      local token, text = line:match("^(%S+) (.+)$")
      local headers = { Host = "localhost", Authorization = "Bearer " .. token }
      messages[#messages + 1], expected = wrk.format("GET", nil, headers), text
    end
    at = at + 1
  end
  math.randomseed(os.time() + number)
end

function request()
  return messages[math.random(#messages)]
end

function response(status, headers, body)
  if status ~= 200 or not string.find(body, expected, 1, true) then wrong = wrong + 1 end
end

function done(summary, latency)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do failed = failed + thread:get("wrong") end
  print(string.format("result %d %d %d %d %d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), failed))
end
