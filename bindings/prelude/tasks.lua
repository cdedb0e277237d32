-- tasks.lua - promptic.spawn, run, step and sleep, and the task objects of scripts.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local library, host, lists, scheduler = import "c.library", import "c.tasks", import "lists", import "scheduler"
local alive = import "alive"

local error, getmetatable, pcall, setmetatable = error, getmetatable, pcall, setmetatable
local tostring, type = tostring, type
local huge, max = math.huge, math.max

local check, now, promptic = library.check, library.now, library.promptic
local cancel, current, running = scheduler.cancel, scheduler.current, scheduler.running
local check_process, is_finished, outcome = scheduler.check_process, scheduler.is_finished, scheduler.outcome
local guard, in_task = host.guard, host.in_task

-- ------------------------------------------------------------------ the door

-- f(...), where f works on the scheduler's data. A task runs it as it is: what its hook yields is resumed at once.
-- For everybody else it runs below a C call and without hooks, so that a host that suspends its coroutines by hooks
-- cannot let another one in half-way.
local function enter(f, ...)
   check_process()
   if in_task() then
      return f(...)
   end
   return guard(f, ...)
end

-- ------------------------------------------------------------------ awaiting

-- Waits until the task has finished, for `seconds` at most: suspends a task, drives the loop elsewhere. Returns whether
-- it has; nil where none can go on.
local function settle(state, seconds)
   if is_finished(state) then
      return true
   elseif running() then
      scheduler.wait_for(state, seconds)
      return is_finished(state)
   end
   local awaited, stuck = state.awaited, false
   state.awaited = true
   local over = scheduler.drive_until(function() return is_finished(state) end,
      seconds and now() + seconds or huge, function() stuck = true end)
   if over then
      return true
   end
   state.awaited = awaited
   if not stuck then
      return false
   end
end

-- The same, and takes what the task has come to.
local function settle_and_take(state, seconds)
   local over = settle(state, seconds)
   if over then
      scheduler.take(state)
   end
   return over
end

-- ------------------------------------------------------------------ task

local Task = { __name = "promptic.task", __metatable = "promptic.task" }
local hidden = setmetatable({}, { __mode = "k" }) -- task -> its state

local methods = {}

local function check_task(task, name)
   local state = hidden[task]
   if not state then
      error(("bad argument #1 to '%s' (promptic.task expected, got %s)"):format(name, type(task)), 3)
   end
   return state
end

--- What the task returned, once it is done; raises what it raised. Suspends a task, blocks elsewhere. After so many
--- seconds it raises the error of kind "timeout"; the task goes on.
function methods.await(task, ...)
   local state = check_task(task, "await")
   local seconds = check["task.await"](...)
   if current() == state then
      error("a task cannot await itself", 2)
   end
   local over = enter(settle_and_take, state, seconds)
   if over then
      return outcome(state)
   elseif over == nil then
      error("deadlock: the task awaits a task that awaits it", 2)
   end
   local message = ("the task has not ended within %.14g seconds; it is still running"):format(seconds)
   error(setmetatable({ kind = "timeout", code = "await", message = message }, library.Error), 0)
end

--- Ends the task: its transfer is aborted and the error of kind "cancelled" raised where it waits.
function methods.cancel(task)
   enter(cancel, check_task(task, "cancel"))
end

-- In C, where no hook of a host's tries to yield below a metamethod.
Task.__index, Task.__tostring = host.task_fields(hidden, methods, check_process)

local function new_task(...)
   local task, me = setmetatable({}, Task), current()
   hidden[task] = false -- so that nothing is allocated once the task has begun to be one
   hidden[task] = scheduler.spawn(me and me.group, nil, ...)
   return task
end

--- A task that runs f(...) from the next step on.
function promptic.spawn(...)
   return enter(new_task, check.spawn(...))
end

-- ------------------------------------------------------------------ run

-- Where that is interrupted, as memory ends, the scheduler's next turn does it.
local function cancel_members(group)
   local state = group.members.first
   while state do
      local after = state.after
      cancel(state)
      state = after
   end
   group.is_ended = false
end

