--- What no real server does, byte by byte: an idle connection that was ended or has bytes to read is dropped before
--- it is used, and that is no attempt; what was sent without an answer is in doubt, and goes out once.
-- Tags: slow
local calls = require "spec.network.calls"
local lab = require "spec.network.lab"
local tls_peer = require "spec.network.tls_peer"

local lacks = lab.lacks("openssl", "python3")
if lacks then
   return it("connections", function() pending("there is no " .. lacks) end)
end

local peer = tls_peer.shared()
local client

after_each(function()
   client:close()
end)

local function post(id)
   return client:request("POST", "/things/" .. id, { body = { name = "n" } })
end

local function get(id)
   return client:request("GET", "/things/" .. id)
end

local RESPONSE = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n" .. '{"id":"strange"}'
local TIMED_OUT = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"

-- What happens to an idle connection: { title, steps, of TLS only }
local IDLE = {
   { "bytes of a response too many", { { "send", RESPONSE } } },
   { "half a head", { { "send", RESPONSE:sub(1, 30) } } },
   { "a stray CRLF", { { "send", "\r\n" } } },
   { "a 408 and its end", { { "send", TIMED_OUT }, { "fin" } } },
   { "a 408, and it stays open", { { "send", TIMED_OUT }, { "hold" } } },
   { "its end", { { "fin" } } },
   { "a reset", { { "rst" } } },
   { "close_notify, and it stays open", { { "close_notify" }, { "hold" } }, true },
   { "close_notify and its end", { { "close_notify" }, { "fin" } }, true },
   { "a response and close_notify", { { "send", RESPONSE }, { "close_notify" }, { "fin" } }, true },
   { "bytes that are no TLS", { { "raw", "HTTP/1.1 200 OK\r\n\r\n" }, { "hold" } }, true },
}

local CHANNELS = {
   { name = "plain HTTP" },
   { name = "TLS 1.2", tls = { version = "1.2" } },
   { name = "TLS 1.3", tls = { version = "1.3" } },
}

local function open(channel, options)
   client = calls.client({ url = channel.tls and peer.url or peer.plain_url, ca_file = peer.ca_file }, options)
end

-- The channel's plan that goes on with these steps.
local function plan(channel, ...)
   local first = channel.tls and { { "handshake", channel.tls } } or {}
   return lab.join(first, ...)
end

local function is_possible(channel, case)
   return channel.tls or not case[3]
end

