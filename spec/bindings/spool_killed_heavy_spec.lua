--- The same as spool_killed_spec, fifty times each.
-- Tags: kills
local spool_killed = require "spec.support.spool_killed"

describe("fifty processes that SIGKILL has ended", function()
   for _, is_online in ipairs{ false, true } do
      it("lose no span " .. (is_online and "while they send" or "offline"), function()
         math.randomseed(os.time())
         local finished, twice, killed = spool_killed.check(50, is_online)
         print(("%s: 50 processes, %d killed before their end; %d spans, 0 lost, %d sent twice"):format(
            is_online and "online" or "offline", killed, finished, twice))
         assert.is_true(killed >= 20, killed .. " were killed before their end")
         assert.is_true(twice <= (is_online and 50 * spool_killed.BATCH or 0), twice)
      end)
   end
end)
