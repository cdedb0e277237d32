-- methods.lua - the methods of a client, to be called and to be added to.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- Lua 5.1 and LuaJIT have no continuations: a C function that has yielded cannot raise any more, so each that may
-- suspend its task is called by a function in Lua that raises for it.
local import = ...

local library, tasks = import "c.library", import "c.tasks"
local methods, resources = library.methods, library.resources

local error, pairs = error, pairs
local success, failure, resumed_elsewhere = tasks.success_mark, tasks.failure_mark, tasks.resumed_elsewhere

-- Values that a script resumes the coroutine with, which only the scheduler may, are never the marks.
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

if success then
   for name, f in pairs(methods) do
      if name ~= "close" and name ~= "with" then -- these never wait
         methods[name] = suspending(f)
      end
   end
   -- A module's function and the client's method stay one.
   for _, module in pairs(resources) do
      for name in pairs(module) do
         module[name] = methods[name]
      end
   end
   local rows, files = import "c.rows", import "c.files"
   rows.call, files.next = suspending(rows.call), suspending(files.next)
   files.exchange, files.post = suspending(files.exchange), suspending(files.post)
end

return methods
