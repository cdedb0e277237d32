--- promptic.map: order, concurrency, failures.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local driving = require "spec.support.driving"

driving.guard()

local drain = driving.drain

describe("promptic.map", function()
   it("keeps the order and the concurrency", function()
      local running, most = 0, 0
      local doubled = promptic.map({ 5, 4, 3, 2, 1 }, function(value, index)
         running = running + 1
         most = math.max(most, running)
         promptic.sleep(value / 1000)
         running = running - 1
         return { value * 2, index }
      end, { concurrency = 2 })
      assert.same({ { 10, 1 }, { 8, 2 }, { 6, 3 }, { 4, 4 }, { 2, 5 } }, doubled)
      assert.equal(2, most)
   end)

   it("raises the first error and ends the others", function()
      local started = promptic.now()
      local fine, problem = pcall(promptic.map, { 1, 2, 3 }, function(value)
         if value == 2 then
            error("two")
         end
         promptic.sleep(3600)
      end)
      assert.is_false(fine)
      assert.matches("two", problem)
      assert.is_true(promptic.now() - started < 60)
   end)

   it("collects errors where it is to, results and errors by index", function()
      local results, errors = promptic.map({ 1, 2, 3, 4 }, function(value)
         promptic.sleep(0.001)
         if value % 2 == 0 then error("no " .. value, 0) end
         return value * 10
      end, { on_error = "collect", concurrency = 2 })
      assert.same({ [1] = 10, [3] = 30 }, results)
      assert.matches("^no 2", errors[2])
      assert.matches("^no 4", errors[4])
      assert.is_nil(errors[1] or errors[3])
      assert.same({ {}, {} }, { promptic.map({}, tostring, { on_error = "collect" }) })
      results, errors = promptic.map({ 1, 2 }, function() error(nil) end, { on_error = "collect" })
      assert.same({ {}, { "nil", "nil" } }, { results, errors })
   end)

   it("ends where it is cancelled, though it collects errors", function()
      local ended = 0
      local task = promptic.spawn(promptic.map, { 1, 2, 3 }, function()
         promptic.sleep(3600)
         ended = ended + 1
      end, { on_error = "collect" })
      promptic.step(0.01)
      promptic.step(0)
      task:cancel()
      assert.equal("cancelled", select(2, pcall(task.await, task)).kind)
      assert.equal(0, ended)
      drain()
   end)

   it("takes an empty list", function()
      assert.same({}, promptic.map({}, error))
   end)

   for name, arguments in pairs{
      ["no table"] = { 1, print },
      ["no function"] = { {}, 1 },
      ["options that are no table"] = { {}, print, 3 },
      ["an unknown option"] = { {}, print, { concurency = 3 } },
      ["no concurrency"] = { {}, print, { concurrency = 0 } },
   } do
      it("refuses " .. name, function()
         clients.refused(function() promptic.map(table.unpack(arguments)) end, "to 'map'")
      end)
   end
end)
