--- spans.lua - what spans cost, by promptic.tracer.
--
--    spans.lua memory|server|spool ENDPOINT COUNT FOLDER
--
-- Prints microseconds a span: `memory` the CPU from a span's beginning to the end of finish, without and with the
-- collector, then those of a plain script that keeps three tables, one with a span's fields; `server` and `spool` wall
-- time and CPU until all are sent, then the CPU until the last one had ended; and the process at its peak in KiB.
local promptic = require "promptic"

local mode, endpoint, count, folder = arg[1], arg[2], tonumber(arg[3]), arg[4]
local client = promptic.client{ endpoint = endpoint, api_key = "bench", config_file = "" }

local function open(options)
   options.component = "bench"
   return promptic.tracer(client, options)
end

local Plain = {}
Plain.__index = Plain
local kept, kept_count = {}, 0

-- What a span with its attributes and its trace is made of.
local function begin_plain(name)
   return setmetatable({ tracer = kept, name = name, parent = false, trace = { sampled = true }, began = 1.5,
      attributes = {}, process = 0, ended = false }, Plain)
end

function Plain:finish()
   self.ended, kept_count = 2.5, kept_count + 1
   kept[kept_count % 2048 + 1] = self
end

local function time_turn(stopped, turn)
   collectgarbage()
   if stopped then collectgarbage "stop" end
   local before = os.clock()
   turn()
   local took = (os.clock() - before) / 2000 * 1e6
   collectgarbage "restart"
   return took
end

-- The least of many turns, of spans and of plain tables in turn: what else the machine does only adds.
local function least(stopped)
   local tracer, best, plain = open{ max_queue = 2048, batch = 10000, interval = 60 }, math.huge, math.huge
   for _ = 1, 40 do
      best = math.min(best, time_turn(stopped, function()
         for _ = 1, 2000 do tracer:span("chat"):finish() end
      end))
      plain = math.min(plain, time_turn(stopped, function()
         for _ = 1, 2000 do begin_plain("chat"):finish() end
      end))
   end
   return best, plain
end

local function peak()
   for line in io.lines "/proc/self/status" do
      local kilobytes = line:match("^VmHWM:%s*(%d+)")
      if kilobytes then return kilobytes end
   end
end

local WAITING = 10000 -- spans that wait at most: the spool holds 16 MiB

local function send(tracer)
   local wall, cpu, written = promptic.now(), os.clock(), 0 -- written: the CPU without that of sending
   for index = 1, count do
      tracer:span("chat", { index = index, model = "small", question = "What is the capital of France?" }):finish()
      if index % 1000 == 0 then
         written = written + os.clock()
         while index - tracer.stats.sent > WAITING do promptic.sleep(0.0001) end
         written = written - os.clock()
      end
   end
   written = written + os.clock() - cpu
   assert(tracer:flush(300), "not all spans were sent")
   assert(tracer.stats.sent == count, "spans were lost")
   wall, cpu = promptic.now() - wall, os.clock() - cpu
   print(("%.3f %.3f %.3f %s"):format(wall / count * 1e6, cpu / count * 1e6, written / count * 1e6, peak()))
end

if mode == "memory" then
   local alone, plain_alone = least(true)
   local collected, plain_collected = least(false)
   print(("%.3f %.3f %.3f %.3f"):format(alone, collected, plain_alone, plain_collected))
else
   send(open{ max_queue = count, batch = 512, spool = mode == "spool" and folder .. "/spool" or nil })
end
os.exit(0, false)
