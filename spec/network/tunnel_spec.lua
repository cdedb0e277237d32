--- HTTPS behind a proxy: tunnels that work, and all that can go wrong before one is there. The environment is read by
--- the process, so another one makes the calls, each blocking and in a task.
-- Tags: slow
local calls = require "spec.network.calls"
local lab = require "spec.network.lab"
local nginx = require "spec.network.nginx"
local process = require "spec.support.process"
local proxies = require "spec.network.proxies"
local script = require "spec.network.script"
local tls_peer = require "spec.network.tls_peer"

local lacks = lab.lacks("nginx", "openssl", "tinyproxy", "microsocks", "python3", "namespaces")
if lacks then
   return it("tunnels", function() pending("there is no " .. lacks) end)
end

local peer = tls_peer.shared()
local certificate = peer.certificate
local server

setup(function()
   server = nginx.start{ certificate = certificate, http = "keepalive_timeout 60s;" }
end)

teardown(function()
   server:stop()
end)

before_each(function()
   server:forget()
end)

-- Calls in the way, on a client for each: the outcomes in brief, then those of four at a time.
local POSTS = [[
local way = calls.WAYS[tonumber(arg[3])]
local function open()
   return calls.client({ url = arg[1], ca_file = arg[2] },
      { max_retries = tonumber(arg[4]), timeout = tonumber(arg[5]) })
end
local function post(client) return client:create_component("n") end
local client = open()
for _ = 1, 3 do report(calls.brief(way.run(post, client))) end
client:close()
client = open()
for _, each in ipairs(promptic.map({ 1, 2, 3, 4 }, function() return calls.outcome(post, client) end)) do
   report(calls.brief(each))
end
client:close()
]]

local function endpoint(port)
   return ("https://%s:%d"):format(lab.NAME, port)
end

