--- `promptic deployments again`: two calls, the second with what the first returned.
local command = require "spec.support.command"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local run = command.new{ url = server.url, key = "k" }

local DEPLOYED = '{"aiComponentId":"c","experimentId":"e"}'

it("deploys the experiment that is deployed", function()
   server:always{ body = DEPLOYED }
   local result = run{ "deployments", "again", "c" }
   assert.same({ 0, "", "Deployed the best prompt of the experiment e.\n" },
      { result.code, result.stderr, result.stdout })
   local first, second = table.unpack(server:requests())
   assert.same({ "GET", "POST", '{"experimentId":"e"}' }, { first.method, second.method, second.body })
   assert.equal(first.target, second.target)
end)

it("fails if nothing is deployed", function()
   server:always{ body = "null" }
   local result = run{ "deployments", "again", "c" }
   assert.equal(1, result.code)
   assert.matches("Nothing is deployed", result.stderr, 1, true)
   assert.equal(1, #server:requests())
end)

it("is in the help and the completion", function()
   assert.matches("again COMPONENT +Deploy the best prompt", run{ "deployments", "--help" }.stdout)
   assert.matches("again", run{ "completion", "bash" }.stdout, 1, true)
end)
