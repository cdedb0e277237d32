--- Whether a response has the shape that the endpoint's row says: an object, a list of objects, with ids. What is
-- deeper inside is not checked; a command that fails on it reports that (failure.lua).
local promptic = require "promptic"
local types = require "promptic.types"

local shape = {}

local array_metatable = getmetatable(promptic.array {})

local function called(value)
   if value == nil or value == promptic.null then return "null" end
   if type(value) == "table" then return getmetatable(value) == array_metatable and "an array" or "an object" end
   return "a " .. type(value)
end

local SCALARS = { string = "string", integer = "number", number = "number", boolean = "boolean" }

-- What an object of this type is known by: its id, or without one the scalars that are always there.
local function is_needed(has_id, field)
   if has_id then return field.name == "id" end
   return not (field.absent or field.null) and SCALARS[field.type] and not field.list and not field.map
end

local function has_its_type(field, value)
   if field.name == "id" then return type(value) == "string" or math.type(value) == "integer" end
   return type(value) == SCALARS[field.type]
end

-- What is wrong with an object of this type; nil if nothing is.
local function of_object(name, value, where)
   if type(value) ~= "table" or getmetatable(value) == array_metatable then
      return ("%s is %s and no object"):format(where, called(value))
   end
   local fields, has_id = types.fields(name) or {}, false
   for _, field in ipairs(fields) do has_id = has_id or field.name == "id" end
   for _, field in ipairs(fields) do
      if is_needed(has_id, field) and not has_its_type(field, value[field.name]) then
         return field.name == "id" and where .. " has no id"
            or ("%s has no %s that is a %s"):format(where, field.name, field.type)
      end
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

-- The lists of objects in an object of this type, such as the traces of a page.
local function of_lists(name, value)
   for _, field in ipairs(types.fields(name) or {}) do
      if field.list and not field.absent and types.fields(field.type) then
         local problem = of_list(field.type, value[field.name], field.name)
         if problem then return problem end
      end
   end
end

--- What is wrong with a response; returns is the field of the endpoint's row. nil if nothing is.
function shape.problem(returns, answer)
   if returns.form == "nothing" or returns.form == "bytes" or answer == nil and returns.optional then return nil end
   if returns.form == "object" then
      return of_object(returns.type, answer, "it") or of_lists(returns.type, answer)
   end
   return of_object(nil, answer, "it") or of_list(returns.type, answer[returns.field], returns.field)
end

return shape
