--- run.lua - all benchmarks: what promptic costs beside programs in C on libcurl alone, measured in the same run.
--
--    run.lua BUILD        (make bench)
--
-- Fails where a figure is over its limit. Machines that others use too tell more in a second run.
local figures = require "figures"

for _, part in ipairs{ "requests", "start", "upload" } do
   dofile((arg[0]:match("^(.*/)") or "./") .. part .. ".lua")
end
if figures.over > 0 then
   print(("%d of the figures are over their limits"):format(figures.over))
   os.exit(1)
end
