--- promptic in HAProxy, which suspends scripts by a count hook (tune.lua.forced-yield), anywhere: three coroutines of
-- one lua_State use tasks, uploads and blocking calls for a hundred rounds each. Pending if there is no HAProxy with
-- Lua, or none of the headers of its Lua, except in CI.
-- Tags: heavy
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local BUILD = os.getenv("BUILD") or "build"
local ROUNDS, MOST_SECONDS = 100, 120 -- which it never takes

local CONFIGURATION = [[
global
   tune.lua.forced-yield YIELD
   tune.lua.task-timeout 300s
   lua-prepend-path MODULE/?.so cpath
   lua-load FOLDER/script.lua
defaults
   mode http
   timeout client 10s
   timeout connect 10s
   timeout server 10s
frontend door
   bind unix@FOLDER/socket
]]

-- A fourth coroutine writes the results of all and ends the process: what the three had in common, such as a count of
-- those that are left, a hook between its reading and its writing would lose.
local SCRIPT = [[
   local promptic = require "promptic"
   local client = promptic.client{ endpoint = "SERVER", api_key = "k", config_file = "" }
   local uploading = promptic.client{ endpoint = "PLATFORM", api_key = "k", config_file = "" }
   local lines = { false, false, false }
   local function round(number)
      local id = promptic.run(function() promptic.sleep(0.0005) return client:get_component("c" .. number).id end)
      assert(id == "x", id)
      local doubled = promptic.map({ 1, 2, 3 }, function(value) promptic.sleep(0.0002) return value * 2 end)
      assert(doubled[3] == 6)
      local task = promptic.spawn(function() coroutine.yield() return client:get_component("c").id end)
      assert(task:await() == "x" and task.status == "done")
      local sleeper = promptic.spawn(promptic.sleep, 3600)
      promptic.step(0)
      sleeper:cancel()
      assert(not pcall(sleeper.await, sleeper))
      assert(client:get_component("plain").id == "x")
      if number % 10 == 0 then
         local rows = {}
         for row = 1, 7 do rows[row] = { variables = { n = row }, expected = "x" } end
         assert(uploading:upload_observations("e", rows, { batch_size = 2, concurrency = 2 }).sent == 7)
      end
      local sum = 0
      for index = 1, BUSY do sum = sum + index end -- time for hooks in the host's own code
   end
   for name = 1, 3 do
      core.register_task(function()
         local done = 0
         local fine, problem = pcall(function()
            for number = 1, ROUNDS do
               round(number)
               done = number
               core.msleep(1)
            end
         end)
         lines[name] = done .. " " .. tostring(fine or problem)
      end)
   end
   core.register_task(function()
      while not (lines[1] and lines[2] and lines[3]) do core.msleep(5) end
      lines[4] = promptic.step(0) .. " left"
      local file = assert(io.open("FOLDER/results", "w"))
      file:write(table.concat(lines, "\n"))
      file:close()
      os.exit(0, false)
   end)
]]

describe("promptic in HAProxy #hosts", function()
   local server, platform, folder, missing, lua

   setup(function()
      local said = process.run{ "sh", "-c", "haproxy -vv 2>/dev/null" }
      local version = said.stdout:match("Built with Lua version : Lua (%d%.%d)")
      lua = version and "lua" .. version
      if not lua then
         missing = "there is no HAProxy with Lua"
      elseif process.run{ ".ci/lua-flags", lua }.code ~= 0 then
         missing = "the headers of HAProxy's " .. lua .. " are not installed"
      end
      if missing then return end
      local flags = process.run{ ".ci/lua-flags", lua }.stdout:gsub("\n", "")
      local module = BUILD .. "/" .. lua
      local built = process.run{ "make", "BUILD=" .. module, "CHECK=module", "LUA_CFLAGS=" .. flags,
         module .. "/promptic.so" }
      assert.equal(0, built.code, built.stdout .. built.stderr)
      folder = process.folder()
      server, platform = scripted.start(), scripted.start()
      server:always{ body = '{"id":"x"}' }
   end)

   teardown(function()
      if folder then
         server:stop()
         platform:stop()
         process.remove(folder)
      end
   end)

   for _, yield in ipairs{ 1, 5, 17, 100, 10000 } do
      it(("runs a hundred rounds of three coroutines, suspended every %d instructions"):format(yield), function()
         if missing and os.getenv("CI") then
            error(missing)
         elseif missing then
            return pending(missing)
         end
         observations.serve(platform)
         local module = process.run{ "realpath", BUILD .. "/" .. lua }.stdout:gsub("\n", "")
         local values = { YIELD = tostring(yield), MODULE = module, FOLDER = folder, SERVER = server.url,
            PLATFORM = platform.url, ROUNDS = tostring(ROUNDS),
            BUSY = tostring(math.min(20 * yield, 2000)) }
         process.write_file(folder .. "/haproxy.cfg", (CONFIGURATION:gsub("%u%u+", values)))
         process.write_file(folder .. "/script.lua", (SCRIPT:gsub("%u%u+", values)))
         os.remove(folder .. "/results")
         local ended = process.run{ "timeout", tostring(MOST_SECONDS), "haproxy", "-db", "-f",
            folder .. "/haproxy.cfg" }
         local said = ended.stdout .. ended.stderr
         assert.equal(0, ended.code, said)
         local done = ROUNDS .. " true\n"
         assert.equal(done:rep(3) .. "0 left", process.read_file(folder .. "/results"), said)
      end)
   end
end)
