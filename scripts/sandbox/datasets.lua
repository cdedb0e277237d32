--- Datasets: traces of a component, put together to be evaluated.
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local workspace = require "promptic.sandbox.workspace"

local datasets = { handlers = {} }
local handlers = datasets.handlers

-- An item is a trace, so both counts are the same here.
local SELECT = [[SELECT d.*, (SELECT count(*) FROM item WHERE datasetId = d.id) AS itemCount,
   (SELECT count(*) FROM item WHERE datasetId = d.id) AS traceCount FROM dataset d]]

--- The dataset's row where it belongs to the component; else 404.
function datasets.get(sandbox, component_id, id)
   return sandbox.store:one(SELECT .. " WHERE d.id = ? AND d.aiComponentId = ?", id, component_id)
      or failure.not_found()
end

--- Each of these ids once, all of them of traces that are there; else 404.
function datasets.known_traces(sandbox, trace_ids)
   local known, seen = {}, {}
   for _, id in ipairs(trace_ids or {}) do
      if not sandbox.store:one("SELECT 1 FROM trace WHERE id = ?", id) then failure.not_found() end
      if not seen[id] then known[#known + 1] = id end
      seen[id] = true
   end
   return known
end

local function insert(sandbox, component_id, name, description)
   local id, now = ids.uuid(), times.now()
   sandbox.store:run("INSERT INTO dataset VALUES (?, ?, ?, ?, ?, ?, ?)", id, component_id,
      sandbox.workspace_id, name, description, now, now)
   return id
end

local function add_item(sandbox, id, trace_id)
   sandbox.store:run("INSERT OR IGNORE INTO item (datasetId, traceDbId, createdAt) VALUES (?, ?, ?)", id,
      trace_id, times.now())
end

function handlers.create_dataset(sandbox, input)
   workspace.component(sandbox, input.component_id)
   local trace_ids = datasets.known_traces(sandbox, input.body.traceIds)
   local id = insert(sandbox, input.component_id, input.body.name, input.body.description)
   for _, trace_id in ipairs(trace_ids) do add_item(sandbox, id, trace_id) end
   return 201, shapes.dataset(datasets.get(sandbox, input.component_id, id))
end

function handlers.list_datasets(sandbox, input)
   workspace.component(sandbox, input.component_id)
   return 200, { data = json.array(sandbox.store:all(SELECT .. " WHERE d.aiComponentId = ? ORDER BY d.rowid",
      shapes.dataset, input.component_id)) }
end

function handlers.get_dataset(sandbox, input)
   local object = shapes.dataset(datasets.get(sandbox, input.component_id, input.dataset_id))
   object.items = json.array(sandbox.store:all([[SELECT item.*, trace.input, trace.output
      FROM item JOIN trace ON trace.id = traceDbId WHERE datasetId = ? ORDER BY item.id]],
      shapes.item, object.id))
   return 200, object
end

function handlers.delete_dataset(sandbox, input)
   local row = datasets.get(sandbox, input.component_id, input.dataset_id)
   sandbox.store:run("DELETE FROM dataset WHERE id = ?", row.id)
   return 204
end

--- Puts a trace into the dataset, and the run of it, that its spans name (promptic.dataset, promptic.run);
-- the platform makes both where they are not there yet. `trace` has id, aiComponentId, dataset, run.
function datasets.collect(sandbox, trace)
   local store, now = sandbox.store, times.now()
   local id = store:value([[SELECT id FROM dataset WHERE aiComponentId = ? AND (id = ? OR name = ?)
      ORDER BY rowid LIMIT 1]], trace.aiComponentId, trace.dataset, trace.dataset)
      or insert(sandbox, trace.aiComponentId, trace.dataset, nil)
   add_item(sandbox, id, trace.id)
   if not trace.run then return end
   local run = store:value([[SELECT id FROM run WHERE datasetId = ? AND (id = ? OR name = ?)
      ORDER BY rowid LIMIT 1]], id, trace.run, trace.run)
   if not run then
      run = ids.uuid()
      store:run("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)", run, id, trace.aiComponentId,
         sandbox.workspace_id, trace.run, "completed", now, now)
   end
   store:run("INSERT OR IGNORE INTO run_trace VALUES (?, ?)", run, trace.id)
end

return datasets
