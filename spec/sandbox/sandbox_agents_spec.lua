--- The sandbox's side for agents: traces come in as OTLP, become datasets and runs, are annotated, and are
-- evaluated into insights whose figures are counted here by hand.
local json = require("promptic").json
local otlp = require "spec.support.otlp"
local sandbox = require "spec.support.sandbox"

local server
before_each(function() server = sandbox.start{ pace = 0 } end)
after_each(function() assert.equal("", server:stop()) end)

---------------------------------------------------------------- OTLP

local SECOND, BEGIN, attributes = 1000000000, otlp.BEGIN, otlp.attributes

-- A span of trace number `trace`, number `number` in it.
local function span(trace, number, fields)
   fields.trace, fields.number = trace, number
   return otlp.span(fields)
end

local function post(spans, resource)
   return server:post("/traces", otlp.request(spans, resource))
end

-- Posts spans and gives the database ids of their traces, by number.
local function ingest(spans, resource)
   assert.same({ partialSuccess = {} }, post(spans, resource).json)
   local ids = {}
   for _, trace in ipairs(server:ok("GET", "/traces?limit=100").traces) do
      ids[tonumber(trace.traceId, 16)] = trace.id
   end
   return ids
end

local function chat(trace, number, input_tokens, output_tokens, cost)
   return span(trace, number, { name = "chat", parent = 1, attributes = {
      ["gen_ai.request.model"] = "sandbox-small", ["gen_ai.system"] = "openai", ["gen_ai.usage.cost"] = cost,
      ["gen_ai.usage.input_tokens"] = input_tokens, ["gen_ai.usage.output_tokens"] = output_tokens,
   } })
end

local function call(trace, number, tool, input, problem)
   return span(trace, number, { name = "execute_tool " .. tool, parent = 1, error = problem,
      attributes = { ["gen_ai.tool.name"] = tool, ["gen_ai.tool.call.arguments"] = input } })
end

