--[[
What an experiment trains on: the cases of its dataset in the order of idx (those without one last) and id. They
become rows { idx, input, expected, split, split_given }, numbered from 0 in that order.

A case's input text is that of its inputPayload. Its expected text is the expectedPayload if that is a string, the
value of a lone "value" in it likewise; null is the empty text, and anything else is its JSON text.
]]
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local optimizer = require "promptic.sandbox.optimizer"
local pages = require "promptic.sandbox.pages"
local prompts = require "promptic.sandbox.prompts"

local training = {}

local WITH_NULLS = { nulls = true }

-- The value of an expectedPayload's JSON text, and the JSON text of that value: an object with a lone "value"
-- stands for it.
local function expected_of(payload)
   local value = json.decode(payload, WITH_NULLS)
   if type(value) == "table" and next(value) == "value" and next(value, "value") == nil then
      return value.value, json.encode(value.value)
   end
   return value, payload
end

--- The expected text of a case, from the JSON text of its expectedPayload.
function training.expected_text(payload)
   local value, text = expected_of(payload)
   if value == nil or value == json.null then return "" end
   return type(value) == "string" and value or text
end

--- The JSON text of a case's `expected` as an observation; nil if it has no such form.
function training.expected_json(payload)
   if payload:byte() == 34 then return payload end -- a quotation mark: a string already
   local value, text = expected_of(payload)
   return type(value) == "string" and text or nil
end

local LAST = math.maxinteger -- the place of cases without idx

local CASES = ([[SELECT *, coalesce(idx, %d) AS place, id AS tie FROM dataset_case WHERE datasetId = ?
   AND coalesce(idx, %d) >= ? AND (coalesce(idx, %d), id) > (?, ?) ORDER BY coalesce(idx, %d), id LIMIT ?]]):format(
   LAST, LAST, LAST, LAST)

--- Reads the cases of an experiment (a row of the database) in training order, a page a call, as pages.rows does.
function training.pages(store, experiment, map)
   local place, id = math.mininteger, 0
   return pages.read(function()
      return store:all(CASES, nil, experiment.datasetId, place, place, id, pages.SIZE)
   end, function(row)
      place, id = row.place, row.tie
      return map(row)
   end)
end

--- All rows of an experiment. pause is called now and then, and may yield.
function training.load(store, experiment, pause)
   local list = {}
   local next_page = training.pages(store, experiment, function(row)
      list[#list + 1] = { id = row.id, idx = #list, input = prompts.input_text(json.decode(row.inputPayload)),
         expected = training.expected_text(row.expectedPayload), split = row.split,
         split_given = row.split_given == 1 }
      return row
   end)
   repeat
      local read = #next_page() > 0
      if pause then pause() end
   until not read
   return list
end

--- How many rows an experiment has.
function training.count(store, experiment)
   return store:value("SELECT count(*) FROM dataset_case WHERE datasetId = ?", experiment.datasetId)
end

local function set_train(store, rows)
   local ids = {}
   for _, row in ipairs(rows) do
      if row.split == "train" and not row.split_given then ids[#ids + 1] = row.id end
   end
   for first = 1, #ids, 1000 do
      store:run(("UPDATE dataset_case SET split = 'train' WHERE id IN (%s)"):format(
         table.concat(ids, ",", first, math.min(first + 999, #ids))))
   end
end

--- Splits by the ratio and writes the split into the rows, so that every reader sees which rows are trained on.
-- Raises 400 where a side stays empty.
function training.divide(store, experiment, ratio)
   local rows, sizes = training.load(store, experiment), { train = 0, eval = 0 }
   optimizer.split(rows, ratio, experiment.taskType)
   for _, row in ipairs(rows) do sizes[row.split] = sizes[row.split] + 1 end
   for part, size in pairs(sizes) do
      if size == 0 then
         failure.invalid("trainSplitRatio needs rows in both splits, and none is left for %s", part)
      end
   end
   store:run("UPDATE dataset_case SET split = 'eval' WHERE datasetId = ? AND split_given = 0", experiment.datasetId)
   set_train(store, rows)
end

--- Copies the rows of an experiment to another. A split that the ratio gave goes back to open: the same ratio
-- will give it again.
function training.copy(store, from, to, now)
   store:run([[INSERT INTO dataset_case (datasetId, idx, inputPayload, expectedPayload, split, split_given,
      metadata, createdAt, updatedAt) SELECT ?, idx, inputPayload, expectedPayload,
      CASE split_given WHEN 1 THEN split END, split_given, metadata, ?, ? FROM dataset_case
      WHERE datasetId = ? ORDER BY id]], to.datasetId, now, now, from.datasetId)
end

return training
