--- promptic.http: what is sent as it was meant, headers that would break the connection for others, and what redirects
-- keep.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local TEXT = { ["Content-Type"] = "text/plain" }
local server = scripted.shared{ body = "ok", headers = TEXT }
local other = scripted.shared{ body = "other", headers = TEXT }
local http = promptic.http

local function last(of)
   local requests = of:requests()
   return requests[#requests]
end

describe("the length of a body", function()
   it("is not what a header says", function()
      for _, given in ipairs{ 3, "7", "5, 5", "five" } do
         clients.refused(function()
            http("POST", server.url, { headers = { ["Content-Length"] = given }, body = "hello" })
         end, "headers.Content-Length")
      end
      clients.refused(function()
         http("GET", server.url, { headers = { ["content-length"] = 5 } })
      end, "headers.content-length")
      clients.refused(function()
         http("POST", server.url, { headers = { ["transfer-encoding"] = "chunked" }, body = "5\r\nhello\r\n0\r\n\r\n" })
      end, "headers.transfer-encoding")
      assert.equal(0, server:count())
   end)

   it("may be in a header if it is right", function()
      for _, name in ipairs{ "Content-Length", "content-length" } do
         http("POST", server.url, { headers = { [name] = 5 }, body = "hello" })
         assert.same({ "5", "hello" }, { last(server).header["content-length"], last(server).body })
      end
      http("POST", server.url, { headers = { ["Content-Length"] = "7" }, json = { a = 1 } })
      assert.equal('{"a":1}', last(server).body)
   end)

   it("is 0 where the method has a body and the request has none", function()
      for _, method in ipairs{ "POST", "PUT", "PATCH" } do
         http(method, server.url)
         assert.equal("0", last(server).header["content-length"])
         assert.is_nil(last(server).header["content-type"])
      end
      for _, method in ipairs{ "GET", "DELETE", "OPTIONS" } do
         http(method, server.url)
         assert.is_nil(last(server).header["content-length"])
      end
   end)
end)

it("a header in two spellings is refused", function()
   clients.refused(function()
      http("GET", server.url, { headers = { Accept = "a/b", accept = "c/d" } })
   end, "two spellings")
end)

describe("a redirect", function()
   local function go(location, options)
      options.redirects = 1
      server:reply{ status = 302, headers = { Location = location }, body = "" }
      return http("GET", server.url .. "/a/b?c=d", options)
   end

   it("to a fragment is the same resource", function()
      assert.equal(server.url .. "/a/b?c=d", go("#part", {}).url)
      assert.equal("/a/b?c=d", last(server).target)
   end)

   it("to another origin has the Host of that one", function()
      go(other.url .. "/x", { headers = { Host = "first.example" } })
      assert.equal("127.0.0.1:" .. other.port, last(other).header.host)
      go("/x", { headers = { Host = "first.example" } })
      assert.equal("first.example", last(server).header.host)
   end)

   it("to the same host in capitals is one of the same origin", function()
      server:reply{ status = 302, headers = { Location = ("http://LOCALHOST:%d/x"):format(server.port) }, body = "" }
      http("GET", ("http://localhost:%d/a"):format(server.port), { redirects = 1, headers = { ["X-Api-Key"] = "k-1" } })
      assert.equal("k-1", last(server).header["x-api-key"])
   end)
end)
