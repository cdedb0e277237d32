--- Evaluators: how predictions are scored, and what weight each score has.
local evaluator_config = require "promptic.sandbox.evaluator_config"
local experiments = require "promptic.sandbox.experiments"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local validate = require "promptic.sandbox.validate"

local evaluators = {
   handlers = {},
   tables = { [[evaluator (id TEXT PRIMARY KEY, experimentId OF(experiment),
      name TEXT NOT NULL, description TEXT, type TEXT NOT NULL, scaleMin REAL NOT NULL,
      scaleMax REAL NOT NULL, weight REAL NOT NULL, config TEXT, TIMES)]] },
   indexes = { "evaluator_experiment ON evaluator (experimentId)" },
   kinds = { evaluator = { from = "evaluator t" .. lookup.OF_EXPERIMENT,
      parents = { experiment = "t.experimentId" } } },
}
local handlers = evaluators.handlers

local shape = shapes.new({ "id", "experimentId", "name", "description", "type", "scaleMin", "scaleMax",
   "weight", "config", "createdAt", "updatedAt" }, { "config" })

function handlers.list_evaluators(sandbox, input)
   return 200, { data = json.array(lookup.all(sandbox, "evaluator", shape, "experiment",
      input.experiment)) }
end

-- The scale is 0 to 1 where an evaluator brings none.
local function complete(item)
   return { name = item.name, description = item.description, type = item.type, weight = item.weight,
      scaleMin = item.scaleMin or 0, scaleMax = item.scaleMax or 1, config = item.config }
end

-- What no row of the endpoint table says; `path` is where the evaluator stands in the body, with its dot.
local function check(evaluator, experiment, path)
   validate.scale(evaluator, path)
   evaluator_config.check(evaluator, experiment, path .. "config")
end

--- Adds an evaluator to an experiment; returns its row.
function evaluators.insert(store, experiment_id, evaluator, now)
   local id = ids.uuid()
   store:run("INSERT INTO evaluator VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, experiment_id, evaluator.name,
      evaluator.description, evaluator.type, evaluator.scaleMin, evaluator.scaleMax, evaluator.weight,
      shapes.document(evaluator.config), now, now)
   return store:one("SELECT * FROM evaluator WHERE id = ?", id)
end

function handlers.create_evaluators(sandbox, input)
   experiments.check_pending(input.experiment)
   local created, now = {}, times.now()
   for i = 1, #input.body do
      local evaluator = complete(input.body[i])
      check(evaluator, input.experiment, ("[%d]."):format(i - 1))
      created[i] = shape(evaluators.insert(sandbox.store, input.experiment.id, evaluator, now))
   end
   return 201, { data = json.array(created) }
end

function handlers.update_evaluator(sandbox, input)
   local row = input.evaluator
   experiments.check_pending(input.experiment)
   row.config = row.config and json.decode(row.config)
   for _, field in ipairs { "name", "description", "type", "scaleMin", "scaleMax", "weight", "config" } do
      if input.body[field] ~= nil then row[field] = input.body[field] end
   end
   check(row, input.experiment, "")
   sandbox.store:run([[UPDATE evaluator SET name = ?, description = ?, type = ?, scaleMin = ?, scaleMax = ?,
      weight = ?, config = ?, updatedAt = ? WHERE id = ?]], row.name, row.description, row.type, row.scaleMin,
      row.scaleMax, row.weight, shapes.document(row.config), times.now(), row.id)
   return 200, shape(lookup.find(sandbox, "evaluator", row.id))
end

function handlers.delete_evaluator(sandbox, input)
   experiments.check_pending(input.experiment)
   sandbox.store:run("DELETE FROM evaluator WHERE id = ?", input.evaluator.id)
   return 204
end

return evaluators
