--- memory_once.lua - one GET of /components/list; prints the peak of the process in KiB, before it and after.
--
--    memory_once.lua ENDPOINT
local client = require "promptic".client{ endpoint = arg[1], api_key = "bench", config_file = "" }

local function peak()
   return tonumber(io.open("/proc/self/status"):read("a"):match("VmHWM:%s*(%d+)"))
end

local before = peak()
local value = client:get_component("list")
print(before, peak(), #value.data)
