--- Experiments: made pending, filled with observations and evaluators, started once, then read.
local datasets = require "promptic.sandbox.datasets"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local runner = require "promptic.sandbox.runner"
local scoring = require "promptic.sandbox.scoring"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local training = require "promptic.sandbox.training"
local validate = require "promptic.sandbox.validate"

-- The description of an experiment's dataset.
local DATASET = "What the experiment trains on"

local experiments = {
   handlers = {},
   parts = { "duplicates", "tool_selection" },
   -- datasetId: its own dataset, made and deleted with it. own_length: how many bytes of the initial prompt are
   -- the person's own, where examples that an earlier experiment chose follow them. tools: JSON, of a
   -- tool-selection experiment.
   tables = { [[experiment (id TEXT PRIMARY KEY, aiComponentId OF(component),
      datasetId TEXT NOT NULL REFERENCES dataset,
      name TEXT, description TEXT, targetModel TEXT NOT NULL, provider TEXT NOT NULL,
      taskType TEXT NOT NULL, optimizer TEXT NOT NULL, promptFormat TEXT NOT NULL DEFAULT 'single',
      initial_prompt TEXT, own_length INTEGER, tools TEXT, systemPrompt TEXT, optimizeSystemPrompt INTEGER,
      optimizedSystemPrompt TEXT, hyperparameters TEXT NOT NULL, initialPredictionModelSchema TEXT,
      inputVariables TEXT NOT NULL DEFAULT '[]',
      experimentStatus TEXT NOT NULL DEFAULT 'pending', tokensUsed INTEGER NOT NULL DEFAULT 0,
      runNumber INTEGER NOT NULL, startedAt TEXT, endedAt TEXT, errorCode TEXT, errorMessage TEXT,
      TIMES)]] },
   indexes = { "experiment_component ON experiment (aiComponentId)", "experiment_dataset ON experiment (datasetId)" },
   kinds = { experiment = { from = "experiment t" .. lookup.OF_COMPONENT,
      parents = { component = "t.aiComponentId" } } },
   upgrades = {},
}
local handlers = experiments.handlers

---------------------------------------------------------------- older files

-- Experiments have datasets of their own since version 2.
experiments.upgrades[2] = { before = function(store)
   store:execute "ALTER TABLE experiment ADD COLUMN datasetId TEXT REFERENCES dataset"
   for _, row in ipairs(store:all [[SELECT e.id, e.name, e.runNumber, e.aiComponentId, c.workspaceId FROM experiment e
      JOIN component c ON c.id = e.aiComponentId]]) do
      local dataset, now = ids.uuid(), times.now()
      store:run([[INSERT INTO dataset (id, aiComponentId, workspaceId, name, description, createdAt, updatedAt)
         VALUES (?, ?, ?, ?, ?, ?, ?)]], dataset, row.aiComponentId, row.workspaceId,
         row.name or ("experiment %d"):format(row.runNumber), DATASET, now, now)
      store:run("UPDATE experiment SET datasetId = ? WHERE id = ?", dataset, row.id)
   end
end }

---------------------------------------------------------------- shape

local experiment = shapes.new({ "id", "datasetId", "name", "description", "targetModel", "provider", "aiComponentId",
   "experimentStatus", "taskType", "optimizer", "promptFormat", "tokensUsed",
   "initialPredictionModelSchema", "inputVariables", "runNumber",
   "hyperparameters", "startedAt", "endedAt", "errorCode", "errorMessage", "createdAt", "updatedAt" },
   { "initialPredictionModelSchema", "inputVariables", "hyperparameters" })

--- An experiment's row as the platform shows it. One without cases has no dataset of an experiment either.
function experiments.shape(sandbox, row)
   local object = experiment(row)
   if sandbox.without.list_dataset_cases then object.datasetId = nil end
   object.customProviderId = json.null
   object.createdByUser = json.null
   if row.taskType == "toolSelection" then
      object.systemPrompt = row.systemPrompt or json.null
      object.optimizeSystemPrompt = row.optimizeSystemPrompt == 1
      object.optimizedSystemPrompt = row.optimizedSystemPrompt or json.null
   end
   object.initialPromptMessages = shapes.messages(row.initial_prompt)
   object.initialPromptTokens = row.initial_prompt and #scoring.tokens(row.initial_prompt) or json.null
   object.retries = 0
   return object
end

---------------------------------------------------------------- operations

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
      return experiments.shape(sandbox, row)
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
   fields.datasetId = datasets.insert(sandbox, fields.aiComponentId, name, DATASET)
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
   return 201, experiments.shape(sandbox, experiments.insert(sandbox, {
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
   return 200, experiments.shape(sandbox, input.experiment)
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
   return 200, experiments.shape(sandbox, lookup.find(sandbox, "experiment", id))
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

--- Ends an experiment as failed.
function experiments.fail(store, id, message)
   runner.fail(store, id, "SANDBOX_ERROR", message)
end

return experiments
