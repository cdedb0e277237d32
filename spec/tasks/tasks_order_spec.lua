--- The order in which sleeping tasks wake, whatever else was cancelled meanwhile.
-- Tags: luas
local promptic = require "promptic"
local driving = require "spec.support.driving"

driving.guard()

local COUNT, TOLERANCE = 120, 0.0005

-- A number from 1 to COUNT for each index, each number once.
local function shuffled(index, factor)
   return index * factor % (COUNT + 1) -- COUNT + 1 is prime
end

-- Lets tasks sleep and cancels some; by how many seconds the order of those that wake is wrong at most.
local function disorder(factor, is_cancelled)
   local tasks, woken = {}, {}
   for index = 1, COUNT do
      tasks[index] = promptic.spawn(function()
         local seconds = 0.02 + shuffled(index, factor) / 1000
         local due = promptic.now() + seconds
         promptic.sleep(seconds)
         woken[#woken + 1] = due
      end)
   end
   driving.wait(function() return tasks[COUNT].status ~= "ready" end)
   local left = COUNT
   for index = 1, COUNT do
      if is_cancelled(index) and tasks[index].status == "waiting" then
         tasks[index]:cancel()
         left = left - 1
      end
   end
   driving.drain()
   assert.equal(left, #woken)
   local worst = 0
   for index = 2, #woken do
      worst = math.max(worst, woken[index - 1] - woken[index])
   end
   return worst
end

describe("sleeping tasks wake in the order of their times", function()
   for what, is_cancelled in pairs{
      ["all of them"] = function() return false end,
      ["after every third was cancelled"] = function(index) return index % 3 == 0 end,
      ["after all but every third were cancelled"] = function(index) return index % 3 ~= 0 end,
      ["after the first half was cancelled"] = function(index) return index <= COUNT / 2 end,
   } do
      for _, factor in ipairs{ 1, 37, 60, 85, 120 } do
         it(("%s, %d"):format(what, factor), function()
            -- The process may lose its core between now() and sleep(): what is wrong is wrong each time.
            local worst
            for _ = 1, 10 do
               worst = disorder(factor, is_cancelled)
               if worst <= TOLERANCE then return end
            end
            error(("a task woke %f s too late"):format(worst))
         end)
      end
   end
end)
