--- A name with two addresses, the first of which is dead: the second is tried within the timeout, as curl does.
-- Tags: slow
local lab = require "spec.network.lab"
local nginx = require "spec.network.nginx"
local process = require "spec.support.process"
local calls = require "spec.network.calls"
local proxies = require "spec.network.proxies"
local script = require "spec.network.script"

local lacks = lab.lacks("nginx", "openssl", "namespaces")
if lacks then
   return it("a name with two addresses", function() pending("there is no " .. lacks) end)
end

-- In the order in which getaddrinfo gives them; the rest of RFC 6724 makes no difference between them.
local DEAD, ALIVE = "127.0.0.1", "127.0.0.2"

local SOURCE = [[
local way = calls.WAYS[tonumber(arg[3])]
local client = calls.client({ url = arg[1], ca_file = arg[2] ~= "" and arg[2] or nil },
   { max_retries = tonumber(arg[4]), timeout = tonumber(arg[5]), allow_http = true })
local started = promptic.now()
local ended = way.run(client.create_component, client, "n")
report(calls.brief(ended))
report(promptic.now() - started)
report(calls.brief(way.run(client.create_component, client, "n")))
]]

local TIMEOUT = 1.2 -- seconds; the first address has half of it

local certificate, hosts, folder

setup(function()
   certificate = lab.certificate()
   folder = lab.folder()
   hosts = lab.with_hosts(folder .. "/hosts",
      ("%s %s\n%s %s\n"):format(DEAD, lab.NAME, ALIVE, lab.NAME))
end)

teardown(function()
   process.remove(certificate.folder)
   process.remove(folder)
end)

it("the laboratory's name has its two addresses, in this order", function()
   local said = process.run(lab.join(hosts, { "getent", "ahosts", lab.NAME })).stdout
   local first, second = said:match("^(%S+)%s+STREAM.-\n(%d+%S+)%s+STREAM")
   assert.equal(DEAD, first)
   assert.equal(ALIVE, second)
end)

for number, way in ipairs(calls.WAYS) do
   for _, kind in ipairs{ "http", "https" } do
      it(("%s %s goes to the second address within the timeout"):format(way.name, kind), function()
         local port, holder = lab.reserve("0.0.0.0") -- on both
         local dead = lab.dead(DEAD, port)
         local server = nginx.start{
            certificate = kind == "https" and certificate or nil, host = ALIVE, port = port, holder = holder,
         }
         local values = script.run(SOURCE, {
            ("%s://%s:%d"):format(kind, lab.NAME, port), server.ca_file or "", number, 0, TIMEOUT,
            prefix = hosts, env = proxies.environment{},
         })
         local log = server:log()
         local connections = server:connections()
         server:stop()
         lab.close(dead)
         assert.equal("success after 1", values[1])
         assert.is_true(values[2] < TIMEOUT, ("took %.3f s"):format(values[2]))
         assert.equal("success after 1", values[3])
         assert.equal(2, #log)
         assert.equal(1, connections)
      end)
   end

   it(way.name .. " where both are dead a POST fails as not sent, and is tried again", function()
      local port, holder = lab.reserve("0.0.0.0") -- on both
      local dead = lab.join(lab.dead(DEAD, port), lab.dead(ALIVE, port))
      local values = script.run(SOURCE, {
         ("http://%s:%d"):format(lab.NAME, port), "", number, 1, 0.3, prefix = hosts, env = proxies.environment{},
      })
      holder:close()
      lab.close(dead)
      assert.equal("timeout after 2, not sent", values[1])
      assert.is_true(values[2] < 2, ("took %.3f s"):format(values[2]))
   end)
end
