--[[
The models that the platform lists, and those of experiments that are no longer among them. Models come and go: an
experiment or a deployment may name one that has ended.
]]
local failure = require "promptic.cli.failure"
local promptic = require "promptic"
local terminal = require "promptic.terminal"

local catalogue = {}

local known -- models by id, once loaded; nil where the platform has no list

-- The words that `provider` takes.
local function is_provider(group)
   for _, parameter in ipairs(promptic.endpoints.create_experiment.parameters) do
      if parameter.name == "provider" then
         for _, word in ipairs(parameter.values) do
            if word == group then return true end
         end
      end
   end
   return false
end

--- The list of the platform; nil where it has none.
function catalogue.list(context)
   local listed, answer = pcall(context.call, context, "list_models")
   if listed then return answer.data end
   if failure.is_interrupt(answer) or not promptic.is_error(answer, "api") then error(answer, 0) end
end

--- Loads the list, for is_gone. It only adds to what a command shows, so that it fails without a word. Scripts that
--- read --json get the response as it came, without a further request.
function catalogue.load(context)
   if context.values.json then return end
   local listed, list = pcall(catalogue.list, context)
   if not listed and failure.is_interrupt(list) then error(list, 0) end
   catalogue.use(listed and list)
end

--- Takes a list of models for is_gone; an empty one, or none, says nothing of any model.
function catalogue.use(list)
   if not list or #list == 0 then return end
   known = {}
   for _, model in ipairs(list) do known[model.id] = model end
end

function catalogue.is_loaded()
   return known ~= nil
end

--- Whether an experiment's model is no longer listed. Models of the user's own are in no list.
function catalogue.is_gone(experiment)
   return known ~= nil and known[experiment.targetModel] == nil and experiment.provider ~= "custom"
      and experiment.customProviderId == nil
end

--- The experiment's model, marked if it is gone.
function catalogue.mark(experiment)
   local model = experiment.targetModel
   return model and catalogue.is_gone(experiment) and model .. " (gone)" or model
end

--- What to do about a model that is gone; id: the experiment's. A pending experiment can be changed, others are
--- copied.
function catalogue.advice(model, id, is_pending)
   local verb = is_pending and "update" or "duplicate"
   return ("The model %s can no longer be used here. `promptic models list` shows those that can; to use another:\n"
      .. "  promptic experiments %s %s -m MODEL"):format(terminal.clean(model, true), verb, terminal.clean(id, true))
end

--- Choices for ask.lua: the one that the examples would take first, so that it is the default.
function catalogue.choices(list)
   local choices, first = {}, nil
   for _, model in ipairs(list) do
      local is_first = model.group == "openai" or is_provider(model.group)
      if is_first and (not first or model.group == "openai" and first.group ~= "openai") then first = model end
   end
   local function add(model)
      local text = model.name == model.id and model.id or ("%s  %s"):format(model.id, model.name)
      choices[#choices + 1] = { model.id, text }
   end
   if first then add(first) end
   for _, model in ipairs(list) do
      if model ~= first then add(model) end
   end
   return choices
end

--- The provider to give for a model that replaces another one, by the platform's list; nil if it is not known.
function catalogue.provider_of(context, id)
   return catalogue.provider(catalogue.list(context) or {}, id)
end

--- The provider to give for the model of this id; nil where its group is none.
function catalogue.provider(list, id)
   for _, model in ipairs(list) do
      if model.id == id then return is_provider(model.group) and model.group or nil end
   end
end

return catalogue
