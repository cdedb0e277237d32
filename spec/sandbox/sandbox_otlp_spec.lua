--- OTLP as senders send it: JSON and protobuf, plain and gzip, each answered in its own form. The exporters of
-- OpenTelemetry themselves are in spec/contract (make contract).
local otlp = require "spec.support.otlp"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local json = require("promptic").json

local server
before_each(function() server = sandbox.start{ pace = 0 } end)
after_each(function() assert.equal("", server:stop()) end)

local PROTOBUF = "application/x-protobuf"

local function gzip(text)
   local result = process.run{ "gzip", "-c", stdin = text }
   assert.equal(0, result.code)
   return result.stdout
end

local function post(body, kind, encoding)
   return server:post("/traces", body, { ["content-type"] = kind, ["content-encoding"] = encoding })
end

local REQUEST = otlp.request({
   otlp.span{ trace = 1, number = 1, name = "agent", attributes = { ["promptic.ai_component"] = "shop", yes = true,
      big = math.maxinteger, small = -7, share = 0.1, list = { "a", 2 }, ["input.value"] = "née\0" } },
   otlp.span{ trace = 1, number = 2, parent = 1, kind = 3, error = "boom", events = { {
      timeUnixNano = tostring(otlp.BEGIN), name = "exception", attributes = otlp.attributes{ count = 2 } } } },
}, { ["service.name"] = "svc", ["deployment.environment.name"] = "prod" })

-- The trace without what is the server's own.
local function trace_of(id)
   local trace = server:ok("GET", "/traces/" .. id)
   trace.aiComponentId = trace.aiComponentId and "shop"
   for _, object in ipairs{ trace, table.unpack(trace.spans) } do
      object.id, object.traceDbId, object.createdAt = nil, nil, nil
      for _, event in ipairs(object.events or {}) do event.id, event.spanDbId = nil, nil end
   end
   return trace
end

it("both forms, plain and gzip, say the same", function()
   server:component "shop"
   local traces = {}
   for number, form in ipairs{ { json.encode(REQUEST), "application/json" },
      { json.encode(REQUEST), "Application/JSON; charset=utf-8" },
      { gzip(json.encode(REQUEST)), "application/json", "gzip" }, { otlp.protobuf(REQUEST), PROTOBUF },
      { otlp.protobuf(REQUEST), PROTOBUF, "identity" }, { gzip(otlp.protobuf(REQUEST)), PROTOBUF, "GZIP" } } do
      local answer = post(table.unpack(form))
      local protobuf = form[2] == PROTOBUF
      assert.same({ 200, protobuf and PROTOBUF or "application/json", protobuf and "" or '{"partialSuccess":{}}' },
         { answer.status, answer.headers["content-type"], answer.text })
      traces[number] = trace_of(("%032x"):format(1))
      assert.same(traces[1], traces[number])
      server:stop()
      server = sandbox.start{ pace = 0 }
      server:component "shop"
   end
   local span = traces[1].spans[1]
   assert.same({ "née\0", true, math.maxinteger, -7, 0.1, { "a", 2 } }, { span.input, span.metadata.yes,
      span.metadata.big, span.metadata.small, span.metadata.share, span.metadata.list })
   assert.same({ "error", "boom", "client", "exception" }, { traces[1].spans[2].status,
      traces[1].spans[2].statusMessage, traces[1].spans[2].kind, traces[1].spans[2].events[1].name })
end)

