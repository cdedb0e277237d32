--- client:prompt: what values of any type are in a text, and which components are asked for by their name.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local ID = "3f0c9d52-8a41-4c7e-b1d0-6a2f8e9c4b17"

local server = scripted.shared()
local client = clients.shared(server, { max_retries = 0 })
local json = promptic.json

after_each(function()
   server:reset()
   assert.is_true(promptic.flush(10), "a refresh is left over")
end)

describe("prompt:render", function()
   local function render(value)
      return client:prompt("triage", { fallback = "<{x}>" }):render{ x = value }
   end

   it("keeps the digits of numbers, in every Lua", function()
      assert.equal("<1234567890123456>", render(1234567890123456))
      assert.equal("<9007199254740992>", render(2 ^ 53))
      assert.equal("<0.30000000000000004>", render(0.1 + 0.2))
      assert.equal("<3>", render(3.0))
   end)

   it("makes JSON of what is no text", function()
      assert.equal("<null>", render(json.null))
      assert.equal("<false>", render(false))
      assert.equal('<[1,"a"]>', render{ 1, "a" })
   end)

   it("names the variable whose value has no text", function()
      for value, reason in pairs{ [print] = "function", [{ f = print }] = "function", [1 / 0] = "infinity" } do
         local problem = clients.failure(render, value)
         assert.same({ "argument", "wrong_variable" }, { problem.kind, problem.code })
         assert.matches("the value of 'x' has no text: ", problem.message, 1, true)
         assert.matches(reason, problem.message, 1, true)
      end
   end)
end)

it("a name of hexadecimal words is a name", function()
   for _, name in ipairs{ "dead-beef-cafe-babe-face", "a-b-c-d-e", (ID:gsub("%-8a41%-4c7e%-", "-8-a414c7e-")) } do
      server:route(([[
         local _, request = ...
         if request.target:find("/deployment/prompt", 1, true) then
            return { body = '{"prompt":"found","componentId":"%s"}' }
         end
         return { body = '{"data":[{"id":"%s","name":"%s"}]}' }
      ]]):format(ID, ID, name))
      assert.equal("found", client:prompt(name):fetch(10).prompt)
      assert.equal("/api/v1/components/" .. ID .. "/deployment/prompt", server:requests()[2].target)
      server:reset()
   end
end)
