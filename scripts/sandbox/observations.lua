--- Observations: inputs with their expected outputs. There can be a million, so they are written in
-- batches and answered as JSON text that is put together once.
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local observations = { handlers = {} }
local handlers = observations.handlers

local function data(texts)
   return '{"data":[' .. table.concat(texts, ",") .. "]}"
end

function handlers.list_observations(sandbox, input)
   experiments.get(sandbox, input.experiment_id)
   return 200, data(sandbox.store:all("SELECT * FROM observation WHERE experimentId = ? ORDER BY idx",
      shapes.observation_json, input.experiment_id))
end

local INTO = "observation (experimentId, idx, expected, variables, split, split_given, createdAt, updatedAt)"

function handlers.create_observations(sandbox, input)
   local id, list, now = input.experiment_id, input.body, times.now()
   experiments.get_pending(sandbox, id)
   if #list == 0 then return 201, data {} end
   local last = sandbox.store:value("SELECT coalesce(max(idx), -1) FROM observation WHERE experimentId = ?",
      id)
   local rows = {}
   for i = 1, #list do
      local item = list[i]
      rows[i] = { id, last + i, item.expected, json.encode(item.variables), item.split or "eval",
         item.split ~= nil, now, now }
   end
   local first_id = sandbox.store:insert_many(INTO, 8, rows)
   local texts = {}
   for i, row in ipairs(rows) do
      texts[i] = shapes.observation_json { id = first_id + i - 1, experimentId = id, idx = row[2],
         expected = row[3], variables = row[4], split = row[5], createdAt = now, updatedAt = now }
   end
   return 201, data(texts)
end

local function get(sandbox, input)
   local id = ids.number(input.observation_id)
   return id and sandbox.store:one("SELECT * FROM observation WHERE id = ? AND experimentId = ?", id,
      input.experiment_id) or failure.not_found()
end

function handlers.update_observation(sandbox, input)
   local row, changes = get(sandbox, input), input.body
   experiments.get_pending(sandbox, input.experiment_id)
   sandbox.store:run([[UPDATE observation SET variables = ?, expected = ?, split = ?, split_given = ?,
      updatedAt = ? WHERE id = ?]], changes.variables and json.encode(changes.variables) or row.variables,
      changes.expected or row.expected, changes.split or row.split,
      changes.split ~= nil or row.split_given == 1, times.now(), row.id)
   return 200, shapes.observation_json(get(sandbox, input))
end

function handlers.delete_observation(sandbox, input)
   local row = get(sandbox, input)
   experiments.get_pending(sandbox, input.experiment_id)
   sandbox.store:run("DELETE FROM observation WHERE id = ?", row.id)
   return 204
end

return observations
