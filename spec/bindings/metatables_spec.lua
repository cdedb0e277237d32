--- The metatables of the library's userdata are closed to scripts: a script that called __gc of a client whose log
-- function runs would free what is in use.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local driving = require "spec.support.driving"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server, path

setup(function()
   server = scripted.start()
   server:route[[
      local _, request = ...
      return request.target:find("/experiments/[^/]+$") and { body = '{"id":"e"}' } or { stall = true }
   ]]
   path = os.tmpname() .. ".csv"
   process.write_file(path, "message,expected\n" .. ("a,b\n"):rep(20))
end)

teardown(function()
   server:stop()
   os.remove(path)
end)

-- All that can be reached from the value, through what only the library debug gives as well.
local function reach(value, seen)
   local kind = type(value)
   if seen[value] or kind ~= "table" and kind ~= "function" and kind ~= "thread" and kind ~= "userdata" then
      return
   end
   seen[value] = true
   local meta = debug.getmetatable(value)
   if meta then reach(meta, seen) end
   if kind == "table" then
      for key, item in next, value do
         reach(key, seen)
         reach(item, seen)
      end
   elseif kind == "function" then
      local index, name, item = 1, debug.getupvalue(value, 1)
      while name do
         reach(item, seen)
         index = index + 1
         name, item = debug.getupvalue(value, index)
      end
   elseif kind == "userdata" then
      reach((debug.getuservalue or debug.getfenv)(value), seen)
   end
end

-- The same of a coroutine's stack.
local function reach_stack(co, seen)
   local level = 0
   while debug.getinfo(co, level, "f") do
      reach(debug.getinfo(co, level, "f").func, seen)
      local index, name, item = 1, debug.getlocal(co, level, 1)
      while name do
         reach(item, seen)
         index = index + 1
         name, item = debug.getlocal(co, level, index)
      end
      level = level + 1
   end
end

-- Coroutines are found on stacks, so this goes on until there are no more of them.
local function all_userdata()
   local seen, looked, more = {}, { [coroutine.running() or 0] = true }, true
   reach(debug.getregistry(), seen)
   while more do
      more = false
      for value in pairs(seen) do
         if type(value) == "thread" and not looked[value] then
            looked[value], more = true, true
            reach_stack(value, seen)
            break
         end
      end
   end
   return seen
end

describe("a userdata of the library", function()
   it("has a metatable that getmetatable does not give", function()
      local client = clients.open(server.url, { log = function() end })
      local tasks = {
         promptic.spawn(client.get_component, client, "c"),
         promptic.spawn(client.create_component, client, "c"),
         promptic.spawn(client.download_artifact, client, "a", path .. ".part"),
         promptic.spawn(client.upload_observations, client, "e", path, { batch_size = 3 }),
         promptic.spawn(function()
            local next_trace = client:each_trace() -- in Lua 5.1 nothing is suspended in the head of a loop
            next_trace()
         end),
      }
      driving.wait(function() return server:count() == 6 end, 0.01) -- an upload asks for its experiment first
      local types = {}
      for value in pairs(all_userdata()) do
         local meta = type(value) == "userdata" and debug.getmetatable(value)
         local name = meta and (rawget(meta, "__name") or rawget(meta, "__metatable"))
         if type(name) == "string" and name:find("^promptic%.") then
            types[name] = true
            assert.equal(name, getmetatable(value))
         end
      end
      for _, task in ipairs(tasks) do task:cancel() end
      driving.drain()
      client:close()
      local names = { "call", "client", "download", "rows.batch", "rows.reader", "rows.scan", "rows.set", "state" }
      if not rawget(_G, "jit") then -- which does not show what a C function has on its stack
         names[#names + 1] = "json.buffer"
      end
      for _, name in ipairs(names) do
         assert.is_true(types["promptic." .. name], name .. " was not found")
      end
   end)

   it("cannot be freed by a log function that is called from inside of it", function()
      server:reset():always{ body = '{"id":"x"}' }
      local client, freed
      client = clients.open(server.url, { log = function()
         freed = pcall(function() getmetatable(client).__gc(client) end)
      end })
      assert.equal("x", client:get_component("c").id)
      assert.is_false(freed)
      client:close()
   end)
end)

describe("a value that is not a userdata", function()
   it("keeps tasks closed, and errors open", function()
      local task = promptic.spawn(function() end)
      assert.equal("promptic.task", getmetatable(task))
      task:await()
      assert.is_table(promptic.Error)
      assert.equal("promptic.Error", promptic.Error.__name)
   end)
end)
