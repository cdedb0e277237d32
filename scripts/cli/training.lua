--[[
The training data of an experiment, wherever the platform keeps them: today's has cases in the experiment's dataset,
older ones have observations. On a server with both they are the union.
]]
local promptic = require "promptic"

local training = {}

-- JSON text with keys in order, so that equal values have equal texts.
local function canonical(value)
   if type(value) ~= "table" or value == promptic.null then return promptic.json.encode(value) end
   local pieces = {}
   if #value > 0 then
      for place, item in ipairs(value) do pieces[place] = canonical(item) end
      return "[" .. table.concat(pieces, ",") .. "]"
   end
   for key, item in pairs(value) do pieces[#pieces + 1] = promptic.json.encode(key) .. ":" .. canonical(item) end
   table.sort(pieces)
   return "{" .. table.concat(pieces, ",") .. "}"
end

-- The answer of a case as text: the value of a lone "value" in it, other values as JSON.
local function expected_of(payload)
   if type(payload) == "table" and next(payload) == "value" and next(payload, "value") == nil then
      payload = payload.value
   end
   if payload == nil or payload == promptic.null then return "" end
   return type(payload) == "string" and payload or promptic.json.encode(payload)
end

local function from_case(case)
   return { id = case.id, idx = case.idx, split = case.split, variables = case.inputPayload or {},
      expected = expected_of(case.expectedPayload) }
end

local function key_of(row)
   return canonical { row.variables or {}, row.expected or "" }
end

-- Adds the observations that are not among the rows.
local function add_missing(rows, observations)
   local seen = {}
   for _, row in ipairs(rows) do seen[key_of(row)] = (seen[key_of(row)] or 0) + 1 end
   for _, observation in ipairs(observations) do
      local key = key_of(observation)
      if (seen[key] or 0) > 0 then seen[key] = seen[key] - 1 else rows[#rows + 1] = observation end
   end
end

-- The observations; nil where the platform does not have them.
local function observations_of(context, experiment)
   local found, answer = pcall(context.call, context, "list_observations", experiment.id)
   if found then return answer.data or {} end
   if not promptic.is_error(answer, "api") or answer.status_code ~= 404 then error(answer, 0) end
end

--- The rows of an experiment: { id, idx, split, variables, expected }, and what the platform calls them: "cases" or
--- "observations".
function training.rows(context, experiment)
   if not experiment.datasetId then
      return context:call("list_observations", experiment.id).data or {}, "observations"
   end
   local rows = {}
   local answer = context:call("list_dataset_cases", experiment.aiComponentId, experiment.datasetId)
   for place, case in ipairs(answer.data or {}) do
      rows[place] = from_case(case)
      rows[place].idx = rows[place].idx or place - 1
   end
   local observations = observations_of(context, experiment)
   if observations then add_missing(rows, observations) end
   return rows, "cases"
end

return training
