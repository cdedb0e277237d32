--[[
Whether a decoded JSON value is as a schema says. The first fault is raised as a 400, in the words of the
platform ("Required", "Expected string, received number", "Invalid uuid"), with its place in details.path.

A schema is a table:
   type       "string", "integer", "number", "boolean", "object", "array", "strings" (an array of them), "any"
   nullable   null is fine
   values     an enum
   format     of a string: "uuid", "date-time"
   minimum, maximum, above   of a number, or of the length of a string or an array; `above` is exclusive
   fields     of an object: a list of { name = , required = , default = , and a schema's keys }
   closed     no other fields
   items      of an array: a schema
   is         a function(value, path) for what no key above can say
]]
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local times = require "promptic.sandbox.times"

local check = {}

local array_metatable = getmetatable(json.array {})

function check.is_array(value)
   return type(value) == "table" and getmetatable(value) == array_metatable
end

function check.is_object(value)
   return type(value) == "table" and getmetatable(value) ~= array_metatable
end

-- What a value is called in "received ...".
local function name_of(value)
   if value == json.null then return "null" end
   if type(value) == "table" then return check.is_array(value) and "array" or "object" end
   return type(value)
end

local types = {
   string = function(value) return type(value) == "string" end,
   integer = function(value) return math.type(value) == "integer" end,
   number = function(value) return type(value) == "number" end,
   boolean = function(value) return type(value) == "boolean" end,
   object = check.is_object,
   array = check.is_array,
   strings = check.is_array,
   any = function() return true end,
}

local function check_type(schema, value, path)
   if types[schema.type](value) then return end
   local wanted, given = schema.type == "strings" and "array" or schema.type, name_of(value)
   if wanted == "integer" and given == "number" then
      given = "float"
   elseif wanted == "integer" then
      wanted = "number"
   end
   failure.at(path, ("Expected %s, received %s"):format(wanted, given))
end

local function check_values(schema, value, path)
   for _, allowed in ipairs(schema.values) do
      if value == allowed then return end
   end
   failure.at(path, ("Invalid enum value. Expected '%s', received '%s'"):format(
      table.concat(schema.values, "' | '"), value))
end

-- What a bound is about, by type: the number itself, or a length in these units.
local units = { string = "character(s)", array = "element(s)", strings = "element(s)" }

local relations = { least = "greater than or equal to", most = "less than or equal to", above = "greater than" }

local function refuse_size(schema, path, relation, bound)
   local unit = units[schema.type]
   local text = math.tointeger(bound) and ("%d"):format(bound) or ("%.14g"):format(bound)
   if not unit then
      failure.at(path, ("Number must be %s %s"):format(relations[relation], text))
   end
   failure.at(path, ("%s must contain at %s %s %s"):format(schema.type == "string" and "String" or "Array", relation,
      text, unit))
end

local function check_bounds(schema, value, path)
   local size = value
   if schema.type == "string" then size = utf8.len(value) or #value end
   if type(value) == "table" then size = #value end
   if schema.minimum and size < schema.minimum then refuse_size(schema, path, "least", schema.minimum) end
   if schema.maximum and size > schema.maximum then refuse_size(schema, path, "most", schema.maximum) end
   if schema.above and size <= schema.above then refuse_size(schema, path, "above", schema.above) end
end

-- Versions 1 to 8 of RFC 9562, and its nil and max forms, in either case.
local function is_uuid(text)
   local digits = text:lower():match "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
   return digits ~= nil and (digits:sub(15, 15):find "[1-8]" and digits:sub(20, 20):find "[89ab]"
      or not digits:find "[^0-]" or not digits:find "[^f-]") and true or false
end

local formats = {
   uuid = function(text) return is_uuid(text), "Invalid uuid" end,
   ["date-time"] = function(text)
      return text:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d" and times.ns_of_iso(text) ~= nil, "Invalid datetime"
   end,
}

local function check_format(schema, value, path)
   local fine, message = formats[schema.format](value)
   if not fine then failure.at(path, message) end
end

local function check_fields(schema, object, path)
   local prefix, known = path == "" and "" or path .. ".", {}
   for _, field in ipairs(schema.fields) do
      local value = object[field.name]
      known[field.name] = true
      if value ~= nil then
         check.value(field, value, prefix .. field.name)
      elseif field.required then
         failure.at(prefix .. field.name, "Required")
      end
   end
   if not schema.closed then return end
   local unknown = {}
   for name in pairs(object) do
      if not known[name] then unknown[#unknown + 1] = tostring(name) end
   end
   if #unknown == 0 then return end
   table.sort(unknown)
   failure.at(path, ("Unrecognized key(s) in object: '%s'"):format(table.concat(unknown, "', '")))
end

local STRING = { type = "string" }

-- There can be tens of thousands of ids: a location is built only for a wrong one.
local function check_strings(list, path)
   for i = 1, #list do
      if type(list[i]) ~= "string" then check.value(STRING, list[i], ("%s[%d]"):format(path, i - 1)) end
   end
end

--- Raises a 400 unless the value is as the schema says; path is where it stands, "" for the whole body.
function check.value(schema, value, path)
   if value == json.null and schema.nullable then return end
   check_type(schema, value, path)
   if schema.values then check_values(schema, value, path) end
   if schema.format then check_format(schema, value, path) end
   if schema.minimum or schema.maximum or schema.above then check_bounds(schema, value, path) end
   if schema.fields then check_fields(schema, value, path) end
   if schema.type == "strings" then
      check_strings(value, path)
   elseif schema.items then
      for i = 1, #value do check.value(schema.items, value[i], ("%s[%d]"):format(path, i - 1)) end
   end
   if schema.is then schema.is(value, path) end
end

return check
