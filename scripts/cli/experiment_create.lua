--- promptic experiments create: asks for missing values at a terminal.
local ask = require "promptic.cli.ask"
local call = require "promptic.cli.call"
local catalogue = require "promptic.cli.catalogue"
local work = require "promptic.cli.experiment_work"

local create = {}

local NEW = {} -- the choice of a component that is not there yet

local function new_component(context)
   local name = ask.text("Name of the new component")
   return context:call("create_component", name).id
end

local function ask_component(context)
   local choices = {}
   for _, component in ipairs(context:call("list_components").data) do
      choices[#choices + 1] = { component.id, ("%s  %s"):format(component.name, component.id) }
   end
   if #choices == 0 then return new_component(context) end
   choices[#choices + 1] = { NEW, "a new component" }
   local chosen = ask.choice("Component", choices)
   return chosen == NEW and new_component(context) or chosen
end

local function ask_task()
   return ask.choice("Task", {
      { "classification", "classification: one of a few labels" },
      { "textGeneration", "textGeneration: free text" },
      { "structuredOutput", "structuredOutput: JSON that follows a schema" },
   })
end

-- The model, and its provider unless that was given.
local function ask_model(context, values)
   local list = catalogue.list(context) or {}
   if #list == 0 then
      context:note "This platform lists no models."
      values.target_model = ask.text "Model"
      return
   end
   values.target_model = ask.choice("Model", catalogue.choices(list))
   values.provider = values.provider or catalogue.provider(list, values.target_model)
end

-- Asks for missing values; without a terminal a missing required value is a misuse.
local function complete(context, values)
   local missing = not values.ai_component_id and "--component" or not values.target_model and "--model"
   if not missing then return end
   if not ask.possible() or values.json then context:misuse(("option '%s' is missing"):format(missing)) end
   values.ai_component_id = values.ai_component_id or ask_component(context)
   if not values.target_model then ask_model(context, values) end
   values.task_type = values.task_type or ask_task()
   if not values.initial_prompt then
      local prompt = ask.long_text "Prompt to start from"
      values.initial_prompt = prompt ~= "" and prompt or nil
   end
   if not values.name then
      local name = ask.text("Name (empty: none)", "")
      values.name = name ~= "" and name or nil
   end
end

-- What create_experiment takes, from the words NAME=COLUMN; nil for none.
local function input_variables(context, words)
   local list = {}
   for place, word in ipairs(words or {}) do
      local name, column = word:match "^([^=]+)=(.+)$"
      if not name then context:misuse(("--input-variable takes NAME=COLUMN, not '%s'"):format(word)) end
      list[place] = { name = name, column = column }
   end
   return list[1] and list
end

function create.run(context, values)
   values.input_variables = input_variables(context, values.input_variables)
   complete(context, values)
   work.check_object(values.hyperparameters, "--hyperparameters")
   work.check_object(values.initial_prediction_model_schema, "--output-schema")
   local experiment = call.method(context, "create_experiment")
   if values.start then return work.start_new(context, experiment.id) end
   context:note("Created the experiment.")
   return experiment
end

return create
