--- Copies of experiments, with what they train on and how they are scored.
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local iterations = require "promptic.sandbox.iterations"
local models = require "promptic.sandbox.models"
local times = require "promptic.sandbox.times"
local training = require "promptic.sandbox.training"

local duplicates = { handlers = {} }

-- Sets the prompt that the copy starts from, and how much of it is the person's own.
local function set_prompt(sandbox, copy, body)
   if body.continueFromOptimized then
      local best = iterations.best(sandbox.store, copy.id)
      if not best then failure.conflict "The experiment has no iteration to continue from" end
      copy.initial_prompt, copy.own_length = best.prompt, best.own_length
   elseif body.initialPromptOverride then
      copy.initial_prompt, copy.own_length = body.initialPromptOverride, nil
   end
end

local function copy_evaluators(sandbox, from, to, now)
   for _, evaluator in ipairs(sandbox.store:all(
      "SELECT * FROM evaluator WHERE experimentId = ? ORDER BY rowid", nil, from)) do
      sandbox.store:run("INSERT INTO evaluator VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ids.uuid(), to,
         evaluator.name, evaluator.description, evaluator.type, evaluator.scaleMin, evaluator.scaleMax,
         evaluator.weight, evaluator.config, now, now)
   end
end

function duplicates.handlers.duplicate_experiment(sandbox, input)
   local source, copy, now = input.experiment, {}, times.now()
   for name, value in pairs(source) do copy[name] = value end
   set_prompt(sandbox, copy, input.body)
   local row = experiments.insert(sandbox, copy)
   training.copy(sandbox.store, source, row, now)
   copy_evaluators(sandbox, source.id, row.id, now)
   local object = experiments.shape(sandbox, row)
   object.modelUnavailable = models.is_gone(sandbox, row.targetModel)
   return 201, object
end

return duplicates
