--- Spans in a spool survive kill -9; fifty times: spool_killed_heavy_spec.
-- Tags: slow
local spool_killed = require "spec.support.spool_killed"

describe("a process that SIGKILL has ended", function()
   it("loses no span offline, and none is sent twice", function()
      local finished, twice = spool_killed.check(5, false)
      assert.is_true(finished > 0)
      assert.equal(0, twice)
   end)

   it("loses no span while it sends; of those under way some are sent twice, with the same id", function()
      local finished, twice = spool_killed.check(5, true)
      assert.is_true(finished > 0)
      assert.is_true(twice <= 5 * spool_killed.BATCH, twice)
   end)
end)
