--- frame.lua - a game's loop: 60 frames a second, 64 requests in flight all the time, answers of 25 KB decoded.
--
--    frame.lua ENDPOINT FRAMES
--
-- Prints the median, the 99.9th percentile and the longest of promptic.step(0) in milliseconds, the longest in the
-- CPU's milliseconds, which no other program can lengthen, and how many answers came a second.
local promptic = require "promptic"
local socket = require "socket"

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

local took, longest_cpu = {}, 0
local start = promptic.now()
for frame = 1, frames do
   local before, cpu = promptic.now(), os.clock()
   promptic.step(0)
   took[frame] = (promptic.now() - before) * 1000
   longest_cpu = math.max(longest_cpu, (os.clock() - cpu) * 1000)
   local left = start + frame / 60 - promptic.now()
   if left > 0 then socket.sleep(left) end
end
local elapsed = promptic.now() - start
over = true
while promptic.step(0.1) > 0 do end

table.sort(took)
local function percentile(share) return took[math.max(1, math.ceil(#took * share))] end
print(("%.3f %.3f %.3f %.3f %.1f"):format(
   percentile(0.5), percentile(0.999), took[#took], longest_cpu, answers / elapsed))
