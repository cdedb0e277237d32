--[[
An experiment's way from scheduled to completed or failed, as a job of the worker. Everything that
counts is in the database after each iteration, and each step depends on nothing else, so a sandbox
that was killed goes on where it stopped and ends with the same prompts and scores.
]]
local evaluator_config = require "promptic.sandbox.evaluator_config"
local promptic = require "promptic"
local json = require "promptic.json"
local models = require "promptic.sandbox.models"
local optimizer = require "promptic.sandbox.optimizer"
local prompts = require "promptic.sandbox.prompts"
local scoring = require "promptic.sandbox.scoring"
local times = require "promptic.sandbox.times"
local training = require "promptic.sandbox.training"

local runner = {}

-- Required when it is needed: tool_selection makes experiments, which need the runner.
local function tool_selection()
   return require "promptic.sandbox.tool_selection"
end

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

local function load_history(store, id)
   return store:all([[SELECT iterationNumber AS number, prompt, overallNormalizedScore AS overall,
      evalNormalizedScore AS eval FROM iteration WHERE experimentId = ? ORDER BY iterationNumber]], nil, id)
end

--- The parts of an experiment's rows: the training rows, scored as overall, and the held-out ones
-- (nil without trainSplitRatio: all rows train then, whatever their split says).
function runner.parts(rows, ratio)
   if not ratio then return { train = rows } end
   local by_split = { train = {}, eval = {} }
   for _, row in ipairs(rows) do table.insert(by_split[row.split], row) end
   return by_split
end

-- Scores a prompt over observations: { evaluator, score, raw } each, their overall, the tokens that
-- went through the model (words, as scoring.tokens counts them: prompt + input + prediction each time), and
-- the seconds that predicting took.
local function measure(model, prompt_tokens, observations, experiment, evaluators, pause)
   local meters, tokens, seconds = {}, 0, 0
   for i, evaluator in ipairs(evaluators) do
      meters[i] = scoring.meter(evaluator.type, experiment.taskType, evaluator.config)
   end
   for _, observation in ipairs(observations) do
      local begun = promptic.now()
      local prediction = model:predict(observation.input)
      seconds = seconds + promptic.now() - begun
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
   return { scores = scores, overall = scoring.overall(scores), tokens = tokens, seconds = seconds,
      count = #observations }
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
      overallNormalizedScore, evalNormalizedScore, schemaSnapshot, own_length, avgPredictionLatencyMs,
      toolDescriptions, selectionSystemPrompt, createdAt, updatedAt)]], 13, { { experiment.id, iteration.number,
      iteration.prompt, iteration.prompt_tokens, iteration.overall, iteration.eval,
      experiment.initialPredictionModelSchema, iteration.own_length, iteration.latency_ms,
      iteration.tool_descriptions, iteration.system_prompt, now, now } })
   insert_scores(store, iteration_id, iteration.scores)
   store:run("UPDATE experiment SET tokensUsed = tokensUsed + ?, updatedAt = ? WHERE id = ?",
      iteration.tokens, now, experiment.id)
   return true
end

local function iterate(search, number, parts, experiment, evaluators, pause)
   local prompt, examples = optimizer.propose(search, number)
   local model = scoring.model(prompt, experiment.taskType)
   local prompt_tokens = #scoring.tokens(prompt)
   local train = measure(model, prompt_tokens, parts.train, experiment, evaluators, pause)
   local held_out = parts.eval and measure(model, prompt_tokens, parts.eval, experiment, evaluators, pause)
   local seconds = train.seconds + (held_out and held_out.seconds or 0)
   local iteration = {
      number = number, prompt = prompt, prompt_tokens = prompt_tokens, own_length = #search.own,
      scores = train.scores, overall = train.overall, eval = held_out and held_out.overall or nil,
      tokens = train.tokens + (held_out and held_out.tokens or 0),
      latency_ms = math.floor(seconds * 1000 / (train.count + (held_out and held_out.count or 0)) + 0.5),
   }
   if experiment.tools then
      local descriptions, system_prompt = tool_selection().optimised(experiment, examples)
      iteration.tool_descriptions, iteration.system_prompt = json.encode(descriptions), system_prompt
   end
   return iteration
end

local NO_JUDGE = "the evaluator '%s' is a %s, which takes a language model, and the sandbox works offline; "
   .. "use f1, similarity or structuredOutput here, or run this experiment on the platform"

-- Why an experiment cannot run here: a code and a text, or nil.
local function obstacle(sandbox, experiment, evaluators)
   if models.is_gone(sandbox, experiment.targetModel) then
      return "SANDBOX_MODEL_UNAVAILABLE", ("the model %s can no longer be used"):format(experiment.targetModel)
   end
   for _, evaluator in ipairs(evaluators) do
      local judge = evaluator_config.judge_in(evaluator.type, evaluator.config)
      if judge then return "SANDBOX_NO_JUDGE", NO_JUDGE:format(evaluator.name, judge) end
   end
   return nil
end

local function load_evaluators(store, id)
   return store:all("SELECT * FROM evaluator WHERE experimentId = ? ORDER BY rowid", function(row)
      row.config = row.config and json.decode(row.config)
      return row
   end, id)
end

local function search_for(experiment, parts, history, pause)
   local pool = parts.train
   if experiment.tools then pool = tool_selection().pool(experiment, pool) end
   local initial = experiment.initial_prompt or prompts.default(experiment.taskType, pool)
   return {
      task_type = experiment.taskType, few_shots = experiment.hyperparameters.numFewShots,
      initial = initial, own = initial:sub(1, experiment.own_length or #initial),
      pool = pool, history = history, pause = pause,
   }
end

-- What follows from a prompt that won: a tool-selection experiment shows the system prompt as its own.
local function finish(store, experiment)
   if experiment.optimizeSystemPrompt == 1 then
      local best = require("promptic.sandbox.iterations").best(store, experiment.id)
      store:run("UPDATE experiment SET optimizedSystemPrompt = ? WHERE id = ?", best.selectionSystemPrompt,
         experiment.id)
   end
   set_status(store, experiment.id, "completed")
end

--- The job of an experiment. Each iteration takes sandbox.pace seconds at least.
function runner.job(sandbox)
   local store = sandbox.store
   return function(id, pause, wait)
      local experiment = load_experiment(store, id)
      if not experiment then return end
      set_status(store, id, "running")
      local evaluators = load_evaluators(store, id)
      local code, message = obstacle(sandbox, experiment, evaluators)
      if code then return runner.fail(store, id, code, message) end
      wait(0) -- the status can be seen before the work begins
      local parts = runner.parts(training.load(store, experiment, pause), experiment.hyperparameters.trainSplitRatio)
      local history = load_history(store, id)
      local search = search_for(experiment, parts, history, pause)
      for number = #history + 1, experiment.hyperparameters.epochs do
         local iteration = iterate(search, number, parts, experiment, evaluators, pause)
         wait(sandbox.pace)
         if not store:transaction(record, store, experiment, iteration) then return end
         history[number] = iteration
      end
      store:transaction(finish, store, experiment)
   end
end

return runner
