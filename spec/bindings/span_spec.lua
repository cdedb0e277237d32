--- Spans of promptic.tracer: what they hold, which one is current, how they go on in other processes.
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

describe("a span", function()
   it("arrives with its times, ids, attributes and events", function()
      open{ component = "agent", dataset = "d", service = "s", environment = "test" }
      local before = os.time()
      local span = tracer:span("work", { text = "x", whole = 3, part = 0.5, yes = true, list = { "a", "b" } })
      span:set("more", { deep = { 1 } }):event("seen", { at = 1 })
      span:finish()
      span:finish()
      assert.is_true(tracer:flush(10))
      local spans, resource = arrived()
      assert.equal(1, #spans)
      local found = spans[1]
      assert.matches("^%x+$", found.traceId)
      assert.same({ 32, 16, 1 }, { #found.traceId, #found.spanId, found.kind })
      assert.is_nil(found.parentSpanId)
      assert.is_true(tonumber(found.startTimeUnixNano) / 1e9 >= before)
      assert.is_true(tonumber(found.endTimeUnixNano) >= tonumber(found.startTimeUnixNano))
      assert.same({ text = "x", whole = "3", part = 0.5, yes = true, more = '{"deep":[1]}',
         list = { values = { { stringValue = "a" }, { stringValue = "b" } } }, ["promptic.ai_component"] = "agent",
         ["promptic.dataset.id"] = "d" }, attributes(found))
      assert.equal("seen", found.events[1].name)
      assert.same({ at = "1" }, attributes(found.events[1]))
      assert.same({ ["service.name"] = "s", ["deployment.environment.name"] = "test" }, attributes(resource))
      assert.same({ 1, 1 }, { tracer.stats.made, tracer.stats.sent })
   end)

   it("is the parent of those that begin in its function, in tasks that this spawns too", function()
      open()
      tracer:span("outer", function(outer)
         tracer:span("inner", function() end)
         promptic.run(function()
            promptic.map({ 1, 2 }, function(index)
               promptic.sleep(0.001)
               tracer:span("mapped " .. index, function() promptic.sleep(0.001) end)
            end)
            promptic.spawn(function() tracer:span("spawned", function() end) end):await()
         end)
         assert.equal(outer, tracer:current())
      end)
      assert.is_nil(tracer:current())
      tracer:span("next", function() end)
      tracer:flush(10)
      local spans = arrived()
      for _, name in ipairs{ "inner", "mapped 1", "mapped 2", "spawned" } do
         assert.equal(spans.outer.spanId, spans[name].parentSpanId, name)
         assert.equal(spans.outer.traceId, spans[name].traceId)
      end
      assert.is_nil(spans.next.parentSpanId)
      assert.not_equal(spans.outer.traceId, spans.next.traceId)
   end)

   it("passes results and errors on unchanged, and notes the error", function()
      open()
      assert.same({ 1, nil, 3, n = 3 }, table.pack(tracer:span("good", function() return 1, nil, 3 end)))
      local err = { reason = "x" }
      local fine, problem = pcall(tracer.span, tracer, "bad", function() error(err) end)
      assert.same({ false, true }, { fine, problem == err })
      assert.same({ 1, nil, 3, n = 3 }, table.pack(promptic.run(function()
         return tracer:span("task", function()
            promptic.sleep(0.001)
            return 1, nil, 3
         end)
      end)))
      fine, problem = pcall(promptic.run, function() tracer:span("worse", function() error(err) end) end)
      assert.same({ false, true }, { fine, problem == err })
      tracer:flush(10)
      local spans = arrived()
      assert.is_nil(spans.good.status)
      assert.equal(2, spans.bad.status.code)
      assert.equal(2, spans.worse.status.code)
   end)

   it("takes any error, also one that has no text", function()
      open()
      local err = setmetatable({}, { __tostring = function() error("x") end })
      local fine, problem = pcall(tracer.span, tracer, "bad", function() error(err) end)
      assert.same({ false, true }, { fine, rawequal(problem, err) })
      tracer:flush(10)
      assert.same({ code = 2, message = "an error without text" }, arrived().bad.status)
   end)

   it("has the attributes of its tracer unless it has its own", function()
      open{ component = "common" }
      tracer:span("x", { ["promptic.ai_component"] = "own" }):finish()
      tracer:flush(10)
      assert.same(1, #arrived().x.attributes)
      assert.equal("own", attributes(arrived().x)["promptic.ai_component"])
   end)

   it("keeps its attributes as they were at its end", function()
      open{ interval = 60 }
      for _ = 1, 3 do tracer:span("before"):finish() end -- the queue has a sender, and room
      local messages, list = { { role = "user" } }, { "a" }
      tracer:span("short", { list = list }):finish()
      local given = { messages = messages, list = list }
      local span = tracer:span("x", given):event("seen", { list = list })
      given.later = true
      span:set("own", true):finish()
      assert.is_nil(given.own)
      messages[2], list[2] = { role = "assistant" }, "b"
      tracer:flush(10)
      local found = arrived().x
      assert.same({ { stringValue = "a" } }, attributes(arrived().short).list.values)
      assert.is_nil(attributes(found).later)
      assert.equal('[{"role":"user"}]', attributes(found).messages)
      assert.same({ { stringValue = "a" } }, attributes(found).list.values)
      assert.same({ { stringValue = "a" } }, attributes(found.events[1]).list.values)
   end)

   it("arrives with whatever attributes", function()
      open()
      tracer:span("x", { none = 0 / 0, endless = 1 / 0, sparse = { [10] = "ten" }, empty = json.array{} }):finish()
      tracer:flush(10)
      local found = attributes(arrived().x)
      assert.matches("nan", found.none, 1, true)
      assert.same({ "inf", "string", {} }, { found.endless, type(found.sparse), found.empty.values })
   end)

   it("arrives with every byte of ASCII as it was", function()
      open()
      local bytes = {}
      for byte = 0, 127 do bytes["b" .. byte] = string.char(byte) end
      tracer:span("x", bytes):finish()
      assert.is_true(tracer:flush(10))
      assert.same(bytes, attributes(arrived()[1]))
   end)

   it("is no current span of another tracer", function()
      open()
      local other = promptic.tracer(client, { interval = 0 })
      finally(function() other:close(5) end)
      tracer:span("x", function() assert.is_nil(other:current()) end)
   end)

   it("has children, and fails by hand", function()
      open()
      local span = tracer:span("a")
      local child = span:child("b", { x = 1 })
      child:fail("no"):finish()
      span:finish()
      tracer:flush(10)
      local spans = arrived()
      assert.equal(spans.a.spanId, spans.b.parentSpanId)
      assert.same({ code = 2, message = "no" }, spans.b.status)
   end)

   it("says what a model or a tool was asked", function()
      open()
      tracer:span("chat"):model{ provider = "p", model = "m", input_tokens = 3, output_tokens = 4 }:finish()
      tracer:span("search"):tool{ name = "search", arguments = { q = "x" }, result = "y" }:finish()
      tracer:flush(10)
      local spans = arrived()
      assert.same({ ["gen_ai.operation.name"] = "chat", ["gen_ai.provider.name"] = "p", ["gen_ai.request.model"] = "m",
         ["gen_ai.usage.input_tokens"] = "3", ["gen_ai.usage.output_tokens"] = "4" }, attributes(spans.chat))
      assert.equal(3, spans.chat.kind)
      assert.same({ ["gen_ai.operation.name"] = "execute_tool", ["gen_ai.tool.name"] = "search",
         ["gen_ai.tool.call.arguments"] = '{"q":"x"}', ["gen_ai.tool.call.result"] = "y" }, attributes(spans.search))
   end)

   it("goes on in another process by traceparent", function()
      open()
      local header = tracer:span("here", function(span) return span:traceparent() end)
      assert.matches("^00%-%x+%-%x+%-01$", header)
      tracer:continue(header, "there", function() tracer:span("below", function() end) end)
      tracer:continue("nonsense", "alone", function() end)
      tracer:flush(10)
      local spans = arrived()
      assert.equal(header, ("00-%s-%s-01"):format(spans.there.traceId, spans.there.parentSpanId))
      assert.equal(spans.there.spanId, spans.below.parentSpanId)
      assert.is_nil(spans.alone.parentSpanId)
   end)

   -- W3C Trace Context: version 00 has nothing behind the flags, later ones may have.
   it("begins a trace where traceparent is malformed", function()
      open()
      local id, parent = ("a"):rep(32), ("b"):rep(16)
      local function is_taken(header)
         return tracer:continue(header, "x"):traceparent():find(id, 1, true) ~= nil
      end
      local form = "%s-%s-%s-01%s"
      assert.is_true(is_taken(form:format("00", id, parent, "")))
      assert.is_true(is_taken(form:format("01", id, parent, "-more")))
      for _, header in ipairs{
         form:format("00", id, parent, "-more"), form:format("00", id, parent, "x"), form:format("01", id, parent, "x"),
         form:format("ff", id, parent, ""), form:format("00", id, ("0"):rep(16), ""), form:format("00", id, "b", ""),
         form:format("00", id .. "a", parent, ""), " " .. form:format("00", id, parent, ""), "",
      } do
         assert.is_false(is_taken(header), header)
      end
   end)

   it("goes on from no header that is malformed, and is sampled as the header says", function()
      open()
      local trace, parent = ("ab"):rep(16), ("cd"):rep(8)
      for header, continues in pairs{
         [("00-%s-%s-01"):format(trace, parent)] = true,
         [("00-%s-%s-03"):format(trace, parent)] = true,
         [("cc-%s-%s-01-more"):format(trace, parent)] = true,
         [("ff-%s-%s-01"):format(trace, parent)] = false,
         [("00-%s-%s-01"):format(("0"):rep(32), parent)] = false,
         [("00-%s-%s-01"):format(trace, ("0"):rep(16))] = false,
         [("00-%s-%s-01"):format(trace, parent:sub(2))] = false,
      } do
         server:reset()
         server:always{ body = "{}" }
         tracer:continue(header, "x"):finish()
         tracer:flush(10)
         assert.equal(continues, arrived().x.traceId == trace, header)
         assert.equal(continues and parent or nil, arrived().x.parentSpanId, header)
      end
      tracer:continue(("00-%s-%s-02"):format(trace, parent), "x"):finish()
      assert.same({ sampled = 1 }, dropped())
   end)

   it("refuses wrong arguments", function()
      open()
      local span = tracer:span("x")
      for _, f in ipairs{
         function() tracer:span() end, function() tracer:span("") end, function() tracer:span("x", 5) end,
         function() tracer:span("x", {}, 5) end, function() tracer:span("x", { "list" }) end,
         function() span:child(5) end, function() span:set(nil, 1) end, function() span:event() end,
         function() span:model{ modle = 1 } end, function() span:tool(5) end,
      } do
         local fine, problem = pcall(f)
         assert.is_false(fine)
         assert.matches("span_spec.lua:%d+: bad argument #", problem)
      end
      span:finish()
   end)
end)
