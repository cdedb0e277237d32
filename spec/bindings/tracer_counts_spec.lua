--- promptic.tracer: what is counted and sent where responses are not those of the platform.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"
local spans_of = require "spec.support.spans"

local server = scripted.shared{ body = "{}" }
local client = clients.shared(server, { max_retries = 0 })

local tracer

before_each(function() tracer = promptic.tracer(client, { interval = 0 }) end)
after_each(function() tracer:close(5) end)

describe("a tracer", function()
   it("counts no more spans as rejected than it has sent", function()
      for number, rejected in pairs{ [1000] = 2, [-5] = 0, [1] = 1, [0.5] = 0 } do
         server:always{ body = ('{"partialSuccess":{"rejectedSpans":%s}}'):format(number) }
         local before = { sent = tracer.stats.sent, refused = tracer.stats.dropped.refused }
         for _ = 1, 2 do tracer:span("a"):finish() end
         assert.is_true(tracer:flush(10))
         assert.equal(rejected, tracer.stats.dropped.refused - before.refused)
         assert.equal(2 - rejected, tracer.stats.sent - before.sent)
      end
   end)

   it("sends again what the page of a proxy has answered", function()
      server:reply{ body = "<html>", headers = { ["Content-Type"] = "text/html" } }
      tracer:span("a"):finish()
      assert.is_true(tracer:flush(10))
      assert.same({ "a", "a" }, spans_of.names(server))
      assert.equal(1, tracer.stats.sent)
   end)

   it("says once why spans wait", function()
      local said = {}
      local own = clients.open(server.url, { max_retries = 0, log = function(level, text)
         if level == "warning" then said[#said + 1] = text end
      end })
      server:always{ status = 503, body = '{"error":"we move house"}' }
      local waiting = promptic.tracer(own, { interval = 0 })
      waiting:span("a"):finish()
      assert.is_false(waiting:flush(0.2))
      waiting:close(0)
      own:close()
      assert.equal(1, #said)
      assert.matches("spans wait in the queue: [503] we move house", said[1], 1, true)
   end)
end)
