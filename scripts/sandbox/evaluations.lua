--- Evaluations of an agent: insights over the traces of a dataset, or of one run of it.
local datasets = require "promptic.sandbox.datasets"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local insights = require "promptic.sandbox.insights"
local json = require "promptic.json"
local runs = require "promptic.sandbox.runs"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local traces = require "promptic.sandbox.traces"
local workspace = require "promptic.sandbox.workspace"

local evaluations = { handlers = {} }
local handlers = evaluations.handlers

local function get(sandbox, component_id, id)
   return sandbox.store:one("SELECT * FROM evaluation WHERE id = ? AND aiComponentId = ?", id, component_id)
      or failure.not_found()
end

function handlers.create_evaluation(sandbox, input)
   local body = input.body
   workspace.component(sandbox, input.component_id)
   local dataset = datasets.get(sandbox, input.component_id, body.datasetId)
   local run_id = body.runId ~= json.null and body.runId or nil
   if run_id and runs.get(sandbox, input.component_id, run_id).datasetId ~= dataset.id then
      failure.not_found()
   end
   local id, now = ids.uuid(), times.now()
   sandbox.store:run([[INSERT INTO evaluation
      (id, aiComponentId, datasetId, runId, name, createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?)]],
      id, input.component_id, dataset.id, run_id, body.name, now, now)
   evaluations.enqueue(sandbox, id)
   return 201, shapes.evaluation(get(sandbox, input.component_id, id))
end

function handlers.list_evaluations(sandbox, input)
   workspace.component(sandbox, input.component_id)
   return 200, { data = json.array(sandbox.store:all("SELECT * FROM evaluation WHERE aiComponentId = ? "
      .. "ORDER BY rowid", shapes.evaluation, input.component_id)) }
end

function handlers.get_evaluation(sandbox, input)
   return 200, shapes.evaluation(get(sandbox, input.component_id, input.evaluation_id))
end

---------------------------------------------------------------- the work

local function trace_ids(store, evaluation)
   if evaluation.runId then
      return store:all("SELECT traceDbId FROM run_trace WHERE runId = ? ORDER BY rowid", nil,
         evaluation.runId)
   end
   return store:all("SELECT traceDbId FROM item WHERE datasetId = ? ORDER BY id", nil, evaluation.datasetId)
end

local function load_traces(store, evaluation, pause)
   local loaded = {}
   for _, row in ipairs(trace_ids(store, evaluation)) do
      local trace = store:one("SELECT * FROM trace WHERE id = ?", row.traceDbId)
      trace.spans = traces.spans(store, trace.id)
      for _, span in ipairs(trace.spans) do span.tools = span.tools and json.decode(span.tools) end
      loaded[#loaded + 1] = trace
      pause()
   end
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
      local results = insights.analyse(load_traces(store, evaluation, pause), times.now())
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
