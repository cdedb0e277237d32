--- json.lua - promptic.json beside lua-cjson and dkjson: the time of each to decode and to encode the same.
--
--    promptic-lua spec/bench/json.lua [SECONDS]        of measuring per figure, 1 without it
--
-- The codecs take turns within a run, and what is printed is the median of the turns' ratios to lua-cjson: other
-- programs on the machine slow all of them down alike. The last line is the memory that the value of a list of 100 MB
-- and its text take at most while it is decoded, in multiples of the text.
local json = require "promptic.json"
local cjson = require "cjson"
local dkjson = require "dkjson"
local pages = require "pages"

local seconds = tonumber(arg[1]) or 1

local function join(count, make)
   local list = {}
   for index = 1, count do list[index] = make(index) end
   return table.concat(list, ",")
end

local function trace(index)
   return ('{"id":"%08x-4c1f-4a3b-9d2e-%012x","name":"chat","startTime":"2025-03-01T10:%02d:00.123Z",'
      .. '"endTime":"2025-03-01T10:%02d:01.456Z","durationMs":%d,"totalTokens":%d,"cost":0.00%d,"status":"ok",'
      .. '"statusMessage":null,"tags":["prod","v%d"],"metadata":{"user":"u-%d","score":0.%d},"componentId":null,'
      .. '"sessionId":null,"spanCount":%d,"hasErrors":false}'):format(index * 7919, index * 104729, index % 60,
      index % 60, 1000 + index, index * 31, 100 + index % 900, index % 7, index, 1 + index % 97, index % 12)
end

local CASES = {
   { "4.8 MB of observations", '{"data":[' .. join(18300, pages.observation) .. '],"total":18300,"nextCursor":null}' },
   { "25 KB of traces", '{"data":[' .. join(62, trace) .. '],"total":62}' },
   { "164 bytes", '{"id":"3f0c9d52-8a41-4c7e-b1d0-6a2f8e9c4b17","name":"email-classifier","description":"spam or not",'
      .. '"createdAt":"2025-03-01T10:00:00.000Z","updatedAt":null}' },
}

-- Each begins without garbage, which others would pay for.
local function time(f, value, count)
   collectgarbage()
   local before = os.clock()
   for _ = 1, count do f(value) end
   return (os.clock() - before) / count
end

local function median(list)
   table.sort(list)
   return list[(#list + 1) // 2]
end

-- The medians of a turn's time in seconds for cjson, and of the others' ratios to that.
local function compare(ours, theirs, slow, value)
   local count = math.max(1, math.floor(0.02 / math.max(time(theirs, value, 1), 1e-7)))
   local base, ratios, slow_ratios, began = {}, {}, {}, os.clock()
   repeat
      local reference = time(theirs, value, count)
      local own = time(ours, value, count)
      base[#base + 1] = (reference + time(theirs, value, count)) / 2
      ratios[#ratios + 1] = own / base[#base]
      if #slow_ratios < 3 or #slow_ratios * 10 < #base then
         slow_ratios[#slow_ratios + 1] = time(slow, value, math.max(1, count // 20)) / base[#base]
      end
   until os.clock() - began > seconds
   return median(base), median(ratios), median(slow_ratios)
end

local function run(name, what, ours, theirs, slow, value)
   local base, ratio, slow_ratio = compare(ours, theirs, slow, value)
   print(("%-34s %12.2f µs %10.2f %12.1f"):format(what .. " " .. name, base * 1e6, ratio, slow_ratio))
end

print(("%-34s %15s %10s %12s"):format("", "lua-cjson", "promptic", "dkjson"))
for _, case in ipairs(CASES) do
   local name, text = case[1], case[2]
   run(name, "decode", json.decode, cjson.decode, dkjson.decode, text)
end
for _, case in ipairs(CASES) do
   local name, value = case[1], json.decode(case[2])
   run(name, "encode", json.encode, cjson.encode, dkjson.encode, value)
end

-- In a process of its own, whose memory nothing has been through before.
local MEMORY = [[
   local json = require "promptic.json"
   local function peak()
      for line in io.lines("/proc/self/status") do
         local kilobytes = line:match("^VmHWM:%s*(%d+)")
         if kilobytes then return tonumber(kilobytes) end
      end
   end
   local file = io.open(arg[1])
   local text = file:read("a")
   collectgarbage() collectgarbage()
   io.open("/proc/self/clear_refs", "w"):write("5"):close() -- the peak begins anew
   local before = peak()
   local value = json.decode(text)
   print((peak() - before) * 1024 / #text + 1, #text, #value)
]]

local elements, path = CASES[1][2]:match("%[(.*)%]"), os.tmpname()
local file = assert(io.open(path, "w"))
file:write("[")
for _ = 1, 20 do file:write(elements, ",") end
file:write("null]")
file:close()
local pipe = assert(io.popen(("'%s' - '%s' <<'END'\n%s\nEND"):format(arg[-1], path, MEMORY)))
local times, bytes, count = pipe:read("n", "n", "n")
pipe:close()
os.remove(path)
print(("a list of %d elements, %.0f MB: %.2f times its text in memory, the text included"):format(
   count, bytes / 1e6, times))