describe("traces", function()
   it("come in as OTLP and come back with all they hold", function()
      local component = server:component "shop"
      local ids = ingest({
         span(1, 1, { name = "invoke_agent shop", attributes = {
            ["promptic.ai_component"] = "shop", ["session.id"] = "s", ["user.id"] = "u", custom = false,
            ["promptic.tags"] = { "a", "b" }, ["input.value"] = "Where is it?", ["output.value"] = "Here.",
         } }),
         span(1, 2, { name = "chat", parent = 1, kind = "SPAN_KIND_CLIENT", attributes = {
            ["gen_ai.request.model"] = "m", ["gen_ai.provider.name"] = "p",
            ["gen_ai.request.temperature"] = 0.5, ["gen_ai.usage.input_tokens"] = 100,
            ["gen_ai.usage.output_tokens"] = 20, ["gen_ai.usage.cost"] = 0.25,
         } }),
         span(1, 3, { parent = 1, error = "boom", events = { {
            timeUnixNano = tostring(BEGIN), name = "exception", attributes = attributes{ count = 2 ^ 53 | 0 },
         } } }),
      }, { ["service.name"] = "svc" })
      local trace = server:ok("GET", "/traces/" .. ids[1])
      assert.same({ component, "invoke_agent shop", "s", "u", { "a", "b" } },
         { trace.aiComponentId, trace.name, trace.sessionId, trace.userId, trace.tags })
      assert.same({ 2500, 120, 0.25, "ok" },
         { trace.durationMs, trace.totalTokens, trace.totalCostUsd, trace.status })
      assert.equal("svc", trace.metadata["service.name"])
      assert.equal("integer", math.type(trace.durationMs))
      assert.equal(os.date("!%Y-%m-%dT%H:%M:%S.000Z", BEGIN // SECOND + 1), trace.startTime)
      local root, model, failed = table.unpack(trace.spans)
      assert.same({ "Where is it?", "Here.", false, "internal", 500 },
         { root.input, root.output, root.metadata.custom, root.kind, root.durationMs })
      assert.same({ "m", "p", 100, 20, 120, 0.25, { temperature = 0.5 }, "client", root.spanId },
         { model.model, model.provider, model.inputTokens, model.outputTokens, model.totalTokens,
            model.costUsd, model.modelParameters, model.kind, model.parentSpanId })
      assert.same({ "error", "boom", trace.id }, { failed.status, failed.statusMessage, failed.traceDbId })
      assert.same({ "exception", failed.id, { count = 2 ^ 53 | 0 } },
         { failed.events[1].name, failed.events[1].spanDbId, failed.events[1].body })
      assert.matches('"events":[]', server:get("/traces/" .. ids[1]).text, 1, true)
   end)

   it("grow with every post, in any order, and count a span once", function()
      local ids = ingest{ chat(1, 3, 10, 5) }
      local path = "/traces/" .. ids[1]
      ingest{ chat(1, 2, 100, 50) }
      -- the agent's span sums up what those below it have, so it does not count again
      ingest{ span(1, 1, { name = "agent", error = "gave up", attributes = {
         ["gen_ai.usage.input_tokens"] = 110, ["gen_ai.usage.output_tokens"] = 55 } }) }
      ingest{ chat(1, 2, 100, 70) }
      local trace = server:ok("GET", path)
      assert.same({ "agent", "error", 185, 2500, 3 },
         { trace.name, trace.status, trace.totalTokens, trace.durationMs, #trace.spans })
      assert.equal(1, server:ok("GET", "/traces").total)
   end)

   it("have parents before children that began in the same instant and came first", function()
      local spans = { span(1, 3, { name = "inner", parent = 2 }), span(1, 2, { name = "middle", parent = 1 }),
         span(1, 4, { name = "second", parent = 1 }), span(1, 1, { name = "root" }),
         -- each other's parents
         span(2, 1, { name = "a", parent = 2 }), span(2, 2, { name = "b", parent = 1 }) }
      for _, one in ipairs(spans) do one.startTimeUnixNano = tostring(BEGIN) end
      local ids = ingest(spans)
      local names = {}
      for i, one in ipairs(server:ok("GET", "/traces/" .. ids[1]).spans) do names[i] = one.name end
      assert.same({ "root", "middle", "second", "inner" }, names)
      assert.equal("root", server:ok("GET", "/traces/" .. ids[1]).name)
      assert.equal(2, #server:ok("GET", "/traces/" .. ids[2]).spans)
   end)

   it("count no tokens and no money that cannot be", function()
      local input, output, cost = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cost"
      local most = math.maxinteger
      local ids = ingest{
         span(1, 1, { attributes = { [input] = most, [output] = most, [cost] = 1e308 } }),
         span(1, 2, { attributes = { [input] = most, [output] = 7, [cost] = 1e308 } }),
         span(2, 1, { attributes = { [input] = -5, [output] = "many", [cost] = -1.5 } }),
         span(2, 2, { attributes = { ["gen_ai.usage.total_tokens"] = most } }),
      }
      local odd = server:ok("GET", "/traces/" .. ids[1])
      assert.same({ 7, nil }, { odd.totalTokens, odd.totalCostUsd })
      -- nothing is lost: what is not counted stays among the attributes
      assert.same({ [input] = most, [cost] = 1e308 }, odd.spans[2].metadata)
      assert.same({ [input] = -5, [output] = "many", [cost] = -1.5 },
         server:ok("GET", "/traces/" .. ids[2]).spans[1].metadata)
      assert.equal(7, server:ok("GET", "/traces/stats").totalTokens)
   end)

   it("are taken in part where a span is none", function()
      local broken = span(1, 1, {})
      broken.traceId = "xyz"
      local answer = post{ broken, span(2, 1, {}) }
      assert.equal(200, answer.status)
      assert.same({ rejectedSpans = "1", errorMessage = "traceId: must be 32 hex digits" },
         answer.json.partialSuccess)
      assert.equal(1, server:ok("GET", "/traces").total)
   end)

   it("are listed newest first, in pages, by status and time", function()
      local spans = {}
      for i = 1, 7 do spans[i] = span(i, i, { error = i % 3 == 0 and "x" or nil }) end
      ingest(spans)
      local function found(query)
         local answer, numbers = server:ok("GET", "/traces" .. query), {}
         for i, trace in ipairs(answer.traces) do numbers[i] = tonumber(trace.traceId, 16) end
         return { answer.total, numbers }
      end
      local function at(second)
         return os.date("!%Y-%m-%dT%H:%M:%SZ", BEGIN // SECOND + second)
      end
      assert.same({ 7, { 7, 6, 5, 4, 3, 2, 1 } }, found "")
      assert.same({ 7, { 5, 4 } }, found "?limit=2&offset=2")
      assert.same({ 7, {} }, found "?limit=2&offset=7")
      assert.same({ 2, { 6, 3 } }, found "?status=error")
      assert.same({ 5, { 7 } }, found "?status=ok&limit=1")
      assert.same({ 2, { 7, 6 } }, found("?start_after=" .. at(5)))
      assert.same({ 2, { 5, 4 } }, found("?start_after=" .. at(3) .. "&start_before=" .. at(6)))
      local shifted = os.date("!%Y-%m-%dT%H:%M:%S", BEGIN // SECOND + 2 + 7200) .. "%2B02:00"
      assert.same({ 1, { 1 } }, found("?start_before=" .. shifted))
   end)

   it("add up to statistics", function()
      assert.same({ totalTraces = 0, totalTokens = 0, totalCostUsd = 0, errorRate = 0 },
         server:ok("GET", "/traces/stats"))
      local old = span(3, 1, {})
      old.startTimeUnixNano = tostring(BEGIN - 40 * 86400 * SECOND)
      ingest{ chat(1, 2, 10, 5, 0.5), span(2, 1, { error = "x" }), old }
      assert.same({ totalTraces = 2, totalTokens = 15, totalCostUsd = 0.5, errorRate = 0.5 },
         server:ok("GET", "/traces/stats"))
      assert.equal(3, server:ok("GET", "/traces/stats?days_back=41").totalTraces)
      assert.equal(3, server:ok("GET", "/traces/stats?days_back=2147483647").totalTraces)
   end)

   it("outlive the component that they name", function()
      local component = server:component "gone"
      local ids = ingest{ span(1, 1, { attributes = { ["promptic.ai_component"] = "gone" } }) }
      assert.equal(component, server:ok("GET", "/traces/" .. ids[1]).aiComponentId)
      assert.equal("gone", server:ok("GET", "/traces").traces[1].componentName)
      server:ok("DELETE", "/components/" .. component)
      assert.is_nil(server:ok("GET", "/traces/" .. ids[1]).aiComponentId)
   end)
end)

describe("datasets, runs and annotations", function()
   local component, at, ids
   before_each(function()
      component = server:component "agent"
      at = "/components/" .. component
      local first = span(1, 1, { attributes = { input = "in", output = "out" } })
      ids = ingest{ first, span(2, 1, {}), span(3, 1, {}) }
   end)

   it("hold traces, each once", function()
      local made = server:post(at .. "/datasets", { name = "d", traceIds = { ids[2], ids[1], ids[2] } })
      assert.same({ 201, 2, 2 }, { made.status, made.json.itemCount, made.json.traceCount })
      local dataset = server:ok("GET", at .. "/datasets/" .. made.json.id)
      assert.same({ ids[2], ids[1] }, { dataset.items[1].traceDbId, dataset.items[2].traceDbId })
      assert.same({ "in", "out" }, { dataset.items[2].input, dataset.items[2].output })
      assert.equal("integer", math.type(dataset.items[1].id))
      assert.same({ made.json }, server:ok("GET", at .. "/datasets").data)
      local whole = server:ok("POST", at .. "/runs", { datasetId = dataset.id })
      assert.equal(2, whole.traceCount)
      local one_trace = { datasetId = dataset.id, name = "r", traceIds = { ids[3] } }
      local run = server:ok("POST", at .. "/runs", one_trace)
      local found = server:ok("GET", at .. "/runs/" .. run.id)
      assert.same({ "r", 1, ids[3] }, { found.name, found.traceCount, found.traces[1].id })
      assert.same({ whole, run }, server:ok("GET", at .. "/runs").data)
   end)

   it("are made by the traces that name them", function()
      local function named(run)
         return { ["promptic.ai_component"] = "agent", ["promptic.dataset"] = "nightly",
            ["promptic.run"] = run }
      end
      ingest{ span(11, 1, { attributes = named "one" }), span(12, 1, { attributes = named "two" }),
         span(12, 2, { attributes = named "two" }) }
      local datasets = server:ok("GET", at .. "/datasets").data
      assert.same({ 1, "nightly", 2 }, { #datasets, datasets[1].name, datasets[1].itemCount })
      local one, two = table.unpack(server:ok("GET", at .. "/runs").data)
      assert.same({ "one", 1, "two", 1 }, { one.name, one.traceCount, two.name, two.traceCount })
   end)

   it("are annotated by run and seen by dataset", function()
      local dataset = server:ok("POST", at .. "/datasets", { name = "d", traceIds = { ids[1], ids[2] } }).id
      local one = at .. "/runs/" .. server:ok("POST", at .. "/runs", { datasetId = dataset }).id
      local two = at .. "/runs/" .. server:ok("POST", at .. "/runs", { datasetId = dataset }).id
      local first = server:post(one .. "/annotations", { traceDbId = ids[1], rating = "positive" })
      assert.same({ 200, "positive", ids[1] }, { first.status, first.json.rating, first.json.traceDbId })
      assert.is_nil(first.json.comment)
      local again = server:ok("POST", one .. "/annotations", { traceDbId = ids[1], comment = "good" })
      assert.same({ first.json.id, "positive", "good" }, { again.id, again.rating, again.comment })
      local other = server:ok("POST", two .. "/annotations", { traceDbId = ids[1], rating = "negative" })
      for _, list in ipairs{ one .. "/annotations", two .. "/annotations",
         at .. "/datasets/" .. dataset .. "/annotations" } do
         assert.same({ again, other }, server:ok("GET", list).data)
      end
      assert.equal(404, server:post(one .. "/annotations", { traceDbId = ids[3] }).status)
      assert.equal(400, server:post(one .. "/annotations", { traceDbId = ids[1], rating = "fine" }).status)
      assert.equal(404, server:delete(one .. "/annotations/" .. other.id).status)
      assert.equal(204, server:delete(two .. "/annotations/" .. other.id).status)
      server:ok("DELETE", one)
      assert.same({}, server:ok("GET", two .. "/annotations").data)
      assert.equal(404, server:get(one .. "/annotations").status)
   end)

   it("belong to their component alone, and go with it", function()
      local dataset = server:ok("POST", at .. "/datasets", { name = "d", traceIds = { ids[1] } }).id
      local run = server:ok("POST", at .. "/runs", { datasetId = dataset }).id
      local evaluation = server:ok("POST", at .. "/evaluations", { datasetId = dataset, runId = run }).id
      local other = "/components/" .. server:component()
      local empty = server:ok("POST", other .. "/datasets", { name = "e" }).id
      for _, request in ipairs{
         { "GET", "/datasets/" .. dataset }, { "DELETE", "/datasets/" .. dataset },
         { "GET", "/runs/" .. run }, { "GET", "/evaluations/" .. evaluation },
         { "GET", "/datasets/" .. dataset .. "/annotations" }, { "GET", "/runs/" .. run .. "/annotations" },
         { "POST", "/runs", { datasetId = dataset } }, { "POST", "/evaluations", { datasetId = dataset } },
         { "POST", "/evaluations", { datasetId = empty, runId = run } },
         { "POST", "/datasets", { name = "x", traceIds = { "nobody" } } },
         { "POST", "/runs", { datasetId = empty, traceIds = { ids[1], "nobody" } } },
      } do
         local answer = server:request(request[1], other .. request[2], request[3])
         assert.same({ 404, "Not found" }, { answer.status, answer.json.error })
      end
      assert.same({}, server:ok("GET", other .. "/runs").data)
      server:ok("DELETE", at .. "/datasets/" .. dataset)
      assert.equal(404, server:get(at .. "/runs/" .. run).status)
      assert.equal(404, server:get(at .. "/evaluations/" .. evaluation).status)
      assert.equal(200, server:get("/traces/" .. ids[1]).status)
   end)
end)

describe("evaluations", function()
   local at, ids
   before_each(function() at = "/components/" .. server:component "agent" end)

   local function evaluate(trace_ids, options)
      local body, dataset = options or {}, { name = "d", traceIds = json.array(trace_ids) }
      body.datasetId = server:ok("POST", at .. "/datasets", dataset).id
      if body.run then
         local run = { datasetId = body.datasetId, traceIds = body.run }
         body.runId, body.run = server:ok("POST", at .. "/runs", run).id, nil
      end
      local answer = server:post(at .. "/evaluations", body)
      assert.same({ 201, "pending" }, { answer.status, answer.json.status })
      assert.is_nil(answer.json.results)
      local path = at .. "/evaluations/" .. answer.json.id
      local done = server:wait(path, "status", { completed = true, failed = true })
      assert.equal("completed", done.status)
      return done
   end

   local function of_type(done, kind)
      local found = {}
      for _, insight in ipairs(done.results.insights) do
         if insight.type == kind then found[#found + 1] = insight end
      end
      return found
   end

   -- Two runs of one agent. The first searches three times for the same (asked for by the chats with 200, 300
   -- and 400 tokens) and one search fails; the second does well.
   local function two_runs()
      local tools = json.encode(json.array{ { ["function"] = { name = "search" } }, { name = "refund" } })
      return ingest{
         span(1, 1, { name = "agent", attributes = { ["gen_ai.tool.definitions"] = tools } }),
         chat(1, 2, 100, 100, 0.02), call(1, 3, "search", "q"),
         chat(1, 4, 200, 100, 0.03), call(1, 5, "search", "q", "no answer"),
         chat(1, 6, 300, 100, 0.04), call(1, 7, "search", "q"),
         span(2, 1, { name = "agent", attributes = { ["gen_ai.tool.definitions"] = tools } }),
         chat(2, 2, 50, 50, 0.01), call(2, 3, "search", "other"),
         span(2, 4, { name = "embed", parent = 1, attributes = { ["gen_ai.usage.cost"] = 0.01 } }),
      }
   end

   it("count what the spans show", function()
      ids = two_runs()
      local done = evaluate({ ids[1], ids[2] }, { name = "n" })
      assert.equal("n", done.name)
      local meta = done.results.meta
      assert.same({ 2, 1000, 0, 5000 },
         { meta.totalRuns, meta.totalTokens, meta.errorRate, meta.averageDurationMs })
      assert.is_true(math.abs(meta.totalCostUsd - 0.11) < 1e-12)

      local errors = of_type(done, "tool_errors")[1]
      assert.same({ toolName = "search", calls = 4, errors = 1, errorRate = 0.25 }, errors.details)
      assert.same({ "medium", 0.5, { ids[1] } }, { errors.severity, errors.frequency, errors.affectedRunIds })
      assert.matches("no answer", errors.description, 1, true)

      -- the second and third equal call: the chats that asked for them, 300 and 400 tokens
      local loop = of_type(done, "tool_loop")[1]
      assert.same({ toolName = "search", repeats = 3, stepIndex = 2, tokensWasted = 700 }, loop.details)
      local wasted = of_type(done, "wasted_tokens")[1]
      assert.same({ tokensWasted = 700, totalTokens = 1000, share = 0.7 }, wasted.details)
      assert.equal("high", wasted.severity)

      local cost = of_type(done, "cost_concentration")[1]
      assert.same({ "chat", "sandbox-small", 1, 90.909091 }, { cost.details.stepName, cost.details.model,
         cost.details.stepIndex, cost.details.costPercentage })
      assert.same({ "high", 1 }, { cost.severity, cost.frequency })

      local unused = of_type(done, "unused_tool")
      assert.same({ 1, "refund", 0, "low" }, { #unused, unused[1].details.toolName,
         unused[1].details.usageRate, unused[1].severity })
      local ranks = {}
      for i, insight in ipairs(done.results.insights) do ranks[i] = insight.severity end
      assert.same({ "high", "high", "medium", "medium", "low" }, ranks)
      assert.same({ done }, server:ok("GET", at .. "/evaluations").data)
   end)

   it("of one run look at that run alone", function()
      ids = two_runs()
      local done = evaluate({ ids[1], ids[2] }, { run = { ids[2] } })
      assert.equal(1, done.results.meta.totalRuns)
      assert.same({}, of_type(done, "tool_errors"))
      assert.equal(1, #of_type(done, "unused_tool"))
      -- 0.01 for each of two steps: both have half of the cost
      assert.equal(2, #of_type(done, "cost_concentration"))
   end)

   it("of nothing find nothing", function()
      local done = evaluate{}
      assert.same({}, done.results.insights)
      assert.equal(0, done.results.meta.totalRuns)
   end)
end)
