-- Values as JSON sees them: what the JSON specs compare with.
local json = require "promptic.json"

local json_values = {}

json_values.has_integers = math.type ~= nil
json_values.unpack = table.unpack or unpack -- luacheck: ignore 113 143

local kind_of_number = math.type or function()
   return "number"
end

-- Equal in value, in the mark of arrays and, unless `loosely`, in the subtype of numbers.
local function same(a, b, loosely)
   if type(a) ~= type(b) then
      return false
   elseif type(a) == "number" then
      return a == b and 1 / a == 1 / b and (loosely or kind_of_number(a) == kind_of_number(b))
   elseif type(a) ~= "table" then
      return a == b
   end
   for key, value in pairs(a) do
      if not same(value, b[key], loosely) then
         return false
      end
   end
   for key in pairs(b) do
      if a[key] == nil then
         return false
      end
   end
   return getmetatable(a) == getmetatable(b)
end

json_values.same = same

function json_values.assert_same(expected, value)
   if not same(expected, value) then
      local done, text = pcall(json.encode, value)
      error(done and text or tostring(value), 2)
   end
end

-- `levels` of brackets within each other, around a core.
function json_values.nested(levels, open, close, core)
   return open:rep(levels) .. (core or "") .. close:rep(levels)
end

return json_values
