--- Evaluators: how predictions are scored, and what weight each score has.
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local validate = require "promptic.sandbox.validate"

local evaluators = { handlers = {} }
local handlers = evaluators.handlers

function handlers.list_evaluators(sandbox, input)
   experiments.get(sandbox, input.experiment_id)
   return 200, { data = json.array(sandbox.store:all("SELECT * FROM evaluator WHERE experimentId = ? "
      .. "ORDER BY rowid", shapes.evaluator, input.experiment_id)) }
end

-- The scale is 0 to 1 where an evaluator brings none.
local function complete(item)
   return { name = item.name, description = item.description, type = item.type, weight = item.weight,
      scaleMin = item.scaleMin or 0, scaleMax = item.scaleMax or 1, config = item.config }
end

local function get(sandbox, input)
   return sandbox.store:one("SELECT * FROM evaluator WHERE id = ? AND experimentId = ?", input.evaluator_id,
      input.experiment_id) or failure.not_found()
end

function handlers.create_evaluators(sandbox, input)
   experiments.get_pending(sandbox, input.experiment_id)
   local created, now = {}, times.now()
   for i = 1, #input.body do
      local evaluator = complete(input.body[i])
      validate.evaluator(evaluator, "item " .. i .. ": ")
      local id = ids.uuid()
      sandbox.store:run("INSERT INTO evaluator VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id,
         input.experiment_id, evaluator.name, evaluator.description, evaluator.type, evaluator.scaleMin,
         evaluator.scaleMax, evaluator.weight, shapes.document(evaluator.config), now, now)
      created[i] = shapes.evaluator(sandbox.store:one("SELECT * FROM evaluator WHERE id = ?", id))
   end
   return 201, { data = json.array(created) }
end

function handlers.update_evaluator(sandbox, input)
   local row = get(sandbox, input)
   experiments.get_pending(sandbox, input.experiment_id)
   for _, field in ipairs { "name", "description", "type", "scaleMin", "scaleMax", "weight", "config" } do
      local value = input.body[field]
      if value ~= nil then
         if type(value) == "table" then value = json.encode(value) end
         row[field] = value
      end
   end
   validate.evaluator(row, "")
   sandbox.store:run([[UPDATE evaluator SET name = ?, description = ?, type = ?, scaleMin = ?, scaleMax = ?,
      weight = ?, config = ?, updatedAt = ? WHERE id = ?]], row.name, row.description, row.type, row.scaleMin,
      row.scaleMax, row.weight, row.config, times.now(), row.id)
   return 200, shapes.evaluator(get(sandbox, input))
end

function handlers.delete_evaluator(sandbox, input)
   local row = get(sandbox, input)
   experiments.get_pending(sandbox, input.experiment_id)
   sandbox.store:run("DELETE FROM evaluator WHERE id = ?", row.id)
   return 204
end

return evaluators
