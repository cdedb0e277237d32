--- Ctrl-C and errors of debug hooks: they end any call, wait or task at once.
-- Tags: luas valgrind slow
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)

local PROGRAM = os.getenv("PROMPTIC_LUA") or "lua5.4"
local IS_OURS = PROGRAM:find("promptic-lua", 1, true) ~= nil

-- Starts the program as a process of its own, sends it SIGINT when it has printed "now", and returns what it
-- prints after that and how long it took to end.
local function interrupted(program)
   local path = os.tmpname()
   process.write_file(path, ([[
      local promptic = require "promptic"
      local client = promptic.client{ endpoint = arg[1], api_key = "k", config_file = "", max_retries = 0 }
      local function ready()
         print "now"
         io.flush()
      end
      local function spin()
         ready()
         local stop = os.time() + 60
         repeat until os.time() > stop
      end
   ]] .. program))
   local command = ("echo $$; LUA_PATH=%s LUA_CPATH=%s exec %s %s %s 2>&1"):format(
      process.quote(package.path), process.quote(package.cpath), process.quote(PROGRAM), path,
      process.quote(server.url))
   local pipe = assert(io.popen(command))
   local pid = pipe:read("*l")
   assert.equal("now", pipe:read("*l"))
   os.execute("kill -INT " .. pid)
   local start = promptic.now() -- without what starting kill takes, which is long under valgrind
   local printed = pipe:read("*a")
   pipe:close()
   os.remove(path)
   return printed, promptic.now() - start
end

local LAST = 30 -- seconds at least that each of these would take by itself
local LONG_BEFORE = LAST / 3

-- Each prints "now" when it is about to block, or while it does.
local BLOCKED = {
   { "a wait", [[
      client:wait_for_experiment("e", { poll_interval = 60, on_update = ready })
   ]] },
   { "a sleep", "ready(); promptic.sleep(60)" },
   { "a call", "ready(); client:get_component('stall')" },
   { "a sleep in a coroutine", [[
      local co = coroutine.wrap(function()
         ready()
         promptic.sleep(60)
      end)
      co()
   ]] },
   { "a call in a coroutine", [[
      local co = coroutine.wrap(function()
         ready()
         client:get_component('stall')
      end)
      co()
   ]] },
   { "promptic.run whose tasks sleep", [[
      promptic.run(function()
         promptic.spawn(promptic.sleep, 60)
         ready()
         promptic.sleep(60)
      end)
   ]] },
   { "promptic.run whose tasks call", [[
      promptic.run(function()
         promptic.spawn(client.get_component, client, "stall")
         ready()
         client:get_component("stall")
      end)
   ]] },
   { "promptic.run in a coroutine", [[
      coroutine.wrap(function()
         promptic.run(function()
            ready()
            promptic.sleep(60)
         end)
      end)()
   ]] },
   { "an await", [[
      local task = promptic.spawn(promptic.sleep, 60)
      ready()
      task:await()
   ]] },
   { "promptic.step", "promptic.spawn(promptic.sleep, 60); promptic.step(0); ready(); promptic.step(60)" },
   { "a call below a C function in a task", [[
      promptic.run(function()
         table.sort({ 1, 2 }, function()
            ready()
            client:get_component("stall")
         end)
      end)
   ]] },
   { "a call in a coroutine of a task", [[
      promptic.run(function()
         coroutine.wrap(function()
            ready()
            client:get_component("stall")
         end)()
      end)
   ]] },
   { "a log function", [[
      local logging = promptic.client{ endpoint = arg[1], api_key = "k", log = function()
         spin()
      end }
      logging:get_component("c")
      promptic.sleep(60)
   ]] },
}

