--- Runs: what an agent did over a dataset, as traces. A run that names no traces has the dataset's.
local datasets = require "promptic.sandbox.datasets"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local traces = require "promptic.sandbox.traces"

local runs = {
   handlers = {},
   tables = {
      [[run (id TEXT PRIMARY KEY, datasetId OF(dataset),
      aiComponentId TEXT NOT NULL, workspaceId TEXT NOT NULL, name TEXT, status TEXT NOT NULL,
      TIMES)]],
      "run_trace (runId OF(run), traceDbId OF(trace), PRIMARY KEY (runId, traceDbId))",
   },
   indexes = { "run_dataset ON run (datasetId)", "run_component ON run (aiComponentId)",
      -- an index ends with the row's id, which is the order of pages
      "run_trace_run ON run_trace (runId)", "run_trace_trace ON run_trace (traceDbId)" },
   kinds = { run = { from = "run t" .. lookup.OF_COMPONENT, parents = { component = "t.aiComponentId" },
      counts = ", (SELECT count(*) FROM run_trace WHERE runId = t.id) AS traceCount" } },
}
local handlers = runs.handlers

local shape = shapes.new { "id", "name", "datasetId", "aiComponentId", "workspaceId", "status", "traceCount",
   "createdAt", "updatedAt" }

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
   return 201, shape(lookup.find(sandbox, "run", id))
end

function handlers.list_runs(sandbox, input)
   return 200, { data = json.array(lookup.all(sandbox, "run", shape, "component", input.component)) }
end

function handlers.get_run(sandbox, input)
   local object = json.encode(shape(input.run)):gsub("}$", "")
   local function text_of(row) return json.encode(traces.item(row)) end
   return 200, pages.body { object, ',"traces":[', pages.rows(sandbox.store, "SELECT " .. traces.COLUMNS
      .. [[, r.rowid AS place FROM run_trace r JOIN trace t ON t.id = r.traceDbId WHERE r.runId = ? AND r.rowid > ?
      ORDER BY r.rowid LIMIT ?]], text_of, input.run.id), "]}" }
end

function handlers.delete_run(sandbox, input)
   sandbox.store:run("DELETE FROM run WHERE id = ?", input.run.id)
   return 204
end

return runs
