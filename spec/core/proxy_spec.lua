--- Proxies of the environment: used as usual, never for the loopback. The environment is read by the process,
-- so another one makes the calls.
-- Tags: luas
local child = require "spec.support.child"
local scripted = require "spec.support.scripted"

local server, proxy

setup(function()
   server = scripted.start()
   proxy = scripted.start()
end)

teardown(function()
   server:stop()
   proxy:stop()
end)

before_each(function()
   server:reset():always{ body = '{"id":"direct"}' }
   proxy:reset():always{ body = '{"id":"by proxy"}' }
end)

local SOURCE = [[
   local promptic = require "promptic"
   local client = promptic.client{
      endpoint = arg[1],
      api_key = "the-key",
      config_file = "",
      allow_http = true,
      max_retries = 0,
      timeout = 2,
   }
   local fine, result = pcall(client.get_workspace, client)
   print(fine and result.id or result.kind)
]]

local function call(endpoint, environment)
   return child.lua(SOURCE, { endpoint }, environment)
end

describe("for the loopback", function()
   for _, name in ipairs{ "http_proxy", "all_proxy", "ALL_PROXY" } do
      it(name .. " is not used", function()
         assert.equal("direct\n", call(server.url, { [name] = proxy.url }))
         assert.equal("direct\n", call("http://localhost:" .. server.port, { [name] = proxy.url }))
         assert.equal(0, proxy:seen().accepted)
      end)
   end

   it("a proxy is not used for https either", function()
      server:accept{ close = "fin" }
      call("https://127.0.0.1:" .. server.port, { https_proxy = proxy.url, all_proxy = proxy.url })
      assert.equal(1, server:seen().accepted)
      assert.equal(0, proxy:seen().accepted)
   end)
end)

describe("for other hosts", function()
   it("http_proxy is used", function()
      assert.equal("by proxy\n", call("http://platform.invalid", { http_proxy = proxy.url }))
      assert.equal("http://platform.invalid/api/v1/workspace", proxy:requests()[1].target)
   end)

   it("no_proxy is obeyed", function()
      local environment = { http_proxy = proxy.url, no_proxy = "platform.invalid" }
      assert.equal("connection\n", call("http://platform.invalid", environment))
      assert.equal(0, proxy:seen().accepted)
   end)

   it("https_proxy makes a tunnel and does not see the key", function()
      proxy:always{ status = 403, body = "" }
      assert.equal("config\n", call("https://platform.invalid", { https_proxy = proxy.url }))
      local request = proxy:requests()[1]
      assert.equal("CONNECT platform.invalid:443 HTTP/1.1", request.line)
      assert.is_nil(request.head:find("the-key", 1, true))
   end)

   -- Were it the platform's, 3600 s would end the call at once, and 0.001 s would be waited for.
   it("a SOCKS proxy that refuses user or password is a config error, any other refusal is none", function()
      local AUTHENTICATED = "\5\2\1\0"
      for _, case in ipairs{
         { "\5\2\1\1", "config" }, { "\5\255", "config" },
         { AUTHENTICATED .. "\5\5\0\1\0\0\0\0\0\0", "connection" },
      } do
         proxy:reset():accept{ raw = case[1] }
         assert.equal(case[2] .. "\n", call("http://platform.invalid",
            { all_proxy = "socks5h://user:secret@127.0.0.1:" .. proxy.port }))
      end
   end)

   it("a Retry-After of the answer to CONNECT is not the platform's, nor is its request id", function()
      proxy:always{ status = 503, headers = { { "Retry-After", "3600" }, { "X-Request-Id", "p" } }, body = "" }
      local printed = child.lua([[
         local promptic = require "promptic"
         local client = promptic.client{
            endpoint = arg[1], api_key = "the-key", config_file = "", backoff = 0.001, max_retries = 2, timeout = 2,
         }
         local _, problem = pcall(client.create_component, client, "x")
         print(problem.kind, problem.code, problem.retry_after, problem.attempts, problem.maybe_sent,
            problem.request_id)
      ]], { "https://platform.invalid" }, { https_proxy = proxy.url })
      assert.equal("connection\tproxy_refused\tnil\t3\tfalse\tnil\n", printed)
   end)
end)

describe("a response of a proxy without an end", function()
   local MORE = ("X-More: y\r\n"):rep(100)

   -- How the call ends; the proxy's bytes come as fast as they can.
   local function ended(endpoint, name, reply)
      proxy:always(reply)
      return child.lua([[
         local promptic = require "promptic"
         local client = promptic.client{ endpoint = arg[1], api_key = "the-key", config_file = "", allow_http = true,
            max_retries = 0, timeout = 5, deadline = 20 }
         local _, problem = pcall(client.create_component, client, "x")
         io.write(problem.kind, " ", tostring(problem.code), " ", tostring(problem.maybe_sent))
      ]], { endpoint }, { [name] = proxy.url })
   end

   for _, case in ipairs{ -- what it is for CONNECT, and for a request to http
      { "its head", { raw = "HTTP/1.1 200 OK\r\n", endless = MORE }, "connection nil false", "connection nil true" },
      { "its first line", { raw = "HTTP/1.1 200 O", endless = "K" }, "connection nil false", "connection nil true" },
      { "interim responses", { raw = "", endless = "HTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n" },
         "connection proxy_refused false", "connection nil true" },
      { "the body of a refusal", { raw = "HTTP/1.1 407 No\r\n\r\n", endless = "x" }, "config proxy_refused false",
         "api nil false" },
   } do
      it("is given up: " .. case[1], function()
         assert.equal(case[3], ended("https://platform.invalid", "https_proxy", case[2]))
         assert.equal(case[4], ended("http://platform.invalid", "http_proxy", case[2]))
      end)
   end
end)
