--- Tasks in a forked child: those of the parent are forgotten there, the one that forked goes on.
-- Tags: luas
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local PROGRAM = os.getenv("PROMPTIC_LUA") or "lua5.4"

local server = scripted.shared()
local folder

-- A module of the Lua that runs this, which PROGRAM is as well.
setup(function()
   local name = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("%d%.%d")
   folder = process.folder()
   local result = process.run{ "sh", "-c",
      ("cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC $(.ci/lua-flags %s) -o '%s/forking.so' "
         .. "spec/network/forking.c"):format(name, folder) }
   assert(result.code == 0, result.stderr)
end)

teardown(function()
   process.remove(folder)
end)

before_each(function()
   server:route[[
      local _, request = ...
      return request.target:find("stall") and { stall = true } or { body = '{"id":"x"}' }
   ]]
end)

-- Both processes write lines to one pipe, each line at once, with its name in front.
local OPENING = [[
   local promptic = require "promptic"
   local forking = package.loadlib("%s/forking.so", "luaopen_forking")()
   local client = promptic.client{ endpoint = "%s", api_key = "k", config_file = "", max_retries = 0 }
   local name, pid = "parent", nil
   local function say(text) io.stderr:write(("%%s: %%s\n"):format(name, tostring(text))) end
   local function fork()
      pid = forking.fork()
      if pid == 0 then name = "child" end
   end
   local function finish()
      if name == "parent" then forking.wait(pid) end
   end
   promptic.on_task_error = function(err) say("reported " .. tostring(err)) end
   local function closing(what)
      return setmetatable({}, { __close = function() say("closed " .. what) end })
   end
]]

