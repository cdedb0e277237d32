--- Runs: what an agent did over a dataset, as traces. A run that names no traces has the dataset's.
local datasets = require "promptic.sandbox.datasets"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local traces = require "promptic.sandbox.traces"

local runs = { handlers = {} }
local handlers = runs.handlers

function handlers.create_run(sandbox, input)
   local store, body = sandbox.store, input.body
   local dataset = lookup.find(sandbox, "dataset", body.datasetId, input)
   local id, now = ids.uuid(), times.now()
   -- the traces are there already, so the run is over
   store:run("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)", id, dataset.id, input.component.id,
      sandbox.workspace_id, body.name, "completed", now, now)
   if body.traceIds then
      datasets.add_traces(sandbox, body.traceIds, "run_trace", "?, trace.id", id)
   else
      store:run("INSERT INTO run_trace SELECT ?, traceDbId FROM item WHERE datasetId = ? ORDER BY id", id,
         dataset.id)
   end
   return 201, shapes.run(lookup.find(sandbox, "run", id))
end

function handlers.list_runs(sandbox, input)
   return 200, { data = json.array(lookup.all(sandbox, "run", shapes.run, "component", input.component)) }
end

function handlers.get_run(sandbox, input)
   local object = json.encode(shapes.run(input.run)):gsub("}$", "")
   local function text_of(row) return json.encode(shapes.trace_item(row)) end
   return 200, pages.body { object, ',"traces":[', pages.rows(sandbox.store, "SELECT " .. traces.COLUMNS
      .. [[, r.rowid AS place FROM run_trace r JOIN trace t ON t.id = r.traceDbId WHERE r.runId = ? AND r.rowid > ?
      ORDER BY r.rowid LIMIT ?]], text_of, input.run.id), "]}" }
end

function handlers.delete_run(sandbox, input)
   sandbox.store:run("DELETE FROM run WHERE id = ?", input.run.id)
   return 204
end

return runs
