--- Uploads that are killed and run again with only_new lose no row and add none twice; fifty in each room:
-- upload_killed_heavy_spec.
-- Tags: slow
local killed = require "spec.support.killed"

describe("an upload that SIGKILL has ended", function()
   for _, room in ipairs{ "cases", "observations" } do
      it("is completed by the next one with only_new: " .. room, function()
         killed.check(room, 4)
      end)
   end
end)
