-- A prediction by Cog's API. Counts the answers that have the right output. Read by cog.py.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"input": {"text": "hello"}}'

local threads = {}
good = 0

function setup(thread)
  table.insert(threads, thread)
end

function response(status, headers, body)
  if status == 200 and body:find('"output":"hello"', 1, true) then
    good = good + 1
  end
end

done = function(summary, latency, requests)
  local total = 0
  for _, thread in ipairs(threads) do
    total = total + thread:get("good")
  end
  io.write(string.format(
    '{"requests": %d, "good": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests, total, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
