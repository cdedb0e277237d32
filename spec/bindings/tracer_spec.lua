--- promptic.tracer: what reaches the platform, what is dropped and counted, what becomes an artifact. Spans: span_spec.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"
local spans_of = require "spec.support.spans"
local tracers = require "spec.support.tracers"

local server = scripted.shared{ body = "{}" }
local client = clients.shared(server, { max_retries = 0 })
local json = promptic.json

local tracer

local function open(options)
   tracer = tracers.open(client, options)
   return tracer
end

after_each(function()
   tracer = tracers.close(tracer, server)
end)

local function arrived()
   return spans_of.arrived(server)
end

local attributes = spans_of.attributes

local function dropped()
   return tracers.dropped(tracer)
end

describe("a tracer", function()
   it("sends in batches", function()
      open{ batch = 10, interval = 60 }
      for index = 1, 25 do tracer:span("s" .. index):finish() end
      assert.equal(0, server:count())
      assert.is_true(tracer:flush(10))
      assert.same({ 3, 25 }, { server:count(), #arrived() })
      assert.equal("s1", arrived()[1].name)
   end)

   -- What the collector has to make up for is a part of a game's frame. To decode what the library itself has written,
   -- in order to look at its shape, took as much again.
   it("sends with little garbage", function()
      open{ batch = 500, interval = 60 }
      for index = 1, 400 do
         tracer:span("chat", { index = index, model = "small", question = "What is the capital of France?" }):finish()
      end
      collectgarbage()
      collectgarbage()
      collectgarbage "stop"
      local before = collectgarbage "count"
      local flushed = tracer:flush(10)
      local bytes = (collectgarbage "count" - before) * 1024 / 400
      collectgarbage "restart"
      assert.is_true(flushed)
      local most = _VERSION == "Lua 5.1" and not rawget(_G, "jit") and 6500 or 3500 -- there pcall makes a coroutine
      assert.is_true(bytes < most, ("%.0f bytes a span"):format(bytes))
   end)

   it("sends while plain code waits, and holds up no promptic.run", function()
      open()
      tracer:span("x"):finish()
      promptic.run(function() end)
      assert.equal(0, promptic.step(0))
      local stop = promptic.now() + 10
      while tracer.stats.sent == 0 and promptic.now() < stop do promptic.sleep(0.005) end
      assert.equal(1, tracer.stats.sent)
   end)

   it("drops the oldest where the queue is full", function()
      open{ max_queue = 3, interval = 60 }
      for index = 1, 5 do tracer:span("s" .. index):finish() end
      tracer:flush(10)
      assert.same({ "s3", "s4", "s5" }, { arrived()[1].name, arrived()[2].name, arrived()[3].name })
      assert.same({ queue_full = 2 }, dropped())
      assert.same({ 5, 3 }, { tracer.stats.made, tracer.stats.sent })
   end)

   it("halves a batch that is too large, and drops a span that is too large alone", function()
      open{ batch = 4, interval = 60 }
      server:route[[
         local _, request = ...
         local _, spans = request.body:gsub("spanId", "")
         if spans > 1 or request.body:find("huge", 1, true) then return { status = 413, body = "{}" } end
         return { body = "{}" }
      ]]
      for _, name in ipairs{ "a", "huge", "c", "d" } do tracer:span(name):finish() end
      tracer:flush(10)
      assert.same({ too_large = 1 }, dropped())
      assert.equal(3, tracer.stats.sent)
   end)

   it("counts what the platform refuses, and says it once", function()
      local lines = {}
      local own = clients.open(server.url, { max_retries = 0, log = function(level, text)
         if level == "warning" then lines[#lines + 1] = text end
      end })
      finally(function() own:close() end)
      tracer = promptic.tracer(own, { interval = 0 })
      server:always{ body = '{"partialSuccess":{"errorMessage":"unknown component \'x\'"}}' }
      for _ = 1, 3 do
         tracer:span("x"):finish()
         tracer:flush(10)
      end
      assert.equal(3, tracer.stats.sent)
      assert.equal(1, #lines)
      assert.matches("unknown component", lines[1], 1, true)
      server:always{ status = 401, body = '{"error":"no"}' }
      tracer:span("x"):finish()
      assert.is_true(tracer:flush(10))
      assert.same({ refused = 1 }, dropped())
   end)

   it("counts what the platform rejects of a request as not sent", function()
      open{ interval = 60 }
      server:always{ body = '{"partialSuccess":{"rejectedSpans":"1"}}' }
      for _ = 1, 3 do tracer:span("x"):finish() end
      assert.is_true(tracer:flush(10))
      assert.same({ 2, { refused = 1 } }, { tracer.stats.sent, dropped() })
   end)

   for _, status in ipairs{ 408, 429 } do
      it(("sends again after a %d"):format(status), function()
         open()
         server:reply({ status = status, body = "{}" }, { body = "{}" })
         tracer:span("x"):finish()
         assert.is_true(tracer:flush(10))
         assert.same({ 1, {} }, { tracer.stats.sent, dropped() })
      end)
   end

   it("waits for more spans, for `interval` seconds", function()
      open{ interval = 60 }
      for _ = 1, 3 do
         tracer:span("x"):finish()
         promptic.sleep(0.02)
      end
      assert.equal(0, server:count())
      assert.is_true(tracer:flush(10))
      assert.same({ 1, 3 }, { server:count(), tracer.stats.sent })
   end)

   it("sends a batch in doubt once more, with the same ids", function()
      open()
      server:reply({ close = "reset" }, { body = "{}" })
      tracer:span("x"):finish()
      assert.is_true(tracer:flush(10))
      local spans = arrived()
      assert.equal(2, #spans)
      assert.same({ spans[1].traceId, spans[1].spanId }, { spans[2].traceId, spans[2].spanId })
      assert.equal(1, tracer.stats.sent)
   end)

   it("sends a batch in doubt twice at most", function()
      open{ batch = 2, interval = 60 }
      server:route[[
         local _, request = ...
         if request.body:find("poison", 1, true) then return { status = 500, body = "{}" } end
         return { body = "{}" }
      ]]
      for _, name in ipairs{ "poison", "b", "c" } do tracer:span(name):finish() end
      assert.is_true(tracer:flush(20))
      assert.same({ expired = 2 }, dropped())
      assert.equal(1, tracer.stats.sent)
      assert.same({ "poison", "b", "poison", "b", "c" }, spans_of.names(server))
   end)

   it("sends nothing again before the platform answers: a gateway without one loses no span", function()
      open{ batch = 2, interval = 60 }
      server:route[[ local number = ... return { status = number <= 2 and 502 or 200, body = "{}" } ]]
      for index = 1, 4 do tracer:span("s" .. index):finish() end
      assert.is_true(tracer:flush(30))
      assert.same({ 4, {} }, { tracer.stats.sent, dropped() })
      assert.same({ "s1", "s2", "s1", "s2", "s3", "s4" }, spans_of.names(server))
   end)

   it("does not send the half again that has arrived", function()
      open{ batch = 4, interval = 60 }
      server:route[[
         local _, request = ...
         local _, spans = request.body:gsub("spanId", "")
         if spans > 2 then return { status = 413, body = "{}" } end
         once = once or request.body:find('"c"', 1, true) and 0
         if once == 0 then
            once = 1
            return { status = 503, headers = { { "Retry-After", "0" } }, body = "{}" }
         end
         return { body = "{}" }
      ]]
      for _, name in ipairs{ "a", "b", "c", "d" } do tracer:span(name):finish() end
      assert.is_true(tracer:flush(20))
      assert.equal(4, tracer.stats.sent)
      assert.same({ "a", "b", "c", "d", "a", "b", "c", "d", "c", "d" }, spans_of.names(server))
   end)

   it("does not send the other half before the first one has arrived", function()
      open{ batch = 4, interval = 60 }
      server:route[[
         local _, request = ...
         local _, spans = request.body:gsub("spanId", "")
         if spans > 2 then return { status = 413, body = "{}" } end
         if spans == 2 and not refused then
            refused = true
            return { status = 429, body = "{}" }
         end
         return { body = "{}" }
      ]]
      for _, name in ipairs{ "a", "b", "c", "d" } do tracer:span(name):finish() end
      assert.is_true(tracer:flush(20))
      assert.equal(4, tracer.stats.sent)
      assert.equal("abcd" .. "ab" .. "abcd" .. "ab" .. "cd", table.concat(spans_of.names(server)))
      local requests = server:requests()
      assert.is_true(requests[3].at - requests[2].at > 0.9, "it did not wait")
   end)

   it("sends a full batch at once", function()
      open{ batch = 5, interval = 60 }
      tracer:span("first"):finish()
      promptic.sleep(0.05) -- the sender waits for more
      for index = 2, 5 do tracer:span("s" .. index):finish() end
      local stop = promptic.now() + 10
      while tracer.stats.sent == 0 and promptic.now() < stop do promptic.sleep(0.005) end
      assert.equal(5, tracer.stats.sent)
   end)

   it("waits for its own spans only", function()
      server:route[[
         local number, request = ...
         return request.target:find("/traces", 1, true) and { body = "{}" } or { stall = true }
      ]]
      local prompt = client:prompt("c", { fallback = "x" })
      prompt:get() -- which begins what never ends
      open():span("x"):finish()
      local began = promptic.now()
      assert.is_true(tracer:flush(20))
      assert.is_true(promptic.run(function()
         tracer:span("y"):finish()
         return tracer:flush(20)
      end))
      assert.is_true(promptic.now() - began < 20)
      assert.is_false(promptic.flush(0))
      clients.refused(function() tracer:flush("x") end, "seconds expected")
   end)

   it("ends with its request at close, which then holds up nothing", function()
      server:always{ stall = true }
      open():span("x"):finish()
      assert.is_false(tracer:close(0.05))
      local began = promptic.now()
      assert.is_true(promptic.flush(20))
      assert.is_true(promptic.now() - began < 20)
      assert.same({ expired = 1 }, dropped())
   end)

   it("goes on by itself after a flush that has failed", function()
      open()
      server:always{ status = 503, headers = { { "Retry-After", "0" } }, body = "{}" }
      tracer:span("x"):finish()
      assert.is_false(tracer:flush(0.1))
      server:always{ body = "{}" }
      local stop = promptic.now() + 10
      while tracer.stats.sent == 0 and promptic.now() < stop do promptic.sleep(0.01) end
      assert.equal(1, tracer.stats.sent)
   end)

   it("ends with its client", function()
      local own = clients.open(server.url)
      tracer = promptic.tracer(own, { interval = 60 })
      tracer:span("x"):finish()
      own:close()
      assert.is_true(tracer:flush(10))
      assert.same({ expired = 1 }, dropped())
      tracer:span("y"):finish()
      assert.same({ expired = 2 }, dropped())
   end)

   it("keeps what waits while the platform is away", function()
      open()
      server:always{ status = 503, headers = { { "Retry-After", "0" } }, body = "{}" }
      tracer:span("x"):finish()
      assert.is_false(tracer:flush(0.2))
      server:always{ body = "{}" }
      assert.is_true(tracer:flush(10))
      assert.equal(1, tracer.stats.sent)
   end)

   it("asks a platform that is away once a pause, however many spans end meanwhile", function()
      open{ batch = 2 }
      server:route[[
         local _, request = ...
         if not request.target:find("/traces", 1, true) then return { body = '{"id":"c"}' } end
         return { status = 503, headers = { { "Retry-After", "0" } }, body = "{}" }
      ]]
      for _ = 1, 30 do
         tracer:span("x"):finish()
         tracer:span("x"):finish()
         client:get_component("c") -- drives the sender
      end
      local attempts = 0
      for _, request in ipairs(server:requests()) do
         attempts = attempts + (request.target:find("/traces", 1, true) and 1 or 0)
      end
      assert.is_true(attempts >= 1 and attempts <= 10, attempts .. " attempts")
   end)

   it("counts on its own, whatever a script does to its stats", function()
      open{ max_queue = 2, interval = 60 }
      tracer:span("a"):finish()
      tracer.stats.made = "many"
      assert.has_no.errors(function() for _ = 1, 5 do tracer:span("b"):finish() end end)
      tracer.stats.made = 0
      for _ = 1, 5 do tracer:span("c"):finish() end
      assert.equal(5, tracer.stats.made)
   end)

   it("samples whole traces", function()
      open{ sample = 0 }
      tracer:span("a", function(span)
         assert.matches("%-00$", span:traceparent())
         tracer:span("b", function() end)
      end)
      tracer:flush(10)
      assert.equal(0, server:count())
      assert.same({ sampled = 2 }, dropped())
   end)

   it("lets before_send change and drop, and lives through its errors", function()
      open{ before_send = function(span)
         if span.name == "shapeless" then span.attributes = 5 return end
         if span.name == "odd" then span.name, span.kind = nil, "x" return end
         if span.name == "secret" then return false end
         if span.name == "broken" then error("x") end
         span.attributes.added, span.attributes.hidden = "yes", nil
      end }
      for _, name in ipairs{ "good", "secret", "broken", "shapeless", "odd" } do
         tracer:span(name, { hidden = "no" }):finish()
      end
      tracer:flush(10)
      local spans = arrived()
      assert.equal(2, #spans)
      assert.same({ added = "yes" }, attributes(spans[1]))
      assert.same({ "nil", 1 }, { spans[2].name, spans[2].kind })
      assert.same({ before_send = 2, refused = 1 }, dropped())
   end)

   it("is closed at the end of its block", _VERSION >= "Lua 5.4" and function()
      local stats = load([[ local promptic, client = ...
         local tracer <close> = promptic.tracer(client, { interval = 60 })
         tracer:span("x"):finish()
         return tracer.stats
      ]])(promptic, client)
      assert.same({ 1, 1 }, { stats.made, stats.sent })
   end or function() end)

   it("is not stopped by what has no form", function()
      open()
      tracer:span("bad \255", { nan = 0 / 0, f = print, text = "\255" }):finish()
      tracer:flush(10)
      assert.same({ "bad ?", 1 }, { arrived()[1].name, tracer.stats.sent })
   end)

   it("takes nothing after close", function()
      open{ interval = 60 }
      tracer:span("a"):finish()
      assert.is_true(tracer:close(10))
      tracer:span("b"):finish()
      assert.equal(1, #arrived())
      assert.same({ 1, { expired = 1 } }, { tracer.stats.sent, dropped() })
   end)

   it("refuses options that are wrong", function()
      clients.refused(function() promptic.tracer() end, "client")
      clients.refused(function() promptic.tracer({}) end, "client")
      clients.refused(function() promptic.tracer(client, { sampel = 1 }) end, "sample")
      clients.refused(function() promptic.tracer(client, { max_queue = 0 }) end, "max_queue")
   end)
end)

describe("a value too long for a span", function()
   local function upload_of(attributes_given)
      server:route[[
         local _, request = ...
         if request.target:find("presign", 1, true) then return { status = 404, body = '{"error":"Not found"}' } end
         if request.target:find("artifacts", 1, true) then
            return { status = 201, body = '{"id":"a1","uri":"promptic-artifact://a1"}' }
         end
         return { body = "{}" }
      ]]
      open()
      tracer:span("x", attributes_given):finish()
      tracer:flush(20)
      local artifacts, spans = {}, nil
      for _, request in ipairs(server:requests()) do
         local body = json.decode(request.body)
         if request.target:find("/artifacts", 1, true) then
            artifacts[#artifacts + 1] = body
         elseif body.resourceSpans then
            spans = body.resourceSpans[1].scopeSpans[1].spans
         end
      end
      return attributes(spans[1]), artifacts
   end

   it("becomes an artifact: media in a data URI, also inside JSON", function()
      local uri = "data:image/png;base64,AAECAwQFBgcICQoLDA0ODw=="
      local found, artifacts = upload_of{ plain = uri, deep = json.encode{ content = { { image = uri } } } }
      assert.equal("promptic-artifact://a1", found.plain)
      assert.equal('{"content":[{"image":"promptic-artifact://a1"}]}', found.deep)
      assert.same({ 2, "image/png", 16 }, { #artifacts, artifacts[1].mimeType, artifacts[1].sizeBytes })
   end)

   it("becomes an artifact: long base64 in a field named like media, and very long text with a preview", function()
      local found, artifacts = upload_of{ my_image = ("QUJD"):rep(3000), note = ("QUJD"):rep(3000) }
      assert.same({ "promptic-artifact://a1", 12000 }, { found.my_image, #found.note })
      assert.equal(9000, artifacts[1].sizeBytes)
   end)

   it("becomes an artifact: very long text, with a preview", function()
      local found, artifacts = upload_of{ log = ("a line\n"):rep(40000) }
      assert.equal("promptic-artifact://a1", found.log)
      assert.same({ "text/plain", 280000 }, { artifacts[1].mimeType, artifacts[1].sizeBytes })
      assert.same({ 4099, "..." }, { #artifacts[1].preview, artifacts[1].preview:sub(-3) })
   end)
end)
