--[[
promptic.stubs: the annotations of promptic for LuaLS (sumneko) and other editors that read them.

   promptic-lua --run promptic.stubs >promptic.lua

All of it comes from the rows of promptic.endpoints, promptic.library and promptic.types.
]]
local formats = require "promptic.formats"
local promptic = require "promptic"
local reference = require "promptic.reference"
local types = require "promptic.types"

local HEAD = [=[
---@meta promptic
-- Made by `promptic-lua --run promptic.stubs`; not to be edited.

---@class promptic
---@field version string
---@field contract promptic.Contract the contract with the platform that this version follows
---@field null lightuserdata JSON's null: clears a field, and stands in arrays
---@field endpoints table rows of the platform's endpoints, by number and by name
---@field library table rows of the library's own names, by number and by key
---@field Error table the metatable of errors
---@field json promptic.json
---@field auth promptic.auth
@MODULES@
local promptic = {}

---@class promptic.json
---@field null lightuserdata
promptic.json = {}

---@class promptic.auth
promptic.auth = {}

---@class promptic.Client
local Client = {}

]=]

local lines = {}

local function add(format, ...)
   lines[#lines + 1] = format:format(...)
end

-- ------------------------------------------------------------------ types

local TYPES = {
   string = "string", integer = "integer", number = "number", boolean = "boolean",
   object = "table", array = "table", strings = "string[]", any = "any", document = "table|string",
}

-- A function of these arguments as LuaLS writes it.
local function function_type(signature)
   local names = {}
   for name in signature:gmatch("[%w_.]+") do names[#names + 1] = name == "..." and name or name .. ": any" end
   return ("fun(%s): any"):format(table.concat(names, ", "))
end

local function type_of(parameter)
   if parameter.signature then return function_type(parameter.signature) end
   local annotation = formats.of(parameter).annotation
   if annotation then return annotation end
   if not parameter.values then return TYPES[parameter.type] end
   local quoted = {}
   for index, value in ipairs(parameter.values) do quoted[index] = ("%q"):format(value) end
   return table.concat(quoted, "|")
end

local RESULTS = {
   bytes = "string", list = "table", any = "any", string = "string", integer = "integer", number = "number",
   boolean = "boolean", table = "table",
}

local function class(name)
   return "promptic." .. name
end

local RETURNED = {
   nothing = function() return nil end,
   bytes = function() return "string" end,
   value = function(returns) return RESULTS[returns.type] end,
   object = function(returns) return class(returns.type) .. (returns.optional and "?" or "") end,
   list = function(returns) return ("{ %s: %s[] }"):format(returns.field, class(returns.type)) end,
   iterator = function(returns) return ("fun(): %s?"):format(class(returns.type)) end,
}

-- What a row returns, as LuaLS writes it; nil if it returns nothing.
local function result_type(row)
   return RETURNED[row.returns.form](row.returns)
end

local FREE = { object = "table<string, any>" }

-- The type of a field of a response.
local function field_type(field)
   local name = types.find(field.type) and class(field.type) or FREE[field.type] or field.type
   if field.values then name = '"' .. table.concat(field.values, '"|"') .. '"' end
   if field.list then return field.values and ("(%s)[]"):format(name) or name .. "[]" end
   return field.map and ("table<string, %s>"):format(name) or name
end

-- The class of a type of a response, or the alias of its words.
local function add_type(row)
   if row.meaning then add("--- %s.", row.meaning) end
   if row.values then return add("---@alias %s \"%s\"\n", class(row.name), table.concat(row.values, '"|"')) end
   add("---@class %s%s", class(row.name), row.extends and ": " .. class(row.extends) or "")
   for _, field in ipairs(row.fields) do
      add("---@field %s%s %s%s", field.name, (field.absent or field.null) and "?" or "", field_type(field),
         field.meaning and " " .. field.meaning or "")
   end
   add("")
end

-- ------------------------------------------------------------------ functions

local function add_fields(name, parameters)
   add("---@class %s", name)
   for _, parameter in ipairs(parameters) do
      local default = parameter.default or parameter.assumed
      add("---@field %s%s %s %s%s", parameter.name, parameter.required and "" or "?", type_of(parameter),
         parameter.summary, default and "; " .. default or "")
   end
   add("")
end

local INNER = { list = "item", changes = "field" }

local function inner_fields(row, place)
   local list = {}
   for _, parameter in ipairs(row.parameters) do
      if parameter.place == place then list[#list + 1] = parameter end
   end
   return list
end

local function argument_type(row, parameter)
   local name = "promptic." .. (row.key or row.name)
   if parameter.items then
      name = ("%s.%s"):format(name, parameter.name)
      add_fields(name, parameter.items)
      return name .. "[]"
   end
   local place = row.verb and INNER[parameter.place]
   if not place then return type_of(parameter) end
   name = ("%s.%s"):format(name, place)
   add_fields(name, inner_fields(row, place))
   if parameter.type == "document" then return name .. "|string" end
   return place == "item" and name .. "[]" or name
end

local OBJECTS = {
   ["client:"] = "Client:", ["task:"] = "Task:", ["tracer:"] = "Tracer:", ["span:"] = "Span:", ["prompt:"] = "Prompt:",
}

local function add_function(row)
   local positional, options = reference.split(row)
   local arguments, notes = {}, {}
   for index, parameter in ipairs(positional) do
      arguments[index] = parameter.name
      notes[index] = ("---@param %s%s %s %s"):format(parameter.name,
         (parameter.required or parameter.name == "...") and "" or "?", argument_type(row, parameter),
         parameter.summary)
   end
   if #options > 0 then
      local name = ("promptic.%s.options"):format(row.key or row.name)
      add_fields(name, options)
      arguments[#arguments + 1] = "options"
      notes[#notes + 1] = ("---@param options? %s"):format(name)
   end
   local result = result_type(row)
   if result then notes[#notes + 1] = "---@return " .. result end
   add("--- %s", row.summary)
   if row.instead then add("--- Newer platforms have %s in its place.", row.instead) end
   for _, note in ipairs(notes) do add("%s", note) end
   local prefix = reference.prefix(row)
   add("function %s%s(%s) end\n", OBJECTS[prefix] or prefix, row.name, table.concat(arguments, ", "))
end

-- ------------------------------------------------------------------ the whole

-- A function of a resource's module takes the client first.
local function modules()
   local seen, fields = {}, {}
   for _, row in ipairs(promptic.endpoints) do
      if not seen[row.module] then
         seen[row.module] = true
         fields[#fields + 1] = ("---@field %s table the methods of %s, with the client as their first argument"):format(
            row.module, row.module)
      end
   end
   return table.concat(fields, "\n")
end

lines[1] = HEAD:gsub("@MODULES@", modules())
for _, row in ipairs(promptic.library) do
   if row.kind == "class" then
      add("--- %s", row.summary)
      add_fields("promptic." .. row.name, row.parameters)
   end
end
-- The classes of objects with methods, which stand above, under the names that their methods are defined by.
for _, pair in ipairs { { "Tracer", "Tracer" }, { "Span", "TracerSpan" }, { "Prompt", "Prompt" }, { "Task",
   "Task" } } do
   add("---@type promptic.%s\nlocal %s = {}\n", pair[2], pair[1])
end
for _, row in ipairs(reference.functions()) do add_function(row) end
for _, row in ipairs(types) do add_type(row) end
add("return promptic")
print(table.concat(lines, "\n"))
