--- prompt.lua - what prompt:get costs, in Lua 5.4 and LuaJIT, by prompt_get.lua.
--
--    prompt.lua BUILD
local figures = require "figures"

local ROUNDS = tonumber(os.getenv("BENCH_ROUNDS")) or 9
local build = arg[1]

local function measure(name, command)
   local sides = { get = function() return (figures.run("%s '%sprompt_get.lua'", command, figures.root)) end }
   local results = figures.turns(ROUNDS, sides)
   local group = "prompts in production"
   -- A time, and its ratio to promptic.now() in the same round: the time depends on the machine.
   local function add_time(key, work, place)
      figures.add{ key = key .. name .. ", time", group = group, unit = "ns of CPU", aim = 150, absolute = true,
         work = work .. name, value = figures.of(results, "get", place),
         peers = { { "promptic.now() alone", figures.of(results, "get", 3) } } }
      figures.add{ key = key .. name, group = group, unit = "for each", work = "   in times of promptic.now()",
         value = figures.of(results, "get", place, "get", 3) }
   end
   add_time("prompt get, ", "prompt:get() before it is due, ", 1)
   figures.add{ key = "prompt get memory, " .. name, group = group, unit = "bytes", aim = 0,
      work = ("allocated by one, %s"):format(name), value = math.floor(figures.of(results, "get", 2) + 0.5) }
   add_time("prompt get under way, ", "the same past ttl, while a refresh is under way, ", 4)
end

measure("Lua 5.4", ("'%s/promptic-lua'"):format(build))
if os.execute("command -v luajit >/dev/null") and io.open(build .. "/luajit/promptic.so") then
   measure("LuaJIT", ("LUA_CPATH='%s/luajit/?.so;;' luajit"):format(build))
end
