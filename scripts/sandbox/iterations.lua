--- Iterations: the prompts that an experiment has tried, and what each scored.
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"

local iterations = {
   handlers = {},
   tables = {
      [[iteration (id INTEGER PRIMARY KEY AUTOINCREMENT, experimentId OF(experiment),
      iterationNumber INTEGER NOT NULL, prompt TEXT NOT NULL, promptTokens INTEGER NOT NULL,
      overallNormalizedScore REAL NOT NULL, evalNormalizedScore REAL, schemaSnapshot TEXT,
      own_length INTEGER NOT NULL, avgPredictionLatencyMs INTEGER, toolDescriptions TEXT,
      selectionSystemPrompt TEXT, TIMES)]],
      -- No reference to the evaluator: the score says what was measured then.
      [[score (iterationId INTEGER NOT NULL REFERENCES iteration ON DELETE CASCADE,
      evaluatorId TEXT NOT NULL, evaluatorName TEXT NOT NULL, evaluatorDescription TEXT,
      evaluatorType TEXT NOT NULL, score REAL NOT NULL, rawScore REAL NOT NULL)]],
   },
   indexes = { "iteration_order ON iteration (experimentId, iterationNumber)",
      "score_iteration ON score (iterationId)" },
   kinds = { iteration = { from = "iteration t" .. lookup.OF_EXPERIMENT,
      parents = { experiment = "t.experimentId" } } },
   upgrades = {},
}
local handlers = iterations.handlers

-- Iterations say since version 2 how much of a prompt is the person's own: of all those of an experiment the first
-- one's prompt, which is the initial one as it is.
iterations.upgrades[2] = { before = function(store)
   store:execute "ALTER TABLE iteration ADD COLUMN own_length INTEGER"
   store:execute [[UPDATE iteration SET own_length = (SELECT length(CAST(first.prompt AS BLOB)) FROM iteration first
      WHERE first.experimentId = iteration.experimentId ORDER BY iterationNumber LIMIT 1)]]
end }

--- An iteration's row as the platform shows it.
iterations.shape = shapes.new({ "id", "experimentId", "iterationNumber", "prompt", "promptTokens",
   "overallNormalizedScore", "evalNormalizedScore", "schemaSnapshot", "avgPredictionLatencyMs",
   "toolDescriptions", "selectionSystemPrompt", "createdAt", "updatedAt" },
   { "schemaSnapshot", "toolDescriptions" })

local score = shapes.new { "iterationId", "score", "rawScore", "evaluatorId", "evaluatorName",
   "evaluatorDescription", "evaluatorType" }

-- The best first: by evalNormalizedScore if there is one, the earliest among equals.
local BEST_FIRST = "ORDER BY coalesce(evalNormalizedScore, overallNormalizedScore) DESC, iterationNumber"

--- The row of an experiment's best iteration, or nil. The experiment is one that lookup found.
function iterations.best(store, experiment_id)
   return store:one("SELECT * FROM iteration WHERE experimentId = ? " .. BEST_FIRST .. " LIMIT 1",
      experiment_id)
end

local function with_scores(sandbox, row)
   local object = iterations.shape(row)
   object.scores = json.array(sandbox.store:all("SELECT * FROM score WHERE iterationId = ? ORDER BY rowid",
      score, row.id))
   return object
end

function handlers.list_iterations(sandbox, input)
   return 200, { data = json.array(lookup.all(sandbox, "iteration", iterations.shape, "experiment",
      input.experiment)) }
end

function handlers.get_iteration(sandbox, input)
   return 200, with_scores(sandbox, input.iteration)
end

function handlers.get_best_iteration(sandbox, input)
   return 200, with_scores(sandbox, iterations.best(sandbox.store, input.experiment.id) or failure.not_found())
end

return iterations
