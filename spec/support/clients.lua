--- clients.lua - clients for specs: of a scripted server, with a first backoff of a millisecond, and nothing
-- taken from the configuration file of whoever runs the tests. Also the checks of how a call failed.
local assert = require "luassert"
local promptic = require "promptic"

local clients = {}

clients.KEY = "pk-secret-0123456789" -- no message may hold it

--- A client of the endpoint; options replace what is set here.
function clients.open(endpoint, options)
   local all = { endpoint = endpoint, api_key = clients.KEY, backoff = 0.001, config_file = "" }
   for name, value in pairs(options or {}) do
      all[name] = value
   end
   return promptic.client(all)
end

--- A client of a server for all specs of the file that calls this at its top, closed after the last one.
function clients.shared(server, options)
   local client = clients.open(server.url, options)
   require("busted").teardown(function()
      client:close()
   end)
   return client
end

--- The promptic.Error that f raises.
function clients.failure(f, ...)
   local fine, problem = pcall(f, ...)
   assert.is_false(fine, "no error was raised")
   assert.equal(promptic.Error, getmetatable(problem), tostring(problem))
   return problem
end

--- Checks that f raises Lua's own error about an argument, and that it names all the words.
function clients.refused(f, ...)
   local fine, problem = pcall(f)
   assert.is_false(fine, "accepted: " .. table.concat({ ... }, ", "))
   assert.is_string(problem)
   assert.matches("bad argument", problem, 1, true)
   for _, word in ipairs{ ... } do
      assert.matches(word, problem, 1, true)
   end
end

return clients
