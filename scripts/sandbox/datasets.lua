--[[
Datasets: traces of a component (items) and canonical cases, put together to be evaluated or trained on. An
experiment has one of its own, whose cases it trains on and which goes with it.
]]
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local datasets = { handlers = {} }
local handlers = datasets.handlers

--- Each of these trace ids once, in order; 404 unless all are traces of the workspace. One statement, since
-- there can be tens of thousands.
function datasets.known_traces(sandbox, trace_ids)
   local known, seen = {}, {}
   for _, id in ipairs(trace_ids or {}) do
      if not seen[id] then known[#known + 1] = id end
      seen[id] = true
   end
   local found = sandbox.store:value([[SELECT count(*) FROM json_each(?) JOIN trace ON trace.id = value
      WHERE workspaceId = ?]], json.encode(json.array(known)), sandbox.workspace_id)
   if found ~= #known then failure.not_found() end
   return known
end

--- Makes a dataset; returns its id.
function datasets.insert(sandbox, component_id, name, description)
   local id, now = ids.uuid(), times.now()
   sandbox.store:run("INSERT INTO dataset VALUES (?, ?, ?, ?, ?, ?, ?)", id, component_id,
      sandbox.workspace_id, name, description, now, now)
   return id
end

local function add_items(sandbox, id, trace_ids)
   sandbox.store:run([[INSERT OR IGNORE INTO item (datasetId, traceDbId, createdAt)
      SELECT ?, value, ? FROM json_each(?) ORDER BY key]], id, times.now(), json.encode(json.array(trace_ids)))
end

function handlers.create_dataset(sandbox, input)
   local trace_ids = datasets.known_traces(sandbox, input.body.traceIds)
   local id = datasets.insert(sandbox, input.component.id, input.body.name, input.body.description)
   add_items(sandbox, id, trace_ids)
   return 201, shapes.dataset(lookup.find(sandbox, "dataset", id))
end

function handlers.list_datasets(sandbox, input)
   return 200, { data = json.array(lookup.all(sandbox, "dataset", shapes.dataset, "component", input.component)) }
end

-- JSON text of the dataset's items: SQLite writes it, since there can be tens of thousands.
local function items_json(sandbox, id)
   return sandbox.store:value([[SELECT json_group_array(json_object('id', id, 'datasetId', datasetId,
      'traceDbId', traceDbId, 'input', input, 'output', output, 'createdAt', createdAt)) FROM (
      SELECT item.*, trace.input, trace.output FROM item JOIN trace ON trace.id = traceDbId WHERE datasetId = ?
      ORDER BY item.id)]], id)
end

function handlers.get_dataset(sandbox, input)
   local object = shapes.dataset(input.dataset)
   object.cases = json.array(lookup.all(sandbox, "case", shapes.case, "dataset", input.dataset))
   return 200, (json.encode(object):gsub("}$", function()
      return ',"items":' .. items_json(sandbox, object.id) .. "}"
   end))
end

function handlers.delete_dataset(sandbox, input)
   if sandbox.store:one("SELECT 1 FROM experiment WHERE datasetId = ?", input.dataset.id) then
      failure.conflict "This dataset belongs to an experiment and is deleted with it"
   end
   sandbox.store:run("DELETE FROM dataset WHERE id = ?", input.dataset.id)
   return 204
end

--- Puts a trace into the dataset, and the run of it, that its spans name. `trace` has id, aiComponentId,
-- dataset_id (promptic.dataset.id, which is there) or dataset (promptic.dataset, by name or id, made where it
-- is not there), and run (likewise).
function datasets.collect(sandbox, trace)
   local store, now = sandbox.store, times.now()
   local id = trace.dataset_id or store:value([[SELECT id FROM dataset WHERE aiComponentId = ?
      AND (id = ? OR name = ?) ORDER BY rowid LIMIT 1]], trace.aiComponentId, trace.dataset, trace.dataset)
      or datasets.insert(sandbox, trace.aiComponentId, trace.dataset, nil)
   add_items(sandbox, id, { trace.id })
   if not trace.run then return end
   local run = store:value([[SELECT id FROM run WHERE datasetId = ? AND (id = ? OR name = ?)
      ORDER BY rowid LIMIT 1]], id, trace.run, trace.run)
   if not run then
      run = ids.uuid()
      store:run([[INSERT INTO run SELECT ?, id, aiComponentId, workspaceId, ?, 'completed', ?, ? FROM dataset
         WHERE id = ?]], run, trace.run, now, now, id)
   end
   store:run("INSERT OR IGNORE INTO run_trace VALUES (?, ?)", run, trace.id)
end

return datasets