-- What stock Lua's own handler cannot stop, as it knows of the main coroutine alone.
local BUSY = {
   { "a task that never yields", "promptic.run(spin)" },
   { "a spawned task that never yields, while others wait", [[
      promptic.run(function()
         promptic.spawn(promptic.sleep, 60)
         promptic.spawn(client.get_component, client, "stall")
         promptic.spawn(spin)
         promptic.sleep(60)
      end)
   ]] },
   { "a task that never yields inside of promptic.map", "promptic.map({ 1, 2, 3 }, spin)" },
   { "a task that never yields, awaited", "promptic.spawn(spin):await()" },
   { "a log function in a coroutine", [[
      local logging = promptic.client{ endpoint = arg[1], api_key = "k", log = spin }
      coroutine.wrap(function() logging:get_component("c") end)()
      promptic.sleep(60)
   ]] },
   { "tasks that are ready again and again", [[
      promptic.run(function()
         for _ = 1, 3 do
            promptic.spawn(function() while true do promptic.sleep(0) end end)
         end
         ready()
         promptic.sleep(60)
      end)
   ]] },
}

describe("Ctrl-C", function()
   before_each(function()
      server:route[[
         local _, request = ...
         return request.target:find("stall") and { stall = true } or { body = "{}" }
      ]]
   end)

   local function stops(case)
      local printed, took = interrupted(case[2])
      assert.matches("interrupted!", printed, 1, true)
      assert.is_true(took < LONG_BEFORE, took)
   end

   for _, case in ipairs(BLOCKED) do
      it("stops " .. case[1], function() stops(case) end)
   end

   for _, case in ipairs(BUSY) do
      it("stops " .. case[1], function()
         if not IS_OURS then
            return pending("stock Lua's handler sets its hook on the main coroutine alone")
         end
         stops(case)
      end)
   end

   -- After the error of the first one nothing else comes.
   local CAUGHT = {
      { "a coroutine", "coroutine.wrap(function() ready(); promptic.sleep(60) end)()" },
      { "a call in a task", "promptic.run(function() ready(); client:get_component('stall') end)" },
      { "a task", "promptic.run(spin)" },
   }

   for _, case in ipairs(CAUGHT) do
      it("is one error, which a script can catch: in " .. case[1], function()
         if not IS_OURS then
            return pending("only the interpreter knows of the coroutine that runs")
         end
         local printed, took = interrupted(([[
            local fine, problem = pcall(function() %s end)
            print(fine, (tostring(problem):find("interrupted!", 1, true)) ~= nil)
            print(promptic.step(0), client:get_component("c") ~= nil)
            promptic.run(promptic.sleep, 0.001)
         ]]):format(case[2]))
         assert.equal("false\ttrue\n0\ttrue\n", (printed:gsub("^now\n", "")))
         assert.is_true(took < LONG_BEFORE, took)
      end)
   end

   it("is not polled for by promptic-lua", function()
      if not IS_OURS then
         return pending("stock Lua's handler cannot wake the loop")
      end
      local result = process.run{ PROGRAM, "-", server.url, stdin = [[
         local client = promptic.client{ endpoint = ..., api_key = "k", config_file = "", max_retries = 0,
            timeout = 1 }
         local function switches()
            local file = assert(io.open("/proc/self/status"))
            local text = file:read("a")
            file:close()
            return tonumber(text:match("\nvoluntary_ctxt_switches:%s*(%d+)"))
         end
         local function count(f, ...)
            pcall(f, ...)
            local before = switches()
            pcall(f, ...)
            return switches() - before
         end
         print(math.max(
            count(promptic.sleep, 1),
            count(promptic.run, promptic.sleep, 1),
            count(client.get_component, client, "stall")))
      ]] }
      assert.equal("", result.stderr)
      assert.is_true(tonumber(result.stdout) < 12, result.stdout) -- twenty slices of 50 ms would be as many switches
   end)
end)

describe("a debug hook", function()
   it("that raises stops a call, which leaves nothing behind", function()
      server:route[[
         local _, request = ...
         return request.target:find("stall") and { stall = true } or { body = '{"id":"x"}' }
      ]]
      local start = promptic.now()
      local fine, problem = pcall(function()
         debug.sethook(function()
            if promptic.now() - start > 0.2 then
               debug.sethook()
               error("enough", 0)
            end
         end, "c")
         client:get_component("stall")
      end)
      debug.sethook()
      assert.is_false(fine)
      assert.equal("enough", problem)
      assert.equal("x", client:get_component("c").id)
   end)
end)
