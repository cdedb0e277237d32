--- Experiments: made pending, filled with observations and evaluators, started once, then read.
local datasets = require "promptic.sandbox.datasets"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local runner = require "promptic.sandbox.runner"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local training = require "promptic.sandbox.training"
local validate = require "promptic.sandbox.validate"

local experiments = { handlers = {} }
local handlers = experiments.handlers

--- Raises 409 unless the experiment may still be changed. Once started, what was scored stays as it was.
function experiments.check_pending(row, what)
   if row.experimentStatus ~= "pending" then failure.conflict(what or "Can only change pending experiments") end
end

function handlers.list_experiments(sandbox, input)
   local sql = [[SELECT e.* FROM experiment e JOIN component c ON c.id = e.aiComponentId WHERE c.workspaceId = ?]]
   local values = { sandbox.workspace_id }
   if input.component_id then
      sql, values[#values + 1] = sql .. " AND e.aiComponentId = ?", input.component_id
   end
   if input.status then
      sql, values[#values + 1] = sql .. " AND e.experimentStatus = ?", input.status
   end
   values[#values + 1], values[#values + 2] = input.limit, input.offset
   local rows = sandbox.store:all(sql .. " ORDER BY e.rowid DESC LIMIT ? OFFSET ?", function(row)
      return shapes.experiment(sandbox, row)
   end, table.unpack(values))
   return 200, { data = json.array(rows) }
end

local COLUMNS = { "aiComponentId", "datasetId", "name", "description", "targetModel", "provider", "taskType",
   "optimizer", "promptFormat", "initial_prompt", "own_length", "tools", "systemPrompt", "optimizeSystemPrompt",
   "hyperparameters", "initialPredictionModelSchema", "inputVariables" }

--- Makes a pending experiment of these columns, with a dataset of its own; returns its row.
function experiments.insert(sandbox, fields)
   local number = sandbox.store:value("SELECT coalesce(max(runNumber), 0) + 1 FROM experiment "
      .. "WHERE aiComponentId = ?", fields.aiComponentId)
   local name = type(fields.name) == "string" and fields.name or ("experiment %d"):format(number)
   fields.inputVariables = fields.inputVariables or "[]"
   fields.datasetId = datasets.insert(sandbox, fields.aiComponentId, name, "What the experiment trains on")
   local id, now, values = ids.uuid(), times.now(), {}
   for i, column in ipairs(COLUMNS) do values[i] = fields[column] == nil and json.null or fields[column] end
   sandbox.store:run(("INSERT INTO experiment (%s, id, runNumber, createdAt, updatedAt) VALUES (?%s)"):format(
      table.concat(COLUMNS, ", "), (", ?"):rep(#COLUMNS + 3)), table.unpack(table.move({ id, number, now, now }, 1, 4,
      #COLUMNS + 1, values)))
   return lookup.find(sandbox, "experiment", id)
end

function handlers.create_experiment(sandbox, input)
   local body = input.body
   lookup.find(sandbox, "component", body.aiComponentId)
   return 201, shapes.experiment(sandbox, experiments.insert(sandbox, {
      aiComponentId = body.aiComponentId, name = body.name, description = body.description,
      targetModel = body.targetModel, provider = body.provider, taskType = body.taskType,
      optimizer = body.optimizer, promptFormat = body.promptFormat, initial_prompt = body.initialPrompt,
      hyperparameters = json.encode(validate.hyperparameters(body.hyperparameters)),
      initialPredictionModelSchema = shapes.document(body.initialPredictionModelSchema),
      -- what the platform does with them is in no source; they are stored, shown and copied
      inputVariables = shapes.document(body.inputVariables),
   }))
end

function handlers.get_experiment(sandbox, input)
   return 200, shapes.experiment(sandbox, input.experiment)
end

-- Wire names of what can be changed, and their columns.
local columns = { name = "name", description = "description", targetModel = "targetModel",
   provider = "provider", taskType = "taskType", optimizer = "optimizer", initialPrompt = "initial_prompt",
   hyperparameters = "hyperparameters", initialPredictionModelSchema = "initialPredictionModelSchema" }

function handlers.update_experiment(sandbox, input)
   local id, changes = input.experiment.id, input.body
   experiments.check_pending(input.experiment, "Can only update pending experiments")
   if changes.hyperparameters then changes.hyperparameters = validate.hyperparameters(changes.hyperparameters) end
   for field, column in pairs(columns) do
      local value = changes[field]
      if value ~= nil then
         if type(value) == "table" then value = shapes.document(value) end
         sandbox.store:run("UPDATE experiment SET " .. column .. " = ? WHERE id = ?", value, id)
      end
   end
   -- a prompt that a person gives is theirs from end to end
   if changes.initialPrompt ~= nil then
      sandbox.store:run("UPDATE experiment SET own_length = NULL WHERE id = ?", id)
   end
   sandbox.store:run("UPDATE experiment SET updatedAt = ? WHERE id = ?", times.now(), id)
   return 200, shapes.experiment(sandbox, lookup.find(sandbox, "experiment", id))
end

--- Deleting a running experiment ends its work: the runner finds it gone.
function handlers.delete_experiment(sandbox, input)
   sandbox.store:run("DELETE FROM experiment WHERE id = ?", input.experiment.id)
   sandbox.store:run("DELETE FROM dataset WHERE id = ?", input.experiment.datasetId)
   return 204
end

---------------------------------------------------------------- start

local function check_ready(sandbox, row)
   local count = training.count(sandbox.store, row)
   if count < 2 then
      failure.invalid("The experiment needs at least 2 rows of training data to start, it has %d", count)
   end
   local weight = sandbox.store:value("SELECT sum(weight) FROM evaluator WHERE experimentId = ?", row.id)
   if not weight then
      failure.invalid "The experiment needs at least one evaluator to start"
   elseif weight <= 0 then
      failure.invalid "The experiment needs an evaluator with a weight above 0 to start"
   end
end

function handlers.start_experiment(sandbox, input)
   local row = input.experiment
   experiments.check_paid(sandbox)
   if row.experimentStatus ~= "pending" then
      failure.conflict("Only a pending experiment can be started; this one is %s", row.experimentStatus)
   end
   check_ready(sandbox, row)
   local ratio = json.decode(row.hyperparameters).trainSplitRatio
   if ratio then training.divide(sandbox.store, row, ratio) end
   sandbox.store:run("UPDATE experiment SET experimentStatus = 'scheduled', updatedAt = ? WHERE id = ?",
      times.now(), row.id)
   experiments.enqueue(sandbox, row.id)
   return 200, { messageId = ids.uuid(), status = "scheduled" }
end

--- Raises the platform's 402 if the sandbox plays a workspace without billing (--unpaid).
function experiments.check_paid(sandbox)
   if sandbox.unpaid then
      failure.raise(402, "Usage billing and a payment method are required for platform model usage.")
   end
end

--- Hands an experiment to the worker.
function experiments.enqueue(sandbox, id)
   sandbox.worker:add(id, runner.job(sandbox))
end

--- Takes up what a sandbox before this one did not finish.
function experiments.resume(sandbox)
   local unfinished = sandbox.store:all([[SELECT id FROM experiment
      WHERE experimentStatus IN ('scheduled', 'running') ORDER BY rowid]])
   for _, row in ipairs(unfinished) do experiments.enqueue(sandbox, row.id) end
end

return experiments
