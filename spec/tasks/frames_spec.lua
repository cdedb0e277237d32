--- A game's frames with a prompt cache and traces: what our part of each frame costs in CPU while the server is there,
-- slow, down, flapping or silent.
-- Tags: timed
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")
local FRAMES, MOST_MS = 240, 2

-- Prints the CPU of the longest frame and of the median one in milliseconds, and how many frames took longer than 2 ms.
-- A frame has twenty spans, more than a game would make.
local GAME = [[
local socket = require "socket"
local client = promptic.client{ endpoint = "%s", api_key = "k", config_file = "", timeout = 2 }
local prompt = client:prompt("c", { ttl = 0.05, fallback = { prompt = "be kind" } })
local tracer = promptic.tracer(client, { component = "c", interval = 0.1 })
local times, next_frame = {}, promptic.now()
for frame = 1, %d do
   local before = os.clock()
   local deployed = prompt:get()
   tracer:span("frame", { number = frame }, function(span)
      for index = 1, 19 do span:child("npc"):set("said", deployed.prompt):finish() end
   end)
   promptic.step(0)
   times[frame] = (os.clock() - before) * 1000
   next_frame = next_frame + 1 / 60
   socket.sleep(math.max(0, next_frame - promptic.now()))
end
table.remove(times, 1) -- which compiles the library's parts
local over = 0
for _, time in ipairs(times) do over = over + (time > %d and 1 or 0) end
table.sort(times)
io.write(("%%.3f %%.3f %%d %%d\n"):format(times[#times], times[#times // 2], over, tracer.stats.sent))
os.exit(0, false)
]]

local server = scripted.shared()

-- Lines of the table, printed at its end.
local rows = {}

local function play(name, url)
   local result = process.run{ PROGRAM, "-e", GAME:format(url or server.url, FRAMES, MOST_MS) }
   assert.same({ 0, "" }, { result.code, result.stderr })
   local longest, median, over, sent = result.stdout:match("^(%S+) (%S+) (%d+) (%d+)\n$")
   rows[#rows + 1] = ("%-9s %9s %9s %7s %7s"):format(name, longest, median, over, sent)
   return tonumber(longest), tonumber(sent)
end

-- On a machine that is shared a frame may meet what has nothing to do with it: the best of three.
local function holds(name, url)
   local longest, sent
   for _ = 1, 3 do
      longest, sent = play(name, url)
      if longest <= MOST_MS then
         break
      end
   end
   assert.is_true(longest <= MOST_MS, longest .. " ms")
   return sent
end

describe("our part of a frame takes 2 ms at most while the server is", function()
   local PROMPT = '{"id":"d","prompt":"be kind","promptFormat":"single"}'

   teardown(function()
      print(("\n%-9s %9s %9s %7s %7s"):format("server", "max ms", "median", "> 2 ms", "sent"))
      print(table.concat(rows, "\n"))
   end)

   local ANSWER = [[
      local number, request = ...
      local body = request.target:find("/traces", 1, true) and "{}" or ']] .. PROMPT .. [['
   ]]

   it("there", function()
      server:route(ANSWER .. "return { body = body }")
      assert.is_true(holds("there") > 0)
   end)

   it("slow", function()
      server:route(ANSWER .. "return { body = body, wait = 300 }")
      assert.is_true(holds("slow") > 0)
   end)

   it("down", function()
      assert.equal(0, holds("down", "http://127.0.0.1:1"))
   end)

   it("flapping", function()
      server:route(ANSWER .. [[
         local plans = { { body = body }, { close = "reset" }, { status = 503, body = "{}" },
            { body = body, wait = 50 } }
         return plans[number % 4 + 1]
      ]])
      holds("flapping")
   end)

   it("silent", function()
      server:always{ stall = true }
      assert.equal(0, holds("silent"))
   end)
end)
