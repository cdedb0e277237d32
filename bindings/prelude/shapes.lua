-- shapes.lua - what the library itself needs of a response's form. Anything else is an error of kind "decode".
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, rawget, type = error, rawget, type

local unexpected = import("failure").unexpected

local shapes = {}

--- The response, which is an object.
function shapes.object(response, path)
   if type(response) == "table" then
      return response
   end
   error(unexpected("the response is no object", "GET", path), 0)
end

--- The list of objects of this name in the response.
function shapes.list(response, name, path)
   local list = type(response) == "table" and rawget(response, name) -- raw: its type may have no such field
   if type(list) ~= "table" then
      error(unexpected(("the response holds no list '%s'"):format(name), "GET", path), 0)
   end
   for index = 1, #list do
      if type(list[index]) ~= "table" then
         error(unexpected(("the list '%s' of the response holds more than objects"):format(name), "GET", path), 0)
      end
   end
   return list
end

--- The id of what was created, a text.
function shapes.created(response, path)
   local id = type(response) == "table" and rawget(response, "id")
   if type(id) ~= "string" then
      error(unexpected("the response does not name the id of what was created", "POST", path), 0)
   end
   return id
end

return shapes
