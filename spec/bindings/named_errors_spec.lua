--- Errors of arguments name the function, however it was called: Lua's own luaL_argerror says '?' of one that pcall, a
-- coroutine or a metamethod calls.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local client = clients.shared(scripted.shared())

-- Arguments that no function takes, so that nothing begins.
local WRONG = { { true }, { 0 / 0 }, { io.stdout }, { client, io.stdout }, { "x", io.stdout } }

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local WAYS = {
   pcall = function(f, ...) return pcall(f, ...) end,
   coroutine = function(f, ...)
      local arguments, count = { ... }, select("#", ...)
      return coroutine.resume(coroutine.create(function() return (f(unpack(arguments, 1, count))) end))
   end,
   metamethod = function(f, ...)
      local object, value = setmetatable({}, { __index = f }), (...)
      return pcall(function() return object[value == nil and "none" or value] end)
   end,
   ["a function in C"] = function(f) return pcall(string.gsub, "x", "x", f) end,
   ["a tail call"] = function(f, ...)
      local arguments, count = { ... }, select("#", ...)
      return pcall(function() return f(unpack(arguments, 1, count)) end)
   end,
}

-- Public functions by name: of the module, of those of its resources, and of what it makes.
local function functions()
   local found, seen = {}, {}
   local function walk(path, t)
      if seen[t] or rawequal(t, promptic.null) then return end
      seen[t] = true
      for key, value in pairs(t) do
         local name = path .. "." .. tostring(key)
         if type(value) == "function" then
            found[name] = value
         elseif type(value) == "table" then
            walk(name, value)
         end
      end
   end
   walk("promptic", promptic)
   for name, module in pairs(package.loaded) do
      if name:find("^promptic%.") and type(module) == "table" then walk(name, module) end
   end
   walk("client", debug.getmetatable(client))
   local task, tracer = promptic.spawn(function() end), promptic.tracer(client, { component = "c" })
   for _, name in ipairs{ "await", "cancel" } do found["task." .. name] = task[name] end
   for _, name in ipairs{ "span", "continue", "current", "flush", "close" } do
      found["tracer." .. name] = tracer[name]
   end
   promptic.step(0)
   return found
end

describe("an error of an argument", function()
   it("names the function, however it is called", function()
      local on_task_error, count = promptic.on_task_error, 0
      finally(function() promptic.on_task_error = on_task_error end)
      promptic.on_task_error = function() end
      for name, f in pairs(functions()) do
         for _, arguments in ipairs(WRONG) do
            for how, way in pairs(WAYS) do
               local fine, problem = way(f, unpack(arguments))
               if not fine then
                  count = count + 1
                  local text = tostring(problem)
                  assert.is_nil(text:find("'?'", 1, true), ("%s by %s: %s"):format(name, how, text))
               end
            end
         end
         promptic.step(0)
      end
      assert.is_true(count > 1000, count)
   end)
end)
