--- Lua's own globals as they were at the start, before a statement such as `type = "f1"`. The files of the REPL
-- use these, so that no assignment at the prompt can break the prompt.
local copy = {}

for name, value in pairs(_G) do
   if type(value) == "table" and package.loaded[name] == value and name ~= "_G" then
      local library = {}
      for key, member in pairs(value) do library[key] = member end
      value = library
   end
   copy[name] = value
end

return copy
