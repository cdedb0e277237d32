--- Iterations: the prompts that an experiment has tried, and what each scored.
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"

local iterations = { handlers = {} }
local handlers = iterations.handlers

-- The best first: by evalNormalizedScore where there is one, the earliest among equals.
local BEST_FIRST = "ORDER BY coalesce(evalNormalizedScore, overallNormalizedScore) DESC, iterationNumber"

--- The row of an experiment's best iteration, or nil.
function iterations.best(sandbox, experiment_id)
   return sandbox.store:one("SELECT * FROM iteration WHERE experimentId = ? " .. BEST_FIRST .. " LIMIT 1",
      experiment_id)
end

local function with_scores(sandbox, row)
   local object = shapes.iteration(row)
   object.scores = json.array(sandbox.store:all("SELECT * FROM score WHERE iterationId = ? ORDER BY rowid",
      shapes.score, row.id))
   return object
end

function handlers.list_iterations(sandbox, input)
   experiments.get(sandbox, input.experiment_id)
   return 200, { data = json.array(sandbox.store:all("SELECT * FROM iteration WHERE experimentId = ? "
      .. "ORDER BY iterationNumber", shapes.iteration, input.experiment_id)) }
end

function handlers.get_iteration(sandbox, input)
   local id = ids.number(input.iteration_id)
   local row = id and sandbox.store:one("SELECT * FROM iteration WHERE id = ? AND experimentId = ?", id,
      input.experiment_id)
   return 200, with_scores(sandbox, row or failure.not_found())
end

function handlers.get_best_iteration(sandbox, input)
   experiments.get(sandbox, input.experiment_id)
   return 200, with_scores(sandbox, iterations.best(sandbox, input.experiment_id) or failure.not_found())
end

return iterations
