--- spans.lua - what spans cost, by promptic.tracer.
--
--    spans.lua memory|server|spool ENDPOINT COUNT FOLDER
--
-- Prints microseconds a span: `memory` the CPU from a span's beginning to the end of finish, without and with the
-- collector; `server` and `spool` wall time and CPU until all are sent, then the CPU until the last one had ended; and
-- the process at its peak in KiB.
local promptic = require "promptic"

local mode, endpoint, count, folder = arg[1], arg[2], tonumber(arg[3]), arg[4]
local client = promptic.client{ endpoint = endpoint, api_key = "bench", config_file = "" }

local function open(options)
   options.component = "bench"
   return promptic.tracer(client, options)
end

-- The least of many turns: what else the machine does only adds.
local function least(stopped)
   local tracer, best = open{ max_queue = 2048, batch = 10000, interval = 60 }, math.huge
   for _ = 1, 40 do
      collectgarbage()
      if stopped then collectgarbage "stop" end
      local before = os.clock()
      for _ = 1, 2000 do tracer:span("chat"):finish() end
      best = math.min(best, (os.clock() - before) / 2000 * 1e6)
      collectgarbage "restart"
   end
   return best
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
   print(("%.3f %.3f"):format(least(true), least(false)))
else
   send(open{ max_queue = count, batch = 512, spool = mode == "spool" and folder .. "/spool" or nil })
end
os.exit(0, false)
