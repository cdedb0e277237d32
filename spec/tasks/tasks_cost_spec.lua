--- What tasks cost: memory that does not grow with what is over, steps that grow with the number of tasks and not with
-- its square, and no promptic.run that waits for ever, wherever it was stopped. Nothing here looks at a clock.
-- Tags: luas
local promptic = require "promptic"
local driving = require "spec.support.driving"

local jit = rawget(_G, "jit")

-- Compiled code takes memory of its own, and its instructions are not counted.
setup(function()
   if jit then jit.off() end
end)

teardown(function()
   if jit then jit.on() end
end)

driving.guard()

local function kilobytes()
   collectgarbage()
   collectgarbage()
   return collectgarbage("count")
end

-- How many instructions, in hundreds, this coroutine runs in f.
local function steps_of(f)
   local steps = 0
   debug.sethook(function() steps = steps + 1 end, "", 100)
   f()
   debug.sethook()
   return steps
end

describe("memory", function()
   it("is free again once a failure was awaited, while promptic.run goes on", function()
      local before, after
      promptic.run(function()
         for round = 1, 1000 do
            if round == 500 then before = kilobytes() end
            local task = promptic.spawn(function() error({}) end)
            local settled = promptic.spawn(function() task:await() end)
            promptic.sleep(0)
            promptic.sleep(0)
            settled:cancel()
            pcall(settled.await, settled)
         end
         after = kilobytes()
      end)
      assert.is_true(after - before < 50, after - before)
   end)

   it("is free again once tasks are done, of any kind", function()
      local function round()
         promptic.run(function()
            local tasks = {}
            for index = 1, 100 do
               tasks[index] = promptic.spawn(promptic.sleep, index % 3 / 1e4)
            end
            tasks[50]:cancel()
            promptic.map({ 1, 2, 3 }, function() promptic.sleep(0) end)
         end)
      end
      local function rounds() -- a collection now and then: tables keep the size that they had between two
         for number = 1, 40 do
            round()
            if number % 4 == 0 then collectgarbage() end
         end
      end
      rounds()
      local before = kilobytes()
      rounds()
      local grown = kilobytes() - before
      assert.is_true(grown < 50, grown)
   end)
end)

describe("steps", function()
   local function drain()
      driving.drain(0)
   end

   local function wait_until_all_wait(tasks)
      driving.wait(function() return tasks[#tasks].status == "waiting" end)
   end

   -- Each prepares `count` tasks and returns what is to be counted, and what ends those that are left then.
   local CASES = {
      ["cancelling tasks that await one"] = function(count)
         local one, tasks = promptic.spawn(promptic.sleep, 3600), {}
         for index = 1, count do
            tasks[index] = promptic.spawn(one.await, one)
         end
         wait_until_all_wait(tasks)
         return function()
            for index = count, 1, -1 do tasks[index]:cancel() end
         end, one
      end,
      ["ending tasks that are cancelled"] = function(count)
         local tasks = {}
         for index = 1, count do
            tasks[index] = promptic.spawn(promptic.sleep, 3600)
         end
         wait_until_all_wait(tasks)
         return function()
            for index = 1, count do tasks[index]:cancel() end
            drain()
         end
      end,
      ["a failure among the workers of promptic.map"] = function(count)
         local list = {}
         for index = 1, count do list[index] = index end
         return function()
            local fine = pcall(promptic.map, list, function(index)
               promptic.sleep(index == 1 and 0 or 3600)
               error("enough", 0)
            end, { concurrency = count })
            assert.is_false(fine)
         end
      end,
      ["failures that nobody awaits"] = function(count)
         for _ = 1, count do
            promptic.spawn(error, "lost")
         end
         return drain
      end,
      ["waking tasks that sleep"] = function(count)
         local tasks = {}
         for index = count, 1, -1 do
            tasks[#tasks + 1] = promptic.spawn(promptic.sleep, index / 1e9)
         end
         return drain
      end,
      ["tasks inside of tasks"] = function(count)
         for index = 1, count do
            promptic.spawn(promptic.run, promptic.sleep, index % 7 / 1e9)
         end
         return drain
      end,
   }

   local function count_steps(case, count)
      local work, left = case(count)
      local steps = steps_of(work)
      if left then left:cancel() end
      drain()
      return steps
   end

   for name, case in pairs(CASES) do
      it("of " .. name .. " grow with their number", function()
         local before = promptic.on_task_error
         promptic.on_task_error = function() end
         local few, many = count_steps(case, 150), count_steps(case, 1200)
         promptic.on_task_error = before
         -- eight times as many; the logarithm of a heap's size is allowed, the square would be 64
         assert.is_true(many < 16 * math.max(few, 10), ("%d steps of 150, %d of 1200"):format(few, many))
      end)
   end
end)
