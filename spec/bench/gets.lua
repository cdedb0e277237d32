--- gets.lua - the same GETs as gets.c, through promptic.
--
--    gets.lua easy|multi ENDPOINT COUNT
--
-- Prints "wall cpu decode" in seconds; decode is what decoding the same answers takes alone, measured apart.
local promptic = require "promptic"

local mode, endpoint, count = arg[1], arg[2], tonumber(arg[3])
local client = promptic.client{ endpoint = endpoint, api_key = "bench", config_file = "" }
local path = mode == "easy" and "small" or "large"

local wall, cpu = promptic.now(), os.clock()
if mode == "easy" then
   for _ = 1, count do client:get_component(path) end
else
   local list = {}
   for index = 1, count do list[index] = path end
   promptic.map(list, function(id)
      client:get_component(id)
      return true
   end, { concurrency = 32 })
end
wall, cpu = promptic.now() - wall, os.clock() - cpu

local text = promptic.json.encode(client:get_component(path))
collectgarbage()
local decode = os.clock()
for _ = 1, count do promptic.json.decode(text) end
print(("%.6f %.6f %.6f"):format(wall, cpu, os.clock() - decode))
