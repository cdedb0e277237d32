--- game.lua - our part of a game's frame, prompt cache and traces, while the server is there, slow, down, flapping or
-- silent; in Lua 5.4 and in LuaJIT, which LÖVE has inside.
--
--    game.lua BUILD
local figures = require "figures"

package.path = figures.root .. "../../?.lua;" .. package.path
local scripted = require "spec.support.scripted"

local build = arg[1]
local FRAMES, TRIES = 480, 3 -- the best of so many, as on a machine that is shared a frame may meet anything
local NOBODY = "http://127.0.0.1:1"

local ANSWER = [[
   local number, request = ...
   local body = request.target:find("/traces", 1, true) and "{}" or '{"id":"d","prompt":"be kind"}'
]]

local SERVERS = {
   { "there", ANSWER .. "return { body = body }" },
   { "slow", ANSWER .. "return { body = body, wait = 300 }" },
   { "down" },
   { "flapping", ANSWER .. [[
      local plans = { { body = body }, { close = "reset" }, { status = 503, body = "{}" }, { body = body, wait = 50 } }
      return plans[number % 4 + 1]
   ]] },
   { "silent", "return { stall = true }" },
}

local function play(command, url)
   local best
   for _ = 1, TRIES do
      local numbers = figures.run("%s '%sgame_frame.lua' '%s' %d", command, figures.root, url, FRAMES)
      best = best and best[1] < numbers[1] and best or numbers
   end
   return best
end

local function measure(server, name, command)
   for _, row in ipairs(SERVERS) do
      server:reset()
      if row[2] then
         server:route(row[2])
      end
      local numbers = play(command, row[2] and server.url or NOBODY)
      figures.add{
         key = ("game, server %s, %s"):format(row[1], name), group = "a game's frame with prompt and traces, " .. name,
         work = "the longest of 480 while the server is " .. row[1], unit = "ms of CPU", aim = 2, value = numbers[1],
         note = ("median %.2f ms, %d spans sent"):format(numbers[2], numbers[3]),
      }
   end
end

local server = scripted.start()
measure(server, "Lua 5.4", ("'%s/promptic-lua'"):format(build))
if os.execute("command -v luajit >/dev/null") and io.open(build .. "/luajit/promptic.so") then
   measure(server, "LuaJIT", ("LUA_CPATH='%s/luajit/?.so;;' luajit"):format(build))
end
server:stop()
