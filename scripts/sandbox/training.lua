--[[
What an experiment trains on: its observations in idx order, then the cases of its dataset in the order of
idx (those without one last) and id. Both become rows { idx, input, expected, split, split_given }, numbered
from 0 in that order.

A case's input text is that of its inputPayload, as of an observation's variables. Its expected text is the
expectedPayload where that is a string, the value of a lone "value" in it likewise; null is the empty text, and
anything else is its JSON text.
]]
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local optimizer = require "promptic.sandbox.optimizer"
local prompts = require "promptic.sandbox.prompts"

local training = {}

local PAGE = 500 -- rows that are read in one go

local function nothing() end

--- The expected text of a case, from the JSON text of its expectedPayload.
function training.expected_text(payload)
   local value = json.decode(payload)
   if type(value) == "table" and next(value) == "value" and next(value, "value") == nil then
      value = value.value
      payload = json.encode(value)
   end
   if value == nil or value == json.null then return "" end
   return type(value) == "string" and value or payload
end

local OBSERVATIONS = [[SELECT id, idx, expected, variables AS input, split, split_given FROM observation
   WHERE experimentId = ? AND idx > ? ORDER BY idx LIMIT ]] .. PAGE

local LAST = math.maxinteger

local CASES = ([[SELECT id, coalesce(idx, %d) AS idx, expectedPayload AS expected, inputPayload AS input, split,
   split_given FROM dataset_case WHERE datasetId = ? AND coalesce(idx, %d) >= ?
   AND (coalesce(idx, %d), id) > (?, ?) ORDER BY coalesce(idx, %d), id LIMIT %d]]):format(LAST, LAST, LAST, LAST, PAGE)

-- Reads a page after another; `next_page(last)` gives one.
local function each_page(list, source, next_page, pause)
   local last
   repeat
      local page = next_page(last)
      for _, row in ipairs(page) do
         last = { row.idx, row.id }
         row.source, row.idx, row.split_given = source, #list, row.split_given == 1
         row.input = prompts.input_text(json.decode(row.input))
         if source == "case" then row.expected = training.expected_text(row.expected) end
         list[#list + 1] = row
      end
      pause()
   until #page == 0
end

--- All rows of an experiment (a row of the database). pause is called now and then, and may yield.
function training.load(store, experiment, pause)
   local list = {}
   pause = pause or nothing
   each_page(list, "observation", function(last)
      return store:all(OBSERVATIONS, nil, experiment.id, last and last[1] or math.mininteger)
   end, pause)
   each_page(list, "case", function(last)
      last = last or { math.mininteger, 0 }
      return store:all(CASES, nil, experiment.datasetId, last[1], last[1], last[2])
   end, pause)
   return list
end

--- How many rows an experiment has.
function training.count(store, experiment)
   return store:value([[SELECT (SELECT count(*) FROM observation WHERE experimentId = ?)
      + (SELECT count(*) FROM dataset_case WHERE datasetId = ?)]], experiment.id, experiment.datasetId)
end

local function set_train(store, name, rows)
   local ids = {}
   for _, row in ipairs(rows) do
      if row.source == name and row.split == "train" and not row.split_given then ids[#ids + 1] = row.id end
   end
   local target = name == "case" and "dataset_case" or name
   for first = 1, #ids, 1000 do
      store:run(("UPDATE %s SET split = 'train' WHERE id IN (%s)"):format(target,
         table.concat(ids, ",", first, math.min(first + 999, #ids))))
   end
end

--- Splits by the ratio and writes the split into the rows, so that everybody can see what is trained on.
-- Raises 400 where a side stays empty.
function training.divide(store, experiment, ratio)
   local rows, sizes = training.load(store, experiment), { train = 0, eval = 0 }
   optimizer.split(rows, ratio, experiment.taskType)
   for _, row in ipairs(rows) do sizes[row.split] = sizes[row.split] + 1 end
   for part, size in pairs(sizes) do
      if size == 0 then
         failure.invalid("trainSplitRatio needs observations in both splits, and none is left for %s", part)
      end
   end
   store:run("UPDATE observation SET split = 'eval' WHERE experimentId = ? AND split_given = 0", experiment.id)
   store:run("UPDATE dataset_case SET split = 'eval' WHERE datasetId = ? AND split_given = 0",
      experiment.datasetId)
   set_train(store, "observation", rows)
   set_train(store, "case", rows)
end

--- Copies the rows of an experiment to another. A split that the ratio gave goes back to open: the same ratio
-- will give it again.
function training.copy(store, from, to, now)
   store:run([[INSERT INTO observation (experimentId, idx, expected, variables, split, split_given,
      createdAt, updatedAt) SELECT ?, idx, expected, variables, CASE split_given WHEN 1 THEN split ELSE 'eval'
      END, split_given, ?, ? FROM observation WHERE experimentId = ? ORDER BY idx]], to.id, now, now, from.id)
   store:run([[INSERT INTO dataset_case (datasetId, idx, inputPayload, expectedPayload, split, split_given,
      metadata, createdAt, updatedAt) SELECT ?, idx, inputPayload, expectedPayload,
      CASE split_given WHEN 1 THEN split END, split_given, metadata, ?, ? FROM dataset_case
      WHERE datasetId = ? ORDER BY id]], to.datasetId, now, now, from.datasetId)
end

return training
