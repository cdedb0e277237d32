-- tasks.lua - promptic.spawn, run, step and sleep, and the task objects of scripts.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local library, host, lists, scheduler = import "c.library", import "c.tasks", import "lists", import "scheduler"

local error, getmetatable, pcall, setmetatable = error, getmetatable, pcall, setmetatable
local tostring, type = tostring, type

local check, promptic = library.check, library.promptic
local cancel, current, running = scheduler.cancel, scheduler.current, scheduler.running
local is_finished, outcome = scheduler.is_finished, scheduler.outcome

-- ------------------------------------------------------------------ awaiting

-- Waits until the task has finished: suspends a task, drives the loop elsewhere.
local function settle(state)
   if is_finished(state) then
      return
   elseif current() == state then
      error("a task cannot await itself", 4)
   elseif running() then
      return scheduler.wait_for(state)
   end
   state.awaited = true
   return scheduler.drive_until(function() return is_finished(state) end, function()
      error("the task awaits another one, and that awaits it: none can go on", 5)
   end)
end

local function await(state)
   settle(state)
   return outcome(state)
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

--- What the task returned, once it is done; raises what it raised. Suspends a task, blocks elsewhere.
function methods.await(task)
   return await(check_task(task, "await"))
end

--- Ends the task: its transfer is aborted and the error of kind "cancelled" raised where it waits.
function methods.cancel(task)
   cancel(check_task(task, "cancel"))
end

function Task.__index(task, key)
   if key == "status" then
      return hidden[task].status
   end
   return methods[key]
end

function Task.__tostring(task)
   return ("promptic.task (%s)"):format(hidden[task].status)
end

--- A task that runs f(...) from the next step on.
function promptic.spawn(...)
   local task, me = setmetatable({}, Task), current()
   hidden[task] = false -- so that nothing is allocated once the task has begun to be one
   hidden[task] = scheduler.spawn(me and me.group, nil, check.spawn(...))
   return task
end

-- ------------------------------------------------------------------ run

local function cancel_members(group)
   local state = group.members.first
   while state do
      local after = state.after
      cancel(state)
      state = after
   end
end

-- Where the function of promptic.run has failed, or was cancelled, so is what it has spawned.
local function end_group(main)
   if main.status ~= "done" then
      cancel_members(main.group)
   end
end

local function run_inside(me, f, ...)
   return await(scheduler.spawn(me.group, me, f, ...))
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
         error("a task of promptic.run was lost where memory ended", 0)
      end
      is_stuck = true
      cancel_members(group)
   end
   return function()
      scheduler.drive_until(is_over, on_stuck)
      return is_stuck
   end
end

--- Runs f(...) as a task, and returns what it returns when it and all that it spawned are done. Where f
--- fails, what it has spawned is cancelled; a failure that was not awaited is raised.
local function run(f, ...)
   local me = running()
   if me then
      return run_inside(me, f, ...)
   end
   local group = { members = lists.new(), failures = lists.new() }
   local drive = driver(group)
   local main = scheduler.spawn(group, nil, f, ...)
   main.on_finish = end_group
   local fine, problem = pcall(drive)
   if not fine then -- Ctrl-C, or what on_task_error raises: nothing of the group goes on behind the caller's back
      cancel_members(group)
      unwind(group, drive, problem)
      error(problem, 0)
   elseif problem then
      error("every task awaits another one: none can go on", 2)
   end
   return outcome(main.status == "done" and group.failures.first or main)
end

--- Does what is ready, waits for that at most `timeout` seconds (default 0: never), returns how many tasks
--- are alive. A game calls it once a frame.
function promptic.step(...)
   local timeout = check.step(...)
   if current() then
      error("step cannot be called inside a task", 2)
   end
   return scheduler.step(timeout or 0)
end

local function sleep(seconds)
   if running() then
      return scheduler.sleep(seconds)
   end
   return host.sleep(seconds)
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
   settle = settle,
   cancel = cancel,
   current = current,
}
