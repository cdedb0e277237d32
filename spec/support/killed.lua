--- killed.lua - uploads that SIGKILL ends at random moments and that are run again with only_new: whether the server
-- holds each row of the file once, or the second upload has reported those that it holds twice.
--
--    killed.check("cases", 50)
local assert = require "luassert"
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local promptic = require "promptic"
local scripted = require "spec.support.scripted"

local killed = {}

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")
local ROWS, BATCH = 300, 10

local SCRIPT = [[
local client = promptic.client{ config_file = "", backoff = 0.001 }
local fine, result = pcall(client.upload_observations, client, "e", "%s", { batch_size = %d, only_new = true })
if not fine and not result.twice then error(result.message) end
io.write(fine and "done" or "twice ", fine and "" or #result.twice)
]]

local function held(client, room)
   local list = room == "cases" and client:get_dataset("c", "d").cases or client:list_observations("e").data
   local counts, twice = {}, 0
   for _, text in ipairs(observations.texts(list)) do
      counts[text] = (counts[text] or 0) + 1
      twice = twice + (counts[text] > 1 and 1 or 0)
   end
   return counts, twice
end

--- Does it so many times; returns how many uploads were killed before they had ended, and how many rows there were
-- twice.
function killed.check(room, times)
   local server, folder = scripted.start(), process.folder()
   local client, path = clients.open(server.url), folder .. "/rows.csv"
   local rows, lines = observations.rows(ROWS), { "text,expected" }
   for index, row in ipairs(rows) do lines[index + 1] = row.variables.text .. "," .. row.expected end
   process.write_file(path, table.concat(lines, "\n"))
   local env = { PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = clients.KEY, HOME = folder }
   local script, ended, reported = SCRIPT:format(path, BATCH), 0, 0
   local function serve()
      server:reset()
      observations.serve(server, nil, { room = room, wait = 4 })
   end
   serve()
   local began = promptic.now()
   assert.equal("done", process.run{ PROGRAM, "-e", script, env = env }.stdout)
   local whole = promptic.now() - began -- seconds of an upload that nobody kills, on this machine
   for _ = 1, times do
      serve()
      local seconds = ("%.3f"):format(0.01 + math.random() * whole)
      local first = process.run{ "timeout", "-s", "KILL", seconds, PROGRAM, "-e", script, env = env }
      ended = ended + (first.stdout == "" and 1 or 0)
      local again = process.run{ PROGRAM, "-e", script, env = env }
      assert.equal(0, again.code, again.stderr)
      local counts, twice = held(client, room)
      for _, row in ipairs(rows) do
         assert.is_true((counts[row.variables.text .. " -> " .. row.expected] or 0) > 0, "a row was lost")
      end
      assert.is_true(twice == 0 or again.stdout:find("^twice") ~= nil, twice .. " rows are there twice, unreported")
      reported = reported + twice
   end
   client:close()
   server:stop()
   process.remove(folder)
   return ended, reported
end

return killed
