-- Which model an experiment is for: PROMPTIC_MODEL, or one that the platform lists. Models come and go, so no
-- example holds the name of one.
local promptic = require "promptic"

local model = {}

-- The words that `provider` takes, from the row of create_experiment.
local function providers()
   for _, parameter in ipairs(promptic.endpoints.create_experiment.parameters) do
      if parameter.name == "provider" then return parameter.values end
   end
end

--- The first model of OpenAI in a list, else the first whose group is a provider; nil without one.
function model.pick(list)
   local is_provider, first = {}, nil
   for _, name in ipairs(providers()) do is_provider[name] = true end
   for _, entry in ipairs(list) do
      if entry.group == "openai" then return entry end
      first = first or is_provider[entry.group] and entry
   end
   return first
end

--- The model's id and its provider.
function model.choose(client)
   local id = os.getenv "PROMPTIC_MODEL"
   if id and id ~= "" then return id end
   local listed, answer = pcall(client.list_models, client)
   if not listed and answer.status_code ~= 404 then error(answer, 0) end -- an older platform lists none
   local picked = listed and model.pick(answer.data)
   if picked then return picked.id, picked.group end
   local why = listed and "the platform lists no model that an experiment can use" or tostring(answer)
   error(why .. "\nset PROMPTIC_MODEL to the id of a model", 0)
end

return model
