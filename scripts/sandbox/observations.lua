--- Observations: inputs with their expected outputs. There can be a million, so they are written in
-- batches and returned as JSON text that is put together once.
local experiments = require "promptic.sandbox.experiments"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local pages = require "promptic.sandbox.pages"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local observations = { handlers = {} }
local handlers = observations.handlers

local function data(texts)
   return '{"data":[' .. table.concat(texts, ",") .. "]}"
end

function handlers.list_observations(sandbox, input)
   return 200, pages.body { '{"data":[', pages.rows(sandbox.store, [[SELECT *, idx AS place FROM observation
      WHERE experimentId = ? AND idx > ? ORDER BY idx LIMIT ?]], shapes.observation_json, input.experiment.id), "]}" }
end

local INTO = "observation (experimentId, idx, expected, variables, split, split_given, createdAt, updatedAt)"

function handlers.create_observations(sandbox, input)
   local id, list, now = input.experiment.id, input.body, times.now()
   experiments.check_pending(input.experiment)
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

function handlers.update_observation(sandbox, input)
   local row, changes = input.observation, input.body
   experiments.check_pending(input.experiment)
   sandbox.store:run([[UPDATE observation SET variables = ?, expected = ?, split = ?, split_given = ?,
      updatedAt = ? WHERE id = ?]], changes.variables and json.encode(changes.variables) or row.variables,
      changes.expected or row.expected, changes.split or row.split,
      changes.split ~= nil or row.split_given == 1, times.now(), row.id)
   return 200, shapes.observation_json(lookup.find(sandbox, "observation", row.id))
end

function handlers.delete_observation(sandbox, input)
   experiments.check_pending(input.experiment)
   sandbox.store:run("DELETE FROM observation WHERE id = ?", input.observation.id)
   return 204
end

return observations
