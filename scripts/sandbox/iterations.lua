--- Iterations: the prompts that an experiment has tried, and what each scored.
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"

local iterations = { handlers = {} }
local handlers = iterations.handlers

-- The best first: by evalNormalizedScore where there is one, the earliest among equals.
local BEST_FIRST = "ORDER BY coalesce(evalNormalizedScore, overallNormalizedScore) DESC, iterationNumber"

--- The row of an experiment's best iteration, or nil. The experiment is one that lookup found.
function iterations.best(store, experiment_id)
   return store:one("SELECT * FROM iteration WHERE experimentId = ? " .. BEST_FIRST .. " LIMIT 1",
      experiment_id)
end

local function with_scores(sandbox, row)
   local object = shapes.iteration(row)
   object.scores = json.array(sandbox.store:all("SELECT * FROM score WHERE iterationId = ? ORDER BY rowid",
      shapes.score, row.id))
   return object
end

function handlers.list_iterations(sandbox, input)
   return 200, { data = json.array(lookup.all(sandbox, "iteration", shapes.iteration, "experiment",
      input.experiment)) }
end

function handlers.get_iteration(sandbox, input)
   return 200, with_scores(sandbox, input.iteration)
end

function handlers.get_best_iteration(sandbox, input)
   return 200, with_scores(sandbox, iterations.best(sandbox.store, input.experiment.id) or failure.not_found())
end

return iterations
