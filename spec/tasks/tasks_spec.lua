--- Tasks: the same methods, without blocking (promptic.run, spawn, sleep, step). promptic.map is in tasks_map_spec,
--- errors that nobody awaits are in tasks_errors_spec.
-- Tags: luas
local socket = require "socket"
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"
local driving = require "spec.support.driving"

local server, client

driving.guard()

-- What plain Lua 5.1 cannot suspend, a call inside of pcall, blocks there.
local function it_suspends(what, f)
   it(what, function()
      if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
         return pending("no yield across pcall in this Lua")
      end
      f()
   end)
end

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
   server:always{ body = '{"id":"x"}' }
end)

-- Drives what is spawned until none is alive, as a game would.
local drain = driving.drain

local function wait_for_requests(count)
   driving.wait(function() return #server:requests() >= count end, 0.01)
end

describe("promptic.run", function()
   it("returns what the function returns, nils included", function()
      assert.same({ n = 3, 1, nil, 3 }, table.pack(promptic.run(function(...) return ... end, 1, nil, 3)))
   end)

   it("has calls of several tasks under way at one time", function()
      server:always{ body = '{"id":"x"}', wait = 100 }
      local started = promptic.now()
      local ids = promptic.run(function()
         local tasks, found = {}, {}
         for index = 1, 8 do
            tasks[index] = promptic.spawn(client.get_component, client, "c" .. index)
         end
         for index, task in ipairs(tasks) do found[index] = task:await().id end
         return found
      end)
      assert.equal(8, #ids)
      assert.is_true(promptic.now() - started < 0.6, "the calls came one after the other")
   end)

   it("waits for all that was spawned inside", function()
      local done = 0
      promptic.run(function()
         for _ = 1, 3 do
            promptic.spawn(function()
               promptic.sleep(0.01)
               done = done + 1
            end)
         end
      end)
      assert.equal(3, done)
   end)

   it("raises an error with the task's traceback", function()
      local function deep() error("boom") end
      local fine, problem = pcall(promptic.run, function() deep() end)
      assert.is_false(fine)
      assert.matches("tasks_spec.lua:%d+: boom", problem)
      assert.matches("task traceback:.*deep", problem)
   end)

   it("raises a promptic.Error as it is, with both tracebacks in it", function()
      server:always{ status = 404, body = '{"error":"Not found"}' }
      local problem = clients.failure(promptic.run, function()
         local task = promptic.spawn(function() return client:get_component("x") end)
         return task:await()
      end)
      assert.equal("[404] Not found (GET /components/x)", tostring(problem))
      local _, count = problem.traceback:gsub("task traceback:", "")
      assert.equal(2, count)
   end)

   it("raises the failure of a spawned task that nobody awaited", function()
      local fine, problem = pcall(promptic.run, function()
         promptic.spawn(function() error("lost") end)
      end)
      assert.is_false(fine)
      assert.matches("lost", problem)
   end)

   it("cancels what it has spawned where the function fails", function()
      local task
      local fine = pcall(promptic.run, function()
         task = promptic.spawn(promptic.sleep, 3600)
         promptic.sleep(0)
         error("stop")
      end)
      assert.is_false(fine)
      assert.equal("cancelled", task.status)
   end)

   it("can be used inside a task", function()
      assert.equal(5, promptic.run(function() return promptic.run(function() return 5 end) end))
   end)

   it("says so where every task waits for another", function()
      assert.error_matches(function()
         promptic.run(function()
            local one, two
            one = promptic.spawn(function() return two:await() end)
            two = promptic.spawn(function() return one:await() end)
            one:await()
         end)
      end, "deadlock: every task awaits another one")
   end)
end)

describe("a task", function()
   it("has a status", function()
      local task = promptic.spawn(function() promptic.sleep(0.001) end)
      assert.equal("ready", task.status)
      promptic.step(0)
      assert.equal("waiting", task.status)
      task:await()
      assert.equal("done", task.status)
      assert.equal("promptic.task (done)", tostring(task))
   end)

   it("is awaited for a time, and goes on after that", function()
      local task = promptic.spawn(function() promptic.sleep(0.05) return "late" end)
      for _, await in ipairs{ task.await, function(...) return promptic.run(task.await, ...) end } do
         local fine, problem = pcall(await, task, 0.001)
         assert.is_false(fine)
         assert.same({ "timeout", "await" }, { problem.kind, problem.code })
         assert.equal("waiting", task.status)
      end
      assert.equal("late", promptic.run(task.await, task, 60))
      assert.equal("late", task:await(0))
      assert.has_error(function() task:await("soon") end)
      assert.has_error(function() task:await(-1) end)
   end)

   it("that fails after a wait for it was over is reported", function()
      local before, errors = promptic.on_task_error, {}
      promptic.on_task_error = function(err) errors[#errors + 1] = err end
      local task = promptic.spawn(function() promptic.sleep(0.01) error("late", 0) end)
      pcall(task.await, task, 0)
      drain()
      promptic.on_task_error = before
      assert.equal(1, #errors)
   end)

   it("is awaited by several, each getting its values", function()
      assert.same({ 7, 7 }, promptic.run(function()
         local slow = promptic.spawn(function()
            promptic.sleep(0.01)
            return 7
         end)
         return promptic.map({ 1, 2 }, function() return slow:await() end)
      end))
   end)

   it("goes on in the next step after a yield of its own", function()
      local turns = 0
      local task = promptic.spawn(function()
         for _ = 1, 3 do
            turns = turns + 1
            coroutine.yield()
         end
      end)
      promptic.step(0)
      assert.equal(1, turns)
      task:await()
      assert.equal(3, turns)
   end)

   it("blocks in a coroutine of its own, which cannot suspend it", function()
      assert.equal("x", promptic.run(function()
         return coroutine.wrap(function() return client:get_component("a").id end)()
      end))
   end)

   it("blocks where Lua cannot suspend it, below a C function", function()
      local id = promptic.run(function()
         local found
         table.sort({ 1, 2 }, function(a, b)
            found = client:get_component("a").id
            return a < b
         end)
         return found
      end)
      assert.equal("x", id)
   end)

   it("blocks in a sleep and an await where Lua cannot suspend it", function()
      local slept
      local value = promptic.run(function()
         local found
         local other = promptic.spawn(function()
            promptic.sleep(0.001)
            return 7
         end)
         table.sort({ 1, 2 }, function(a, b)
            slept = pcall(promptic.sleep, 0.001)
            found = other:await()
            return a < b
         end)
         return found
      end)
      assert.equal(7, value)
      assert.is_true(slept)
   end)

   it("gets a call's value and its error at the call, inside of pcall, metamethods and iterators", function()
      local function look(id)
         return client:get_component(id).id
      end
      server:route[[
         local _, request = ...
         return request.target:find("bad") and { status = 404, body = '{"error":"none"}' } or { body = '{"id":"x"}' }
      ]]
      local meta = setmetatable({}, { __index = function(_, key) return look(key) end })
      local found = promptic.map({ "good", "bad", "good" }, function(id)
         local fine, value = pcall(look, id)
         local ids = {}
         for value_of_iterator in function() return #ids == 0 and look("good") or nil end do
            ids[1] = value_of_iterator
         end
         return { fine, tostring(value), ids[1], meta.good, select("#", client:get_component("good")) }
      end)
      local good, bad = { true, "x", "x", "x", 1 }, { false, "[404] none (GET /components/bad)", "x", "x", 1 }
      assert.same({ good, bad, good }, found)
   end)

   it_suspends("lets others go on while it waits inside of pcall", function()
      server:always{ body = '{"id":"x"}', wait = 100 }
      local ticks = 0
      promptic.run(function()
         local waiter = promptic.spawn(pcall, client.get_component, client, "x")
         while waiter.status ~= "done" do
            ticks = ticks + 1
            promptic.sleep(0.001)
         end
         local fine, value = waiter:await()
         assert.same({ true, "x" }, { fine, value.id })
      end)
      assert.is_true(ticks > 3)
   end)

   it("waits for an experiment while others go on", function()
      server:reply({ body = '{"experimentStatus":"running"}' }, { body = '{"experimentStatus":"completed"}' })
      local ticks = 0
      local status = promptic.run(function()
         local watcher = promptic.spawn(function()
            return client:wait_for_experiment("e", { poll_interval = 0.05 }).experimentStatus
         end)
         while watcher.status ~= "done" do
            ticks = ticks + 1
            promptic.sleep(0.005)
         end
         return watcher:await()
      end)
      assert.equal("completed", status)
      assert.is_true(ticks > 3)
   end)
end)

describe("cancel", function()
   it("ends a task before it begins", function()
      local ran = false
      local task = promptic.spawn(function() ran = true end)
      task:cancel()
      drain()
      assert.is_false(ran)
      assert.equal("cancelled", task.status)
   end)

   it("aborts the transfer", function()
      server:always{ stall = true }
      local went_on = false
      local task = promptic.spawn(function()
         client:get_component("x")
         went_on = true
      end)
      wait_for_requests(1)
      assert.equal(1, server:seen().open)
      task:cancel()
      drain()
      driving.wait(function() return server:seen().open == 0 end) -- the connection is closed, not kept
      assert.is_false(went_on)
      assert.equal("cancelled", task.status)
      assert.equal("cancelled", clients.failure(task.await, task).kind)
   end)

   it_suspends("raises where the task waits", function()
      server:always{ stall = true }
      local seen
      local task = promptic.spawn(function()
         local _, problem = pcall(client.get_component, client, "x")
         seen = problem
         error(problem, 0)
      end)
      wait_for_requests(1)
      task:cancel()
      drain()
      assert.equal("cancelled", seen.kind)
      assert.equal("cancelled", task.status)
      assert.equal("cancelled", clients.failure(task.await, task).kind)
   end)

   it("wakes a sleeping task", function()
      local task = promptic.spawn(promptic.sleep, 3600)
      driving.wait(function() return task.status == "waiting" end)
      task:cancel()
      drain()
      assert.equal("cancelled", task.status)
   end)

   it("does nothing to a task that is over", function()
      local task = promptic.spawn(function() return 1 end)
      drain()
      task:cancel()
      assert.equal(1, task:await())
   end)

   it_suspends("is raised once: a task that has caught it can clean up", function()
      local function call() client:get_component("c") end
      local task
      for name, wait in pairs{
         sleep = function() promptic.sleep(60) end,
         call = call,
         ["a call after it"] = function()
            task:cancel()
            call()
         end,
      } do
         server:always{ stall = true }
         task = promptic.spawn(function()
            local fine, err = pcall(wait)
            server:always{ body = "{}" }
            promptic.sleep(0)
            call()
            return fine, err.kind
         end)
         promptic.step(0)
         task:cancel()
         local fine, results = pcall(function() return { task:await() } end)
         assert.is_true(fine, name .. ": " .. tostring(results))
         assert.same({ false, "cancelled" }, results, name)
      end
   end)
end)

describe("a frame loop", function()
   -- How many steps 20 calls in a row take, which come after `earlier` ones. A frame is long for a server on this
   -- machine: its answer has been sent when it tells of the request.
   local function steps_of_calls(earlier)
      local steps = 0
      local task = promptic.spawn(function()
         for _ = 1, 20 do client:get_component("c") end
      end)
      repeat
         local left = promptic.step(0)
         steps = steps + 1
         for _ = 1, 1000 do
            if server:count() - earlier >= math.min(steps, 20) then break end
         end
      until left == 0 or steps > 1000
      assert.equal("done", task.status)
      return steps
   end

   -- The least of some runs: a process that loses its core in the middle of a step leaves the rest to the next one.
   local function least_steps(before)
      local least = math.huge
      for run = 0, 49 do
         least = math.min(least, steps_of_calls(before(run)))
         if least == 21 then break end
      end
      return least
   end

   it("pays one step a call, and one for the last response", function()
      server:always{ body = '{"id":"x"}' }
      client:get_component("c")
      assert.equal(21, least_steps(function(run) return 1 + 20 * run end)) -- 41 where each call costs two
   end)

   it("pays no step more for a new connection", function()
      assert.equal(21, least_steps(function()
         server:reset():always{ body = '{"id":"x"}' }
         return 0
      end))
   end)

   -- Each of them may be a TLS handshake. Nobody accepts: a connection that has begun stays in the kernel's table.
   it("begins eight attempts a step at most", function()
      local listener = assert(socket.bind("127.0.0.1", 0, 128))
      local _, port = listener:getsockname()
      local waiting = clients.open("http://127.0.0.1:" .. port, { timeout = 60 })
      local target = ("^%%s*%%d+: %%x+:%%x+ 0100007F:%04X "):format(port) -- as x86 and Arm order bytes
      local function connections()
         local count = 0
         for line in io.lines "/proc/net/tcp" do
            count = count + (line:find(target) and 1 or 0)
         end
         return count
      end
      local tasks = {}
      for index = 1, 60 do tasks[index] = promptic.spawn(waiting.get_component, waiting, "c") end
      local before, most, steps = 0, 0, 0
      repeat
         promptic.step(0)
         local now = connections()
         before, most, steps = now, math.max(most, now - before), steps + 1
      until now == 60 or steps == 10000
      for _, task in ipairs(tasks) do task:cancel() end
      drain()
      waiting:close()
      listener:close()
      assert.equal(60, before)
      assert.is_true(most >= 2 and most <= 8, most)
   end)
end)

describe("a closed client", function()
   it("fails the pending calls of its tasks with kind cancelled", function()
      server:always{ stall = true }
      local other = clients.open(server.url)
      local kinds = {}
      local before = promptic.on_task_error
      promptic.on_task_error = function(problem) kinds[#kinds + 1] = problem.kind end
      for _ = 1, 4 do
         promptic.spawn(other.get_component, other, "x")
      end
      wait_for_requests(4)
      other:close()
      drain()
      promptic.on_task_error = before
      assert.same({ "cancelled", "cancelled", "cancelled", "cancelled" }, kinds)
   end)
end)

describe("the collector", function()
   -- A full collection at every instruction of f, in a coroutine's hook as well.
   local function torture(f)
      local function collect() collectgarbage() end
      local create = coroutine.create
      coroutine.create = function(...) -- luacheck: ignore 122
         local co = create(...)
         debug.sethook(co, collect, "", 50)
         return co
      end
      debug.sethook(collect, "", 50)
      local fine, problem = pcall(f)
      debug.sethook()
      coroutine.create = create -- luacheck: ignore 122
      assert(fine, problem)
   end

   it("finds everything that is needed", function()
      local found
      torture(function()
         found = promptic.run(function()
            return promptic.map({ 1, 2, 3 }, function(value)
               promptic.sleep(0.001)
               return client:get_component("c" .. value).id
            end)
         end)
      end)
      assert.same({ "x", "x", "x" }, found)
   end)

   it("takes a client whose calls are in flight", function()
      server:always{ stall = true }
      do
         local lost = clients.open(server.url)
         local task = promptic.spawn(function() lost:get_component("x") end)
         wait_for_requests(1)
         task:cancel()
      end
      drain()
      collectgarbage()
      collectgarbage()
      assert.equal(0, promptic.step(0))
   end)
end)
