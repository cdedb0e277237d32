--- Evaluations of an agent: insights over the traces of a dataset, or of one run of it.
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local insights = require "promptic.sandbox.insights"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local traces = require "promptic.sandbox.traces"

local evaluations = {
   handlers = {},
   tables = { [[evaluation (id TEXT PRIMARY KEY, aiComponentId OF(component),
      datasetId OF(dataset), runId TEXT REFERENCES run ON DELETE CASCADE, name TEXT,
      status TEXT NOT NULL DEFAULT 'pending', results TEXT, startedAt TEXT, completedAt TEXT,
      TIMES)]] },
   indexes = { "evaluation_component ON evaluation (aiComponentId)", "evaluation_dataset ON evaluation (datasetId)",
      "evaluation_run ON evaluation (runId)" },
   kinds = { evaluation = { from = "evaluation t" .. lookup.OF_COMPONENT,
      parents = { component = "t.aiComponentId" } } },
}
local handlers = evaluations.handlers

local evaluation_shape = shapes.new({ "id", "name", "aiComponentId", "datasetId", "runId", "status", "results",
   "startedAt", "completedAt", "createdAt", "updatedAt" }, { "results" })

local function shape(row)
   local object = evaluation_shape(row)
   object.subject, object.targetType = "trajectory", row.runId and "run" or "dataset"
   object.traceDbId, object.budget = json.null, json.null
   return object
end

function handlers.create_evaluation(sandbox, input)
   local body = input.body
   experiments.check_paid(sandbox)
   local dataset = lookup.find(sandbox, "dataset", body.datasetId, input)
   local run_id = body.runId ~= json.null and body.runId or nil
   if run_id and lookup.find(sandbox, "run", run_id, input).datasetId ~= dataset.id then failure.not_found() end
   local id, now = ids.uuid(), times.now()
   sandbox.store:run([[INSERT INTO evaluation
      (id, aiComponentId, datasetId, runId, name, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?)]],
      id, input.component.id, dataset.id, run_id, body.name, now, now)
   evaluations.enqueue(sandbox, id)
   return 201, shape(lookup.find(sandbox, "evaluation", id))
end

function handlers.list_evaluations(sandbox, input)
   return 200, { data = json.array(lookup.all(sandbox, "evaluation", shape, "component",
      input.component)) }
end

function handlers.get_evaluation(_, input)
   return 200, shape(input.evaluation)
end

---------------------------------------------------------------- judge results

local function otlp_ids(store, trace_ids)
   local by_id = {}
   local rows = store:all("SELECT id, traceId FROM trace WHERE id IN (SELECT value FROM json_each(?))", nil,
      json.encode(trace_ids))
   for _, row in ipairs(rows) do by_id[row.id] = row.traceId end
   return by_id
end

-- One insight on one of the traces that it affects: the rule is the judge, and 0 its score.
local function judge_result(evaluation, insight, trace_id, trace_otlp_id, number)
   return {
      id = ("%s-%d"):format(evaluation.id, number), evaluationId = evaluation.id, subject = "trajectory",
      backend = "deterministic", judgeKey = insight.type, judgeName = insight.title, traceDbId = trace_id,
      traceOtlpId = trace_otlp_id, datasetCaseId = json.null, annotationId = json.null, runId = json.null,
      score = 0, rating = insight.severity, rationale = insight.description, evidence = insight.details,
      analysisPayload = json.null, judgeSnapshot = { type = insight.type }, version = 1,
      createdAt = evaluation.completedAt,
   }
end

-- Each insight of an evaluation on each of the traces that it affects, as pages of JSON texts.
local function judge_pages(store, evaluation)
   local insights_left, insight, place, number = json.decode(evaluation.results).insights, nil, 0, 0
   return function()
      while not insight or place >= #insight.affectedRunIds do
         insight, place = table.remove(insights_left, 1), 0
         if not insight then return {} end
      end
      local last = math.min(place + pages.SIZE, #insight.affectedRunIds)
      local trace_ids, texts = table.move(insight.affectedRunIds, place + 1, last, 1, json.array {}), {}
      local by_id = otlp_ids(store, trace_ids)
      for i, trace_id in ipairs(trace_ids) do
         number = number + 1
         local otlp_id = by_id[trace_id] or json.null -- null: the trace is gone
         texts[i] = json.encode(judge_result(evaluation, insight, trace_id, otlp_id, number))
      end
      place = last
      return texts
   end
end

--- The sandbox judges by rules (insights.lua), so its results are where a rule was broken: one for each finding
-- and trace. An evaluation that is not completed has none.
function handlers.list_judge_results(sandbox, input)
   if not input.evaluation.results then return 200, { rows = json.array {} } end
   return 200, pages.body { '{"rows":[', judge_pages(sandbox.store, input.evaluation), "]}" }
end

---------------------------------------------------------------- the work

local OF_RUN = [[SELECT rowid AS place, traceDbId FROM run_trace WHERE runId = ? AND rowid > ?
   ORDER BY rowid LIMIT ?]]
local OF_DATASET = [[SELECT id AS place, traceDbId FROM item WHERE datasetId = ? AND id > ? ORDER BY id LIMIT ?]]

-- What insights.lua looks at, and no more: there can be tens of thousands.
local TRACE = "SELECT id, totalTokens, totalCostUsd, start_ns, end_ns, status FROM trace WHERE id = ?"
local SPAN = "spanId, parentSpanId, name, model, status, statusMessage, input, tool, tools, totalTokens, costUsd"

local function load_trace(store, id)
   local trace = store:one(TRACE, id)
   if not trace then return nil end
   trace.spans = traces.spans(store, id, SPAN)
   for _, span in ipairs(trace.spans) do span.tools = span.tools and json.decode(span.tools) end
   return trace
end

local function load_traces(store, evaluation, pause)
   local next_page = evaluation.runId and pages.rows(store, OF_RUN, nil, evaluation.runId)
      or pages.rows(store, OF_DATASET, nil, evaluation.datasetId)
   local loaded = {}
   repeat
      local page = next_page()
      for _, row in ipairs(page) do
         loaded[#loaded + 1] = load_trace(store, row.traceDbId)
         pause()
      end
   until #page == 0
   return loaded
end

--- Hands an evaluation to the worker.
function evaluations.enqueue(sandbox, id)
   local store = sandbox.store
   sandbox.worker:add(id, function(_, pause, wait)
      wait(0) -- pending can be seen
      local now = times.now()
      store:run("UPDATE evaluation SET status = 'running', startedAt = coalesce(startedAt, ?), updatedAt = ? "
         .. "WHERE id = ?", now, now, id)
      wait(sandbox.pace)
      local evaluation = store:one("SELECT * FROM evaluation WHERE id = ?", id)
      if not evaluation then return end
      local results = insights.analyse(load_traces(store, evaluation, pause), times.now(), pause)
      now = times.now()
      store:run("UPDATE evaluation SET status = 'completed', results = ?, completedAt = ?, updatedAt = ? "
         .. "WHERE id = ?", json.encode(results), now, now, id)
   end)
end

--- Takes up what a sandbox before this one did not finish.
function evaluations.resume(sandbox)
   local unfinished = sandbox.store:all(
      "SELECT id FROM evaluation WHERE status IN ('pending', 'running') ORDER BY rowid")
   for _, row in ipairs(unfinished) do evaluations.enqueue(sandbox, row.id) end
end

--- Ends an evaluation as failed.
function evaluations.fail(store, id)
   local now = times.now()
   store:run("UPDATE evaluation SET status = 'failed', completedAt = ?, updatedAt = ? WHERE id = ?",
      now, now, id)
end

return evaluations
