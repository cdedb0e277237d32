--- run.lua - all benchmarks: what promptic costs beside libcurl alone and other clients, measured in the same run.
--
--    run.lua BUILD [PART...]        (make bench, make bench PART=upload)
--
-- Prints a table; without parts it also writes BUILD/bench.html and figures.svg beside this file, which README shows.
-- Fails where a figure is over its limit. BENCH_ROUNDS=3 is a quick run, BENCH_LIMITS=1 makes what it measures plus a
-- fifth the limits.
local figures = require "figures"

local build, parts = arg[1], { table.unpack(arg, 2) }
local is_whole = #parts == 0
if is_whole then
   parts = { "codec", "requests", "http", "frames", "start", "upload", "traces", "memory", "prompt", "game" }
end
local began = os.time()
for _, part in ipairs(parts) do
   dofile(figures.root .. part .. ".lua")
end
if is_whole then
   local report = require "report"
   report.html(build .. "/bench.html", os.time() - began)
   report.svg(figures.root .. "figures.svg")
end
if os.getenv("BENCH_LIMITS") then
   figures.set_limits()
elseif figures.over > 0 then
   print(("\n%d of the figures are over their limits"):format(figures.over))
   os.exit(1)
end
