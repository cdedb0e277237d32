-- successor.lua - create_experiment_from_deployed and ensure_experiment_from_deployed: an experiment that starts from
-- the deployed prompt, on the rows of the deployed experiment. Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, ipairs, next, type = error, ipairs, next, type

local methods, library = import "methods", import "c.library"
local failure, names, shapes = import "failure", import "names", import "shapes"
local check, is_null = library.check, library.promptic.null

local CHANGES = { "name", "description", "hyperparameters", "provider" }

-- ------------------------------------------------------------------ creating

-- The first experiment of a component, with nothing to compare with.
local function create_first(client, component_id, settings)
   if not (settings.model and settings.initial_prompt) then
      local message = "no prompt of the component is deployed: the first experiment needs model and initial_prompt"
      failure.raise("argument", message, "nothing_deployed")
   end
   local options = { initial_prompt = settings.initial_prompt, task_type = settings.task_type,
      input_variables = settings.input_variables }
   for _, name in ipairs(CHANGES) do
      options[name] = settings[name]
   end
   return methods.create_experiment(client, component_id, settings.model, options)
end

-- The prompt of a component that is deployed, or nil.
local function deployed_of(client, component_id)
   local deployed = methods.get_deployed_prompt(client, component_id)
   if deployed == nil then
      return nil
   end
   local path = ("/components/%s/deployment/prompt"):format(component_id)
   if type(shapes.object(deployed, path).experimentId) ~= "string" or type(deployed.prompt) ~= "string" then
      error(failure.unexpected("the response is no deployed prompt", "GET", path), 0)
   end
   return deployed
end

local function duplicate(client, deployed)
   return methods.duplicate_experiment(client, deployed.experimentId, { initial_prompt_override = deployed.prompt })
end

-- Gives a copy what was asked for.
local function finish(client, copy, settings)
   local changes = { target_model = settings.model }
   for _, name in ipairs(CHANGES) do
      changes[name] = settings[name]
   end
   if next(changes) == nil then
      return copy
   end
   return methods.update_experiment(client, shapes.created(copy, "/experiments"), changes)
end

function methods.create_experiment_from_deployed(...)
   local client, component_id, settings = check.create_experiment_from_deployed(...)
   local deployed = deployed_of(client, component_id)
   if not deployed then
      return create_first(client, component_id, settings)
   end
   return finish(client, duplicate(client, deployed), settings)
end

-- ------------------------------------------------------------------ ensuring

local function text_of(value)
   return value ~= is_null and value or nil
end

-- Whether the experiment starts from this prompt, as far as the platform says what it starts from.
local function starts_from(experiment, prompt)
   local messages = experiment.initialPromptMessages
   if type(messages) ~= "table" or #messages ~= 1 then
      return true
   end
   local message = messages[1]
   return type(message) == "table" and message.content == prompt
end

-- The copy of the deployed experiment that a call left behind between its two requests, the duplicate and the update:
-- it is pending, starts from the deployed prompt, and still has the name of the deployed experiment, or none.
local function find_left(list, deployed)
   local name
   for _, experiment in ipairs(list) do
      if experiment.id == deployed.experimentId then
         name = text_of(experiment.name)
      end
   end
   for _, experiment in ipairs(list) do
      local own = text_of(experiment.name)
      if experiment.experimentStatus == "pending" and experiment.id ~= deployed.experimentId
         and (own == nil or own == name) and starts_from(experiment, deployed.prompt) then
         return experiment
      end
   end
end

function methods.ensure_experiment_from_deployed(...)
   local client, component_id, name, settings = check.ensure_experiment_from_deployed(...)
   local list
   settings.name = name
   return names.ensure(function()
      list = names.experiments(client, component_id)
      return names.only(list, "experiment", name)
   end, function()
      local deployed = deployed_of(client, component_id)
      if not deployed then
         return create_first(client, component_id, settings)
      end
      return finish(client, find_left(list, deployed) or duplicate(client, deployed), settings)
   end)
end
