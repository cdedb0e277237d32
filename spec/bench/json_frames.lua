--- json_frames.lua - a game's frames while a response of 10 MB arrives in a task: the CPU time of promptic.step(0) in
-- milliseconds, by the shape of the response.
--
--    LUA_PATH='./?.lua;;' promptic-lua spec/bench/json_frames.lua [MEGABYTES [COLLECTOR]]
--
-- Lua's collector is incremental, as in a host and in LÖVE, or "generational": promptic-lua begins with that, as lua
-- does, and it stops the program for as long as a whole collection takes.
-- CPU time, which other programs on the machine do not lengthen. The longest frame is printed too; beside it the time
-- that json.decode takes for the same text at once.
local cjson = require "cjson"
local clients = require "spec.support.clients"
local promptic = require "promptic"
local scripted = require "spec.support.scripted"

local size = (tonumber(arg[1]) or 10) * 1e6
collectgarbage(arg[2] or "incremental")

local function fill(open, piece, close)
   local count = math.max(1, math.floor((size - #open - #close) / (#piece + 1)))
   return open .. piece:rep(count, ",") .. close
end

local OBJECT = '{"id":123456,"name":"a name of some length","tags":["a","b"],"score":0.125,"none":null}'
local SHAPES = {
   { "objects in an array", fill('{"data":[', OBJECT, "]}") },
   { "numbers", fill("[", "1234567", "]") },
   { "arrays of arrays", fill("[", "[[],[1]]", "]") },
   { "one element of an array", fill('[{"a":{"b":[', OBJECT, "]}}]") },
   { "members of one object", (function()
      local members = {}
      for index = 1, size / 40 do members[index] = ('"key-%08d":"a value of its own"'):format(index) end
      return "{" .. table.concat(members, ",") .. "}"
   end)() },
   { "one string", '["' .. ("x"):rep(size) .. '"]' },
   { "one string of escapes", '["' .. ("\\u00e9"):rep(size // 6) .. '"]' },
   { "white space", "[" .. (" "):rep(size) .. "1]" },
}

local function percentile(list, share)
   return list[math.max(1, math.ceil(#list * share))]
end

local server = scripted.start()
local client = clients.open(server.url, { timeout = 60 })
print(("%-26s %8s %10s %10s %10s %14s"):format("shape", "frames", "median", "99.9 %", "longest", "cjson at once"))
for _, shape in ipairs(SHAPES) do
   collectgarbage() collectgarbage()
   local before = os.clock()
   cjson.decode(shape[2])
   local at_once = (os.clock() - before) * 1000
   collectgarbage() collectgarbage()
   server:reply{ body = shape[2] }
   local frames = {}
   local task = promptic.spawn(function() return client:get_component("c") end)
   repeat
      local cpu = os.clock()
      local alive = promptic.step(0)
      frames[#frames + 1] = (os.clock() - cpu) * 1000
      promptic.sleep(0.001)
   until alive == 0
   task:await()
   table.sort(frames)
   print(("%-26s %8d %10.3f %10.3f %10.3f %14.1f"):format(shape[1], #frames, percentile(frames, 0.5),
      percentile(frames, 0.999), frames[#frames], at_once))
end
client:close()
server:stop()
