--[[
Datasets: traces of a component (items) and canonical cases, put together to be evaluated or trained on. An
experiment has one of its own, whose cases it trains on and which goes with it.
]]
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local datasets = {
   handlers = {},
   tables = {
      [[dataset (id TEXT PRIMARY KEY, aiComponentId OF(component),
      workspaceId TEXT NOT NULL, name TEXT NOT NULL, description TEXT, TIMES)]],
      [[item (id INTEGER PRIMARY KEY AUTOINCREMENT, datasetId OF(dataset),
      traceDbId OF(trace), createdAt TEXT NOT NULL, UNIQUE (datasetId, traceDbId))]],
   },
   indexes = { "dataset_component ON dataset (aiComponentId)",
      -- an index ends with the row's id, which is the order of pages
      "item_dataset ON item (datasetId)", "item_trace ON item (traceDbId)" },
   -- the dataset of an experiment is found by the experiment, not in lists
   kinds = { dataset = { from = "dataset t" .. lookup.OF_COMPONENT, parents = { component = "t.aiComponentId" },
      listed = " AND NOT EXISTS (SELECT 1 FROM experiment WHERE datasetId = t.id)",
      counts = [[, (SELECT count(*) FROM item WHERE datasetId = t.id) AS itemCount,
         (SELECT count(*) FROM item WHERE datasetId = t.id) AS traceCount,
         (SELECT count(*) FROM dataset_case WHERE datasetId = t.id) AS caseCount]] } },
}
local handlers = datasets.handlers

local dataset_shape = shapes.new { "id", "name", "aiComponentId", "workspaceId", "description", "itemCount",
   "traceCount", "caseCount", "createdAt", "updatedAt" }

local function shape(sandbox, row)
   local object = shapes.in_application(dataset_shape(row))
   if sandbox.without.list_dataset_cases then object.caseCount = nil end
   return object
end

local item_shape = shapes.new { "id", "datasetId", "traceDbId", "input", "output", "createdAt" }

--- A case's row as the platform shows it.
datasets.case_shape = shapes.new({ "id", "datasetId", "idx", "inputPayload", "expectedPayload", "split", "metadata",
   "createdAt", "updatedAt" }, { "inputPayload", "expectedPayload", "metadata" })

--- Adds rows for these trace ids, each once and in order; 404 unless all are traces of the workspace. One
-- statement, since there can be tens of thousands. `into` is a table with its columns, of which trace.id must
-- be one; `values` what to select for them, with a `?` for each further argument.
function datasets.add_traces(sandbox, trace_ids, into, values, ...)
   local known, seen = json.array {}, {}
   for _, id in ipairs(trace_ids) do
      if not seen[id] then known[#known + 1] = id end
      seen[id] = true
   end
   -- the unary plus keeps SQLite from going through all traces of the workspace for each id
   local sql = ([[INSERT INTO %s SELECT %s FROM json_each(?) CROSS JOIN trace ON trace.id = value
      WHERE +workspaceId = ? ORDER BY key]]):format(into, values)
   local arguments = table.pack(...)
   arguments[arguments.n + 1], arguments[arguments.n + 2] = json.encode(known), sandbox.workspace_id
   local added = sandbox.store:run(sql, table.unpack(arguments, 1, arguments.n + 2))
   if added ~= #known then failure.not_found() end
end

--- Makes a dataset; returns its id.
function datasets.insert(sandbox, component_id, name, description)
   local id, now = ids.uuid(), times.now()
   sandbox.store:run("INSERT INTO dataset VALUES (?, ?, ?, ?, ?, ?, ?)", id, component_id,
      sandbox.workspace_id, name, description, now, now)
   return id
end

function handlers.create_dataset(sandbox, input)
   local id = datasets.insert(sandbox, input.component.id, input.body.name, input.body.description)
   datasets.add_traces(sandbox, input.body.traceIds or {}, "item (datasetId, traceDbId, createdAt)",
      "?, trace.id, ?", id, times.now())
   return 201, shape(sandbox, lookup.find(sandbox, "dataset", id))
end

function handlers.list_datasets(sandbox, input)
   return 200, { data = json.array(lookup.all(sandbox, "dataset", function(row)
      return shape(sandbox, row)
   end, "component", input.component)) }
end

local function json_of(shape_of)
   return function(row) return json.encode(shape_of(row)) end
end

--- The cases of a dataset as pages of JSON texts: those that are there now, and none that is added while the pages
-- are read, so that they are as many as caseCount says.
function datasets.case_pages(sandbox, dataset)
   local last = sandbox.store:value("SELECT max(id) FROM dataset_case WHERE datasetId = ?", dataset.id) or 0
   return pages.rows(sandbox.store, [[SELECT *, id AS place FROM dataset_case WHERE datasetId = ? AND id <= ? AND id > ?
      ORDER BY id LIMIT ?]], json_of(datasets.case_shape), dataset.id, last)
end

local function item_pages(sandbox, dataset)
   return pages.rows(sandbox.store, [[SELECT item.*, item.id AS place, trace.input, trace.output FROM item
      JOIN trace ON trace.id = traceDbId WHERE datasetId = ? AND item.id > ? ORDER BY item.id LIMIT ?]],
      json_of(item_shape), dataset.id)
end

function handlers.get_dataset(sandbox, input)
   local parts = { (json.encode(shape(sandbox, input.dataset)):gsub("}$", "")) }
   if not sandbox.without.list_dataset_cases then
      table.move({ ',"cases":[', datasets.case_pages(sandbox, input.dataset), "]" }, 1, 3, #parts + 1, parts)
   end
   table.move({ ',"items":[', item_pages(sandbox, input.dataset), "]}" }, 1, 3, #parts + 1, parts)
   return 200, pages.body(parts)
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
   store:run("INSERT OR IGNORE INTO item (datasetId, traceDbId, createdAt) VALUES (?, ?, ?)", id, trace.id, now)
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
