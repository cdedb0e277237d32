--- promptic.http with on_data: the body as it arrives, its pace, its end.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local driving = require "spec.support.driving"
local scripted = require "spec.support.scripted"

driving.guard()

local TEXT = { ["Content-Type"] = "text/plain" }
local server = scripted.shared{ body = "ok", headers = TEXT }
local other = scripted.shared{ body = "other", headers = TEXT }
local http, failure = promptic.http, clients.failure

-- In plain code and in a task.
local function both(f)
   f()
   promptic.run(f)
end

describe("on_data", function()
   it("gets the body as it comes, and may wait", function()
      both(function()
         server:always{ chunked = true, body = "", pieces = { "one", "two", "three" }, every = 20, headers = TEXT }
         local got = {}
         local result = http("GET", server.url, { on_data = function(bytes)
            got[#got + 1] = bytes
            promptic.sleep(0.001)
            http("GET", other.url)
         end })
         assert.equal("onetwothree", table.concat(got)) -- on a busy machine two may come at once
         assert.same({ 200, "" }, { result.status, result.body })
      end)
   end)

   it("gets 2xx only", function()
      both(function()
         server:always{ status = 404, body = '{"a":1}' }
         local result = http("GET", server.url, { on_data = error })
         assert.same({ 404, '{"a":1}', 1 }, { result.status, result.body, result.json.a })
      end)
   end)

   it("holds the response back while it waits", function()
      local size = 2 * 1024 * 1024
      both(function()
         server:reset():always{ body = ("x"):rep(size), headers = TEXT }
         local total, longest, first = 0, 0, true
         http("GET", server.url, { timeout = 1, on_data = function(bytes)
            if first then
               first = false
               promptic.sleep(1.2) -- longer than the timeout
            end
            total, longest = total + #bytes, math.max(longest, #bytes)
         end })
         assert.equal(size, total)
         assert.is_true(longest < 512 * 1024, tostring(longest))
      end)
   end)

   it("is no quiet time of the server's while it waits", function()
      server:reset():always{ chunked = true, body = "", pieces = { "one", "two" }, every = 1500, headers = TEXT }
      local got = {}
      promptic.run(function()
         http("GET", server.url, { timeout = 1, on_data = function(bytes)
            got[#got + 1] = bytes
            promptic.sleep(1.2) -- longer than the timeout, and nothing comes meanwhile
         end })
      end)
      assert.same({ "one", "two" }, got)
   end)

   it("ends the exchange where it returns false", function()
      both(function()
         server:reset():always{ body = "", length = false, endless = ("x"):rep(1000), headers = TEXT }
         local calls = 0
         local result = http("GET", server.url, { on_data = function()
            calls = calls + 1
            return false
         end })
         assert.same({ 200, 1, "text/plain" }, { result.status, calls, result.headers["content-type"] })
         driving.wait(function() return server:seen().open == 0 end, 0.01)
      end)
   end)

   it("raises its error, and the connection ends", function()
      both(function()
         server:reset():always{ body = "x", length = 100, stall = true, headers = TEXT }
         local fine, problem = pcall(function()
            return promptic.spawn(http, "GET", server.url, { on_data = function() error({ mine = true }) end }):await()
         end)
         assert.is_false(fine)
         assert.is_true(problem.mine)
         driving.wait(function() return server:seen().open == 0 end, 0.01)
      end)
   end)

   it("is given what had come before the connection broke, which is not repeated", function()
      both(function()
         server:reset():always{ body = "half", length = 100, close = "fin", headers = TEXT }
         local got = ""
         local task = promptic.spawn(http, "GET", server.url, { max_retries = 3, on_data = function(bytes)
            got = got .. bytes
         end })
         assert.equal("connection", failure(task.await, task).kind)
         assert.same({ "half", 1 }, { got, server:count() })
      end)
   end)

   it("is repeated where nothing had come", function()
      server:reply({ close = "reset" }, { status = 500 })
      local got = ""
      http("GET", server.url, { max_retries = 3, on_data = function(bytes) got = got .. bytes end })
      assert.same({ "ok", 3 }, { got, server:count() })
   end)

   it("is bounded by max_response_bytes and the deadline", function()
      server:always{ body = "", length = false, endless = ("x"):rep(1000), headers = TEXT }
      local function drop() end
      assert.equal("too_large", failure(http, "GET", server.url, { on_data = drop, max_response_bytes = 100000 }).code)
      assert.equal("deadline", failure(http, "GET", server.url, { on_data = drop, deadline = 0.1 }).code)
   end)

   it("ends with its task, while it waits for bytes or itself", function()
      for _, wait in ipairs{ 0, 60 } do
         server:reset():always{ body = "x", length = 100, stall = true, headers = TEXT }
         local calls = 0
         local task = promptic.spawn(http, "GET", server.url, { on_data = function()
            calls = calls + 1
            promptic.sleep(wait)
         end })
         driving.wait(function() return calls == 1 end, 0.01)
         task:cancel()
         assert.equal("cancelled", failure(task.await, task).kind)
         driving.wait(function() return server:seen().open == 0 end, 0.01)
      end
   end)

   it("gets gzip decoded, in parts too", function()
      local packed = io.popen("printf '%0200000d' 7 | gzip -c"):read("*a")
      both(function()
         server:always{ body = packed, headers = { ["Content-Encoding"] = "gzip", ["Content-Type"] = "text/plain" } }
         local total = 0
         http("GET", server.url, { on_data = function(bytes)
            total = total + #bytes
            promptic.sleep(0.001)
         end })
         assert.equal(200000, total)
      end)
   end)
end)