local function idle_specs(channel, way)
   for _, case in ipairs(IDLE) do
      if is_possible(channel, case) then
         it("an idle connection that gets " .. case[1] .. " is dropped before it is used", function()
            open(channel, { max_retries = 0 })
            peer:plan(plan(channel, { { "read" }, { "reply" }, { "gate", "idle" } }, case[2]))
            peer:always(plan(channel, { { "serve" } }))
            assert.equal("success after 1", calls.brief(way.run(post, "first")))
            peer:pass "idle"
            for _, id in ipairs{ "second", "third" } do
               local ended = way.run(post, id)
               assert.equal("success after 1", calls.brief(ended))
               assert.equal(id, ended.result.id)
            end
            local seen = peer:seen()
            assert.equal(3, #seen.requests)
            assert.equal(2, seen.accepted)
            assert.equal(1, seen.connections[1].requests)
         end)
      end
   end

   if channel.tls and channel.tls.version == "1.3" then
      it("a session ticket that comes late does no harm", function()
         open(channel, { max_retries = 0 })
         peer:always(plan(channel, { { "read" }, { "reply" }, { "gate", "idle" }, { "ticket" }, { "serve" } }))
         assert.equal("success after 1", calls.brief(way.run(post, "first")))
         peer:pass "idle"
         assert.equal("success after 1", calls.brief(way.run(post, "second")))
         assert.equal(2, peer:arrivals())
      end)
   end

   it("of many idle connections only those that are dead are dropped", function()
      open(channel, { max_retries = 0 })
      local keeps = plan(channel, { { "read" }, { "gate", "all are here" }, { "reply" }, { "serve" } })
      local dies = plan(channel, { { "read" }, { "gate", "all are here" }, { "reply" }, { "gate", "idle" }, { "fin" } })
      peer:plan(keeps, dies, dies, keeps, dies, dies)
      peer:always(plan(channel, { { "serve" } }))
      calls.together(6, function(index) return post("warm" .. index) end, function(turn)
         repeat turn() until peer:at_gate "all are here" == 6
         for _ = 1, 6 do
            peer:pass "all are here"
         end
      end)
      for _ = 1, 4 do
         peer:pass "idle"
      end
      for index = 1, 8 do
         assert.equal("success after 1", calls.brief(way.run(post, "next" .. index)))
      end
      local seen = peer:seen()
      assert.equal(14, #seen.requests)
      assert.equal(6, seen.accepted, "a connection that works was given up")
   end)
end

-- What happens after a request has come: { title, steps, outcome of POST, outcome of GET, arrivals of GET }. With
-- max_retries = 1; every connection does the same.
local SENT = {
   { "the end of the connection", { { "fin" } } },
   { "a reset", { { "rst" } } },
   { "half a head and the end", { { "part", {}, 20 }, { "fin" } } },
   { "half a body and the end", { { "part", {}, -4 }, { "fin" } } },
   { "garbage", { { "send", "garbage that is no HTTP\r\n\r\n" } } },
   { "close_notify", { { "close_notify" }, { "fin" } }, true },
   { "bytes that are no TLS", { { "raw", "HTTP/1.1 200 OK\r\n\r\n" }, { "hold" } }, true },
}

local function sent_specs(channel, way)
   for _, case in ipairs(SENT) do
      if is_possible(channel, case) then
         it("a POST answered with " .. case[1] .. " is in doubt and goes out once", function()
            open(channel, { max_retries = 1 })
            peer:always(plan(channel, { { "read" } }, case[2]))
            local ended = way.run(post, "x")
            assert.is_false(ended.ok)
            assert.is_true(ended.maybe_sent)
            assert.equal(1, ended.attempts)
            assert.equal(1, peer:arrivals())
         end)

         it("a POST on a connection in use before, answered with " .. case[1] .. ", too", function()
            open(channel, { max_retries = 1 })
            peer:always(plan(channel, { { "read" }, { "reply" }, { "read" } }, case[2]))
            assert.is_true(way.run(post, "first").ok)
            local ended = way.run(post, "x")
            assert.is_false(ended.ok)
            assert.is_true(ended.maybe_sent)
            assert.equal(1, ended.attempts)
            assert.equal(2, peer:arrivals())
         end)

         it("a GET answered with " .. case[1] .. " is tried max_retries times more, never oftener", function()
            open(channel, { max_retries = 2 })
            peer:plan(plan(channel, { { "read" }, { "reply" }, { "read" } }, case[2]))
            peer:always(plan(channel, { { "read" } }, case[2]))
            assert.is_true(way.run(get, "first").ok)
            local ended = way.run(get, "x")
            assert.is_false(ended.ok)
            assert.is_true(ended.maybe_sent)
            assert.is_true(ended.attempts == 3 or ended.kind == "decode")
            assert.equal(1 + ended.attempts, peer:arrivals())
         end)
      end
   end
end

-- What happens before a request can go out: nothing was sent, so every method is tried again.
local UNSENT = {
   { "silence after the ClientHello", { { "tcp_bytes", 100 }, { "hold" } }, { timeout = 0.5 } },
   { "the end after the ClientHello", { { "tcp_bytes", 100 }, { "fin" } } },
   { "a reset after the ClientHello", { { "tcp_bytes", 100 }, { "rst" } } },
   { "the end before anything", { { "fin" } } },
   { "a reset before anything", { { "rst" } } },
}

local function unsent_specs(way)
   for _, case in ipairs(UNSENT) do
      it("a POST that meets " .. case[1] .. " is not sent and tried again", function()
         local options = { max_retries = 2 }
         for name, value in pairs(case[3] or {}) do
            options[name] = value
         end
         open({ tls = {} }, options)
         peer:plan(case[2], case[2])
         local ended = way.run(post, "x")
         assert.equal("success after 3", calls.brief(ended))
         assert.equal(1, peer:arrivals())
      end)

      it("a POST that meets " .. case[1] .. " each time fails as not sent", function()
         local options = { max_retries = 1 }
         for name, value in pairs(case[3] or {}) do
            options[name] = value
         end
         open({ tls = {} }, options)
         peer:always(case[2])
         local ended = way.run(post, "x")
         assert.is_false(ended.ok)
         assert.is_false(ended.maybe_sent)
         assert.equal(2, ended.attempts)
         assert.equal(0, peer:arrivals())
      end)
   end
end

local function answer_specs(channel, way)
   it("408 means that a POST was not processed: it goes out again on a new connection", function()
      open(channel, { max_retries = 2 })
      local refuses = plan(channel, { { "read" }, { "reply", { status = 408 } }, { "hold" } })
      peer:plan(refuses, refuses)
      peer:always(plan(channel, { { "serve" } }))
      local ended = way.run(post, "x")
      assert.equal("success after 3", calls.brief(ended))
      assert.equal(3, peer:seen().accepted)
   end)

   it("408 each time is the error, and nothing is in doubt", function()
      open(channel, { max_retries = 1 })
      peer:always(plan(channel, { { "serve", { status = 408 } } }))
      local ended = way.run(post, "x")
      assert.equal("api after 2, not sent", calls.brief(ended))
      assert.equal(408, ended.status)
      assert.equal(2, peer:arrivals())
   end)

   it("2xx with a body that is not JSON leaves a POST in doubt", function()
      open(channel, { max_retries = 2 })
      peer:always(plan(channel, { { "serve", { body = "<html>fine</html>" } } }))
      assert.equal("decode after 1, maybe sent", calls.brief(way.run(post, "x")))
      assert.equal(1, peer:arrivals())
   end)

   it("an early response to half a body is the response", function()
      open(channel, { max_retries = 2 })
      local refusal = { status = 413, headers = { Connection = "close" }, body = '{"error":"too large"}' }
      peer:always(plan(channel, { { "head" }, { "bytes", 1000 }, { "reply", refusal }, { "hold" } }))
      local ended = way.run(client.request, client, "POST", "/things/x", { body = { text = ("x"):rep(4000000) } })
      assert.equal("api after 1", calls.brief(ended):match("^[^,]+"))
      assert.equal(413, ended.status)
   end)
end

local function clock_specs(channel, way)
   -- The server's clock is that much ahead of ours.
   for _, ahead in ipairs{ 3600, -3600 } do
      it(("Retry-After as a date is counted from the response's Date, %d s off"):format(ahead), function()
         open(channel, { max_retries = 1 })
         local function date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + ahead + seconds) end
         peer:plan(plan(channel, { { "read" }, { "reply", {
            status = 503, headers = { Date = date(0), ["Retry-After"] = date(1) },
         } }, { "serve" } }))
         local ended = way.run(post, "x")
         assert.equal("success after 2", calls.brief(ended))
         local requests = peer:seen().requests
         local waited = requests[2].at - requests[1].at
         assert.is_true(waited > 0.95 and waited < 5, ("waited %.3f s"):format(waited))
      end)
   end
end

for _, way in ipairs(calls.WAYS) do
   describe(way.name, function()
      for _, channel in ipairs(CHANNELS) do
         describe("over " .. channel.name .. ",", function()
            idle_specs(channel, way)
            sent_specs(channel, way)
            answer_specs(channel, way)
            if not channel.tls then
               clock_specs(channel, way)
            end
         end)
      end
      describe("before TLS is there,", function()
         unsent_specs(way)
      end)
   end)
end
