-- rooms.lua - where training data is kept: as cases of a dataset, or as observations of an experiment on older
-- platforms.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- A room has `name`; the endpoints `create` and `list` with their `ids`; what messages call its owner and rows
-- (`owner`,
-- `rows`); `is_dataset`, whose list comes with a count; `payloads`, where rows may have the form of a case.
local import = ...

local tostring, type = tostring, type

local methods = import "methods"
local failure = import "failure"

local rooms = {}

function rooms.observations(experiment_id)
   return {
      name = "observations", create = "create_observations", list = "list_observations",
      ids = { experiment_id }, owner = "experiment", rows = "observations",
      path = ("/experiments/%s/observations"):format(tostring(experiment_id)),
   }
end

function rooms.cases(component_id, dataset_id, payloads)
   return {
      name = "cases", create = "create_dataset_cases", list = "get_dataset",
      ids = { component_id, dataset_id }, owner = "dataset", rows = "cases", is_dataset = true, payloads = payloads,
      path = ("/components/%s/datasets/%s"):format(tostring(component_id), tostring(dataset_id)),
   }
end

local function text_in(value)
   return type(value) == "string" and value ~= "" and value or nil
end

--- The room of an experiment, which the platform is asked for: cases where it has a dataset.
function rooms.of_experiment(client, experiment_id)
   local experiment = methods.get_experiment(client, experiment_id)
   local dataset_id = type(experiment) == "table" and text_in(experiment.datasetId)
   if not dataset_id then
      return rooms.observations(experiment_id)
   elseif not text_in(experiment.aiComponentId) then
      failure.raise("decode", "the response has a datasetId, but no aiComponentId")
   end
   return rooms.cases(experiment.aiComponentId, dataset_id)
end

return rooms
