--- Errors of tasks that nobody awaits, and errors that end the loop which drives tasks.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"
local driving = require "spec.support.driving"

local server = scripted.shared{ body = '{"id":"x"}' }
local client = clients.shared(server)

driving.guard()

local drain = driving.drain

describe("a failure that nobody awaits", function()
   it("is reported at the end of the step", function()
      local told
      local before = promptic.on_task_error
      promptic.on_task_error = function(problem) told = problem end
      promptic.spawn(function() error("lost") end)
      promptic.step(0)
      promptic.on_task_error = before
      assert.matches("lost", told)
   end)
end)

describe("driving that an error ends", function()
   it("takes the tasks of promptic.run with it", function()
      server:always{ body = '{"id":"x"}', wait = 20 }
      local tasks = {}
      local before = promptic.on_task_error
      promptic.on_task_error = function(problem) error(problem, 0) end
      promptic.spawn(function() -- of no group
         while server:count() < 4 do promptic.sleep(0.001) end
         error("stop", 0)
      end)
      local fine, problem = pcall(promptic.run, function()
         for index = 1, 4 do
            tasks[index] = promptic.spawn(function()
               for _ = 1, 100 do client:get_component("x") end
            end)
         end
      end)
      promptic.on_task_error = before
      assert.is_false(fine)
      assert.matches("^stop", problem)
      drain()
      local seen = server:count()
      promptic.run(promptic.sleep, 0.1)
      assert.equal(seen, server:count())
      for _, task in ipairs(tasks) do assert.equal("cancelled", task.status) end
   end)

   it("is reported where on_task_error raises, and the others are told of later", function()
      local told = {}
      local before = promptic.on_task_error
      promptic.on_task_error = function(problem)
         told[#told + 1] = problem
         error("told")
      end
      for index = 1, 3 do
         promptic.spawn(function() error(index, 0) end)
      end
      for _ = 1, 3 do
         assert.error_matches(function() promptic.step(0) end, "told")
      end
      promptic.on_task_error = before
      table.sort(told)
      assert.same({ 1, 2, 3 }, told)
   end)
end)
