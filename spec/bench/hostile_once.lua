--- hostile_once.lua - what one response of hostile_server.lua costs, without Lua's collector.
--
--    hostile_once.lua ENDPOINT NAME [SECONDS]
--
-- Prints the milliseconds of CPU of the longest promptic.step(0) and of all, those of the longest single allocation of
-- Lua's that the value needs, the number of steps, and what came of the call, which is given up after SECONDS (20).
local promptic = require "promptic"

local endpoint, name, most = arg[1], arg[2], tonumber(arg[3]) or 20
local clock = os.clock
promptic.on_task_error = function() end
collectgarbage("stop")

local function http(path, on_data)
   promptic.http("GET", endpoint .. path, { on_data = on_data })
end

local HOW = {
   events = function() http("/events", promptic.sse(function() end)) end,
   stream = function() http("/stream", function() end) end,
}

-- One string of so many bytes; the longest of as many growths of a table, by index and by key.
local function string_of(bytes)
   local half = ("x"):rep(bytes // 2)
   local before = clock()
   local text = half .. half
   return text and clock() - before
end

local function longest_of(count, key)
   local filled, longest, before = {}, 0, clock()
   for index = 1, count do
      filled[key(index)] = index
      local after = clock()
      longest, before = math.max(longest, after - before), after
   end
   return longest
end

local function growth(index) return index end
local function keys(index) return "key " .. index end

local ALLOCATION = {
   string = function() return string_of(100000000) end,
   escapes = function() return string_of(50000000) end,
   wide = function() return longest_of(1000000, keys) end,
   deep = function() return longest_of(5000, growth) end,
   numbers = function() return longest_of(1000000, growth) end,
   chunks = function() return longest_of(1000000, growth) end,
}

local client = promptic.client{ endpoint = endpoint, api_key = "bench", config_file = "", max_retries = 0 }
client:get_component("plain") -- libcurl is loaded, and there is a connection
local task = promptic.spawn(HOW[name] or function() return client:get_component(name) end)
local longest, steps, began, stop = 0, 0, clock(), promptic.now() + most
repeat
   local before = clock()
   local alive = promptic.step(0)
   longest, steps = math.max(longest, clock() - before), steps + 1
until alive == 0 or promptic.now() > stop
local all, outcome = clock() - began, "given up"
if task.status == "done" or task.status == "failed" then
   local fine, result = pcall(task.await, task)
   outcome = fine and type(result) or tostring(result):sub(1, 80)
end
local single = ALLOCATION[name] and ALLOCATION[name]() or 0
print(("%.2f %.1f %.2f %d %s"):format(longest * 1000, all * 1000, single * 1000, steps, outcome))
os.exit(0)