-- Where the function of promptic.run has failed, or was cancelled, so is what it has spawned.
local function end_group(main)
   if main.status ~= "done" then
      main.group.is_ended, lists.has_ended_group = true, true
      cancel_members(main.group)
   end
end

-- A signal has ended what drives the group: its tasks end as well, so that what they have to close is closed, and an
-- upload's account goes into the error that the script gets.
local function unwind(group, drive, problem)
   if getmetatable(problem) ~= library.Error or problem.kind ~= "interrupted" then
      return
   end
   pcall(drive)
   if group.account and not problem.rows then
      group.account(problem)
   end
end

-- A function that drives until no task of the group is left, and returns whether all that were left could not go on.
local function driver(group)
   local is_stuck = false
   local function is_over() return not group.members.first end
   local function on_stuck()
      if is_stuck then
         error("a task of promptic.run was lost: not enough memory", 0)
      end
      is_stuck = true
      cancel_members(group)
      return true
   end
   return function()
      scheduler.drive_until(is_over, huge, on_stuck)
      return is_stuck
   end
end

local function begin_group(group, drive, ...)
   local main = scheduler.spawn(group, nil, ...)
   main.on_finish, group.main = end_group, main
   return drive()
end

-- Runs f(...) as a task of a group of its own until that has no members; returns whose outcome it has, and whether all
-- that were left could not go on.
local function run_group(...)
   local group = { members = lists.new(), failures = lists.new(), main = false, is_ended = false }
   local drive = driver(group)
   local fine, problem = pcall(begin_group, group, drive, ...)
   local main = group.main
   if not fine then -- Ctrl-C, or what on_task_error raises: nothing of the group goes on behind the caller's back
      group.is_ended, lists.has_ended_group = true, true
      cancel_members(group)
      unwind(group, drive, problem)
      error(problem, 0)
   end
   local state = main.status == "done" and group.failures.first or main
   scheduler.take(state)
   return state, problem
end

--- Runs f(...) as a task, and returns what it returns when it and all that it spawned are done. Where f
--- fails, what it has spawned is cancelled; a failure that was not awaited is raised.
local function run(f, ...)
   check_process()
   local me = running()
   if me then
      local state = scheduler.spawn(me.group, me, f, ...)
      settle_and_take(state)
      return outcome(state)
   end
   local state, is_stuck = enter(run_group, f, ...)
   if is_stuck then
      error("deadlock: every task awaits another one", 2)
   end
   return outcome(state)
end

--- Runs ready tasks, waits for one at most `timeout` seconds (default 0: never), returns how many tasks
--- are alive. A game calls it once a frame.
function promptic.step(...)
   local timeout = check.step(...)
   if current() then
      error("step cannot be called inside a task", 2)
   end
   return enter(scheduler.step, timeout or 0)
end

-- Blocks, while background tasks go on.
local function pause(seconds)
   local stop = now() + seconds
   while alive.behind > 0 and now() < stop do
      scheduler.drive_background(stop - now())
   end
   host.sleep(max(0, stop - now()))
end

local function sleep(seconds)
   check_process()
   if running() then
      return scheduler.sleep(seconds)
   end
   return enter(current() and host.sleep or pause, seconds)
end

--- Called with a task's error that nothing awaits, at the end of the step in which it came. Replace it to your
--- taste.
function promptic.on_task_error(err)
   host.report(tostring(err))
end

function promptic.run(...)
   return run(check.run(...))
end

function promptic.sleep(...)
   return sleep(check.sleep(...))
end

return {
   run = run,
   sleep = sleep,
   -- Starts f(...) for the running task, with which it is cancelled and which awaits it; gives its state.
   spawn = function(...)
      local me = current()
      return scheduler.spawn(me.group, me, ...)
   end,
   -- The same for the task of this state.
   spawn_for = function(parent, ...)
      return scheduler.spawn(parent.group, parent, ...)
   end,
   -- Lets other tasks have their turn, where the running one can be suspended.
   give_way = function()
      if running() then
         scheduler.sleep(0)
      end
   end,
   settle = settle,
   cancel = cancel,
   current = current,
   enter = enter,
}
