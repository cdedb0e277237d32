--[[
An experiment's way from scheduled to completed or failed, as a job of the worker. Everything that
counts is in the database after each iteration, and each step depends on nothing else, so a sandbox
that was killed goes on where it stopped and ends with the same prompts and scores.
]]
local json = require "promptic.json"
local optimizer = require "promptic.sandbox.optimizer"
local prompts = require "promptic.sandbox.prompts"
local scoring = require "promptic.sandbox.scoring"
local times = require "promptic.sandbox.times"

local runner = {}

local function set_status(store, id, status, code, message)
   local now = times.now()
   local ended = (status == "completed" or status == "failed") and now or nil
   store:run([[UPDATE experiment SET experimentStatus = ?, errorCode = ?, errorMessage = ?, endedAt = ?,
      startedAt = coalesce(startedAt, ?), updatedAt = ? WHERE id = ?]],
      status, code, message, ended, now, now, id)
end

--- Ends an experiment as failed.
function runner.fail(store, id, code, message)
   set_status(store, id, "failed", code, message)
end

-- The experiment with its settings decoded, or nil where it was deleted meanwhile.
local function load_experiment(store, id)
   local row = store:one("SELECT * FROM experiment WHERE id = ?", id)
   if row then row.hyperparameters = json.decode(row.hyperparameters) end
   return row
end

local function load_observations(store, id, pause)
   local list = {}
   -- In pages, so that a large experiment is not read in one go.
   local last = -1
   repeat
      local page = store:all([[SELECT idx, expected, variables, split, split_given FROM observation
         WHERE experimentId = ? AND idx > ? ORDER BY idx LIMIT 500]], nil, id, last)
      for _, row in ipairs(page) do
         row.input = prompts.input_text(json.decode(row.variables))
         row.variables = nil
         row.split_given = row.split_given == 1
         list[#list + 1] = row
         last = row.idx
      end
      pause()
   until #page == 0
   return list
end

local function load_history(store, id)
   return store:all([[SELECT iterationNumber AS number, prompt, overallNormalizedScore AS overall,
      evalNormalizedScore AS eval FROM iteration WHERE experimentId = ? ORDER BY iterationNumber]], nil, id)
end

--- The parts of an experiment's observations: what examples come from, what is scored as overall, and what
-- is held out (nil without trainSplitRatio).
function runner.parts(observations, ratio)
   local by_split = { train = {}, eval = {} }
   for _, observation in ipairs(observations) do
      if ratio or observation.split_given then table.insert(by_split[observation.split], observation) end
   end
   if ratio then
      return { pool = by_split.train, overall = by_split.train, eval = by_split.eval }
   end
   return { pool = #by_split.train > 0 and by_split.train or observations, overall = observations }
end

-- Scores a prompt over observations: { evaluator, score, raw } each, their overall, and the tokens that
-- went through the model (words, as scoring.tokens counts them: prompt + input + prediction each time).
local function measure(model, prompt_tokens, observations, experiment, evaluators, pause)
   local meters, tokens = {}, 0
   for i, evaluator in ipairs(evaluators) do
      meters[i] = scoring.meter(evaluator.type, experiment.taskType)
   end
   for _, observation in ipairs(observations) do
      local prediction = model:predict(observation.input)
      tokens = tokens + prompt_tokens + #scoring.tokens(observation.input) + #scoring.tokens(prediction)
      for _, meter in ipairs(meters) do meter.add(prediction, observation.expected) end
      pause()
   end
   local scores = {}
   for i, evaluator in ipairs(evaluators) do
      local score = scoring.round(meters[i].score())
      local raw = evaluator.scaleMin + score * (evaluator.scaleMax - evaluator.scaleMin)
      scores[i] = {
         evaluator = evaluator, weight = evaluator.weight, score = score, raw = scoring.round(raw),
      }
   end
   return { scores = scores, overall = scoring.overall(scores), tokens = tokens }
end

local function insert_scores(store, iteration_id, scores)
   for _, entry in ipairs(scores) do
      local evaluator = entry.evaluator
      store:run("INSERT INTO score VALUES (?, ?, ?, ?, ?, ?, ?)", iteration_id, evaluator.id, evaluator.name,
         evaluator.description, evaluator.type, entry.score, entry.raw)
   end
end

-- Writes an iteration; false where the experiment is gone.
local function record(store, experiment, iteration)
   if not store:value("SELECT 1 FROM experiment WHERE id = ?", experiment.id) then return false end
   local now = times.now()
   local iteration_id = store:insert_many([[iteration (experimentId, iterationNumber, prompt, promptTokens,
      overallNormalizedScore, evalNormalizedScore, schemaSnapshot, createdAt, updatedAt)]], 9, { {
      experiment.id, iteration.number, iteration.prompt, iteration.prompt_tokens, iteration.overall,
      iteration.eval, experiment.initialPredictionModelSchema, now, now } })
   insert_scores(store, iteration_id, iteration.scores)
   store:run("UPDATE experiment SET tokensUsed = tokensUsed + ?, updatedAt = ? WHERE id = ?",
      iteration.tokens, now, experiment.id)
   return true
end

local function iterate(search, number, parts, experiment, evaluators, pause)
   local prompt = optimizer.propose(search, number)
   local model = scoring.model(prompt)
   local prompt_tokens = #scoring.tokens(prompt)
   local train = measure(model, prompt_tokens, parts.overall, experiment, evaluators, pause)
   local held_out = parts.eval and measure(model, prompt_tokens, parts.eval, experiment, evaluators, pause)
   return {
      number = number, prompt = prompt, prompt_tokens = prompt_tokens, scores = train.scores,
      overall = train.overall, eval = held_out and held_out.overall or nil,
      tokens = train.tokens + (held_out and held_out.tokens or 0),
   }
end

local function judge_among(evaluators, task_type)
   for _, evaluator in ipairs(evaluators) do
      if not scoring.meter(evaluator.type, task_type) then return evaluator end
   end
   return nil
end

local function search_for(experiment, parts, history, pause)
   local settings = experiment.hyperparameters
   return {
      task_type = experiment.taskType, few_shots = settings.numFewShots or optimizer.FEW_SHOTS,
      initial_prompt = experiment.initial_prompt, pool = parts.pool, history = history, pause = pause,
   }
end

local NO_JUDGE = "the evaluator '%s' is a %s, which takes a language model, and the sandbox works offline; "
   .. "use f1, similarity or structuredOutput here, or run this experiment on the platform"

--- The job of an experiment; pace is how many seconds an iteration takes at least.
function runner.job(store, pace)
   return function(id, pause, wait)
      local experiment = load_experiment(store, id)
      if not experiment then return end
      set_status(store, id, "running")
      local evaluators = store:all("SELECT * FROM evaluator WHERE experimentId = ? ORDER BY rowid", nil, id)
      local judge = judge_among(evaluators, experiment.taskType)
      if judge then
         return runner.fail(store, id, "SANDBOX_NO_JUDGE", NO_JUDGE:format(judge.name, judge.type))
      end
      wait(0) -- the status can be seen before the work begins
      local observations = load_observations(store, id, pause)
      local parts = runner.parts(observations, experiment.hyperparameters.trainSplitRatio)
      local history = load_history(store, id)
      local search = search_for(experiment, parts, history, pause)
      for number = #history + 1, experiment.hyperparameters.epochs or optimizer.EPOCHS do
         local iteration = iterate(search, number, parts, experiment, evaluators, pause)
         wait(pace)
         if not store:transaction(record, store, experiment, iteration) then return end
         history[number] = iteration
      end
      set_status(store, id, "completed")
   end
end

return runner
