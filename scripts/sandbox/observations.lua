--[[
Observations: how older platforms show what an experiment trains on. Its rows are the cases of its dataset
(dataset_cases.lua), which both routes read and write: inputPayload is `variables`, expectedPayload `expected`.

`expected` is a text, so only cases whose expectedPayload is one, or an object with a lone "value" that is one, have
a form as an observation; the others are missing here. A case without split is shown with the contract's default,
eval; one without idx with its id as idx. There can be a million rows, so they are written in batches and returned as
JSON text that is put together once.
]]
local cases = require "promptic.sandbox.cases"
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local training = require "promptic.sandbox.training"

local observations = { handlers = {} }
local handlers = observations.handlers

function handlers.list_observations(sandbox, input)
   return 200, pages.body { '{"data":[', training.pages(sandbox.store, input.experiment, function(row)
      return shapes.observation_json(row, input.experiment.id)
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
      texts[i] = shapes.observation_json(row, input.experiment.id)
   end
   return 201, '{"data":[' .. table.concat(texts, ",") .. "]}"
end

-- The row's JSON text; 404 if it has no form as an observation.
local function shown(row, experiment)
   return shapes.observation_json(row, experiment.id) or failure.not_found()
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
