-- Evaluate an agent from its traces: where does it fail, loop, or waste tokens?
--
--    build/promptic-lua --sandbox examples/judge.lua
--
-- agent_traces.json holds four runs of a shop's agent in OpenTelemetry's OTLP/JSON. The sandbox takes them
-- like this; on the platform they arrive from the agent itself.

local promptic = require "promptic"
local client <close> = promptic.client{ strict = true }

local file <close> = assert(io.open((arg[0]:match("^.*/") or "") .. "agent_traces.json"))
client:request("POST", "/traces", { body = promptic.json.decode(file:read("a")) })

-- A dataset is a set of traces worth looking at; a run, of older platforms, is one pass of the agent over it.
local trace_ids = {}
for trace in client:each_trace { start_after = "2026-03-02T00:00:00Z", start_before = "2026-03-03T00:00:00Z" } do
   print(("%s  %-5s %5d ms %5d tokens"):format(trace.name, trace.status, trace.durationMs, trace.totalTokens))
   table.insert(trace_ids, trace.id)
end
local component = client:ensure_component("order-desk")
local dataset = client:create_dataset(component.id, "the second of March", { trace_ids = trace_ids })
local has_runs, run = pcall(client.create_run, client, component.id, dataset.id, {
   name = "version 1.4.0", trace_ids = trace_ids,
})
if not has_runs then
   if run.status_code ~= 404 then error(run, 0) end
   return print "\nthis platform has no runs and evaluations: newer ones dropped them"
end

-- What a person thinks of a trace stands beside what the evaluation computes.
client:upsert_annotation(component.id, run.id, trace_ids[1], { rating = "negative", comment = "no refund" })
for _, annotation in ipairs(client:list_annotations(component.id, run.id).data) do
   print(("\n%s, says a person: %s"):format(annotation.rating, annotation.comment))
end

local evaluation = client:create_evaluation(component.id, dataset.id, { run_id = run.id })
evaluation = client:wait_for_evaluation(component.id, evaluation.id, { poll_interval = 0.1 })

local meta = evaluation.results.meta
print(("\n%d traces, %.0f %% failed, %d tokens, $%.4f\n"):format(meta.totalRuns, meta.errorRate * 100,
   meta.totalTokens, meta.totalCostUsd))
for _, insight in ipairs(evaluation.results.insights) do
   print(("%-7s %s"):format(insight.severity, insight.title))
end
