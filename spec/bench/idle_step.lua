--- idle_step.lua - what promptic.step(0) costs while so many requests wait for their responses.
--
--    idle_step.lua COUNT GETS      GETS: the program of gets.c, which looks at as many with curl_multi_perform
--
-- Prints microseconds of CPU for each, in turns: the medians of seven.
local promptic = require "promptic"
local socket = require "socket"

local count, gets = tonumber(arg[1]), arg[2]
local listener = assert(socket.bind("127.0.0.1", 0, 512)) -- accepts nobody: the kernel does, and requests stay unread
local _, port = listener:getsockname()
local url = ("http://127.0.0.1:%d"):format(port)

local function theirs()
   local pipe = assert(io.popen(("'%s' idle '%s/api/v1/components' %d"):format(gets, url, count)))
   local microseconds = pipe:read("n")
   pipe:close()
   return microseconds
end

local client = promptic.client{ endpoint = url, api_key = "bench", config_file = "" }
local tasks = {}
for index = 1, count do
   tasks[index] = promptic.spawn(function() return client:list_components() end)
end
for _ = 1, 200 do promptic.step(0.002) end

local function ours()
   local before = os.clock()
   for _ = 1, 2000 do promptic.step(0) end
   return (os.clock() - before) / 2000 * 1e6
end

local function median(list)
   table.sort(list)
   return list[(#list + 1) // 2]
end

local own, other = {}, {}
for round = 1, 7 do
   own[round], other[round] = ours(), theirs()
end
print(("%.3f %.3f"):format(median(own), median(other)))
for _, task in ipairs(tasks) do task:cancel() end
while promptic.step(0) > 0 do end
