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
   figures.add{ key = "prompt get, " .. name, group = group, unit = "ns of CPU", aim = 150,
      work = ("prompt:get() before it is due, %s"):format(name), value = figures.of(results, "get", 1),
      peers = { { "promptic.now() alone", figures.of(results, "get", 3) } } }
   figures.add{ key = "prompt get memory, " .. name, group = group, unit = "bytes", aim = 0,
      work = ("allocated by one, %s"):format(name), value = math.floor(figures.of(results, "get", 2) + 0.5) }
   figures.add{ key = "prompt get under way, " .. name, group = group, unit = "ns of CPU", aim = 150,
      work = ("the same past ttl, while a refresh is under way, %s"):format(name),
      value = figures.of(results, "get", 4) }
end

measure("Lua 5.4", ("'%s/promptic-lua'"):format(build))
if os.execute("command -v luajit >/dev/null") and io.open(build .. "/luajit/promptic.so") then
   measure("LuaJIT", ("LUA_CPATH='%s/luajit/?.so;;' luajit"):format(build))
end
