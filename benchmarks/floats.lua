-- A POST of 784 numbers as JSON. The last line is read by wrk.py.
local numbers = {}
for i = 1, 784 do
  numbers[i] = string.format("%.17g", i / 785)
end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"values": [' .. table.concat(numbers, ", ") .. "]}"

done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "failed_count": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
