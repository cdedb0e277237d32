--- promptic experiments
local call = require "promptic.cli.call"
local catalogue = require "promptic.cli.catalogue"

local MODEL = "the model to optimise for: an id of `promptic models list`"

local function work() return require "promptic.cli.experiment_work" end

local function title(experiment) return experiment.name or "Experiment" end

local function prompt_of(experiment)
   local texts = {}
   for _, message in ipairs(experiment.initialPromptMessages or {}) do
      local role = #experiment.initialPromptMessages > 1 and ("[%s]\n"):format(message.role) or ""
      texts[#texts + 1] = role .. tostring(message.content)
   end
   return #texts > 0 and { prompt = table.concat(texts, "\n\n") } or nil
end

local show = {
   {
      title = title,
      fields = {
         { "id", key = "id", as = "id" },
         { "status", key = "experimentStatus", as = "status" },
         { "description", key = "description" },
         { "component", key = "aiComponentId", as = "id" },
         { "dataset", key = "datasetId", as = "id" },
         { "model", value = function(row) return ("%s (%s)"):format(row.targetModel, row.provider) end },
         { "task", key = "taskType" },
         { "optimizer", key = "optimizer" },
         { "hyperparameters", key = "hyperparameters" },
         { "tokens", key = "tokensUsed", as = "integer" },
         { "created", key = "createdAt", as = "time" },
         { "started", key = "startedAt", as = "time" },
         { "ended", key = "endedAt", as = "time" },
      },
   },
   { heading = "Initial prompt", of = prompt_of, text = "prompt" },
   { line = function(experiment) return work().problem(experiment) end },
}

-- The platform reports no total: a full page may have been the last one.
local function further(answer, values)
   local shown, limit = #answer.data, values.limit or 50
   if shown < limit or shown == 0 then return nil end
   return ("%d shown; --offset %d shows those after them."):format(shown, (values.offset or 0) + shown)
end

local created = {
   title = title,
   fields = {
      { "id", key = "id", as = "id" },
      { "status", key = "experimentStatus", as = "status" },
   },
}

-- The next steps, for users who create their first experiment.
local function before_start(experiment)
   local id = experiment.id
   if experiment.experimentStatus ~= "pending" then return nil end
   return ("What it needs before it can start:\n  promptic observations add %s --from-file FILE\n"
      .. "  promptic evaluators add %s -n accuracy -t f1"):format(id, id)
end

local function after_end(experiment)
   if experiment.experimentStatus ~= "completed" then return nil end
   return ("The best prompt, and how to deploy it:\n  promptic iterations best %s\n"
      .. "  promptic deployments deploy %s %s"):format(experiment.id, experiment.aiComponentId, experiment.id)
end

local finished = {
   created, { line = function(experiment) return work().problem(experiment) end }, { line = after_end },
}

local changeable = {
   { "name", flag = "-n --name" }, "description", "target_model", "task_type", "provider", "optimizer",
   "initial_prompt", { "hyperparameters", file = true }, { "initial_prediction_model_schema", file = true },
}

local function update(context, values)
   local changes = call.fields("update_experiment", values, "field")
   if next(changes) == nil then context:misuse "nothing to change was given" end
   if changes.target_model then
      changes.provider = changes.provider or catalogue.provider_of(context, changes.target_model)
   end
   work().check_object(changes.hyperparameters, "--hyperparameters")
   return context:call("update_experiment", values.experiment_id, changes)
end

-- A note if the copy's model can no longer be used: the platform copies it all the same.
local function model_problem(copy)
   if not copy.modelUnavailable then return nil end
   return catalogue.advice(copy.targetModel, copy.id, true)
end

-- The platform takes no model for a copy, but changes that of a pending experiment, which a copy is.
local function change_model(context, copy, values)
   local provider = values.provider or catalogue.provider_of(context, values.target_model)
   local changed, result = pcall(context.call, context, "update_experiment", copy.id,
      { target_model = values.target_model, provider = provider })
   if changed then return result end
   work().raise_of_new(result, copy.id)
end

local function duplicate(context, values, settings)
   local copy = context:call("duplicate_experiment", values.experiment_id, settings)
   if values.target_model or values.provider then copy = change_model(context, copy, values) end
   if not values.start then return copy end
   local problem = model_problem(copy)
   if problem then context:note(problem) end
   return work().start_new(context, copy.id)
end

local copied = { created, { line = model_problem } }

local timeout = { "timeout", of = "wait_for_experiment", parameter = "max_wait", default = false,
   summary = "how long to wait at most; for ever unless it is given" }

local start_flag = { "start", switch = true, summary = "start it as well" }
local model_flag = { "target_model", summary = "the model to use instead" }
local provider_flag = { "provider", summary = "the provider of that model" }

local function gone_note(answer)
   for _, experiment in ipairs(answer.data) do
      if catalogue.is_gone(experiment) then
         return catalogue.advice(experiment.targetModel, experiment.id, experiment.experimentStatus == "pending")
      end
   end
end

return {
   section = "Prompts",
   summary = "Searches for a better prompt.",
   commands = {
      {
         name = "list", method = "list_experiments",
         options = { "component_id", "status", "limit", "offset" },
         summary = "List experiments, the newest first.", times = true,
         examples = "promptic experiments list --status running\npromptic experiments list -c COMPONENT --json",
         run = function(context)
            local answer = call.method(context, "list_experiments")
            if #answer.data > 0 then catalogue.load(context) end
            return answer
         end,
         show = {
            {
               list = "data",
               columns = {
                  { "ID", key = "id", as = "id" },
                  { "NAME", key = "name" },
                  { "STATUS", key = "experimentStatus", as = "status" },
                  { "MODEL", value = catalogue.mark, optional = true, least = 12 },
                  { "TASK", key = "taskType", optional = true, least = 14 },
                  { "CREATED", key = "createdAt", as = "time", optional = "last" },
               },
               empty = "There are no such experiments: `promptic experiments create` makes one.",
            },
            { line = further }, { line = gone_note },
         },
      },
      {
         name = "create", method = "create_experiment",
         summary = "Create an experiment; asks for missing values at a terminal.",
         options = {
            { "ai_component_id", flag = "-c --component" }, { "target_model", summary = MODEL }, "task_type",
            "initial_prompt", { "name", flag = "-n --name" }, "description", "provider", "optimizer", "hyperparameters",
            "initial_prediction_model_schema", "prompt_format",
            { "input_variables", flag = "--input-variable", label = "NAME=COLUMN", type = "string", many = true,
               summary = "what the prompt calls NAME is the column COLUMN of the rows" },
            start_flag,
         },
         notes = "An experiment needs training data and an evaluator before it can start: "
            .. "`promptic observations add`, `promptic evaluators add`.",
         examples = "promptic experiments create\n"
            .. "promptic experiments create -c COMPONENT -m MODEL -p \"Spam or ham?\"",
         run = function(...) return require("promptic.cli.experiment_create").run(...) end,
         show = { created, { line = before_start } },
      },
      {
         name = "create-tool-selection", from = "promptic.cli.tool_selection",
         summary = "Create an experiment that optimises the descriptions of tools.",
      },
      {
         name = "get", method = "get_experiment", arguments = { "experiment_id" }, times = true, show = show,
         summary = "Show an experiment with its status.",
      },
      {
         name = "update", method = "update_experiment", arguments = { "experiment_id" }, options = changeable,
         summary = "Change an experiment that has not been started.",
         examples = "promptic experiments update EXPERIMENT -m MODEL -p \"Spam or ham? One word.\"",
         run = update, times = true, show = show,
      },
      {
         name = "delete", method = "delete_experiment", arguments = { "experiment_id" },
         summary = "Delete an experiment and all that belongs to it.",
         confirm = function(context)
            local experiment = context:call("get_experiment", context.values.experiment_id)
            local question = "Delete the experiment '%s' (%s) and all that belongs to it?"
            return question:format(experiment.name or experiment.id, experiment.experimentStatus)
         end,
         done = "Deleted the experiment {experiment_id}.",
      },
      {
         name = "start", method = "start_experiment", arguments = { "experiment_id" },
         summary = "Start an experiment that is pending.",
         notes = "It needs training data and an evaluator. With --wait the exit code is 1 where it failed; Ctrl-C "
            .. "ends the waiting and not the experiment.",
         options = { { "wait", switch = true, summary = "wait until it has ended" }, timeout },
         run = function(context, values)
            if values.timeout and not values.wait then context:misuse "--timeout goes with --wait" end
            return work().start(context, values.experiment_id, values.wait, values.timeout)
         end,
         show = finished,
      },
      {
         name = "wait", method = "get_experiment", arguments = { "experiment_id" },
         summary = "Wait until an experiment has ended; the exit code is 1 where it failed.",
         options = { timeout },
         notes = "An experiment that is pending has to be started: the command says how, and waits for it.",
         run = function(context, values)
            return work().wait(context, values.experiment_id, { timeout = values.timeout })
         end,
         show = finished,
      },
      {
         name = "duplicate", method = "duplicate_experiment", arguments = { "experiment_id" },
         summary = "Copy an experiment with its training data and evaluators.",
         options = { "initial_prompt_override", model_flag, provider_flag, start_flag },
         examples = "promptic experiments duplicate EXPERIMENT -m MODEL --start",
         run = function(context, values)
            return duplicate(context, values, { initial_prompt_override = values.initial_prompt_override })
         end,
         show = copied,
      },
      {
         name = "continue", method = "duplicate_experiment", arguments = { "experiment_id" },
         options = { model_flag, provider_flag, start_flag },
         summary = "Copy an experiment so that it starts from the best prompt it has found.",
         run = function(context, values)
            return duplicate(context, values, { continue_from_optimized = true })
         end,
         show = copied,
      },
      { name = "report", summary = "Write a page about an experiment.", from = "promptic.cli.report" },
   },
}
