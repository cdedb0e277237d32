--- codec.lua - promptic.json beside lua-cjson and dkjson, by json.lua.
--
--    codec.lua BUILD
local figures = require "figures"

local AIMS = {
   decode = { 0.7, 0.5, 0.55 },
   encode = { 0.5, 0.5, 0.7 },
}

local _, output = figures.run("'%s/promptic-lua' '%sjson.lua'", arg[1], figures.root)
for what, aims in pairs(AIMS) do
   local index = 0
   for name, base, ratio, slow in output:gmatch("\n" .. what .. " (.-)%s+([%d.]+) µs%s+([%d.]+)%s+([%d.]+)") do
      index = index + 1
      figures.add{
         key = ("%s %d"):format(what, index), group = "JSON, beside lua-cjson", unit = "times its time",
         work = ("%s %s"):format(what, name), value = tonumber(ratio), aim = aims[index],
         peers = { { "dkjson", tonumber(slow) } },
         note = ("lua-cjson takes %s µs"):format(base),
      }
   end
   assert(index == #aims, output)
end
