--- The units of the core in C (spec/host/units.c): tables for URLs, retries, timers, text and the like.
-- With sanitizers they run in host_spec.lua.
local process = require "spec.support.process"

it("the units of the core hold", function()
   local build = os.getenv("BUILD") or "build"
   local made = process.run{ "sh", "-c", ("exec 2>&1; ${MAKE:-make} BUILD='%s' '%s/host/units'"):format(build, build) }
   assert.equal(0, made.code, made.stdout)
   local result = process.run{ "sh", "-c", ("exec 2>&1; '%s/host/units'"):format(build) }
   assert.equal(0, result.code, result.stdout)
   assert.matches("units: passed\n", result.stdout, 1, true)
end)
