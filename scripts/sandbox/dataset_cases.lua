--- Dataset cases: an input, any JSON as the expected answer (null is one), a split, and metadata.
local datasets = require "promptic.sandbox.datasets"
local experiments = require "promptic.sandbox.experiments"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local times = require "promptic.sandbox.times"

local cases = {
   handlers = {},
   -- What experiments train on, also as observations. split_given: the client said which split; else
   -- trainSplitRatio decides at start.
   tables = { [[dataset_case (id INTEGER PRIMARY KEY AUTOINCREMENT, datasetId OF(dataset), idx INTEGER,
      inputPayload TEXT NOT NULL, expectedPayload TEXT NOT NULL, split TEXT, split_given INTEGER NOT NULL,
      metadata TEXT NOT NULL, TIMES)]] },
   indexes = { "case_order ON dataset_case (datasetId)",
      -- 9223372036854775807: those without idx come last
      "case_place ON dataset_case (datasetId, coalesce(idx, 9223372036854775807))" },
   kinds = { case = { from = "dataset_case t" .. lookup.OF_DATASET, parents = { dataset = "t.datasetId" } } },
}
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

-- The idx after the last there is, for `count` rows; nil if there are no such numbers left.
local NEXT = ([[SELECT coalesce(idx, %d) AS place FROM dataset_case WHERE datasetId = ? AND coalesce(idx, %d) < %d
   ORDER BY place DESC LIMIT 1]]):format(math.maxinteger, math.maxinteger, math.maxinteger)

local function next_idx(store, dataset_id, count)
   local last = store:value(NEXT, dataset_id) or -1
   return last < math.maxinteger - count and last + 1 or nil
end

--- Adds cases, which are as the contract's DatasetCaseInput; returns their rows. Those without idx follow the last
-- there is.
function cases.insert(store, dataset_id, list)
   if #list == 0 then return list end
   local now, rows, made = times.now(), {}, {}
   local first_idx = next_idx(store, dataset_id, #list)
   for i, item in ipairs(list) do
      local idx = item.idx
      if idx == nil and first_idx then idx = first_idx + i - 1 end
      local given = is_given(item.split)
      local row = { datasetId = dataset_id, idx = is_given(idx) and idx or nil,
         inputPayload = json.encode(item.inputPayload), expectedPayload = text_of(item.expectedPayload),
         split = given and item.split or nil, metadata = json.encode(item.metadata or {}),
         createdAt = now, updatedAt = now }
      made[i] = row
      rows[i] = { dataset_id, row.idx, row.inputPayload, row.expectedPayload, row.split, given, row.metadata, now,
         now }
   end
   local first_id = store:insert_many(INTO, 9, rows)
   for i, row in ipairs(made) do row.id = first_id + i - 1 end
   return made
end

function handlers.list_dataset_cases(sandbox, input)
   return 200, pages.body { '{"data":[', datasets.case_pages(sandbox, input.dataset), "]}" }
end

function handlers.create_dataset_cases(sandbox, input)
   check_open(sandbox, input.dataset)
   local made = json.array {}
   for i, row in ipairs(cases.insert(sandbox.store, input.dataset.id, input.body)) do
      made[i] = datasets.case_shape(row)
   end
   return 201, { data = made }
end

function handlers.get_dataset_case(_, input)
   return 200, datasets.case_shape(input.case)
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
   return 200, datasets.case_shape(lookup.find(sandbox, "case", row.id))
end

function handlers.delete_dataset_case(sandbox, input)
   check_open(sandbox, input.dataset)
   sandbox.store:run("DELETE FROM dataset_case WHERE id = ?", input.case.id)
   return 204
end

return cases
