--- Experiments: made pending, filled with observations and evaluators, started once, then read.
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local optimizer = require "promptic.sandbox.optimizer"
local runner = require "promptic.sandbox.runner"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local validate = require "promptic.sandbox.validate"
local workspace = require "promptic.sandbox.workspace"

local experiments = { handlers = {} }
local handlers = experiments.handlers

--- The experiment's row; 404 where there is none.
function experiments.get(sandbox, id)
   return sandbox.store:one("SELECT * FROM experiment WHERE id = ?", id) or failure.not_found()
end

--- The same, where it may still be changed; else 409. Once started, what was scored stays as it was.
function experiments.get_pending(sandbox, id)
   local row = experiments.get(sandbox, id)
   if row.experimentStatus ~= "pending" then
      failure.conflict("Only a pending experiment can be changed; this one is %s", row.experimentStatus)
   end
   return row
end

function handlers.list_experiments(sandbox, input)
   local sql, values = "SELECT * FROM experiment WHERE 1", {}
   if input.component_id then
      sql, values[1] = sql .. " AND aiComponentId = ?", input.component_id
   end
   if input.status then
      sql, values[#values + 1] = sql .. " AND experimentStatus = ?", input.status
   end
   values[#values + 1], values[#values + 2] = input.limit, input.offset
   local rows = sandbox.store:all(sql .. " ORDER BY rowid DESC LIMIT ? OFFSET ?", shapes.experiment,
      table.unpack(values))
   return 200, { data = json.array(rows) }
end

local function insert(sandbox, fields)
   local now = times.now()
   local number = sandbox.store:value("SELECT coalesce(max(runNumber), 0) + 1 FROM experiment "
      .. "WHERE aiComponentId = ?", fields.aiComponentId)
   fields.id = ids.uuid()
   sandbox.store:run([[INSERT INTO experiment (id, aiComponentId, name, description, targetModel, provider,
      taskType, optimizer, initial_prompt, hyperparameters, initialPredictionModelSchema, runNumber,
      createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]], fields.id,
      fields.aiComponentId, fields.name, fields.description, fields.targetModel, fields.provider,
      fields.taskType, fields.optimizer, fields.initial_prompt, fields.hyperparameters or "{}",
      fields.initialPredictionModelSchema, number, now, now)
   return experiments.get(sandbox, fields.id)
end

function handlers.create_experiment(sandbox, input)
   local body = input.body
   validate.hyperparameters(body.hyperparameters)
   workspace.component(sandbox, body.aiComponentId)
   return 201, shapes.experiment(insert(sandbox, {
      aiComponentId = body.aiComponentId, name = body.name, description = body.description,
      targetModel = body.targetModel, provider = body.provider, taskType = body.taskType,
      optimizer = body.optimizer, initial_prompt = body.initialPrompt,
      hyperparameters = shapes.document(body.hyperparameters),
      initialPredictionModelSchema = shapes.document(body.initialPredictionModelSchema),
   }))
end

function handlers.get_experiment(sandbox, input)
   return 200, shapes.experiment(experiments.get(sandbox, input.experiment_id))
end

-- Wire names of what can be changed, and their columns.
local columns = { name = "name", description = "description", targetModel = "targetModel",
   provider = "provider", taskType = "taskType", optimizer = "optimizer", initialPrompt = "initial_prompt",
   hyperparameters = "hyperparameters", initialPredictionModelSchema = "initialPredictionModelSchema" }

function handlers.update_experiment(sandbox, input)
   local id, changes = input.experiment_id, input.body
   experiments.get_pending(sandbox, id)
   validate.hyperparameters(changes.hyperparameters)
   for field, column in pairs(columns) do
      local value = changes[field]
      if value ~= nil then
         if type(value) == "table" then value = shapes.document(value) end
         sandbox.store:run("UPDATE experiment SET " .. column .. " = ? WHERE id = ?", value, id)
      end
   end
   sandbox.store:run("UPDATE experiment SET updatedAt = ? WHERE id = ?", times.now(), id)
   return 200, shapes.experiment(experiments.get(sandbox, id))
end

--- Deleting a running experiment ends its work: the runner finds it gone.
function handlers.delete_experiment(sandbox, input)
   experiments.get(sandbox, input.experiment_id)
   sandbox.store:run("DELETE FROM experiment WHERE id = ?", input.experiment_id)
   return 204
end

---------------------------------------------------------------- start

-- Writes the split into the observations, so that everybody can see what was trained on.
local function divide(sandbox, id, ratio, task_type)
   local store = sandbox.store
   local rows = store:all([[SELECT id, idx, expected, split, split_given FROM observation
      WHERE experimentId = ? ORDER BY idx]], function(row)
      row.split_given = row.split_given == 1
      return row
   end, id)
   optimizer.split(rows, ratio, task_type)
   local train, sizes = {}, { train = 0, eval = 0 }
   for _, row in ipairs(rows) do
      sizes[row.split] = sizes[row.split] + 1
      if row.split == "train" and not row.split_given then train[#train + 1] = row.id end
   end
   for part, size in pairs(sizes) do
      if size == 0 then
         failure.invalid("trainSplitRatio needs observations in both splits, and none is left for %s", part)
      end
   end
   store:run("UPDATE observation SET split = 'eval' WHERE experimentId = ? AND split_given = 0", id)
   for first = 1, #train, 1000 do
      local part = table.concat(train, ",", first, math.min(first + 999, #train))
      store:run("UPDATE observation SET split = 'train' WHERE id IN (" .. part .. ")")
   end
end

local function check_ready(sandbox, id)
   local count = sandbox.store:value("SELECT count(*) FROM observation WHERE experimentId = ?", id)
   if count < 2 then
      failure.invalid("The experiment needs at least 2 observations to start, it has %d", count)
   end
   local weight = sandbox.store:value("SELECT sum(weight) FROM evaluator WHERE experimentId = ?", id)
   if not weight then
      failure.invalid "The experiment needs at least one evaluator to start"
   elseif weight <= 0 then
      failure.invalid "The experiment needs an evaluator with a weight above 0 to start"
   end
end

function handlers.start_experiment(sandbox, input)
   local id = input.experiment_id
   local row = experiments.get(sandbox, id)
   if row.experimentStatus ~= "pending" then
      failure.conflict("Only a pending experiment can be started; this one is %s", row.experimentStatus)
   end
   check_ready(sandbox, id)
   local ratio = json.decode(row.hyperparameters).trainSplitRatio
   if ratio then divide(sandbox, id, ratio, row.taskType) end
   sandbox.store:run("UPDATE experiment SET experimentStatus = 'scheduled', updatedAt = ? WHERE id = ?",
      times.now(), id)
   experiments.enqueue(sandbox, id)
   return 200, { messageId = ids.uuid(), status = "scheduled" }
end

--- Hands an experiment to the worker.
function experiments.enqueue(sandbox, id)
   sandbox.worker:add(id, runner.job(sandbox.store, sandbox.pace))
end

--- Takes up what a sandbox before this one did not finish.
function experiments.resume(sandbox)
   local unfinished = sandbox.store:all([[SELECT id FROM experiment
      WHERE experimentStatus IN ('scheduled', 'running') ORDER BY rowid]])
   for _, row in ipairs(unfinished) do experiments.enqueue(sandbox, row.id) end
end

---------------------------------------------------------------- duplicate

-- The prompt that the copy starts from.
local function prompt_for(sandbox, row, body)
   if body.continueFromOptimized then
      local best = require("promptic.sandbox.iterations").best(sandbox, row.id)
      if not best then failure.conflict "The experiment has no iteration to continue from" end
      return best.prompt
   end
   return body.initialPromptOverride or row.initial_prompt
end

local function copy_evaluators(sandbox, from, to, now)
   for _, evaluator in ipairs(sandbox.store:all(
      "SELECT * FROM evaluator WHERE experimentId = ? ORDER BY rowid", nil, from)) do
      sandbox.store:run("INSERT INTO evaluator VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ids.uuid(), to,
         evaluator.name, evaluator.description, evaluator.type, evaluator.scaleMin, evaluator.scaleMax,
         evaluator.weight, evaluator.config, now, now)
   end
end

function handlers.duplicate_experiment(sandbox, input)
   local source = experiments.get(sandbox, input.experiment_id)
   local prompt = prompt_for(sandbox, source, input.body)
   local copy = {}
   for name, value in pairs(source) do copy[name] = value end
   copy.initial_prompt = prompt
   local row = insert(sandbox, copy)
   local now = times.now()
   -- a split that the ratio gave goes back to open: the same ratio will give it again
   sandbox.store:run([[INSERT INTO observation (experimentId, idx, expected, variables, split, split_given,
      createdAt, updatedAt) SELECT ?, idx, expected, variables, CASE split_given WHEN 1 THEN split ELSE 'eval'
      END, split_given, ?, ? FROM observation WHERE experimentId = ? ORDER BY idx]],
      row.id, now, now, source.id)
   copy_evaluators(sandbox, source.id, row.id, now)
   local object = shapes.experiment(row)
   object.modelUnavailable = false
   return 201, object
end

return experiments
