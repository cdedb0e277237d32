--[[
The config of an evaluator by its type, as the contract has it: a judge needs its rubric (instructions) or its
messages; structuredOutput may say of each field of the output whether it counts, how much, and how it is
compared. Whether a judge is among them is judge_in, since the sandbox has none.
]]
local check = require "promptic.sandbox.check"
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local output_schema = require "promptic.sandbox.output_schema"

local evaluator_config = {}

local METHODS = { "exact", "embedding", "contains", "judge", "array_exact", "array_similarity", "array_judge" }

--- One field of StructuredOutputConfig.fields. strategy and array_strategy are the older spelling of method.
evaluator_config.FIELD = { type = "object", closed = true, fields = {
   { name = "include", type = "boolean", default = true },
   { name = "weight", type = "number", above = 0, default = 1 },
   { name = "method", type = "string", values = METHODS },
   { name = "judge_instructions", type = "string" },
   { name = "strategy", type = "string", values = { "exact", "embedding", "contains", "judge" } },
   { name = "array_strategy", type = "string", values = { "exact", "similarity", "judge" } },
} }

--- Schemas of a config by evaluator type.
evaluator_config.schemas = {
   referenceJudge = { type = "object", required = true, fields = {
      { name = "instructions", type = "string", required = true } } },
   generalJudge = { type = "object", required = true, fields = {
      { name = "messages", type = "array", required = true, minimum = 1, items = { type = "object", fields = {
         { name = "role", type = "string", required = true, values = { "system", "user", "assistant" } },
         { name = "content", type = "string", required = true } } } } } },
   structuredOutput = { type = "object", nullable = true, fields = {
      { name = "schema_definition", type = "object" },
      { name = "fields", type = "object" },
      { name = "judge_instructions", type = "string" } } },
}
evaluator_config.schemas.comparisonJudge = evaluator_config.schemas.referenceJudge

--- How a field is compared: one of METHODS, or nil where its type decides.
function evaluator_config.method(field)
   if field.method then return field.method end
   if field.array_strategy then return "array_" .. field.array_strategy end
   return field.strategy
end

--- The paths of a config's fields, sorted: those that are inside of others come after them.
function evaluator_config.paths(config)
   local paths = {}
   for path in pairs(config.fields or {}) do paths[#paths + 1] = path end
   table.sort(paths)
   return paths
end

local function check_method(field, found, path)
   local method = evaluator_config.method(field)
   if field.judge_instructions and method ~= "judge" and method ~= "array_judge" then
      failure.at(path .. ".judge_instructions", "judge_instructions needs the method judge or array_judge")
   end
   local kind = found and output_schema.type(found)
   if not method or not kind then return end
   local for_arrays = method:find "^array_" ~= nil
   if for_arrays ~= (kind == "array") or (method == "judge" and kind == "object") then
      failure.at(path .. ".method", ("The method %s does not fit a field of type %s"):format(method, kind))
   end
end

local function check_structured(config, experiment, path)
   local schema = config.schema_definition
   if not schema and experiment.initialPredictionModelSchema then
      schema = json.decode(experiment.initialPredictionModelSchema)
   end
   for _, name in ipairs(evaluator_config.paths(config)) do
      local field, at = config.fields[name], ("%s.fields.%s"):format(path, name)
      check.value(evaluator_config.FIELD, field, at)
      local found = schema and output_schema.find(schema, name)
      if schema and not found then failure.at(at, ("Unknown field path '%s'"):format(name)) end
      check_method(field, found, at)
   end
end

--- Raises 400 unless an evaluator's config is what its type takes; types without a schema take any.
function evaluator_config.check(evaluator, experiment, path)
   local schema, config = evaluator_config.schemas[evaluator.type], evaluator.config
   if not schema then return end
   if config == nil then
      if schema.required then failure.at(path, "Required") end
      return
   end
   check.value(schema, config, path)
   if evaluator.type == "structuredOutput" and config ~= json.null then
      check_structured(config, experiment, path)
   end
end

local judges = { referenceJudge = true, comparisonJudge = true, generalJudge = true }

--- What of an evaluator takes a language model: its type, or the method of a field that counts. nil: nothing.
function evaluator_config.judge_in(evaluator_type, config)
   if judges[evaluator_type] then return evaluator_type end
   if evaluator_type ~= "structuredOutput" or not config then return nil end
   for _, name in ipairs(evaluator_config.paths(config)) do
      local field = config.fields[name]
      local method = evaluator_config.method(field)
      if field.include ~= false and (method == "judge" or method == "array_judge") then
         return ("structuredOutput with the method %s for '%s'"):format(method, name)
      end
   end
   return nil
end

return evaluator_config
