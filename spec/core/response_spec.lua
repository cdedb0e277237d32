--- The headers in promptic.response: one of each name, and what many of one name cost.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)

local function get(headers)
   server:reply{ headers = headers, body = '{"id":"x"}' }
   return client:get_component("c")
end

describe("promptic.response", function()
   it("knows an api error's response, and nothing of other errors", function()
      server:reply{ status = 409, headers = { { "X-Request-Id", "r-2" } }, body = '{"error":"no"}' }
      local problem = clients.failure(client.get_component, client, "c")
      local response = promptic.response(problem)
      assert.same({ 409, "r-2", 1 }, { response.status, response.request_id, response.attempts })
      assert.is_string(response.headers["content-length"])
      server:reply{ body = "no JSON" }
      assert.is_nil(promptic.response(clients.failure(client.get_component, client, "c")))
   end)

   it("has no certificate over plain http", function()
      local asking = clients.open(server.url, { certificate = true })
      server:reply{ body = "{}" }
      assert.is_nil(promptic.response(asking:get_component("c")).certificate)
      asking:close()
   end)

   it("says which request a result answers", function()
      server:reply{ body = '{"data":[]}' }
      local response = promptic.response(client:list_datasets("a b"))
      assert.same({ "GET", "/components/a%20b/datasets" }, { response.method, response.path })
   end)
end)

describe("headers of one name", function()
   it("become a line with commas, in their order, whatever their case", function()
      local headers = promptic.response(get{
         { "X-Twice", "a" }, { "X-Once", "1, 2" }, { "x-twice", "b" }, { "X-Empty", "" }, { "X-TWICE", "" },
         { "X-Twice", "c, d" }, { "X-Empty", "" }, { "X-Request-Id", "r-1" },
      }).headers
      assert.equal("a, b, , c, d", headers["x-twice"])
      assert.equal("1, 2", headers["x-once"])
      assert.equal(", ", headers["x-empty"])
      assert.equal("r-1", headers["x-request-id"])
   end)

   it("are joined in memory that grows as their number does", function()
      local COUNT, LONG = 1900, ("x"):rep(20) -- a head has at most 2,000 lines
      local headers = {}
      for index = 1, COUNT do
         headers[index] = { "X-Many", LONG }
      end
      local result = get(headers)
      collectgarbage()
      collectgarbage("stop") -- nothing that is allocated is given back, so that all of it counts
      finally(function() collectgarbage("restart") end)
      local before = collectgarbage("count")
      local line = promptic.response(result).headers["x-many"]
      local kilobytes = collectgarbage("count") - before
      assert.equal(COUNT * (#LONG + 2) - 2, #line)
      assert.is_true(kilobytes < 10 * #line / 1024, kilobytes .. " KB") -- one by one: 86 MB
   end)
end)
