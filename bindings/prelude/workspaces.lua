-- workspaces.lua - get_workspace and list_workspaces on platforms that know AI Applications only: the newer name is
-- tried after a 404, as auth.lua and Python's client do in the other direction.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, pairs, select = error, pairs, select

local methods, failure = import "methods", import "failure"

local function is_missing(err)
   return failure.is_error(err) and err.status_code == 404
end

-- What neither has is reported in the words of the operation that was called.
local function ask(older, newer, client)
   local fine, result = failure.attempt(older, client)
   if not fine and is_missing(result) then
      local found, other = failure.attempt(newer, client)
      if found or not is_missing(other) then
         fine, result = found, other
      end
   end
   if not fine then
      error(result, 0)
   end
   return result
end

for name, newer in pairs{
   get_workspace = "get_ai_application", list_workspaces = "list_ai_applications",
} do
   local older = methods[name]
   methods[name] = function(...)
      if select("#", ...) ~= 1 then
         return older(...) -- raises: it takes the client alone
      end
      return ask(older, methods[newer], ...)
   end
end
