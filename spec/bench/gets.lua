--- gets.lua - the same GETs as gets.c, through promptic.
--
--    gets.lua easy|multi ENDPOINT PAGE COUNT
--
-- Prints "wall cpu" in seconds.
local promptic = require "promptic"

local mode, endpoint, page, count = arg[1], arg[2], arg[3], tonumber(arg[4])
local client = promptic.client{
   endpoint = endpoint, api_key = "bench", config_file = "", ca_file = os.getenv("BENCH_CA_FILE"),
}

local wall, cpu = promptic.now(), os.clock()
if mode == "easy" then
   for _ = 1, count do client:get_component(page) end
else
   local list = {}
   for index = 1, count do list[index] = page end
   promptic.map(list, function(id)
      client:get_component(id)
      return true
   end, { concurrency = 32 })
end
print(("%.6f %.6f"):format(promptic.now() - wall, os.clock() - cpu))
