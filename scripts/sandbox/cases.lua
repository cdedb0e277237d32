--- Dataset cases: an input, any JSON as the expected answer (null is one), a split, and metadata.
local datasets = require "promptic.sandbox.datasets"
local experiments = require "promptic.sandbox.experiments"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local cases = { handlers = {} }
local handlers = cases.handlers

local INTO = [[dataset_case (datasetId, idx, inputPayload, expectedPayload, split, split_given, metadata,
   createdAt, updatedAt)]]

local function is_given(value)
   return value ~= nil and value ~= json.null
end

-- JSON text of any value; null is "null", unlike in columns of other documents.
local function text_of(value)
   return value == nil and "null" or json.encode(value)
end

-- The cases of an experiment's dataset are fixed once it has started.
local function check_open(sandbox, dataset)
   local row = sandbox.store:one("SELECT * FROM experiment WHERE datasetId = ?", dataset.id)
   if row then experiments.check_pending(row) end
end

--- Adds cases, which are as the contract's DatasetCaseInput; returns the first one's id. Those without idx
-- follow the last there is.
function cases.insert(sandbox, dataset_id, list)
   local now, rows = times.now(), {}
   local last = sandbox.store:value("SELECT coalesce(max(idx), -1) FROM dataset_case WHERE datasetId = ?",
      dataset_id)
   for i, item in ipairs(list) do
      local idx = item.idx
      if idx == nil then idx = last + i end
      rows[i] = { dataset_id, idx, json.encode(item.inputPayload), text_of(item.expectedPayload), item.split,
         is_given(item.split), json.encode(item.metadata or {}), now, now }
   end
   return sandbox.store:insert_many(INTO, 9, rows)
end

function handlers.list_dataset_cases(sandbox, input)
   return 200, pages.body { '{"data":[', datasets.case_pages(sandbox, input.dataset), "]}" }
end

function handlers.create_dataset_cases(sandbox, input)
   check_open(sandbox, input.dataset)
   if #input.body == 0 then return 201, { data = json.array {} } end
   local first = cases.insert(sandbox, input.dataset.id, input.body)
   return 201, { data = json.array(sandbox.store:all(
      "SELECT * FROM dataset_case WHERE datasetId = ? AND id >= ? ORDER BY id", shapes.case, input.dataset.id,
      first)) }
end

function handlers.get_dataset_case(_, input)
   return 200, shapes.case(input.case)
end

function handlers.update_dataset_case(sandbox, input)
   check_open(sandbox, input.dataset)
   local row, changes = input.case, input.body
   local function changed(field, encode)
      local value = changes[field]
      if value == nil then return row[field] end
      return encode and encode(value) or value
   end
   sandbox.store:run([[UPDATE dataset_case SET idx = ?, inputPayload = ?, expectedPayload = ?, split = ?,
      split_given = ?, metadata = ?, updatedAt = ? WHERE id = ?]], changed "idx",
      changed("inputPayload", json.encode), changed("expectedPayload", text_of), changed "split",
      is_given(changed "split"), changed("metadata", json.encode), times.now(), row.id)
   return 200, shapes.case(lookup.find(sandbox, "case", row.id))
end

function handlers.delete_dataset_case(sandbox, input)
   check_open(sandbox, input.dataset)
   sandbox.store:run("DELETE FROM dataset_case WHERE id = ?", input.case.id)
   return 204
end

return cases
