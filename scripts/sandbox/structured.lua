--[[
structuredOutput with a config: how much of a predicted JSON object is right. Both texts are read as JSON
objects; where one is none, 1 if the texts are the same, else 0. A field is a name in either object, null
being like an absent one; its path is dotted.

   config.fields[path].include = false   the field does not count
   weight                                its share (1) in the mean of the fields beside it
   method (or strategy, array_strategy)  how it is compared; without one the type that schema_definition gives
                                         the path decides: string embedding, enum, boolean and integer exact,
                                         number tolerance, object fields, array array_similarity. Without that
                                         either: fields where both are objects and the config names a path
                                         inside, else exact

   exact, array_exact   1 for the same JSON value, else 0. Integers compare exactly, whatever their size
   tolerance            1 where two numbers differ by at most 1e-6 of the larger one (and of 1), else 0
   embedding            the cosine of the token counts, as the evaluator similarity has it
   contains             1 where the predicted text holds the expected one, byte by byte, else 0
   fields               the weighted mean over the fields inside; 1 if there are none
   array_similarity     each expected element in turn takes the predicted one that is left and most like it
                        (embedding; the earliest among equals); their sum over the longer array's length

Texts are those of prompts.value_text. A field that only one object has scores 0.
]]
local evaluator_config = require "promptic.sandbox.evaluator_config"
local json = require "promptic.json"
local output_schema = require "promptic.sandbox.output_schema"
local prompts = require "promptic.sandbox.prompts"
local text_scores = require "promptic.sandbox.text_scores"

local structured = {}

local array_metatable = getmetatable(json.array {})

local function is_array(value)
   return getmetatable(value) == array_metatable
end

local function is_object(value)
   return type(value) == "table" and not is_array(value)
end

--- Whether two JSON values are the same: numbers by value, null like an absent member.
function structured.same(a, b)
   if a == b then return true end
   if type(a) ~= "table" or type(b) ~= "table" then return false end
   if getmetatable(a) ~= getmetatable(b) then return false end
   for key, value in pairs(a) do
      if not structured.same(value, b[key]) then return false end
   end
   for key in pairs(b) do
      if a[key] == nil then return false end
   end
   return true
end

local function object_of(text)
   local read, value = pcall(json.decode, text)
   return read and is_object(value) and value or nil
end

local function embedding(predicted, expected)
   return text_scores.cosine(prompts.value_text(predicted), prompts.value_text(expected))
end

local function exact(predicted, expected)
   return structured.same(predicted, expected) and 1 or 0
end

local TOLERANCE = 1e-6

local function tolerance(predicted, expected)
   if type(predicted) ~= "number" or type(expected) ~= "number" then return exact(predicted, expected) end
   local scale = math.max(1, math.abs(predicted), math.abs(expected))
   return math.abs(predicted - expected) <= TOLERANCE * scale and 1 or 0
end

-- The place of the element that is left and most like the expected one, and how like it is.
local function most_like(elements, taken, expected)
   local best, best_score
   for place, element in ipairs(elements) do
      local score = not taken[place] and embedding(element, expected)
      if score and (not best or score > best_score) then best, best_score = place, score end
   end
   return best, best_score
end

local function array_similarity(predicted, expected)
   if not is_array(predicted) or not is_array(expected) then return 0 end
   local longer, sum, taken = math.max(#predicted, #expected), 0, {}
   for _, element in ipairs(expected) do
      local place, score = most_like(predicted, taken, element)
      if place then
         taken[place], sum = true, sum + score
      end
   end
   return longer == 0 and 1 or sum / longer
end

local function contains(predicted, expected)
   return prompts.value_text(predicted):find(prompts.value_text(expected), 1, true) and 1 or 0
end

local methods = { exact = exact, array_exact = exact, tolerance = tolerance, embedding = embedding,
   contains = contains, array_similarity = array_similarity }

local by_type = { string = "embedding", enum = "exact", boolean = "exact", integer = "exact", number = "tolerance",
   object = "fields", array = "array_similarity" }

-- Whether the config names a path inside of this one.
local function has_inner(config, path)
   for name in pairs(config.fields or {}) do
      if name:sub(1, #path + 1) == path .. "." then return true end
   end
   return false
end

local function method_of(config, path, schema, predicted, expected)
   local field = (config.fields or {})[path]
   local method = field and evaluator_config.method(field)
   if method then return method end
   local kind = schema and output_schema.type(schema)
   if kind then return by_type[kind] or "exact" end
   return is_object(predicted) and is_object(expected) and has_inner(config, path) and "fields" or "exact"
end

local function names_of(predicted, expected)
   local names, seen = {}, {}
   for _, object in ipairs { expected, predicted } do
      for name in pairs(object) do
         if not seen[name] then names[#names + 1] = name end
         seen[name] = true
      end
   end
   table.sort(names) -- so that sums come out the same to the last bit every time
   return names
end

local fields_score

local function field_score(config, path, schema, predicted, expected)
   if predicted == nil or expected == nil then return 0 end
   local method = method_of(config, path, schema, predicted, expected)
   if method ~= "fields" then return methods[method](predicted, expected) end
   if not is_object(predicted) or not is_object(expected) then return exact(predicted, expected) end
   return fields_score(config, path .. ".", schema, predicted, expected)
end

function fields_score(config, prefix, schema, predicted, expected)
   local sum, weights = 0, 0
   for _, name in ipairs(names_of(predicted, expected)) do
      local path = prefix .. name
      local field = (config.fields or {})[path] or {}
      if field.include ~= false then
         local inner = schema and output_schema.property(config.schema_definition, schema, name)
         local weight = field.weight or 1
         sum = sum + weight * field_score(config, path, inner, predicted[name], expected[name])
         weights = weights + weight
      end
   end
   return weights == 0 and 1 or sum / weights
end

--- What scores a prediction by a config (nil: each field the same, exactly): a function of two texts.
function structured.scorer(config)
   config = config or {}
   return function(prediction, expected)
      local left, right = object_of(prediction), object_of(expected)
      if not left or not right then return prediction == expected and 1 or 0 end
      return fields_score(config, "", config.schema_definition, left, right)
   end
end

return structured
