--- frame.lua - a game's loop: 60 frames a second, 64 requests in flight all the time, answers of 25 KB decoded.
--
--    frame.lua ENDPOINT FRAMES
--
-- Prints the median, the 99.9th percentile and the longest of promptic.step(0) in milliseconds, the 99.9th percentile
-- in the CPU's milliseconds, which no other program can lengthen, and how many answers came a second.
local promptic = require "promptic"
local socket = require "socket"

collectgarbage("incremental") -- as in a host; promptic-lua begins with the generational one, as lua does
local endpoint, frames = arg[1], tonumber(arg[2])
local client = promptic.client{ endpoint = endpoint, api_key = "bench", config_file = "" }
local answers, over = 0, false

for _ = 1, 64 do
   promptic.spawn(function()
      while not over do
         client:get_component("large")
         answers = answers + 1
      end
   end)
end

local took, cpu_took = {}, {}
local start = promptic.now()
for frame = 1, frames do
   local before, cpu = promptic.now(), os.clock()
   promptic.step(0)
   took[frame] = (promptic.now() - before) * 1000
   cpu_took[frame] = (os.clock() - cpu) * 1000
   local left = start + frame / 60 - promptic.now()
   if left > 0 then socket.sleep(left) end
end
local elapsed = promptic.now() - start
over = true
while promptic.step(0.1) > 0 do end

table.sort(took)
table.sort(cpu_took)
local function percentile(list, share) return list[math.max(1, math.ceil(#list * share))] end
print(("%.3f %.3f %.3f %.3f %.1f"):format(
   percentile(took, 0.5), percentile(took, 0.999), took[#took], percentile(cpu_took, 0.999), answers / elapsed))
