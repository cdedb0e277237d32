--- driving.lua - tasks of a spec file: driven for a limited time, and none left over for the next spec.
--
--    local driving = require "spec.support.driving"
--    driving.guard()      -- at the top of a file: each spec is to end what it spawned. What one leaves,
--                         -- because it failed, is cancelled, so that the next spec finds none.
--    driving.wait(function() return task.status == "waiting" end)  -- steps until it returns true
--    driving.drain()      -- steps until no task is alive
--    driving.settle()     -- how many are alive once those that can go on at once have
--
-- promptic.step(0) resumes as many tasks as fit into a millisecond, which is a single one on a loaded machine: a spec
-- that expects more of it drives until what it expects has come.
local promptic = require "promptic"

local driving = {}

local SECONDS = 60 -- nothing here takes that long; a spec that waits for ever would report nothing

local function limited(step)
   local stop = promptic.now() + SECONDS
   while not step() do
      assert(promptic.now() < stop, "the tasks of this spec did not come to their end")
   end
end

--- Steps until condition() is true, which is asked before each step.
function driving.wait(condition, pause)
   limited(function() return condition() or promptic.step(pause or 0) < 0 end)
end

--- Steps until no task is alive.
function driving.drain(pause)
   limited(function() return promptic.step(pause or 0.01) == 0 end)
end

--- How many tasks are alive once those that can go on at once have: each step resumes one of them at least.
function driving.settle()
   local left = promptic.step(0)
   for _ = 1, left do
      left = promptic.step(0)
   end
   return left
end

-- Those of the spec that is running; finished ones are dropped now and then, so that a spec can look at its memory.
local spawned, limit = {}, 64

local function remember(task)
   if #spawned >= limit then
      local alive = {}
      for _, one in ipairs(spawned) do
         if one.status == "ready" or one.status == "waiting" or one.status == "running" then
            alive[#alive + 1] = one
         end
      end
      spawned, limit = alive, math.max(64, 2 * #alive)
   end
   spawned[#spawned + 1] = task
   return task
end

local function cancel_spawned()
   for _, task in ipairs(spawned) do
      task:cancel()
   end
   spawned = {}
end

--- Looks at what each spec of the file that calls this at its top leaves.
function driving.guard()
   local busted, spawn = require "busted", promptic.spawn
   busted.before_each(function()
      function promptic.spawn(...)
         return remember(spawn(...))
      end
   end)
   busted.after_each(function()
      promptic.spawn = spawn
      local left = driving.settle()
      cancel_spawned()
      if left > 0 then
         driving.drain()
         error(("%d tasks are left over"):format(left), 0)
      end
   end)
end

return driving
