--- OpenTelemetry's own exporters (spec/otlp), JSON and protobuf, plain and gzip, send to a sandbox, and what they
-- have sent goes through dataset, run and evaluation. `make contract` installs them.
local json = require("promptic").json
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local server
setup(function() server = sandbox.start{ pace = 0 } end)
teardown(function() assert.equal("", server:stop()) end)

local function send(form, compression, attributes)
   local result = process.run{ "node", "spec/otlp/send.js", form, compression, server.url, server.key,
      json.encode(attributes) }
   assert.same({ 0, "" }, { result.code, result.stderr })
   return (result.stdout:gsub("%s", ""))
end

-- Name, status, tokens and cost of a trace's spans.
local function outline(trace)
   local rows = {}
   for i, span in ipairs(trace.spans) do
      rows[i] = { span.name, span.kind, span.status, span.statusMessage or "", span.totalTokens or 0,
         span.costUsd or 0, #span.events }
   end
   return rows
end

for _, form in ipairs{ "http", "proto" } do
   for _, compression in ipairs{ "none", "gzip" } do
      it(("the exporter otlp-%s, compression %s, fills dataset, run and evaluation"):format(form, compression),
         function()
            local name = form .. " " .. compression
            local at = "/components/" .. server:component(name)
            local dataset = server:ok("POST", at .. "/datasets", { name = "by id" }).id
            local id = send(form, compression, { ["promptic.ai_component"] = name, ["promptic.dataset.id"] = dataset,
               ["promptic.run"] = "nightly" })
            local named = send(form, compression, { ["promptic.ai_component"] = name, ["promptic.dataset"] = "by name",
               ["promptic.run"] = "nightly" })

            local trace = server:ok("GET", "/traces/" .. id)
            assert.same({ { "invoke_agent", "internal", "ok", "", 0, 0, 0 },
               { "chat", "client", "ok", "", 120, 0.25, 0 },
               { "execute_tool search", "internal", "error", "boom", 0, 0, 1 } }, outline(trace))
            assert.same({ "Grüße", "exporter", { "a", "b" } },
               { trace.spans[1].input, trace.metadata["service.name"], trace.spans[2].metadata.list })
            assert.equal("boom", trace.spans[3].events[1].body["exception.message"])

            local list = server:ok("GET", ("/traces?environment=%s&ai_component=%s"):format(form,
               (name:gsub(" ", "%%20"))))
            assert.equal(2, list.total)
            local datasets = server:ok("GET", at .. "/datasets").data
            assert.same({ "by id", 1, "by name", 1 }, { datasets[1].name, datasets[1].traceCount, datasets[2].name,
               datasets[2].traceCount })
            for i, run in ipairs(server:ok("GET", at .. "/runs").data) do
               local found = server:ok("GET", at .. "/runs/" .. run.id)
               assert.same({ "nightly", datasets[i].id, ({ id, named })[i] },
                  { found.name, found.datasetId, found.traces[1].traceId })
               local evaluation = server:ok("POST", at .. "/evaluations", { datasetId = run.datasetId,
                  runId = run.id })
               local done = server:wait(at .. "/evaluations/" .. evaluation.id, "status",
                  { completed = true, failed = true })
               assert.same({ "completed", 1, 120 },
                  { done.status, done.results.meta.totalRuns, done.results.meta.totalTokens })
               local judged = server:ok("GET", at .. "/evaluations/" .. evaluation.id .. "/judge-results").rows
               assert.same({ "tool_errors", "deterministic", found.traces[1].traceId },
                  { judged[1].judgeKey, judged[1].backend, judged[1].traceOtlpId })
            end
         end)
   end
end
