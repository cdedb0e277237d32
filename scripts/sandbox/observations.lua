--[[
Observations: how older platforms show what an experiment trains on. Its rows are the cases of its dataset
(dataset_cases.lua), which both routes read and write: inputPayload is `variables`, expectedPayload `expected`.

`expected` is a text, so only cases whose expectedPayload is one, or an object with a lone "value" that is one, have
a form as an observation; the others are missing here. A case without split is shown with the contract's default,
eval; one without idx with its id as idx. There can be a million rows, so they are written in batches and returned as
JSON text that is put together once.
]]
local cases = require "promptic.sandbox.dataset_cases"
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local times = require "promptic.sandbox.times"
local training = require "promptic.sandbox.training"

local observations = {
   handlers = {},
   -- a case of the experiment's own dataset
   kinds = { observation = { from = "dataset_case t JOIN experiment e ON e.datasetId = t.datasetId"
      .. " JOIN component c ON c.id = e.aiComponentId", parents = { experiment = "e.id" } } },
   upgrades = {},
}
local handlers = observations.handlers

-- Observations had a table of their own before version 3, and stood before the cases of an experiment. They keep their
-- ids, unless a case has the same.
observations.upgrades[3] = { after = function(store)
   store:execute [[UPDATE dataset_case SET idx = idx + 1 + (SELECT max(o.idx) FROM observation o JOIN experiment e
      ON e.id = o.experimentId WHERE e.datasetId = dataset_case.datasetId) WHERE idx IS NOT NULL AND datasetId IN
      (SELECT datasetId FROM experiment e JOIN observation o ON o.experimentId = e.id)]]
   local insert = [[INSERT INTO dataset_case (id, datasetId, idx, inputPayload, expectedPayload, split, split_given,
      metadata, createdAt, updatedAt) SELECT %s, e.datasetId, o.idx, o.variables, json_quote(o.expected),
      CASE WHEN o.split_given OR e.experimentStatus <> 'pending' THEN o.split END, o.split_given, '{}', o.createdAt,
      o.updatedAt FROM observation o JOIN experiment e ON e.id = o.experimentId WHERE o.id %s ORDER BY o.id]]
   store:execute "CREATE TEMP TABLE taken AS SELECT id FROM dataset_case"
   store:execute(insert:format("o.id", "NOT IN taken"))
   store:execute(insert:format("NULL", "IN taken"))
   store:execute "DROP TABLE taken"
   store:execute "DROP TABLE observation"
end }

-- A case as an observation, as JSON text: its payloads are stored as JSON already. nil if it has no such form.
local function text_of(row, experiment)
   local expected = training.expected_json(row.expectedPayload)
   return expected and ('{"id":%d,"experimentId":"%s","idx":%d,"expected":%s,"variables":%s,"split":"%s",'
      .. '"createdAt":"%s","updatedAt":"%s"}'):format(row.id, experiment.id, row.idx or row.id, expected,
      row.inputPayload, row.split or "eval", row.createdAt, row.updatedAt)
end

function handlers.list_observations(sandbox, input)
   return 200, pages.body { '{"data":[', training.pages(sandbox.store, input.experiment, function(row)
      return text_of(row, input.experiment)
   end), "]}" }
end

function handlers.create_observations(sandbox, input)
   experiments.check_pending(input.experiment)
   local rows = {}
   for i, item in ipairs(input.body) do
      rows[i] = { inputPayload = item.variables, expectedPayload = item.expected, split = item.split }
   end
   local texts = {}
   for i, row in ipairs(cases.insert(sandbox.store, input.experiment.datasetId, rows)) do
      texts[i] = text_of(row, input.experiment)
   end
   return 201, '{"data":[' .. table.concat(texts, ",") .. "]}"
end

-- The row's JSON text; 404 if it has no form as an observation.
local function shown(row, experiment)
   return text_of(row, experiment) or failure.not_found()
end

function handlers.update_observation(sandbox, input)
   local row, changes = input.observation, input.body
   shown(row, input.experiment)
   experiments.check_pending(input.experiment)
   sandbox.store:run([[UPDATE dataset_case SET inputPayload = ?, expectedPayload = ?, split = ?, split_given = ?,
      updatedAt = ? WHERE id = ?]], changes.variables and json.encode(changes.variables) or row.inputPayload,
      changes.expected and json.encode(changes.expected) or row.expectedPayload, changes.split or row.split,
      changes.split ~= nil or row.split_given == 1, times.now(), row.id)
   return 200, shown(lookup.find(sandbox, "observation", row.id), input.experiment)
end

function handlers.delete_observation(sandbox, input)
   shown(input.observation, input.experiment)
   experiments.check_pending(input.experiment)
   sandbox.store:run("DELETE FROM dataset_case WHERE id = ?", input.observation.id)
   return 204
end

return observations
