--- spool_killed.lua - processes that trace into a spool and that SIGKILL ends at random moments, offline and in the
-- midst of sending: whether the platform has each span in the end whose finish has returned.
--
--    spool_killed.check(50, false)    -- true: the platform is there while they are killed
local assert = require "luassert"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local spans = require "spec.support.spans"

local spool_killed = {}

local PROGRAM = os.getenv("PROMPTIC_LUA") or "lua5.4"
local NOBODY = "http://127.0.0.1:1"
local BATCH = 16

-- Prints the name of each span once it has ended.
local SCRIPT = [[
local promptic = require "promptic"
local client = promptic.client{ config_file = "", max_retries = 0 }
local tracer = promptic.tracer(client, { spool = "%s", interval = 0.01, batch = %d })
for index = 1, 300 do
   tracer:span("%d." .. index):finish()
   io.stdout:write("%d.", index, "\n")
   io.stdout:flush()
   if index %% 10 == 0 then promptic.sleep(0.005) end
end
]]

-- Sends what the spool holds, and says what became of it.
local LAST = [[
local promptic = require "promptic"
local client = promptic.client{ config_file = "", max_retries = 0 }
local tracer = promptic.tracer(client, { spool = "%s" })
io.write(tostring(tracer:flush(120)))
for _, count in pairs(tracer.stats.dropped) do io.write(" ", count) end
]]

-- How often each span has come to the platform, by its name.
local function arrived(server)
   local times, ids = {}, {}
   for _, span in ipairs((spans.arrived(server))) do
      assert.is_true(ids[span.name] == nil or ids[span.name] == span.spanId, "a span has two ids")
      ids[span.name], times[span.name] = span.spanId, (times[span.name] or 0) + 1
   end
   return times
end

--- Does it so many times; returns how many spans were finished, and how many arrived twice or more often.
function spool_killed.check(rounds, is_online)
   local server, folder = scripted.start(), process.folder()
   server:always{ body = "{}", wait = 2 }
   local env = { PROMPTIC_ENDPOINT = is_online and server.url or NOBODY, PROMPTIC_API_KEY = clients.KEY, HOME = folder }
   local finished, killed, slowness = {}, 0, 1
   for round = 1, rounds do
      local script, before = SCRIPT:format(folder .. "/spool", BATCH, round, round), #finished
      local seconds = ("%.3f"):format((0.03 + math.random() * 0.3) * slowness)
      local result = process.run{ "timeout", "-s", "KILL", seconds, PROGRAM, "-e", script, env = env }
      assert.equal("", (result.stderr:gsub("[^\n]*Killed\n", "")))
      killed = killed + (result.code == 0 and 0 or 1)
      for name in result.stdout:gmatch "([%d.]+)\n" do finished[#finished + 1] = name end
      slowness = #finished == before and 2 * slowness or slowness -- a loaded machine, which had not begun yet
   end
   env.PROMPTIC_ENDPOINT = server.url
   local last = process.run{ PROGRAM, "-e", LAST:format(folder .. "/spool"), env = env }
   assert.equal("true 0 0 0 0 0 0", last.stdout, last.stderr)
   local times, twice = arrived(server), 0
   for _, name in ipairs(finished) do
      assert.is_number(times[name], "a span was lost: " .. name)
      twice = twice + (times[name] > 1 and 1 or 0)
   end
   server:stop()
   process.remove(folder)
   return #finished, twice, killed
end

--- The most spans that may arrive twice: a batch at each kill.
spool_killed.BATCH = BATCH

return spool_killed
