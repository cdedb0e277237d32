-- background.lua - tasks that nothing of a script waits for: senders and refreshers. Such a task exists while there is
-- work. promptic.run neither waits for it nor cancels it, promptic.step does not count it, and where all other tasks
-- wait for each other it is no help. Whatever drives the scheduler drives it; in plain code so does each call that
-- blocks. In a forked child it is gone. Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local library, host, scheduler = import "c.library", import "c.tasks", import "scheduler"
local tasks, alive, lists = import "tasks", import "alive", import "lists"

local error, pcall = error, pcall
local huge, max = math.huge, math.max

local check, now, promptic = library.check, library.now, library.promptic

local background = {
   flushes = 0, -- under way
}

--- Starts f(...) in the background, from anywhere, and returns its state. Its tasks, and theirs, are in the background
--- too. An error of f is reported like that of any task that nobody awaits; do not let it come to that.
function background.start(f, ...)
   return tasks.enter(scheduler.spawn_behind, f, ...)
end

--- In a task of the background: waits for so many seconds, or until a flush begins. Returns whether one is under way,
--- so that what was waiting for more work is done at once.
function background.pause(seconds)
   local state = scheduler.current()
   if background.flushes == 0 then
      state.paused = true
      tasks.sleep(seconds)
      state.paused = false
   end
   return background.flushes > 0
end

--- The same as pause where more work is no reason to go on: a flush that is under way does not shorten it, one that
--- begins does.
function background.rest(seconds)
   local state = scheduler.current()
   state.paused = true
   tasks.sleep(seconds)
   state.paused = false
end

--- Ends the pause of a task of the background; its state is what start has returned.
function background.wake(state)
   if state.paused and state.timer then
      lists.room()
      state.agenda.wake(state)
   end
end

-- Wakes those that pause.
local function hurry()
   local state = alive.newest()
   while state do
      background.wake(state)
      state = state.older
   end
end

-- One of those in the background, the newest; nil if there is none.
local function any()
   local state = alive.newest()
   while state and not state.background do
      state = state.older
   end
   return state or nil
end

local function await_all(stop, first)
   local state = first()
   while state and now() < stop do
      scheduler.wait_for(state, stop < huge and stop - now() or nil)
      if state.status == "failed" and not state.awaited then
         scheduler.take(state)
         promptic.on_task_error(state.err)
      end
      state = first()
   end
end

-- As a task of its own, which ends with the one that waits for it, however that ends.
local function flush_inside(stop, first)
   local waiter = tasks.spawn(await_all, stop, first)
   function waiter.on_finish()
      background.flushes = background.flushes - 1
   end
   background.flushes = background.flushes + 1
   hurry()
   tasks.settle(waiter)
   if waiter.status ~= "done" then
      error(waiter.err, 0)
   end
end

local function drive(stop, first)
   hurry()
   repeat
      scheduler.drive_background(max(0, stop - now()))
      scheduler.report_orphans()
   until not first() or now() >= stop
end

local function flush_outside(stop, first)
   lists.room() -- so that pcall is reached
   background.flushes = background.flushes + 1
   local fine, problem = pcall(drive, stop, first)
   background.flushes = background.flushes - 1
   if not fine then
      error(problem, 0)
   end
end

local function flush(stop, first)
   if first() then
      (scheduler.running() and flush_inside or flush_outside)(stop, first)
   end
   return not first()
end

--- Waits for tasks of the background, for so many seconds at most (nil: as long as it takes); returns whether none is
--- left. first(): one of them that has not finished, or nil.
function background.flush(seconds, first)
   local me = scheduler.current()
   if me and me.background then
      error("flush cannot be called in the background: it would wait for itself", 0)
   end
   return tasks.enter(flush, now() + (seconds or huge), first)
end

--- Waits until nothing is left to do in the background, for so many seconds at most; returns whether that is so.
function promptic.flush(...)
   local is_over = background.flush(check.flush(...), any)
   return is_over
end

host.set_driver(scheduler.drive_background, promptic.flush)

return background
