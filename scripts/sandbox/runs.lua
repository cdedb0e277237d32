--- Runs: what an agent did over a dataset, as traces. A run that names no traces has the dataset's.
local datasets = require "promptic.sandbox.datasets"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local traces = require "promptic.sandbox.traces"
local workspace = require "promptic.sandbox.workspace"

local runs = { handlers = {} }
local handlers = runs.handlers

local SELECT = "SELECT r.*, (SELECT count(*) FROM run_trace WHERE runId = r.id) AS traceCount FROM run r"

--- The run's row where it belongs to the component; else 404.
function runs.get(sandbox, component_id, id)
   return sandbox.store:one(SELECT .. " WHERE r.id = ? AND r.aiComponentId = ?", id, component_id)
      or failure.not_found()
end

function handlers.create_run(sandbox, input)
   local store, body = sandbox.store, input.body
   workspace.component(sandbox, input.component_id)
   local dataset = datasets.get(sandbox, input.component_id, body.datasetId)
   local trace_ids = datasets.known_traces(sandbox, body.traceIds)
   local id, now = ids.uuid(), times.now()
   -- the traces are there already, so the run is over
   store:run("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)", id, dataset.id, input.component_id,
      sandbox.workspace_id, body.name, "completed", now, now)
   for _, trace_id in ipairs(trace_ids) do store:run("INSERT INTO run_trace VALUES (?, ?)", id, trace_id) end
   if not body.traceIds then
      store:run("INSERT INTO run_trace SELECT ?, traceDbId FROM item WHERE datasetId = ? ORDER BY id", id,
         dataset.id)
   end
   return 201, shapes.run(runs.get(sandbox, input.component_id, id))
end

function handlers.list_runs(sandbox, input)
   workspace.component(sandbox, input.component_id)
   return 200, { data = json.array(sandbox.store:all(SELECT .. " WHERE r.aiComponentId = ? ORDER BY r.rowid",
      shapes.run, input.component_id)) }
end

function handlers.get_run(sandbox, input)
   local object = shapes.run(runs.get(sandbox, input.component_id, input.run_id))
   object.traces = json.array(sandbox.store:all("SELECT " .. traces.COLUMNS .. [[ FROM run_trace r
      JOIN trace t ON t.id = r.traceDbId WHERE r.runId = ? ORDER BY r.rowid]], shapes.trace_item, object.id))
   return 200, object
end

function handlers.delete_run(sandbox, input)
   local row = runs.get(sandbox, input.component_id, input.run_id)
   sandbox.store:run("DELETE FROM run WHERE id = ?", row.id)
   return 204
end

return runs
