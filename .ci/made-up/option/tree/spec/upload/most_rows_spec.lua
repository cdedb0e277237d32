--- The option most_rows of uploads, by the client and by the command.
local clients = require "spec.support.clients"
local command = require "spec.support.command"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)

it("stops after so many rows", function()
   observations.serve(server)
   local rows = {}
   for index = 1, 7 do rows[index] = { variables = { n = index }, expected = "x" } end
   assert.equal(3, client:upload_observations("e", rows, { most_rows = 3 }).sent)
   assert.equal(7, client:upload_observations("e", rows).sent)
end)

it("is checked, suggested and completed by the row", function()
   for _, case in ipairs{
      { { most_row = 5 }, "unknown option 'most_row', did you mean 'most_rows'?" },
      { { most_rows = 0 }, "option 'most_rows': 0 is not in the range 1 to 1000000" },
   } do
      local done, problem = pcall(client.upload_observations, client, "e", {}, case[1])
      assert.is_false(done)
      assert.matches(case[2], problem, 1, true)
   end
   local program = os.getenv "PROMPTIC_LUA"
   local stubs = process.run{ program, "--run", "promptic.stubs" }.stdout
   assert.matches("---@field most_rows? integer stops after so many rows; 1000000", stubs, 1, true)
end)

it("is an option of the commands that upload", function()
   for _, words in ipairs{ { "observations", "add" }, { "datasets", "cases", "add" } } do
      words[#words + 1] = "--help"
      assert.matches("%-%-most%-rows N +stops after so many rows", command.new()(words).stdout)
   end
   assert.matches("--most-rows takes a whole number from 1 to 1000000",
      command.new(){ "observations", "add", "e", "--from-file", "x.csv", "--most-rows", "0" }.stderr, 1, true)
end)