describe("the first request of each connection is a POST behind", function()
   for _, row in ipairs{
      { "tinyproxy", "https_proxy" }, { "tinyproxy", "HTTPS_PROXY" }, { "tinyproxy", "all_proxy" },
      { "microsocks", "all_proxy" }, { "microsocks", "https_proxy" },
   } do
      for number, way in ipairs(calls.WAYS) do
         it(("%s, named by %s, %s it succeeds"):format(row[1], row[2], way.name), function()
            local proxy = proxies[row[1]]()
            local env = proxies.environment{ [row[2]] = proxy.url }
            local fine, said = pcall(script.run, POSTS,
               { endpoint(server.port), certificate.file, number, 0, 5, env = env })
            proxy:stop()
            assert.is_true(fine, said)
            assert.same({ "success after 1", "success after 1", "success after 1", "success after 1",
               "success after 1", "success after 1", "success after 1" }, said)
            assert.equal(7, #server:log())
            assert.is_true(server:connections() <= 5)
         end)
      end
   end
end)

local ONE_POST = [[
local way = calls.WAYS[tonumber(arg[3])]
local client = calls.client({ url = arg[1], ca_file = arg[2] },
   { max_retries = tonumber(arg[4]), timeout = tonumber(arg[5]) })
local ended = way.run(client.create_component, client, "n")
report(calls.brief(ended))
report(ended.message or "")
]]

-- The outcome of one POST through the peer as the proxy, in the way of this number.
local function post_through_peer(number, ca_file, timeout)
   local env = proxies.environment{ https_proxy = peer.plain_url }
   local values = script.run(ONE_POST, { endpoint(server.port), ca_file, number, 2, timeout or 5, env = env })
   return values[1], values[2]
end

-- What the proxy does with CONNECT: { title, steps after its head, outcome, timeout }
local REFUSED = { "config after 1, not sent" }
local NOT_THERE = { "connection after 3, not sent" }
local TUNNELS = {
   { "401", { { "reply", { status = 401 } } }, REFUSED },
   { "403", { { "reply", { status = 403 } } }, REFUSED },
   { "405", { { "reply", { status = 405 } } }, REFUSED },
   { "407", { { "reply", { status = 407, headers = { ["Proxy-Authenticate"] = 'Basic realm="x"' } } } }, REFUSED },
   { "429", { { "reply", { status = 429 } } }, NOT_THERE },
   { "500", { { "reply", { status = 500 } } }, NOT_THERE },
   { "502", { { "reply", { status = 502 } } }, NOT_THERE },
   { "503", { { "reply", { status = 503 } } }, NOT_THERE },
   { "503 and Retry-After", { { "reply", { status = 503, headers = { ["Retry-After"] = "0" } } } }, NOT_THERE },
   { "504 that has no body", { { "send", "HTTP/1.1 504 Gone\r\n\r\n" }, { "fin" } }, NOT_THERE },
   { "its end", { { "fin" } }, NOT_THERE },
   { "a reset", { { "rst" } }, NOT_THERE },
   { "half a head and its end", { { "send", "HTTP/1.1 200 Conn" }, { "fin" } }, NOT_THERE },
   { "garbage", { { "send", "garbage that is no HTTP\r\n\r\n" }, { "fin" } }, NOT_THERE },
   { "silence", { { "hold" } }, { "timeout after 3, not sent" }, 0.3 },
   { "200 and its end", { { "send", "HTTP/1.1 200 OK\r\n\r\n" }, { "fin" } }, NOT_THERE },
   { "200 and a reset", { { "send", "HTTP/1.1 200 OK\r\n\r\n" }, { "tcp_bytes", 100 }, { "rst" } }, NOT_THERE },
   { "200 and silence", { { "send", "HTTP/1.1 200 OK\r\n\r\n" }, { "hold" } }, { "timeout after 3, not sent" }, 0.3 },
}

for number, way in ipairs(calls.WAYS) do
   describe(way.name .. " a POST whose CONNECT gets", function()
      for _, row in ipairs(TUNNELS) do
         local title, steps, expected, timeout = lab.unpack(row, 1, 4)
         it(title .. ": " .. expected[1], function()
            peer:always(lab.join({ { "head" } }, steps))
            assert.equal(expected[1], (post_through_peer(number, certificate.file, timeout)))
            local attempts = tonumber(expected[1]:match("%d+"))
            assert.equal(attempts, peer:seen().accepted)
            assert.equal(0, #server:log())
         end)
      end

      it("a refusal once: it succeeds with the next attempt", function()
         peer:plan({ { "head" }, { "reply", { status = 503 } } }, { { "head" }, { "fin" } })
         peer:always{ { "head" }, { "tunnel", server.port } }
         assert.equal("success after 3", (post_through_peer(number, certificate.file)))
         assert.equal(1, #server:log())
      end)
   end)

   describe(way.name .. " inside of a tunnel", function()
      it("a certificate that nobody vouches for is kind tls, at once", function()
         local other = lab.certificate()
         peer:always{ { "head" }, { "tunnel", server.port } }
         local brief = post_through_peer(number, other.file)
         process.remove(other.folder)
         assert.equal("tls after 1, not sent", brief)
         assert.equal(1, peer:seen().accepted)
         assert.equal(0, #server:log())
      end)

      it("a POST that gets no response is in doubt, and goes out once", function()
         peer:always{
            { "head" }, { "send", "HTTP/1.1 200 OK\r\n\r\n" }, { "handshake" }, { "read" }, { "fin" },
         }
         assert.equal("connection after 1, maybe sent", (post_through_peer(number, certificate.file)))
         assert.equal(1, #peer:seen().requests)
      end)
   end)
end

describe("a proxy variable", function()
   local OPEN = [[
local ok, problem = pcall(calls.client, { url = arg[1] })
report(ok and "opened" or promptic.is_error(problem) and problem.kind or "no promptic.Error")
report(ok and "" or tostring(problem))
]]
   -- Values that are no URL of a proxy.
   for _, value in ipairs{
      "http://who:s3#cr3t@127.0.0.1:1", "http://who:s3cr3t@127.0.0.1:port", "nonsense://s3cr3t@h:1",
      "http://who:s3cr3t@", "http://who:s3cr3t@a b:1",
   } do
      for _, name in ipairs{ "https_proxy", "HTTPS_PROXY", "all_proxy" } do
         it(("%s = %s is a config error that names it and no secret"):format(name, value), function()
            local values = script.run(OPEN, {
               endpoint(server.port), env = proxies.environment{ [name] = value },
            })
            assert.equal("config", values[1], values[2])
            assert.matches(name, values[2], 1, true)
            assert.not_matches("cr3t", values[2], 1, true)
            assert.not_matches("who", values[2], 1, true)
         end)
      end
   end

   it("is read once for each client, when it is made", function()
      local values = script.run(OPEN, {
         endpoint(server.port), env = proxies.environment{ https_proxy = "http://127.0.0.1:1" },
      })
      assert.equal("opened", values[1])
   end)
end)
