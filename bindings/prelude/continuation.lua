-- continuation.lua - methods that suspend their task, where Lua has no continuations: in 5.1 and in LuaJIT.
-- Baked into the module and run there only, before the rest of the prelude. A C function that has yielded cannot
-- raise any more, so each is called by a function in Lua that raises for it.
local methods, host = ...

local error, pairs = error, pairs
local success, failure, resumed_elsewhere = host.success_mark, host.failure_mark, host.resumed_elsewhere

-- What a script resumes the coroutine with, which only the scheduler may, is none of the marks.
local function outcome(mark, value)
   if mark == success then
      return value
   end
   if mark ~= failure then
      value = resumed_elsewhere
   end
   error(value, 0)
end

local function suspending(f)
   return function(...)
      return outcome(f(...))
   end
end

for name, f in pairs(methods) do
   if name ~= "close" then
      methods[name] = suspending(f)
   end
end

-- A module's function and the client's method stay one.
for _, module in pairs(host.resources) do
   for name in pairs(module) do
      module[name] = methods[name]
   end
end

host.rows.call = suspending(host.rows.call)
host.files.exchange = suspending(host.files.exchange)
