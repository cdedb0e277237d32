--- wait_for_experiment and wait_for_evaluation: how often they look, what they return, when they give up; and
-- Ctrl-C, which stops them and every other call at once.
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server, client

setup(function()
   server = scripted.start()
   client = clients.open(server.url)
end)

teardown(function()
   client:close()
   server:stop()
end)

before_each(function()
   server:reset()
end)

local function states(field, ...)
   local replies = {}
   for index, status in ipairs{ ... } do
      replies[index] = { body = ('{"id":"x","%s":"%s"}'):format(field, status) }
   end
   server:reply(table.unpack(replies))
end

local WAITS = {
   {
      name = "wait_for_experiment",
      field = "experimentStatus",
      path = "/api/v1/experiments/an%20id",
      call = function(options)
         return client:wait_for_experiment("an id", options)
      end,
   },
   {
      name = "wait_for_evaluation",
      field = "status",
      path = "/api/v1/components/c/evaluations/an%20id",
      call = function(options)
         return client:wait_for_evaluation("c", "an id", options)
      end,
   },
}

for _, wait in ipairs(WAITS) do
   describe(wait.name, function()
      it("polls after 0.25 s, then after half as long again each time, up to poll_interval", function()
         states(wait.field, "pending", "running", "running", "running", "completed")
         local times = {}
         wait.call{ poll_interval = 0.4, on_update = function() times[#times + 1] = promptic.now() end }
         assert.equal(5, #times)
         for index, least in ipairs{ 0.25, 0.375, 0.4, 0.4 } do
            local interval = times[index + 1] - times[index]
            assert.is_true(interval >= least, ("interval %d is %g"):format(index, interval))
         end
         states(wait.field, "pending", "completed")
         local began = promptic.now()
         wait.call{ poll_interval = 60 }
         assert.is_true(promptic.now() - began < 30)
      end)

      it("looks until the work is completed, and returns that", function()
         states(wait.field, "pending", "running", "running", "completed")
         local value = wait.call{ poll_interval = 0.001 }
         assert.equal("completed", value[wait.field])
         assert.equal(200, promptic.response(value).status)
         assert.equal(4, server:count())
         for _, request in ipairs(server:requests()) do
            assert.equal("GET", request.method)
            assert.equal(wait.path, request.target)
         end
      end)

      it("returns work that has failed", function()
         states(wait.field, "running", "failed")
         assert.equal("failed", wait.call{ poll_interval = 0.001 }[wait.field])
      end)

      it("does not wait for work that is completed already", function()
         states(wait.field, "completed")
         local start = promptic.now()
         wait.call()
         assert.is_true(promptic.now() - start < 1)
      end)

      it("tells of every look", function()
         states(wait.field, "pending", "running", "completed")
         local seen = {}
         wait.call{ poll_interval = 0.001, on_update = function(value)
            seen[#seen + 1] = value[wait.field]
         end }
         assert.same({ "pending", "running", "completed" }, seen)
      end)

      it("raises what on_update raises", function()
         states(wait.field, "pending", "completed")
         local problem = {}
         local fine, raised = pcall(wait.call, { on_update = function()
            error(problem)
         end })
         assert.is_false(fine)
         assert.equal(problem, raised)
         assert.equal(1, server:count())
      end)

      it("gives up after max_wait, with a last look at its end", function()
         server:always{ body = ('{"%s":"running"}'):format(wait.field) }
         local start = promptic.now()
         local problem = clients.failure(wait.call, { max_wait = 0.05, poll_interval = 1000 })
         local took = promptic.now() - start
         assert.equal("timeout", problem.kind)
         local message = "%s 'an id' is not finished after 0.05 seconds, its last status is running"
         assert.equal(message:format(wait.name:match("[^_]+$")), problem.message)
         assert.is_true(took >= 0.05 and took < 10, took)
         assert.equal(2, server:count())
      end)

      it("looks once where it may not wait", function()
         server:always{ body = "{}" }
         local problem = clients.failure(wait.call, { max_wait = 0 })
         assert.matches("its last status is unknown$", problem.message)
         assert.equal(1, server:count())
      end)

      it("may wait for ever", function()
         states(wait.field, "running", "completed")
         assert.equal("completed", wait.call{ max_wait = math.huge, poll_interval = 0.001 }[wait.field])
      end)

      it("raises what a look raises", function()
         server:always{ status = 404, body = '{"error":"Not found"}' }
         assert.equal("[404] Not found", tostring(clients.failure(wait.call)))
      end)
   end)
end

-- ------------------------------------------------------------------- Ctrl-C

-- Starts the program as a process of its own, sends it SIGINT when it has printed "now", and returns what it
-- says after that and how long it took to end.
local function interrupted(program)
   local path = os.tmpname()
   process.write_file(path, ([[
      local promptic = require "promptic"
      local client = promptic.client{ endpoint = arg[1], api_key = "k", config_file = "", max_retries = 0 }
      local function ready()
         print "now"
         io.flush()
      end
   ]] .. program))
   local command = ("echo $$; LUA_PATH=%s LUA_CPATH=%s exec %s %s %s 2>&1"):format(
      process.quote(package.path), process.quote(package.cpath),
      process.quote(os.getenv("PROMPTIC_LUA") or "lua5.4"), path, process.quote(server.url))
   local pipe = assert(io.popen(command))
   local pid = pipe:read("*l")
   assert.equal("now", pipe:read("*l"))
   os.execute("kill -INT " .. pid)
   local start = promptic.now() -- without what starting kill takes, which is long under valgrind
   local said = pipe:read("*a")
   pipe:close()
   os.remove(path)
   return said, promptic.now() - start
end

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
   { "a log function", [[
      local logging = promptic.client{ endpoint = arg[1], api_key = "k", log = function()
         ready()
         local stop = os.clock() + 30
         repeat until os.clock() > stop
      end }
      logging:get_component("c")
      promptic.sleep(60)
   ]] },
}

describe("Ctrl-C", function()
   for _, case in ipairs(BLOCKED) do
      it("stops " .. case[1], function()
         server:route[[
            local _, request = ...
            return request.target:find("stall") and { stall = true } or { body = "{}" }
         ]]
         local quickest = math.huge -- of a few: others may keep this machine busy
         for _ = 1, 20 do
            local said, took = interrupted(case[2])
            assert.matches("interrupted!", said, 1, true)
            quickest = math.min(quickest, took)
            if quickest < 0.1 then
               break
            end
         end
         assert.is_true(quickest < 0.1, quickest)
      end)
   end
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
