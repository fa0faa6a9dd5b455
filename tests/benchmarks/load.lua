-- GET with a bearer token, for wrk. Arguments: a token and a text the answer must contain, for each thread.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(args)
  local headers = { Host = "localhost", Authorization = "Bearer " .. args[2 * number - 1] }
  message, expected, wrong = wrk.format("GET", nil, headers), args[2 * number], 0
end

function request()
  return message
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
