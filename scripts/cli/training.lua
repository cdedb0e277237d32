--[[
The training data of an experiment, wherever the platform keeps them: today's has cases in the experiment's dataset,
older ones have observations. On a server with both they are the union.
]]
local promptic = require "promptic"

local training = {}

-- A case as an observation, so that rows look alike on any platform.
local function as_observation(case)
   local row = {}
   for name, value in pairs(case) do row[name] = value end
   row.variables, row.expected = case.inputPayload, case.expectedPayload
   row.inputPayload, row.expectedPayload = nil, nil
   return row
end

local function sorted_names(value)
   local names = {}
   for name in pairs(value) do names[#names + 1] = name end
   table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
   return names
end

-- What a value says, whatever the order of its fields and whether a number is written 1 or 1.0.
local function content(value)
   if type(value) ~= "table" then
      return promptic.json.encode(math.type(value) == "float" and math.tointeger(value) or value)
   end
   local pieces = {}
   for _, name in ipairs(sorted_names(value)) do pieces[#pieces + 1] = content(name) .. content(value[name]) end
   return "{" .. table.concat(pieces, ",") .. "}"
end

-- The answer of a row: an object with a lone "value" stands for it.
local function answer_of(row)
   local answer = row.expected
   while type(answer) == "table" and answer.value ~= nil and next(answer, next(answer)) == nil do
      answer = answer.value
   end
   return answer
end

local function key_of(row)
   local answer = answer_of(row)
   return content(row.variables or {}) .. content(answer == nil and promptic.null or answer)
end

-- Adds the observations that no case says the same as: a server may serve both kinds, and keep them apart.
local function unite(list, others)
   local counts = {}
   for _, row in ipairs(list) do
      local key = key_of(row)
      counts[key] = (counts[key] or 0) + 1
   end
   for _, row in ipairs(others) do
      local key = key_of(row)
      local count = counts[key] or 0
      counts[key] = count - 1
      if count <= 0 then list[#list + 1] = row end
   end
end

--- The rows of an experiment in the form of observations, and what the platform calls them: "cases" or
--- "observations".
function training.rows(context, experiment)
   if not experiment.datasetId then
      return context:call("list_observations", experiment.id).data or promptic.array {}, "observations"
   end
   local dataset = context:call("get_dataset", experiment.aiComponentId, experiment.datasetId)
   local rows = promptic.array {}
   for index, case in ipairs(dataset.cases or {}) do rows[index] = as_observation(case) end
   if dataset.caseCount ~= #rows then
      context:note(("The platform listed %d of %s rows."):format(#rows, dataset.caseCount or "an unknown number of"))
   end
   local served, answer = pcall(context.call, context, "list_observations", experiment.id)
   if served then
      unite(rows, answer.data)
   elseif type(answer) ~= "table" or answer.status_code ~= 404 then
      error(answer, 0)
   end
   return rows, "cases"
end

--- The answer of a row as text: other values than texts as JSON, "" for none.
function training.expected_text(row)
   local answer = answer_of(row)
   if answer == nil or answer == promptic.null then return "" end
   return type(answer) == "string" and answer or promptic.json.encode(answer)
end

return training
