--- TLS is verified, the peer and the host, whatever was allowed to another client before.
-- Tags: luas
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"
local tls_server = require "spec.support.tls_server"

local server, stranger

setup(function()
   server = tls_server.start("localhost")
   stranger = tls_server.start("other.example")
end)

teardown(function()
   server:stop()
   stranger:stop()
end)

local client

after_each(function()
   if client then
      client:close()
      client = nil
   end
end)

local function get(endpoint, options)
   client = clients.open(endpoint, options)
   return client:get_workspace()
end

-- Fails with kind tls, and at once: the next attempt would meet the same.
local function refused(endpoint, options)
   local problem = clients.failure(get, endpoint, options)
   assert.equal("tls", problem.kind)
   assert.equal(1, problem.attempts)
   assert.is_false(problem.maybe_sent)
   return problem
end

local function address(of, host)
   return ("https://%s:%d"):format(host or "localhost", of.port)
end

describe("a certificate", function()
   it("that nobody vouches for is refused", function()
      assert.matches("certificate", refused(address(server)).message, 1, true)
   end)

   it("that ca_file vouches for is taken", function()
      assert.same({ id = "over tls" }, get(address(server), { ca_file = server.certificate }))
      client:close()
      assert.same({ id = "over tls" }, get(address(server, "127.0.0.1"), { ca_file = server.certificate }))
   end)

   it("is refused by a client without ca_file also after one with it", function()
      local trusting = clients.open(address(server), { ca_file = server.certificate })
      trusting:get_workspace()
      refused(address(server))
      trusting:get_workspace()
      trusting:close()
   end)

   it("for another host is refused", function()
      refused(address(stranger), { ca_file = stranger.certificate })
      client:close()
      refused(address(stranger, "127.0.0.1"), { ca_file = stranger.certificate })
   end)

   it("that another file vouches for is refused", function()
      refused(address(server), { ca_file = stranger.certificate })
   end)
end)

describe("the option certificate", function()
   local promptic = require "promptic"

   it("has promptic.response say who issued it and when it ends", function()
      local result = get(address(server), { ca_file = server.certificate, certificate = true })
      local certificate = promptic.response(result).certificate
      assert.matches("CN ?= ?localhost", certificate.issuer)
      local left = certificate.expires - os.time() -- it was made to last two days
      assert.is_true(left > 86400 and left <= 2 * 86400, tostring(left))
   end)

   it("is off by default", function()
      assert.is_nil(promptic.response(get(address(server), { ca_file = server.certificate })).certificate)
   end)
end)

describe("ca_file", function()
   it("that is not there is an error, not a reason to trust the usual ones", function()
      local problem = clients.failure(get, address(server), { ca_file = "/nonexistent/ca.pem" })
      assert.is_true(problem.kind == "config" or problem.kind == "tls", problem.kind)
   end)

   it("that holds no certificate is an error", function()
      local problem = clients.failure(get, address(server), { ca_file = "spec/core/tls_spec.lua" })
      assert.is_true(problem.kind == "config" or problem.kind == "tls", problem.kind)
   end)
end)

describe("where no TLS is spoken", function()
   it("https fails, and nothing is said in the clear", function()
      local plain = scripted.start()
      plain:always{ raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", close = "fin" }
      plain:accept({ raw = "HTTP/1.1 400 Bad Request\r\n\r\n", close = "fin" })
      local problem = clients.failure(get, "https://127.0.0.1:" .. plain.port, { max_retries = 0 })
      local requests = plain:requests()
      plain:stop()
      assert.is_true(problem.kind == "tls" or problem.kind == "connection", problem.kind)
      assert.equal(0, #requests)
   end)
end)

-- The environment is read by the process, so another one makes the call.
describe("the variable", function()
   for _, name in ipairs{ "CURL_CA_BUNDLE", "SSL_CERT_FILE" } do
      it(name .. " vouches like ca_file", function()
         local source = [[
            local client = require "promptic".client{ api_key = "k", config_file = "", endpoint = arg[1] }
            print(client:get_workspace().id)
         ]]
         local child = require "spec.support.child"
         local said = child.lua(source, { address(server) }, { [name] = server.certificate })
         assert.equal("over tls\n", said)
      end)
   end
end)
