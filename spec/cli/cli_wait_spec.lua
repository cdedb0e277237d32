--- `experiments wait`: a platform that is away meanwhile, an experiment that nobody has started, --timeout.
local command = require "spec.support.command"
local scripted = require "spec.support.scripted"

local ID = "00000000-0000-4000-8000-000000000001"

describe("experiments wait", function()
   local stub = scripted.start()
   local promptic = command.new{ url = stub.url, key = "a-key" }

   teardown(function() stub:stop() end)

   before_each(function() stub:reset() end)

   -- An experiment whose status follows from `state`, a piece of Lua that knows how many requests there were.
   local function platform(state)
      stub:route(([[
         local number, request = ...
         if request.target:find "/iterations" then %s end
         local status, failure = "running", nil
         %s
         if failure then return failure end
         return { body = ('{"id":"%s","aiComponentId":"%s","experimentStatus":"%%s","targetModel":"m","provider":"p",'
            .. '"taskType":"classification","optimizer":"o","createdAt":"2026-01-01T00:00:00Z",'
            .. '"updatedAt":"2026-01-01T00:00:00Z"}'):format(status) }
      ]]):format('return { body = "{\\"data\\":[]}" }', state, ID, ID))
   end

   it("shows on its line that the platform is away, and goes on", function()
      platform[[
         if number > 2 and number < 10 then failure = { status = 503, body = '{"error":"deploying"}' } end
         if number >= 10 then status = "completed" end
      ]]
      local result = promptic{ "experiments", "wait", ID }
      assert.equal(0, result.code, result.stderr)
      assert.matches("running  (no answer: [503] deploying", result.stderr, 1, true)
   end)

   it("says how to start one that is pending, once, and goes on", function()
      platform [[ status = number < 3 and "pending" or "completed" ]]
      local result = promptic{ "experiments", "wait", ID }
      assert.equal(0, result.code, result.stderr)
      local _, count = result.stderr:gsub("promptic experiments start " .. ID:gsub("%-", "%%-"), "")
      assert.equal(1, count, result.stderr)
      assert.equal("", (promptic{ "experiments", "wait", ID, "--json" }).stderr)
   end)

   it("says nothing of it after a start of its own", function()
      platform [[
         if request.target:find "/start" then return { body = '{"messageId":"m","status":"queued"}' } end
         status = number < 4 and "pending" or "completed"
      ]]
      local result = promptic{ "experiments", "start", ID, "--wait" }
      assert.equal(0, result.code, result.stderr)
      assert.is_nil(result.stderr:find("is pending", 1, true))
   end)

   it("gives up after --timeout", function()
      platform [[
         if request.target:find "/start" then return { body = '{"messageId":"m","status":"queued"}' } end
      ]]
      for _, words in ipairs{ { "wait", ID, "--timeout", "0" }, { "start", ID, "--wait", "--timeout", "0" } } do
         local result = promptic{ "experiments", table.unpack(words) }
         assert.equal(1, result.code)
         assert.matches("not finished after 0 s: running", result.stderr, 1, true)
         assert.matches("promptic experiments wait " .. ID, result.stderr, 1, true)
      end
      assert.equal(2, promptic{ "experiments", "start", ID, "--timeout", "1" }.code)
   end)
end)
