--- prompt_get.lua - prints what one prompt:get() costs: ns of CPU and bytes; ns of promptic.now() alone; ns of a get
-- while a refresh is under way. Runs in Lua 5.4 and LuaJIT.
local promptic = require "promptic"

local COUNT = 2000000

local client = promptic.client{ endpoint = "http://127.0.0.1:9", api_key = "k", config_file = "" }
local prompt = client:prompt("x", { fallback = "text" })

-- ns and bytes of one call
local function measure(f, argument)
   for _ = 1, 1000 do f(argument) end
   collectgarbage()
   collectgarbage "stop"
   local memory, began = collectgarbage "count", os.clock()
   for _ = 1, COUNT do f(argument) end
   local seconds = os.clock() - began
   memory = collectgarbage "count" - memory
   collectgarbage "restart"
   return seconds / COUNT * 1e9, memory * 1024 / COUNT
end

prompt:get() -- the refresh is under way as long as nothing drives it
local under_way = measure(prompt.get, prompt)
prompt.due = math.huge
local nanoseconds, bytes = measure(prompt.get, prompt)
print(nanoseconds, bytes, (measure(promptic.now)), under_way)
os.exit(0) -- without waiting for it
