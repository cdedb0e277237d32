--[[
Requests against the contract, as the rows of the endpoint table have it: types, enums, formats, bounds,
required and unknown fields, defaults. What no row has (the inside of hyperparameters, of an evaluator's
config) follows below or in evaluator_config.lua. spec/sandbox/sandbox_contract_spec.lua compares all of it with
openapi.yaml, field by field.

The contract closes the objects of most bodies against unknown fields and leaves list items and changes
open, where unknown fields are ignored, as the platform may know more than this table.
]]
local check = require "promptic.sandbox.check"
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local resources = require "promptic.sandbox.resources"
local routes = require "promptic.sandbox.routes"

local validate = {}

local function is_ratio(value, path)
   if value >= 1 then failure.at(path, "Number must be less than 1") end
end

-- Sums and differences of what evaluators bring stay exact enough for scores, and finite.
local LARGEST = 1000000000

--- Schemas by wire name for what a row calls an object, and bounds that no row has.
validate.inner = {
   hyperparameters = { closed = true, fields = {
      { name = "epochs", type = "integer", minimum = 1, default = 3 },
      { name = "trainSplitRatio", type = "number", above = 0, is = is_ratio },
      { name = "numFewShots", type = "integer", minimum = 0, default = 8 },
      { name = "enableCot", type = "boolean" },
   } },
   -- The platform fills these in, though every client sends them.
   taskType = { required = false }, provider = { required = false }, optimizer = { required = false },
   -- Absent differs from "eval": trainSplitRatio decides then.
   split = { fill = false },
   weight = { minimum = 0, maximum = LARGEST },
   scaleMin = { minimum = -LARGEST, maximum = LARGEST },
   scaleMax = { minimum = -LARGEST, maximum = LARGEST },
}

local function typed_default(parameter)
   local text = parameter.default or parameter.assumed
   if text == nil or parameter.type == "string" then return text end
   return json.decode(text)
end

-- The schema of a parameter's row.
local function schema_of(parameter)
   local schema = {
      name = parameter.wire, type = parameter.type, nullable = parameter.nullable, values = parameter.values,
      format = parameter.format, minimum = parameter.minimum, maximum = parameter.maximum,
      default = typed_default(parameter),
      -- what the client has a default for, it always sends
      required = parameter.required or (parameter.default ~= nil and parameter.place == "body"),
   }
   if parameter.items then
      schema.items = { type = "object", fields = {} }
      for i, field in ipairs(parameter.items) do schema.items.fields[i] = schema_of(field) end
   end
   for key, value in pairs(validate.inner[parameter.wire] or {}) do schema[key] = value end
   return schema
end

local function fields_in(row, place)
   local fields = {}
   for _, parameter in ipairs(row.parameters) do
      -- "a.b" is a client's older spelling of a field and never on the wire
      if parameter.place == place and not parameter.wire:find(".", 1, true) then
         fields[#fields + 1] = schema_of(parameter)
         fields[#fields].parameter = parameter.name
      end
   end
   return fields
end

-- The schema of an endpoint's body, nil for none.
local function body_schema(row)
   local list = fields_in(row, "list")[1]
   if list then
      list.items = { type = "object", fields = fields_in(row, "item") }
      return list
   end
   if #fields_in(row, "changes") > 0 then return { type = "object", fields = fields_in(row, "field") } end
   local fields = fields_in(row, "body")
   if #fields == 0 then return nil end
   return { type = "object", fields = fields, closed = not resources.open_bodies[row.name] }
end

local schemas = {}

--- What an endpoint takes: { path = fields, query = fields, body = schema or nil, one_or_list = boolean }. A list in
-- a body may also be one object alone, which is then a list of one.
function validate.schemas(row)
   local found = schemas[row.name]
   if not found then
      found = { path = fields_in(row, "path"), query = fields_in(row, "query"), body = body_schema(row),
         one_or_list = #fields_in(row, "list") > 0 }
      schemas[row.name] = found
   end
   return found
end

-- Fills in what the contract has a default for, at every depth.
local function complete(schema, value)
   if schema.items and check.is_array(value) then
      for i = 1, #value do complete(schema.items, value[i]) end
   elseif schema.fields and check.is_object(value) then
      for _, field in ipairs(schema.fields) do
         if value[field.name] == nil then
            if field.fill ~= false then value[field.name] = field.default end
         else
            complete(field, value[field.name])
         end
      end
   end
end

--- The body that the handler works with, defaults filled in; raises 400 where it is not as it must be.
function validate.body(row, body)
   local schema = validate.schemas(row)
   if schema.one_or_list and check.is_object(body) then body = json.array { body } end
   check.value(schema.body, body, "")
   complete(schema.body, body)
   return body
end

-- A number's text, as it stands in a path or a query: digits only, since tonumber alone would take "0x10" and
-- " 5 ". Anything else is no number, in the words of the platform.
local function number_of(text, path)
   if text:find "^-?%d+$" then return math.tointeger(tonumber(text)) or tonumber(text) end
   if text:find "^-?%d+%.%d+$" then return tonumber(text) end
   failure.at(path, "Expected number, received nan")
end

local function read_text(field, text)
   local value = text
   if type(text) == "string" and field.type == "integer" then value = number_of(text, field.name) end
   check.value(field, value, field.name)
   return field.format == "uuid" and value:lower() or value
end

--- Checks the ids of a path, which are texts by name: numbers become numbers. They are set in place.
function validate.path(row, arguments)
   for _, field in ipairs(validate.schemas(row).path) do
      arguments[field.parameter] = read_text(field, arguments[field.parameter])
   end
end

--- The query parameters of the endpoint by name, defaults filled in; others are ignored.
function validate.query(row, query)
   local given, values = {}, {}
   for pair in query:gmatch "[^&]+" do
      local name, value = pair:match "^([^=]*)=?(.*)$"
      given[routes.decode(name, true)] = routes.decode(value, true)
   end
   for _, field in ipairs(validate.schemas(row).query) do
      local text = given[field.name]
      if text == nil then text = field.default end
      if text ~= nil then values[field.parameter] = read_text(field, text) end
   end
   return values
end

---------------------------------------------------------------- beyond the table

--- The hyperparameters of an experiment with the documented defaults filled in.
function validate.hyperparameters(settings)
   local values = {}
   for _, field in ipairs(validate.inner.hyperparameters.fields) do
      local value = settings and settings[field.name]
      if value == nil then value = field.default end
      values[field.name] = value
   end
   return values
end

--- The scale of an evaluator with all its fields set.
function validate.scale(evaluator, path)
   if evaluator.scaleMin >= evaluator.scaleMax then
      failure.at(path .. "scaleMax", "scaleMax must be greater than scaleMin")
   end
end

return validate
