--[[
Whether a request is what the contract says, by the rows of the endpoint table: types, enums, required
and unknown fields, ranges. What the table does not know (hyperparameters, scales) follows below. Each
refusal is a 422 whose message names the field.

The contract closes the objects of `body` parameters against unknown fields and leaves `item` and `field`
objects open, where unknown fields are ignored, as the platform may know more than this table.
]]
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local routes = require "promptic.sandbox.routes"

local validate = {}

local array_metatable = getmetatable(json.array {})

local function is_array(value)
   return type(value) == "table" and getmetatable(value) == array_metatable
end

local function is_object(value)
   return type(value) == "table" and getmetatable(value) ~= array_metatable
end

local function is_strings(value)
   if not is_array(value) then return false end
   for i = 1, #value do
      if type(value[i]) ~= "string" then return false end
   end
   return true
end

local types = {
   string = { "a string", function(value) return type(value) == "string" end },
   integer = { "an integer", function(value) return math.type(value) == "integer" end },
   number = { "a number", function(value) return type(value) == "number" end },
   boolean = { "true or false", function(value) return type(value) == "boolean" end },
   object = { "an object", is_object },
   array = { "an array", is_array },
   strings = { "an array of strings", is_strings },
   any = { "anything", function() return true end },
}

local function describe(value)
   if value == json.null then return "null" end
   if type(value) == "table" then return is_array(value) and "an array" or "an object" end
   if type(value) == "number" then return json.encode(value) end
   return "a " .. type(value)
end

local function contains(list, wanted)
   for _, value in ipairs(list) do
      if value == wanted then return true end
   end
   return false
end

-- Checks a value that is there; `label` names it in messages.
local function check(parameter, value, label)
   if value == json.null and parameter.nullable then return end
   local name, test = table.unpack(types[parameter.type])
   if not test(value) then failure.invalid("%s: must be %s, not %s", label, name, describe(value)) end
   if parameter.values and not contains(parameter.values, value) then
      failure.invalid("%s: must be one of %s", label, table.concat(parameter.values, ", "))
   end
   if parameter.minimum and (value < parameter.minimum or value > parameter.maximum) then
      failure.invalid("%s: must lie between %d and %d", label, parameter.minimum, parameter.maximum)
   end
end

local function rows_in(row, place)
   local rows = {}
   for _, parameter in ipairs(row.parameters) do
      -- "a.b" is a client's older spelling of a field and never on the wire
      if parameter.place == place and not parameter.wire:find(".", 1, true) then
         rows[#rows + 1] = parameter
      end
   end
   return rows
end

local function check_object(rows, object, prefix, closed)
   if not is_object(object) then
      failure.invalid("%smust be an object, not %s", prefix == "" and "the body " or prefix, describe(object))
   end
   local known = {}
   for _, parameter in ipairs(rows) do
      local value = object[parameter.wire]
      known[parameter.wire] = true
      if value ~= nil then
         check(parameter, value, prefix .. parameter.wire)
      elseif parameter.required or (parameter.default and closed) then
         -- what the client has a default for, it always sends
         failure.invalid("%s%s: is required", prefix, parameter.wire)
      end
   end
   for name in pairs(object) do
      if closed and not known[name] then failure.invalid("%s%s: unknown field", prefix, tostring(name)) end
   end
end

local function check_list(rows, list)
   if not is_array(list) then failure.invalid("the body must be an array, not %s", describe(list)) end
   for i = 1, #list do
      local prefix = "item " .. i .. ": "
      check_object(rows, list[i], prefix, false)
   end
end

--- Which form of body the endpoint takes: "object", "list", "changes", or nil for none.
function validate.form(row)
   if #rows_in(row, "list") > 0 then return "list" end
   if #rows_in(row, "changes") > 0 then return "changes" end
   if #rows_in(row, "body") > 0 then return "object" end
   return nil
end

--- Raises 422 unless the decoded body is what the endpoint takes.
function validate.body(row, body)
   local form = validate.form(row)
   if form == "list" then
      check_list(rows_in(row, "item"), body)
   elseif form == "changes" then
      check_object(rows_in(row, "field"), body, "", false)
   elseif form == "object" then
      check_object(rows_in(row, "body"), body, "", true)
   end
end

local function query_value(parameter, text)
   if parameter.type == "integer" then
      -- digits only: tonumber alone would take "0x10" and " 5 "
      return text:match "^-?%d+$" and math.tointeger(tonumber(text)) or text
   end
   return text
end

--- The query parameters of the endpoint, defaults filled in; others are ignored.
function validate.query(row, query)
   local given, values = {}, {}
   for pair in query:gmatch "[^&]+" do
      local name, value = pair:match "^([^=]*)=?(.*)$"
      given[routes.decode(name, true)] = routes.decode(value, true)
   end
   for _, parameter in ipairs(rows_in(row, "query")) do
      local text = given[parameter.wire] or parameter.default
      if text ~= nil then
         local value = query_value(parameter, text)
         check(parameter, value, parameter.wire)
         values[parameter.name] = value
      end
   end
   return values
end

---------------------------------------------------------------- beyond the table

local hyperparameters = {
   { wire = "epochs", type = "integer" },
   { wire = "trainSplitRatio", type = "number" },
   { wire = "numFewShots", type = "integer" },
   { wire = "enableCot", type = "boolean" },
}

--- The hyperparameters of an experiment (nil is fine); unknown ones are kept.
function validate.hyperparameters(settings)
   if settings == nil then return end
   for _, parameter in ipairs(hyperparameters) do
      local value = settings[parameter.wire]
      if value ~= nil then check(parameter, value, "hyperparameters." .. parameter.wire) end
   end
   local epochs, ratio, shots = settings.epochs, settings.trainSplitRatio, settings.numFewShots
   if epochs and epochs < 1 then failure.invalid "hyperparameters.epochs: must be at least 1" end
   if shots and shots < 0 then failure.invalid "hyperparameters.numFewShots: must not be negative" end
   if ratio and (ratio <= 0 or ratio >= 1) then
      failure.invalid "hyperparameters.trainSplitRatio: must lie between 0 and 1, without either"
   end
end

-- Sums and differences of what evaluators bring stay exact enough for scores, and finite.
local LARGEST = 1000000000

local lowest = { weight = 0, scaleMin = -LARGEST, scaleMax = -LARGEST }

--- The numbers of an evaluator with all its fields set.
function validate.evaluator(evaluator, prefix)
   for _, field in ipairs { "weight", "scaleMin", "scaleMax" } do
      local value = evaluator[field]
      if value < lowest[field] or value > LARGEST then
         failure.invalid("%s%s: must lie between %d and %d", prefix, field, lowest[field], LARGEST)
      end
   end
   if evaluator.scaleMin >= evaluator.scaleMax then
      failure.invalid("%sscaleMax: must be greater than scaleMin", prefix)
   end
end

return validate
