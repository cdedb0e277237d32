--- Gadgets: by the client and by the command, against the sandbox.
local clients = require "spec.support.clients"
local command = require "spec.support.command"
local promptic = require "promptic"
local sandbox = require "spec.support.sandbox"

local server, client, component

setup(function()
   server = sandbox.start()
   client = clients.open(server.url, { api_key = server.key })
   component = client:create_component("spam").id
end)

teardown(function()
   client:close()
   assert.equal("", server:stop())
end)

it("a gadget that was created is listed, by its colour too", function()
   local red = client:create_gadget(component, "one", { colour = "red" })
   client:create_gadget(component, "two")
   assert.equal(2, #client:list_gadgets(component).data)
   assert.same({ red }, client:list_gadgets(component, { colour = "red" }).data)
   assert.equal(client.list_gadgets, require("promptic.gadgets").list_gadgets)
end)

it("an argument is checked by the row", function()
   for _, case in ipairs{
      { { color = "red" }, "did you mean 'colour'?" }, { { colour = "blue" }, "'blue' is not one of red, green" },
   } do
      local done, problem = pcall(client.list_gadgets, client, component, case[1])
      assert.is_false(done)
      assert.matches(case[2], problem, 1, true)
   end
end)

it("the command creates and lists", function()
   local run = command.new(server)
   assert.matches("Created the gadget three.", run{ "gadgets", "create", component, "three" }.stdout, 1, true)
   assert.matches("three", run{ "gadgets", "list", component }.stdout, 1, true)
   assert.matches("only of this colour: red, green", run{ "gadgets", "list", "--help" }.stdout, 1, true)
   assert.matches("\n  gadgets  +Gadgets of a component.\n", run{ "--help" }.stdout)
end)

it("help, stubs and completion have it", function()
   local program = os.getenv "PROMPTIC_LUA"
   local function output(...) return require("spec.support.process").run{ program, ... }.stdout end
   local stubs = output("--run", "promptic.stubs")
   assert.matches('---@field colour? "red"|"green" only of this colour', stubs, 1, true)
   assert.matches("---@class promptic.Gadget\n---@field id string\n", stubs, 1, true)
   local script = [[
      local help = require("promptic.repl.help")
      local settings = { width = 80, paint = function(_, text) return text end }
      print(help.about("Gadget", settings), help.about("list_gadgets", settings))
      local before = 'client:list_gadgets("c", { colour = "r'
      print(require("promptic.repl.completer").complete({}, before, #before)[1])
   ]]
   local text = output("-e", 'promptic = require "promptic"; ' .. script)
   for _, part in ipairs{ "Returned by list_gadgets, create_gadget.", "The gadgets of a component.", "\nred\n" } do
      assert.matches(part, text, 1, true)
   end
   assert.is_table(promptic.endpoints.list_gadgets)
end)
