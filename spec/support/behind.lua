--- behind.lua - the prelude's module "background", which has no public name of its own: senders and refreshers use it.
--
--    local background = require "spec.support.behind".background
--    background.start(f, ...)
local promptic = require "promptic"

-- Values only: names of upvalues may be stripped.
local function upvalues(f)
   local found, index = {}, 1
   while true do
      local name, value = debug.getupvalue(f, index)
      if not name then return found end
      found[#found + 1], index = value, index + 1
   end
end

-- Breadth first from promptic.flush, to the table that has these functions.
local function find(from, ...)
   local queue, seen, names = { from }, {}, { ... }
   for _ = 1, 10000 do
      local value = table.remove(queue, 1)
      if type(value) == "table" and not seen[value] then
         seen[value] = true
         local has = true
         for _, name in ipairs(names) do has = has and rawget(value, name) ~= nil end
         if has then return value end
      elseif type(value) == "function" and not seen[value] then
         seen[value] = true
         for _, upvalue in ipairs(upvalues(value)) do queue[#queue + 1] = upvalue end
      elseif value == nil then
         return nil
      end
   end
end

return { background = assert(find(promptic.flush, "start", "pause"), "the prelude has changed") }
