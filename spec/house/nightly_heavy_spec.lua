--- The same as nightly_spec, ended by kill -9 at 50 random moments, by Ctrl-C at 20 and by SIGTERM at 20, wherever the
-- platform keeps training data.
-- Tags: kills
local nightly = require "spec.support.nightly"

local TIMES = { KILL = 50, INT = 20, TERM = 20 }

describe("nights that a signal ends at a random moment", function()
   for form, arguments in pairs(nightly.FORMS) do
      for signal, times in pairs(TIMES) do
         it(("are done by the next run: %d of SIG%s, training data in %s"):format(times, signal, form), function()
            math.randomseed(os.time())
            local job = nightly.new(arguments)
            local ended, runs = job:interrupt(signal, times, nightly.SIGNALS[signal])
            job:stop()
            print(("%s, SIG%s: %d of %d nights ended before their end, done by %d further runs; one component, one "
               .. "experiment a night, each row once"):format(form, signal, ended, times, runs))
            assert.is_true(ended >= 0.7 * times, ended .. " were ended before their end")
         end)
      end
   end
end)
