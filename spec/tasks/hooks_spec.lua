--- Hosts that suspend scripts: by count hooks, anywhere (HAProxy), and by functions that yield to the host's own
-- scheduler (ngx.sleep). The scheduler is never entered half-way, and nothing waits in vain.
-- Tags: luas
local promptic = require "promptic"
local behind = require "spec.support.behind"
local clients = require "spec.support.clients"
local hosts = require "spec.support.hooks"
local observations = require "spec.support.observations"
local scripted = require "spec.support.scripted"

-- Busted finds globals by a metamethod, where no hook can yield in Lua 5.1.
local coroutine, tostring, type = coroutine, tostring, type

local IS_51 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

local LEAST = hosts.LEAST
local host = hosts.shared()

local server, platform = scripted.shared(), scripted.shared()
local client, uploading = clients.shared(server), clients.shared(platform)
local hooks

setup(function() hooks = host.hooks end)

before_each(function()
   server:route[[
      local _, request = ...
      if request.target:find("experiments/", 1, true) then
         return { body = '{"id":"e","experimentStatus":"completed"}' }
      elseif request.target:find("evaluations/", 1, true) then
         return { body = '{"id":"v","status":"completed"}' }
      elseif request.target:find("/experiments?", 1, true) or request.target:find("/traces?", 1, true) then
         return { body = '{"data":[{"id":"1"},{"id":"2"}]}' }
      end
      return { body = '{"id":"x"}' }
   ]]
   observations.serve(platform)
end)

after_each(function()
   assert.is_true(promptic.flush(10), "a task in the background is left over")
   for _ = 1, 100 do
      if promptic.step(0.01) == 0 then break end
   end
   assert.equal(0, promptic.step(0), "a task is left over")
end)

-- ---------------------------------------------------------------- count hooks

local function rows(count)
   local list = {}
   for number = 1, count do list[number] = { variables = { n = number }, expected = "x" } end
   return list
end

-- Each with what it returns.
local FUNCTIONS = {
   ["run"] = { function() return promptic.run(function(...) promptic.sleep(0) return ... end, 1, 2) end, 1, 2 },
   ["spawn, await, status, tostring"] = { function()
      local task = promptic.spawn(function() promptic.sleep(0.001) return 7 end)
      local known = task.status ~= nil and tostring(task):find("promptic.task", 1, true) -- another one may drive it
      return known, task:await()
   end, 1, 7 },
   ["await(timeout)"] = { function()
      return promptic.spawn(function() promptic.sleep(0.001) return "in time" end):await(60)
   end, "in time" },
   ["cancel"] = { function()
      local task = promptic.spawn(promptic.sleep, 3600)
      promptic.step(0)
      task:cancel()
      for _ = 1, 1000 do
         if task.status == "cancelled" then break end
         promptic.step(0.001)
      end
      return task.status
   end, "cancelled" },
   ["map"] = { function()
      local list = promptic.map({ 1, 2, 3, 4 }, function(value)
         promptic.sleep(0.001)
         return value * 2
      end, { concurrency = 2 })
      return list[1] + list[4]
   end, 10 },
   ["sleep"] = { function() return promptic.sleep(0.001) end },
   ["step"] = { function()
      local done
      promptic.spawn(function() for _ = 1, 3 do coroutine.yield() end done = true end)
      for _ = 1, 1000 do
         if done then break end
         promptic.step(0.001)
      end
      return done
   end, true },
   ["flush"] = { function()
      behind.background.start(function() promptic.sleep(0.001) end)
      return promptic.flush(60)
   end, true },
   ["a call"] = { function() return client:get_component("c").id end, "x" },
   ["a call in a task"] = { function()
      return promptic.run(function() return client:get_component("c").id end)
   end, "x" },
   ["client:request"] = { function() return client:request("GET", "/x").id end, "x" },
   ["wait_for_experiment"] = { function() return client:wait_for_experiment("e").experimentStatus end, "completed" },
   ["wait_for_evaluation"] = { function() return client:wait_for_evaluation("c", "v").status end, "completed" },
   ["each_experiment"] = not IS_51 and { function() -- no hook can yield in an iterator there
      local ids = ""
      for experiment in client:each_experiment() do ids = ids .. experiment.id end
      return ids
   end, "12" } or nil,
   ["upload_observations"] = { function()
      return uploading:upload_observations("e", rows(7), { batch_size = 2, concurrency = 2 }).sent
   end, 7 },
   ["upload_observations of a function"] = { function()
      local number = 0
      return uploading:upload_observations("e", function()
         number = number + 1
         return number <= 5 and { variables = { n = number }, expected = "x" } or nil
      end, { batch_size = 2 }).sent
   end, 5 },
   ["auth.status"] = { function() return type(promptic.auth.status{ config_file = "" }.source) end, "string" },
   ["json"] = { function() return promptic.json.decode(promptic.json.encode{ a = 1 }).a end, 1 },
   ["response"] = { function() return promptic.response(client:get_component("c")).status end, 200 },
}

