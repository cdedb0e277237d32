-- supervise.lua - a function as a task of its own, whose error ends nothing but that task.
-- Baked into the module; runs in Lua 5.1 to 5.4. In 5.1 nothing can be suspended inside of pcall.
local import = ...

local tasks = import "tasks"

local supervise = {}

--- Starts f(...) for the running task, with which it is cancelled.
supervise.start = tasks.spawn

--- The same for another task than the running one: supervise.start_for(state, f, ...).
supervise.start_for = tasks.spawn_for

--- Waits for a task of supervise.start: true and its first result, or false and its error.
function supervise.finish(state)
   tasks.settle(state)
   if state.status == "done" then
      return true, state.results[1]
   end
   return false, state.err
end

return supervise