describe("what cannot be read", function()
   local WHOLE = otlp.protobuf(REQUEST)
   for name, row in pairs{
      ["gzip that is none"] = { "x", PROTOBUF, "gzip", 400, 3 },
      ["gzip that is cut off"] = { gzip(WHOLE):sub(1, -10), PROTOBUF, "gzip", 400, 3 },
      ["protobuf that is cut off"] = { WHOLE:sub(1, -2), PROTOBUF, nil, 400, 3 },
      ["protobuf with a text that is not UTF-8"] = { WHOLE:gsub("n\195\169e", "n\195xe"), PROTOBUF, nil, 400, 3 },
      ["messages in messages in messages"] = { ("\10\127"):rep(200), PROTOBUF, nil, 400, 3 },
      ["another encoding"] = { WHOLE, PROTOBUF, "deflate", 415, 3 },
      ["a gzip bomb"] = { gzip(("\0"):rep(64 * 1024 * 1024 + 1)), PROTOBUF, "gzip", 413, 8 },
   } do
      it("is refused as a google.rpc.Status: " .. name, function()
         local answer = post(row[1], row[2], row[3])
         assert.same({ row[4], PROTOBUF }, { answer.status, answer.headers["content-type"] })
         local fields = otlp.fields(answer.text)
         assert.same({ row[5] }, fields[1])
         assert.is_true(#fields[2][1] > 0)
         assert.equal(row[4] == 415 and "gzip, identity" or nil, answer.headers["accept-encoding"])
         assert.equal(0, server:ok("GET", "/traces").total)
      end)
   end

   it("is refused in JSON to those who send it, or anything else", function()
      for _, row in ipairs{ { "[", "application/json", nil, 400 }, { "x", "application/json", "gzip", 400 },
         { "{}", "text/plain", nil, 415 }, { "{}", "application/json", "br", 415 } } do
         local answer = post(row[1], row[2], row[3])
         assert.same({ row[4], "string" }, { answer.status, type(answer.json.error) })
         assert.equal(row[4] == 415 and "gzip, identity" or nil, answer.headers["accept-encoding"])
      end
      assert.equal(401, server:post("/traces", "{}", { authorization = false }).status)
   end)
end)

-- The message of a response that took everything and warns, in both forms.
local function warning(request)
   local partial = post(json.encode(request), "application/json").json.partialSuccess
   assert.equal(partial.errorMessage and "0" or nil, partial.rejectedSpans)
   local text = post(otlp.protobuf(request), PROTOBUF).text
   local fields = text ~= "" and otlp.fields(otlp.fields(text)[1][1]) or {}
   assert.same({ partial.errorMessage and { 0 }, partial.errorMessage and { partial.errorMessage } },
      { fields[1], fields[2] })
   return partial.errorMessage
end

it("a warning names attributes and requests without effect", function()
   local component = server:component "agent"
   local function one(attributes, resource)
      return otlp.request({ otlp.span{ trace = 1, attributes = attributes } }, resource)
   end
   assert.is_nil(warning(one{}))
   assert.is_nil(warning(one{ ["promptic.ai_component"] = "agent", ["promptic.dataset"] = "d" }))
   assert.equal("promptic.ai_component: there is no component 'Agent'", warning(otlp.request{
      otlp.span{ trace = 2, attributes = { ["promptic.ai_component"] = "Agent" } },
      otlp.span{ trace = 2, number = 2, attributes = { ["promptic.ai_component"] = "Agent" } } }))
   local of_nobody = otlp.span{ trace = 3, attributes = { ["promptic.dataset"] = "d" } }
   assert.equal("promptic.ai_component: there is no component 'x'; promptic.dataset: 'd' needs promptic.ai_component, "
      .. "whose dataset it is", warning(otlp.request({ of_nobody }, { ["promptic.ai_component"] = "x" })))
   for _, empty in ipairs{ { resourceSpans = {} }, otlp.request{} } do
      assert.equal("The request holds no spans", warning(empty))
   end
   assert.equal("The request holds no spans", server:ok("POST", "/traces", "{}").partialSuccess.errorMessage)
   local many = {}
   for i = 1, 9 do
      many[i] = otlp.span{ trace = 4, number = i, attributes = { ["promptic.ai_component"] = "c" .. i } }
   end
   assert.equal(4, select(2, warning(otlp.request(many)):gsub("; ", "")))
   assert.equal(1, #server:ok("GET", "/components").data)
   assert.equal(component, server:ok("GET", "/traces?ai_component=agent").traces[1].aiComponentId)
end)

it("attributes that become no field of a span stay in its metadata", function()
   local rest = { ["promptic.ai_component"] = "nobody", ["promptic.dataset"] = "d", ["promptic.run"] = "r",
      ["session.id"] = "s", ["user.id"] = "u", ["promptic.tags"] = json.array{ "t" }, ["gen_ai.tool.name"] = "search",
      ["gen_ai.tool.definitions"] = "[]", ["gen_ai.response.model"] = "m-2", other = 1 }
   local given = { ["gen_ai.request.model"] = "m", ["gen_ai.system"] = "p", ["gen_ai.usage.input_tokens"] = 1,
      ["promptic.input"] = "in", ["promptic.output"] = "out", ["gen_ai.usage.cost"] = 0.5 }
   for name, value in pairs(rest) do given[name] = value end
   server:ok("POST", "/traces", otlp.request({ otlp.span{ trace = 1, attributes = given } },
      { ["gen_ai.request.model"] = "of the resource", ["session.id"] = "other" }))
   local trace = server:ok("GET", "/traces/" .. ("%032x"):format(1))
   assert.same(rest, trace.spans[1].metadata)
   assert.same({ ["gen_ai.request.model"] = "of the resource", ["session.id"] = "other" }, trace.metadata)
   local span = trace.spans[1]
   assert.same({ "m", "p", 1, "in", "out", 0.5, "s" }, { span.model, span.provider, span.inputTokens, span.input,
      span.output, span.costUsd, trace.sessionId })
end)

it("spans that cannot be taken are counted in the sender's form", function()
   local broken = otlp.span{ trace = 1 }
   broken.traceId = ("0"):rep(32)
   local request = otlp.request{ broken, otlp.span{ trace = 2 } }
   assert.same({ rejectedSpans = "1", errorMessage = "traceId: must be 32 hex digits" },
      post(json.encode(request), "application/json").json.partialSuccess)
   local partial = otlp.fields(otlp.fields(post(otlp.protobuf(request), PROTOBUF).text)[1][1])
   assert.same({ { 1 }, { "traceId: must be 32 hex digits" } }, { partial[1], partial[2] })
   assert.equal(1, server:ok("GET", "/traces").total)
end)

it("promptic.dataset.id names a dataset that is there, and no other", function()
   local component = server:component "agent"
   local at = "/components/" .. component .. "/datasets"
   local dataset = server:ok("POST", at, { name = "d" }).id
   local function named(id, run)
      return { ["promptic.ai_component"] = "agent", ["promptic.dataset.id"] = id, ["promptic.run"] = run }
   end
   local nobody = "00000000-0000-4000-8000-000000000000"
   local answer = server:ok("POST", "/traces", otlp.request{
      otlp.span{ trace = 1, attributes = named(dataset, "nightly") },
      otlp.span{ trace = 2, attributes = named(nobody) } })
   assert.same({ rejectedSpans = "1", errorMessage = "promptic.dataset.id: no such dataset" }, answer.partialSuccess)
   local found = server:ok("GET", at .. "/" .. dataset)
   assert.same({ 1, 1 }, { found.traceCount, #server:ok("GET", at).data })
   local run = server:ok("GET", "/components/" .. component .. "/runs").data[1]
   assert.same({ "nightly", 1, dataset }, { run.name, run.traceCount, run.datasetId })
end)

describe("traces", function()
   it("are found by their OpenTelemetry id and by their own", function()
      server:ok("POST", "/traces", REQUEST)
      local listed = server:ok("GET", "/traces").traces[1]
      for _, id in ipairs{ listed.traceId, listed.id } do
         assert.equal(listed.id, server:ok("GET", "/traces/" .. id).id)
         assert.same({}, server:ok("GET", "/traces/" .. id .. "/artifacts").data)
      end
      assert.equal(404, server:get("/traces/" .. ("f"):rep(32)).status)
   end)

   it("are filtered by component, service and environment", function()
      local component = server:component "shop"
      local function send(trace, resource, name)
         server:ok("POST", "/traces", otlp.request({ otlp.span{ trace = trace, error = trace == 3 and "x" or nil,
            attributes = { ["promptic.ai_component"] = name, ["gen_ai.usage.input_tokens"] = 10 ^ trace // 1 | 0 } } },
            resource))
      end
      send(1, { ["service.name"] = "web", ["deployment.environment.name"] = "prod" }, "shop")
      send(2, { ["service.name"] = "web", ["deployment.environment"] = "test" })
      send(3, { ["service.name"] = "batch", ["deployment.environment.name"] = "prod" }, component)
      local function found(query)
         local numbers = {}
         for i, trace in ipairs(server:ok("GET", "/traces" .. query).traces) do
            numbers[i] = tonumber(trace.traceId, 16)
         end
         table.sort(numbers)
         return numbers
      end
      assert.same({ 1, 3 }, found "?ai_component=shop")
      assert.same({ 1, 3 }, found("?ai_component=" .. component))
      assert.same({ 1, 2 }, found "?service=web")
      assert.same({ 2 }, found "?environment=test")
      assert.same({ 3 }, found "?service=batch&environment=prod&ai_component=shop&status=error")
      assert.same({}, found "?service=web&ai_component=nobody")
      local stats = server:ok("GET", "/traces/stats?service=web")
      assert.same({ 2, 110, 0 }, { stats.totalTraces, stats.totalTokens, stats.errorRate })
      assert.equal(1010, server:ok("GET", "/traces/stats?environment=prod").totalTokens)
   end)
end)
