--- game_frame.lua - a game's frames with a prompt cache and traces: twenty spans each, more than a game would make.
--
--    game_frame.lua ENDPOINT FRAMES
--
-- Prints the CPU of the longest frame and of the median one in milliseconds, and how many spans were sent. For Lua 5.4
-- and LuaJIT, which LÖVE has inside.
local promptic = require "promptic"
local socket = require "socket"

pcall(collectgarbage, "incremental") -- as in a host; promptic-lua begins with the generational one, as lua does
local endpoint, frames = arg[1], tonumber(arg[2])
local client = promptic.client{ endpoint = endpoint, api_key = "bench", config_file = "", timeout = 2 }
local prompt = client:prompt("c", { ttl = 0.05, fallback = "be kind" })
local tracer = promptic.tracer(client, { component = "c", interval = 0.1 })

local function frame(number)
   local deployed = prompt:get()
   tracer:span("frame", { number = number }, function(span)
      for _ = 1, 19 do span:child("npc"):set("said", deployed.prompt):finish() end
   end)
   promptic.step(0)
end

local took, start = {}, promptic.now()
for number = 0, frames do
   local before = os.clock()
   frame(number)
   took[number] = (os.clock() - before) * 1000 -- the first one, which compiles the library's parts, is left out below
   socket.sleep(math.max(0, start + (number + 1) / 60 - promptic.now()))
end
table.sort(took)
print(("%.3f %.3f %d"):format(took[#took], took[math.floor(#took / 2)], tracer.stats.sent))
os.exit(0)
