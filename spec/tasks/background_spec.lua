--- Tasks in the background: they exist while there is work and hold up nothing else.
-- Tags: luas
local promptic = require "promptic"
local behind = require "spec.support.behind"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared{ body = '{"id":"x"}' }
local client = clients.shared(server)

local background = behind.background

after_each(function()
   assert.is_true(promptic.flush(10), "a task in the background is left over")
   assert.equal(0, promptic.step(0), "a task is left over")
end)

-- Counts turns in the background until stop() is called.
local function counter()
   local self = { turns = 0 }
   background.start(function()
      repeat
         self.turns = self.turns + 1
         promptic.sleep(0.001)
      until self.stopped
   end)
   function self.stop() self.stopped = true end
   return self
end

describe("a task in the background", function()
   it("is not waited for by promptic.run, and goes on when that has failed", function()
      local count = counter()
      assert.equal("done", promptic.run(function() return "done" end))
      assert.is_false(pcall(promptic.run, error, "failed"))
      local before = count.turns
      promptic.sleep(0.02)
      assert.is_true(count.turns > before)
      count.stop()
   end)

   it("is not counted by step, which drives it", function()
      local count = counter()
      for _ = 1, 1000 do
         assert.equal(0, promptic.step(0.01))
         if count.turns >= 3 then break end
      end
      assert.is_true(count.turns >= 3)
      count.stop()
   end)

   it("goes on while plain code waits for a call", function()
      server:always{ body = '{"id":"x"}', wait = 100 }
      local count = counter()
      assert.equal("x", client:get_component("c").id)
      assert.is_true(count.turns > 3, count.turns)
      count.stop()
   end)

   it("makes calls of its own while plain code sleeps", function()
      local found
      background.start(function() found = client:get_component("c").id end)
      promptic.sleep(0)
      assert.is_true(promptic.flush(10))
      assert.equal("x", found)
   end)

   it("is no help where every other task waits for another", function()
      local count = counter()
      local fine, problem = pcall(promptic.run, function()
         local first, second
         first = promptic.spawn(function() promptic.sleep(0) second:await() end)
         second = promptic.spawn(function() first:await() end)
         second:await()
      end)
      assert.is_false(fine)
      assert.matches("deadlock: ", tostring(problem), 1, true)
      count.stop()
   end)

   it("has children that are in the background too", function()
      local ended
      background.start(function()
         promptic.map({ 1, 2 }, function() promptic.sleep(0.01) end)
         ended = true
      end)
      assert.equal(0, promptic.step(0))
      assert.is_true(promptic.flush(10))
      assert.is_true(ended)
   end)

   it("reports its error once", function()
      local before, errors = promptic.on_task_error, {}
      promptic.on_task_error = function(err) errors[#errors + 1] = tostring(err) end
      background.start(error, "no luck", 0)
      assert.is_true(promptic.flush(10))
      background.start(error, "nor here", 0)
      promptic.run(promptic.flush, 10)
      promptic.on_task_error = before
      assert.equal(2, #errors)
      assert.matches("^no luck", errors[1])
      assert.matches("^nor here", errors[2])
   end)
end)

-- Whether a flush is under way: a pause in the background ends at once then.
local function is_flushing()
   local found
   background.start(function() found = background.pause(0) end)
   for _ = 1, 100 do
      if found ~= nil then return found end
      promptic.step(0)
   end
end

describe("promptic.flush", function()
   it("is true at once if there is nothing to do", function()
      assert.is_true(promptic.flush())
      assert.is_true(promptic.flush(0))
      assert.is_true(promptic.run(promptic.flush, 10))
   end)

   it("returns false once its time is over", function()
      local count = counter()
      assert.is_false(promptic.flush(0.01))
      assert.is_false(promptic.run(promptic.flush, 0.01))
      count.stop()
   end)

   it("does not wait for those that pause for more work", function()
      for _, flush in ipairs{ promptic.flush, function(seconds) return promptic.run(promptic.flush, seconds) end } do
         local flushing
         background.start(function() flushing = background.pause(3600) end)
         promptic.sleep(0)
         promptic.step(0)
         assert.is_true(flush(60))
         assert.is_true(flushing)
         assert.is_false(is_flushing())
      end
   end)

   it("is over where the task that waits is cancelled", function()
      local count = counter()
      local task = promptic.spawn(promptic.flush)
      promptic.step(0)
      promptic.step(0)
      assert.is_true(is_flushing())
      task:cancel()
      assert.is_false(pcall(task.await, task))
      for _ = 1, 100 do promptic.step(0) end
      assert.is_false(is_flushing())
      count.stop()
   end)

   it("cannot be called in the background", function()
      local problem
      background.start(function() problem = select(2, pcall(promptic.flush)) end)
      assert.is_true(promptic.flush(10))
      assert.matches("background", problem)
   end)

   it("is called where promptic-lua ends, also by os.exit, for 2 s at most", function()
      local PROGRAM = os.getenv("PROMPTIC_LUA") or ""
      if not PROGRAM:find("promptic-lua", 1, true) then
         return pending("of the interpreter")
      end
      local start = [[
         local background = dofile "spec/support/behind.lua".background
         background.start(function() promptic.sleep(%s) io.write "sent" end)
      ]]
      local process = require "spec.support.process"
      local function run(source) return process.run{ PROGRAM, "-e", source } end
      assert.same({ 0, "sent" }, { run(start:format("0.05")).code, run(start:format("0.05")).stdout })
      local ended = run(start:format("0.05") .. " os.exit(7)")
      assert.same({ 7, "sent" }, { ended.code, ended.stdout })
      ended = run(start:format("0.05") .. " error 'wrong'")
      assert.same({ 1, "sent" }, { ended.code, ended.stdout })
      local began = promptic.now()
      ended = run(start:format("3600"))
      assert.same({ 0, "" }, { ended.code, ended.stdout })
      assert.is_true(promptic.now() - began >= 2)
   end)
end)