describe("coroutines that are suspended by a count hook", function()
   for name, case in pairs(FUNCTIONS) do
      it("use " .. name, function()
         for _, instructions in ipairs{ LEAST, 2, 3, 7, 31, 100 } do
            local results = host.interleave(3, instructions, case[1])
            for index = 1, 3 do
               local returned = results[index] or { "not over" }
               local message = ("coroutine %d, a hook of %d: %s"):format(index, instructions, tostring(returned[2]))
               assert.equal(true, returned[1], message)
               for place = 2, #case do
                  assert.equal(case[place], returned[place], message)
               end
            end
         end
      end)
   end

   it("use tasks at any number of instructions from 1 to 100", function()
      for instructions = LEAST, 100 do
         local returned = { n = 3, true, 1, 2 }
         assert.same({ returned, returned }, host.interleave(2, instructions, FUNCTIONS.run[1]))
      end
   end)

   it("are suspended between two calls of the library, however few instructions that takes", function()
      if rawget(_G, "jit") then
         return pending("the hook that all coroutines share is taken off and put on again, which begins its count anew")
      end
      local turns, co = 0, coroutine.create(function()
         for _ = 1, 200 do promptic.step(0) end
      end)
      hooks.set(co, 100)
      while coroutine.status(co) ~= "dead" do
         turns = turns + 1
         assert(hooks.resume(co))
      end
      assert.is_true(turns > 5, turns)
   end)
end)

describe("a count hook, while a call blocks,", function()
   -- How often a hook of so many instructions is called in a sleep.
   local function calls_in(instructions, seconds)
      local co = coroutine.create(function()
         hooks.count(coroutine.running(), instructions)
         promptic.sleep(seconds)
         return hooks.count(coroutine.running(), 0)
      end)
      return select(2, assert(hooks.resume(co)))
   end

   it("that counts 1 gets a turn every 0.1 s", function()
      calls_in(1, 0)
      local few, many = calls_in(1, 0), calls_in(1, 0.55)
      assert.is_true(many >= few + 3, few .. ", " .. many)
      assert.is_true(many <= few + 40, few .. ", " .. many) -- a turn is a few instructions
   end)

   it("that counts more is not called for waiting", function()
      assert.equal(0, calls_in(1000, 0.25))
   end)

   it("that counts 1 and tries to yield does no harm", function()
      if LEAST > 1 then return pending("such a hook lets nothing go on in this Lua") end
      local returned = host.interleave(1, 1, function() promptic.sleep(0.25) return "slept" end)[1]
      assert.same({ n = 2, true, "slept" }, returned)
   end)
end)

-- -------------------------------------------------------------- foreign yields

describe("a function of the host's that yields inside a task", function()
   local function refusal(f, ...)
      local fine, problem = pcall(promptic.run, f, ...)
      assert.is_false(fine)
      assert.is_true(promptic.is_error(problem), tostring(problem))
      assert.equal("foreign_yield", problem.code)
      return problem
   end

   after_each(function() package.loaded.hooks = nil end)

   it("is an error where it was called, which names it", function()
      package.loaded.hooks = hooks
      local after
      local problem = refusal(function()
         hooks.wait()
         after = true
      end)
      assert.is_nil(after)
      assert.matches("'hooks.wait' yields to its host", problem.message, 1, true)
      assert.matches("hooks_spec", problem.traceback)
   end)

   it("is one as well with a value, with arguments, and as the task's own function", function()
      refusal(function() hooks.wait_for(1) return 1 end)
      refusal(function() hooks.wait(0.1, "x") return 1 end)
      refusal(hooks.wait)
      refusal(hooks.wait, 1)
   end)

   it("is named by its caller where no module has it", function()
      local mine = { sleep = hooks.wait }
      local problem = refusal(function() mine.sleep() return 1 end)
      assert.matches("sleep", problem.message)
   end)

   it("can be caught, and the task goes on", function()
      if IS_51 then return pending("no yield across pcall in this Lua") end
      assert.equal("x", promptic.run(function()
         local fine, problem = pcall(function() hooks.wait() return 1 end)
         assert(not fine and problem.code == "foreign_yield")
         return client:get_component("c").id
      end))
   end)

   it("is one again each time, and leaves hooks as they were", function()
      if IS_51 then return pending("no yield across pcall in this Lua") end
      promptic.run(function()
         for _ = 1, 3 do
            local fine = pcall(function() hooks.wait() return 1 end)
            assert(not fine)
         end
         assert(debug.gethook() == nil)
      end)
   end)

   it("works as always in a coroutine of the host", function()
      local co = coroutine.create(function()
         hooks.wait()
         return promptic.run(function() return "done" end)
      end)
      assert.same({ true }, { coroutine.resume(co) })
      assert.same({ true, "done" }, { coroutine.resume(co) })
   end)
end)

describe("coroutine.yield in a task", function()
   it("goes on in the next step, also where it was replaced since", function()
      local before = coroutine.yield
      local yield = coroutine.yield
      coroutine.yield = nil -- luacheck: ignore 122
      local turns = 0
      promptic.run(function()
         for _ = 1, 3 do
            turns = turns + 1
            yield()
         end
      end)
      coroutine.yield = before -- luacheck: ignore 122
      assert.equal(3, turns)
   end)
end)
