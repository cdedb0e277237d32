--- Whether a response has the shape that the endpoint's row says: an object, a list of objects, with ids. What is
-- deeper inside is not checked; a command that fails on it reports that (failure.lua).
local promptic = require "promptic"

local shape = {}

-- Objects that the commands know by their id.
local WITH_ID = {}
for name in ([[AIApplication AgentEvaluation Annotation AvailableModel Component Dataset DatasetCase DatasetWithCases
   Evaluator Experiment Iteration IterationWithScores Observation Run RunWithTraces Trace TraceArtifact TraceListItem
   Workspace]]):gmatch "%a+" do
   WITH_ID[name] = true
end

-- Fields that commands need in other objects, with their types.
local NEEDED = {
   StorageObjectUrl = { "downloadUrl", "string" }, PresignedUpload = { "uploadUrl", "string" },
   DeployedPrompt = { "prompt", "string" }, Deployment = { "experimentId", "string" },
   TracingStats = { "totalTraces", "number" },
}

local array_metatable = getmetatable(promptic.array {})

local function called(value)
   if value == nil or value == promptic.null then return "null" end
   if type(value) == "table" then return getmetatable(value) == array_metatable and "an array" or "an object" end
   return "a " .. type(value)
end

-- What is wrong with an object of this name; nil if nothing is.
local function of_object(name, value, where)
   if type(value) ~= "table" or getmetatable(value) == array_metatable then
      return ("%s is %s and no object"):format(where, called(value))
   elseif WITH_ID[name] and type(value.id) ~= "string" and math.type(value.id) ~= "integer" then
      return ("%s has no id"):format(where)
   end
   local needed = NEEDED[name]
   if needed and type(value[needed[1]]) ~= needed[2] then
      return ("%s has no %s that is a %s"):format(where, needed[1], needed[2])
   end
end

local function of_list(name, value, where)
   if type(value) ~= "table" or getmetatable(value) ~= array_metatable then
      return ("%s is %s and no array"):format(where, called(value))
   end
   for index = 1, #value do
      local problem = of_object(name, value[index], ("%s[%d]"):format(where, index))
      if problem then return problem end
   end
end

-- "{ data = { Experiment, ... } }", "{ messageId, status }"
local function of_fields(text, value)
   local problem = of_object(nil, value, "it")
   if problem then return problem end
   for name, element in text:gmatch "([%w_]+) = { (%w+), %.%.%. }" do
      problem = of_list(element, value[name], name)
      if problem then return problem end
   end
   for name in text:gsub("[%w_]+ = %b{}", ""):gmatch "[%w_]+" do
      if value[name] == nil then return name .. " is missing" end
   end
end

--- What is wrong with a response; returns is the field of the endpoint's row. nil if nothing is.
function shape.problem(returns, answer)
   if not returns or returns == "nil" or returns == "bytes" then return nil end
   local name, optional = returns:match "^(%w+)( ?o?r? ?n?i?l?)$"
   if answer == nil and optional == " or nil" then return nil end
   if name then return of_object(name, answer, "it") end
   return of_fields(returns, answer)
end

return shape
