--- The coroutine of a task in a script's hands: coroutine.running() gives it, and then anybody may resume or close it.
-- The task ends with an error that says so; nothing else is harmed.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"
local driving = require "spec.support.driving"

local server = scripted.shared()
local client = clients.shared(server)

before_each(function()
   server:reset()
   server:route[[
      local _, request = ...
      return request.target:find("stall") and { stall = true } or { body = '{"id":"x"}' }
   ]]
end)

driving.guard()

local MISUSED = "the coroutine of a task was resumed or closed by something else than promptic"

-- What a task may wait in. None ends by itself before the specs do.
local WAITS = {
   ["a call"] = function() client:get_component("stall") end,
   ["a sleep"] = function() promptic.sleep(3600) end,
   ["an await"] = function(sleeper) sleeper:await() end,
   ["promptic.run"] = function() promptic.run(promptic.sleep, 3600) end,
   ["promptic.map"] = function() promptic.map({ 1, 2 }, function() promptic.sleep(3600) end) end,
}

-- Who may resume it; each returns what coroutine.resume does.
local RESUMERS = {
   ["the main program"] = function(co) return coroutine.resume(co, "false", "values") end,
   ["another coroutine"] = function(co)
      return coroutine.wrap(function() return coroutine.resume(co) end)()
   end,
   ["another task"] = function(co)
      return promptic.run(function() return coroutine.resume(co) end)
   end,
   ["a task below a C function"] = function(co)
      return promptic.run(function()
         local fine, problem
         table.sort({ 1, 2 }, function(a, b)
            if fine == nil then fine, problem = coroutine.resume(co) end
            return a < b
         end)
         return fine, problem
      end)
   end,
   ["a debug hook"] = function(co)
      local fine, problem
      debug.sethook(function()
         debug.sethook()
         fine, problem = coroutine.resume(co)
      end, "l")
      local _ = 1 -- a line
      return fine, problem
   end,
   ["coroutine.wrap"] = function(co)
      return pcall(coroutine.wrap(function() assert(coroutine.resume(co)) end))
   end,
}

-- A task that waits, its coroutine, and the task that it may wait for.
local function start(wait)
   local co
   local sleeper = promptic.spawn(promptic.sleep, 3600)
   local task = promptic.spawn(function()
      co = coroutine.running()
      wait(sleeper)
      return "not reached"
   end)
   driving.wait(function() return task.status == "waiting" and sleeper.status == "waiting" end)
   return task, co, sleeper
end

local function message_of(f, ...)
   local fine, problem = pcall(f, ...)
   assert.is_false(fine)
   return tostring(problem)
end

-- Ends the tasks that are left on purpose.
local function finish(...)
   for _, task in ipairs{ ... } do task:cancel() end
   driving.drain()
end

describe("a task's coroutine that is resumed while it waits in", function()
   local on_task_error

   before_each(function()
      on_task_error = promptic.on_task_error
      promptic.on_task_error = function() end
   end)

   after_each(function()
      promptic.on_task_error = on_task_error
   end)

   for place, wait in pairs(WAITS) do
      for who, resume in pairs(RESUMERS) do
         it(("%s, by %s, raises there, and ends the task with that error"):format(place, who), function()
            local task, co, sleeper = start(wait)
            local fine, problem = resume(co)
            assert.is_false(fine)
            assert.matches(MISUSED, problem, 1, true)
            if place == "a call" and not coroutine.close then
               -- a function that has yielded is over where Lua has no continuations: its call goes on
               task:cancel()
            end
            assert.matches(MISUSED, message_of(task.await, task), 1, true)
            assert.equal("failed", task.status)
            finish(sleeper)
         end)
      end
   end
end)

describe("a task's coroutine", function()
   it("that is closed while it waits ends the task with an error", function()
      if not coroutine.close then
         return pending("this Lua has no coroutine.close")
      end
      local co, sleeper
      local task = promptic.spawn(function()
         co = coroutine.running()
         sleeper = promptic.spawn(promptic.sleep, 3600)
         sleeper:await()
      end)
      driving.wait(function() return sleeper and sleeper.status == "waiting" end)
      assert.is_true(coroutine.close(co))
      sleeper:cancel()
      assert.matches(MISUSED, message_of(task.await, task), 1, true)
   end)

   it("that is resumed after a yield of its own, to its end, ends the task with an error", function()
      local co
      local task = promptic.spawn(function()
         co = coroutine.running()
         coroutine.yield()
         return "for the one who resumed it"
      end)
      promptic.step(0)
      assert.same({ true, "for the one who resumed it" }, { coroutine.resume(co) })
      assert.matches(MISUSED, message_of(task.await, task), 1, true)
   end)

   it("that catches the error blocks outside of its task, and fails there", function()
      if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
         return pending("no yield across pcall in this Lua")
      end
      local co, found
      local task = promptic.spawn(function()
         co = coroutine.running()
         pcall(promptic.sleep, 3600)
         promptic.sleep(0.001)
         found = client:get_component("c").id
      end)
      promptic.step(0)
      assert.is_true(coroutine.resume(co))
      assert.equal("x", found)
      assert.matches(MISUSED, message_of(task.await, task), 1, true)
   end)

   it("that runs elsewhere when its turn comes is left alone", function()
      local co, inside
      local task = promptic.spawn(function()
         co = coroutine.running()
         coroutine.yield()
         inside = promptic.step(0)
         return "went on"
      end)
      promptic.step(0)
      local before = promptic.on_task_error
      promptic.on_task_error = function() end
      assert.same({ true, "went on" }, { coroutine.resume(co) })
      promptic.on_task_error = before
      assert.equal(0, inside)
      assert.equal("failed", task.status)
   end)

   it("that yields what calls yield is taken for no call: nobody receives values", function()
      local file = io.stdout
      local problem
      local task = promptic.spawn(function()
         coroutine.yield(file, file)
      end)
      problem = select(2, pcall(task.await, task))
      assert.equal("foreign_yield", type(problem) == "table" and problem.code, tostring(problem))
      assert.matches("coroutine.yield with values", problem.message, 1, true)
   end)

   it("has hooks like any other, which block where they wait", function()
      if _VERSION == "Lua 5.2" then
         return pending("this Lua does not tell that a hook cannot yield")
      end
      local co, found
      local task = promptic.spawn(function()
         co = coroutine.running()
         promptic.sleep(0.001)
         local _ = 1 -- a line
         return "done"
      end)
      promptic.step(0)
      debug.sethook(co, function()
         if coroutine.running() ~= co then return end -- LuaJIT has one hook for all
         debug.sethook(co)
         found = client:get_component("c").id
         promptic.sleep(0.001)
      end, "l")
      assert.equal("done", task:await())
      assert.equal("x", found)
   end)

   it("whose hook raises ends the task with that error", function()
      local co
      local task = promptic.spawn(function()
         co = coroutine.running()
         promptic.sleep(0.001)
         local _ = 1 -- a line
         return "done"
      end)
      promptic.step(0)
      debug.sethook(co, function()
         if coroutine.running() ~= co then return end
         debug.sethook(co)
         error("hooked", 0)
      end, "l")
      assert.matches("^hooked", message_of(task.await, task))
   end)
end)
