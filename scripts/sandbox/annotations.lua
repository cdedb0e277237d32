--- Annotations: what a person says of a trace of a run. One user, so one annotation a trace and run.
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local annotations = {
   handlers = {},
   tables = { [[annotation (id TEXT PRIMARY KEY, runId OF(run), traceDbId OF(trace), userId TEXT NOT NULL,
      rating TEXT, comment TEXT, TIMES, UNIQUE (runId, traceDbId))]] },
   indexes = { "annotation_trace ON annotation (traceDbId)" },
   kinds = { annotation = { from = "annotation t" .. lookup.OF_RUN, parents = { run = "t.runId" } } },
}
local handlers = annotations.handlers

local USER = "sandbox-user"

local shape = shapes.new { "id", "runId", "traceDbId", "userId", "rating", "comment", "createdAt", "updatedAt" }

-- A run's traces, and those of its dataset, can be annotated in it.
local function check_trace(sandbox, run, trace)
   local there = sandbox.store:one([[SELECT 1 FROM run_trace WHERE runId = ? AND traceDbId = ?
      UNION SELECT 1 FROM item WHERE datasetId = ? AND traceDbId = ?]], run.id, trace.id, run.datasetId, trace.id)
   if not there then failure.not_found() end
end

--- What the request leaves out stays as it was.
function handlers.upsert_annotation(sandbox, input)
   local run, body = input.run, input.body
   local trace = lookup.find(sandbox, "trace", body.traceDbId)
   check_trace(sandbox, run, trace)
   local now = times.now()
   sandbox.store:run([[INSERT INTO annotation VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (runId, traceDbId)
      DO UPDATE SET rating = coalesce(excluded.rating, rating), comment = coalesce(excluded.comment, comment),
      updatedAt = excluded.updatedAt]], ids.uuid(), run.id, trace.id, USER, body.rating, body.comment, now, now)
   return 200, shape(sandbox.store:one(
      "SELECT * FROM annotation WHERE runId = ? AND traceDbId = ?", run.id, trace.id))
end

local function of_dataset(sandbox, dataset_id)
   return 200, { data = json.array(sandbox.store:all([[SELECT annotation.* FROM annotation JOIN run
      ON run.id = runId WHERE datasetId = ? ORDER BY annotation.rowid]], shape, dataset_id)) }
end

function handlers.list_annotations(sandbox, input)
   return of_dataset(sandbox, input.run.datasetId)
end

function handlers.list_dataset_annotations(sandbox, input)
   return of_dataset(sandbox, input.dataset.id)
end

function handlers.delete_annotation(sandbox, input)
   sandbox.store:run("DELETE FROM annotation WHERE id = ?", input.annotation.id)
   return 204
end

return annotations