-- What the two processes have said, sorted, since their order is open.
local function run(source)
   local path = os.tmpname()
   process.write_file(path, OPENING:format(folder, server.url) .. source)
   local ended = process.run{ PROGRAM, path }
   os.remove(path)
   local lines = {}
   for line in ended.stderr:gmatch("[^\n]+") do lines[#lines + 1] = line end
   table.sort(lines)
   return table.concat(lines, "\n")
end

local function it_says(what, source, expected)
   it(what, function()
      table.sort(expected)
      assert.equal(table.concat(expected, "\n"), run(source))
   end)
end

-- Where the fork happens. Each defines what is called in both processes as `act`, and by the parent's other tasks.
local PLACES = {
   ["a task"] = [[
      pcall(promptic.run, function()
         for number = 1, 3 do promptic.spawn(other, number) end
         promptic.sleep(0.001)
         fork()
         act()
      end)
   ]],
   ["a task that others await"] = [[
      pcall(promptic.run, function()
         for number = 1, 3 do promptic.spawn(other, number) end
         local task = promptic.spawn(function() promptic.sleep(0.001) fork() act() end)
         task:await()
      end)
   ]],
   ["a callback of a task"] = [[
      for number = 1, 3 do promptic.spawn(other, number) end
      pcall(promptic.map, { 1, 2, 3 }, function(index)
         promptic.sleep(0.001 * index)
         if index == 2 then
            string.gsub("x", "x", function() fork() end)
            act()
         end
      end)
   ]],
   ["on_task_error"] = [[
      for number = 1, 3 do promptic.spawn(other, number) end
      promptic.on_task_error = function() fork() act() end
      promptic.spawn(error, "reported")
      promptic.step(0)
   ]],
   ["plain code between steps"] = [[
      for number = 1, 3 do promptic.spawn(other, number) end
      for _ = 1, 3 do promptic.step(0.001) end
      fork()
      act()
   ]],
}

-- What the process that forked does next, in both, and what the child says.
local ACTS = {
   ["exits"] = { "if name == 'child' then os.exit(0, true) end" },
   ["closes the client"] = {
      "if name == 'child' then client:close() say 'closed the client' end", "closed the client",
   },
   ["calls"] = { "if name == 'child' then say(client:get_component('c').id) end", "x" },
   ["starts tasks"] = { [[
      if name == "child" then
         local task = promptic.spawn(function() promptic.sleep(0.001) return client:get_component("c").id end)
         say(task:await())
      end
   ]], "x" },
}

describe("a fork in", function()
   for place, source in pairs(PLACES) do
      for act, case in pairs(ACTS) do
         local expected = { "parent: other 1", "parent: other 2", "parent: other 3", "parent: 0 left" }
         if case[2] then
            expected[#expected + 1] = "child: " .. case[2]
         end
         if act ~= "exits" then
            expected[#expected + 1] = "child: 0 left"
         end
         it_says(("%s, whose child %s, leaves the parent's tasks to the parent"):format(place, act), ([[
            local function act() %s end
            local function other(number)
               promptic.sleep(0.002 * number)
               client:get_component("c")
               say("other " .. number)
            end
            %s
            for _ = 1, 1000 do
               if promptic.step(0.01) == 0 then break end
            end
            finish()
            say(promptic.step(0) .. " left")
         ]]):format(case[1], source), expected)
      end
   end
end)

-- The longer half, with TLS, downloads and other places, is spec/network/fork_upload_network.lua.
describe("a fork in on_progress of an upload", function()
   local ROWS = 200

   -- How often each row of a text such as "parent-7-" arrived, if not once, and how many did.
   local function arrived()
      local seen, total, wrong = {}, 0, {}
      for _, request in ipairs(server:requests()) do
         for text in (request.method == "POST" and request.body or ""):gmatch("%w+%-%d+%-") do
            seen[text], total = (seen[text] or 0) + 1, total + 1
         end
      end
      for text, times in pairs(seen) do
         wrong[#wrong + 1] = times ~= 1 and text or nil
      end
      return total, wrong
   end

   before_each(function()
      server:route[[
         local number, request = ...
         local made = {}
         for text in request.body:gmatch("%w+%-%d+%-") do
            made[#made + 1] = ('{"id":%d,"variables":{"m":"%s"}}'):format(number * 1000 + #made, text)
         end
         return request.method == "POST" and { status = 201, body = '{"data":[' .. table.concat(made, ",") .. "]}" }
            or request.target:find("/observations") and { body = '{"data":[]}' } or { body = '{"id":"x"}' }
      ]]
   end)

   for act, case in pairs{
      ["exits"] = { "forking.exit(0)" },
      ["closes the client"] = { "client:close()", "child: cancelled" },
      ["calls"] = { "client:get_component('c')", "child: cancelled" },
      ["uploads rows of its own"] = { "upload('child', 10)", "child: cancelled", 10 },
   } do
      it(("whose child %s leaves the parent's rows to the parent"):format(act), function()
         local said = run(([[
            local done
            local function upload(whose, count, on_progress)
               local rows = {}
               for row = 1, count do rows[row] = { variables = { m = whose .. "-" .. row .. "-" }, expected = "y" } end
               return client:upload_observations("e", rows, { batch_size = 20, on_progress = on_progress })
            end
            local fine, problem = pcall(upload, "parent", %d, function(progress)
               if progress.sent < 60 or pid then return end
               fork()
               if name == "child" then %s end
            end)
            say(fine and problem.sent or problem.kind or problem)
            finish()
         ]]):format(ROWS, case[1]))
         assert.equal((case[2] and case[2] .. "\n" or "") .. "parent: " .. ROWS, said)
         local total, wrong = arrived()
         assert.same({}, wrong)
         assert.equal(ROWS + (case[3] or 0), total)
      end)
   end
end)

describe("in a forked child", function()
   it_says("who awaits a task of the parent gets cancelled, and nothing of it is closed or reported", [[
      local load = loadstring or load
      local hold = _VERSION == "Lua 5.4"
         and load("local c = ... local x <close> = c('the task') require('promptic').sleep(0.05)")
         or function() promptic.sleep(0.05) end
      local ended
      local waiting = promptic.spawn(function() hold(closing) ended = name end)
      local calling = promptic.spawn(client.get_component, client, "stall")
      local failing = promptic.spawn(function() promptic.sleep(0.01) error("late", 0) end)
      promptic.step(0.001)
      fork()
      if name == "child" then
         for _, task in ipairs{ waiting, calling, failing } do
            local fine, problem = pcall(task.await, task)
            say(task.status .. ", " .. tostring(fine) .. ", " .. problem.kind)
         end
         for _ = 1, 10 do promptic.step(0.01) end
         collectgarbage() collectgarbage()
      else
         pcall(failing.await, failing)
         waiting:await()
         calling:cancel()
         promptic.step(0)
         say("ended in " .. ended)
         finish()
      end
   ]], {
      "child: cancelled, false, cancelled",
      "child: cancelled, false, cancelled",
      "child: cancelled, false, cancelled",
      "parent: ended in parent",
      _VERSION == "Lua 5.4" and "parent: closed the task" or nil,
   })

   it_says("tasks that wait for each other are noticed, whatever the parent's wait for", [[
      local calling = promptic.spawn(client.get_component, client, "stall")
      promptic.step(0.001)
      fork()
      if name == "child" then
         local fine, problem = pcall(promptic.run, function()
            local one, two
            one = promptic.spawn(function() return two:await() end)
            two = promptic.spawn(function() return one:await() end)
            one:await()
         end)
         say(tostring(fine) .. (tostring(problem):match("every task awaits another") or tostring(problem)))
      else
         calling:cancel()
         promptic.step(0)
         finish()
      end
   ]], { "child: falseevery task awaits another" })

   it_says("ready tasks do not run, whatever the one that forked does", [[
      promptic.run(function()
         for number = 1, 3 do
            promptic.spawn(function() coroutine.yield() say("ran " .. number) end)
         end
         coroutine.yield()
         fork()
         if name == "child" then promptic.sleep(0.01) say "went on" end
      end)
      finish()
   ]], { "child: went on", "parent: ran 1", "parent: ran 2", "parent: ran 3" })

   it_says("promptic.run ends as cancelled if its function belongs to the parent", [[
      local fine, problem = pcall(promptic.run, function()
         promptic.spawn(function() promptic.sleep(0.001) fork() end):await()
         return "the parent's"
      end)
      say(tostring(fine) .. " " .. tostring(fine and problem or problem.kind))
      finish()
   ]], { "child: false cancelled", "parent: true the parent's" })

   it_says("nothing is in the background", [[
      local background = dofile("spec/support/behind.lua").background
      background.start(function() promptic.sleep(0.05) say "sent" end)
      promptic.sleep(0)
      fork()
      say(tostring(promptic.flush(name == "child" and 0 or 10)))
      finish()
   ]], { "child: true", "parent: sent", "parent: true" })

   it_says("a child of the child forgets the child's tasks", [[
      local task = promptic.spawn(promptic.sleep, 0.01)
      fork()
      if name == "child" then
         local own = promptic.spawn(promptic.sleep, 0.01)
         local grandchild = forking.fork()
         if grandchild == 0 then
            name = "grandchild"
            say(tostring((pcall(own.await, own))))
            os.exit(0, true)
         end
         forking.wait(grandchild)
         say(tostring((pcall(own.await, own))))
      else
         finish()
         say(tostring((pcall(task.await, task))))
      end
   ]], { "grandchild: false", "child: true", "parent: true" })
end)
