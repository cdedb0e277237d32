--- The same as upload_killed_spec, fifty times in each room.
-- Tags: kills
local killed = require "spec.support.killed"

describe("fifty uploads that SIGKILL has ended at random moments", function()
   for _, room in ipairs{ "cases", "observations" } do
      it("are completed by the next one with only_new: " .. room, function()
         math.randomseed(os.time())
         local ended, twice = killed.check(room, 50)
         print(("%s: 50 uploads, %d of them killed before their end; rows that were there twice and reported: %"
            .. "d"):format(
            room, ended, twice))
         assert.is_true(ended >= 20, ended .. " were killed before their end")
      end)
   end
end)
