--- Connections that the server has ended while they were idle are not used; those that work stay in use.
-- Tags: slow
local promptic = require "promptic"
local calls = require "spec.network.calls"
local lab = require "spec.network.lab"
local nginx = require "spec.network.nginx"
local process = require "spec.support.process"

local lacks = lab.lacks("nginx", "openssl", "ss")
if lacks then
   return it("connections", function() pending("there is no " .. lacks) end)
end

local certificate, server, client

setup(function()
   certificate = lab.certificate()
end)

teardown(function()
   process.remove(certificate.folder)
end)

local function open(options)
   server = nginx.start(options)
   client = calls.client(server, { max_retries = 0 })
end

after_each(function()
   client:close()
   server:stop()
end)

local function post(path)
   return client:request("POST", path, { body = { name = "n" } })
end

local function paths(count)
   local list = {}
   for index = 1, count do
      list[index] = "/things/" .. index
   end
   return list
end

-- Each path has arrived once, and nothing else has.
local function assert_one_arrival_each(count)
   local arrived, wanted = {}, {}
   for _, entry in ipairs(server:log()) do
      assert.equal(201, entry.status)
      assert.equal("HTTP/1.1", entry.protocol)
      arrived[entry.uri] = (arrived[entry.uri] or 0) + 1
   end
   for _, path in ipairs(paths(count)) do
      wanted["/api/v1" .. path] = 1
   end
   assert.same(wanted, arrived)
end

local KINDS = {
   { "plain HTTP" },
   { "TLS 1.2", "TLSv1.2" },
   { "TLS 1.3", "TLSv1.3" },
}

local function options_for(kind, http)
   local protocol = kind[2]
   return {
      certificate = protocol and certificate,
      http = http .. (protocol and (" ssl_protocols %s;"):format(protocol) or ""),
   }
end

for _, way in ipairs(calls.WAYS) do
   describe(way.name, function()
      local function succeeds(path)
         assert.equal("success after 1", calls.brief(way.run(post, path)), path)
      end

      for _, kind in ipairs(KINDS) do
         describe(kind[1], function()
            it("a POST after the server's keep-alive time succeeds, each time", function()
               open(options_for(kind, "keepalive_timeout 5ms;"))
               for _, path in ipairs(paths(16)) do
                  succeeds(path)
                  lab.wait_for_server_to_close(server.port)
               end
               assert_one_arrival_each(16)
            end)

            it("after a burst and a pause each of many in a row succeeds", function()
               open(options_for(kind, "keepalive_timeout 5ms;"))
               -- A connection that this reuses may end at that instant; what comes of that is not asked here.
               promptic.map(paths(20), function(path)
                  calls.outcome(post, path)
               end, { concurrency = 20 })
               lab.wait_for_server_to_close(server.port)
               server:forget()
               for _, path in ipairs(paths(20)) do
                  succeeds(path)
                  lab.wait_for_server_to_close(server.port)
               end
               assert_one_arrival_each(20)
            end)

            it("100 POSTs with pauses shorter than that make one connection", function()
               open(options_for(kind, "keepalive_timeout 60s; keepalive_requests 1000;"))
               for _, path in ipairs(paths(100)) do
                  succeeds(path)
               end
               assert_one_arrival_each(100)
               assert.equal(1, server:connections())
            end)
         end)
      end
   end)
end

describe("a server that offers HTTP/2", function()
   it("gets HTTP/1.1, and each of 300 parallel creations once, whenever it ends connections", function()
      open{ certificate = certificate, listen = "http2", http = "keepalive_requests 10;" }
      local list = paths(300)
      local ended = promptic.map(list, function(path)
         return calls.brief(calls.outcome(post, path))
      end)
      for _, each in ipairs(ended) do
         assert.equal("success after 1", each)
      end
      assert_one_arrival_each(300)
   end)
end)

-- How many of 32 calls, eight at a time and each on a connection of its own, have resumed a session.
local function resumed_of_32(protocol)
   open{
      certificate = certificate,
      http = ("keepalive_timeout 0; lingering_close off; ssl_protocols %s;"):format(protocol),
   }
   post("/things/0")
   server:forget()
   promptic.map(paths(32), post, { concurrency = 8 })
   local resumed = 0
   for _, entry in ipairs(server:log()) do
      resumed = resumed + (entry.resumed and 1 or 0)
   end
   assert.equal(32, server:connections())
   return resumed
end

describe("many calls at a time", function()
   it("resume the sessions of TLS 1.2", function()
      assert.equal(32, resumed_of_32("TLSv1.2"))
   end)

   -- Two connections that resume one session of TLS 1.3 spoil it for OpenSSL 3.0, whose copy of a session keeps the
   -- mark "not resumable" that the other connection has put there; and libcurl since 8.12 uses each ticket once.
   it("resume sessions of TLS 1.3", function()
      assert.is_true(resumed_of_32("TLSv1.3") >= 8)
   end)
end)
