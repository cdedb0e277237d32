-- tasks.lua - tasks: coroutines that are suspended by a call instead of blocking, and what drives them.
-- Baked into the module; runs in Lua 5.1 to 5.4. Threads are not involved: a task runs until it calls,
-- sleeps, awaits or yields, and goes on in a later step.
local _, host, exports = ...

local now, agenda, block = host.now, host.agenda, host.sleep
local unpack = table.unpack or unpack -- luacheck: ignore 113 143
local close = coroutine.close -- luacheck: ignore 143
local resume_coroutine = host.resume or coroutine.resume

-- What a suspended task waits for, where it is no call. A call yields its address and its owner.
local SLEEPING, AWAITING = {}, {}

-- Seconds in which a turn goes on with tasks that are ready; the rest wait for the next one. A step is a part of a
-- game's frame; where nobody draws, few turns cost less.
local FRAME_BUDGET, RUN_BUDGET = 0.001, 0.01

local Task = { __name = "promptic.task" }
local hidden = setmetatable({}, { __mode = "k" }) -- task -> its state

-- A state's fields: co; status; arguments (until it begins); group (of promptic.run); parent (the state that
-- is lost without this one's result); waiters (states that await it); results or err; on_finish; and while
-- it waits one of owner (of a call), timer (its index), awaits (a state). cancelling: its end was asked
-- for; cancelled: it has been told.

local calls = {}   -- address of a call -> the task that waits for it
local orphans = {} -- failures that nobody has awaited yet
local current      -- the state of the running task
local alive = 0

local function make_error(kind, message)
   return setmetatable({ kind = kind, message = message }, host.Error)
end

local function argument_error(index, name, message)
   error(("bad argument #%d to '%s' (%s)"):format(index, name, message), 3)
end

local function check_function(index, name, value)
   if type(value) ~= "function" then
      argument_error(index, name, "function expected, got " .. type(value))
   end
end

-- ------------------------------------------------------------------ the end of a task

-- An error with where the task was: in a promptic.Error the field `traceback`, behind the text of a message.
local function with_traceback(err, traceback)
   if getmetatable(err) == host.Error then
      local earlier = rawget(err, "traceback")
      rawset(err, "traceback", earlier and earlier .. "\n" .. traceback or traceback)
      return err
   elseif type(err) == "string" then
      return err .. "\n" .. traceback
   end
   return err
end

local function is_cancellation(err)
   return getmetatable(err) == host.Error and rawget(err, "kind") == "cancelled"
end

local function leave_group(state)
   local group = state.group
   if group then
      group.count = group.count - 1
      group.members[state] = nil
      if state.status == "failed" then
         group.failures[#group.failures + 1] = state
      end
   elseif state.status == "failed" and #state.waiters == 0 then
      orphans[#orphans + 1] = state
   end
end

local function finish(state, ok, ...)
   alive = alive - 1
   state.co = nil
   if ok then
      state.status, state.results = "done", { n = select("#", ...), ... }
   else
      state.err = ...
      state.status = state.cancelling and is_cancellation(state.err) and "cancelled" or "failed"
   end
   leave_group(state)
   for _, waiter in ipairs(state.waiters) do
      waiter.awaits = nil
      agenda.push(waiter)
   end
   state.waiters = {}
   if state.on_finish then
      state.on_finish(state)
   end
end

-- What a finished task gives to whom awaits it.
local function outcome(state)
   state.awaited = true
   if state.status == "done" then
      return unpack(state.results, 1, state.results.n)
   end
   error(state.err, 0)
end

-- ------------------------------------------------------------------ resuming

-- The task has yielded: notes what it waits for. A yield that is the task's own comes back in the next step.
local function suspended(state, what, owner)
   if type(what) == "userdata" and type(owner) == "userdata" then
      state.status, state.owner = "waiting", owner
      calls[what] = state
      if state.cancelling and not state.cancelled then
         state.cancelled = true
         host.cancel(owner)
      end
   elseif what == SLEEPING or what == AWAITING then
      state.status = "waiting"
   else
      state.status = "ready"
      agenda.push(state)
   end
end

local function resumed(state, ok, ...)
   local co = state.co
   if not ok then
      local err = with_traceback((...), (host.traceback(co):gsub("^stack", "task")))
      if close then
         close(co) -- runs what is still to be closed
      end
      return finish(state, false, err)
   elseif coroutine.status(co) == "dead" then
      return finish(state, true, ...)
   end
   suspended(state, ...)
end

local function left(state, outer, ...)
   host.enter(outer and outer.co)
   current = outer
   resumed(state, ...)
end

local function resume(state, ...)
   local outer = current
   current, state.status = state, "running"
   host.enter(state.co)
   left(state, outer, resume_coroutine(state.co, ...))
end

local function is_finished(state)
   return state.status == "done" or state.status == "failed" or state.status == "cancelled"
end

-- Resumes a task that is ready. One that was cancelled before it began never runs.
local function go_on(state)
   if is_finished(state) then
      return
   end
   if state.arguments then
      local arguments = state.arguments
      state.arguments = nil
      if state.cancelling then
         return finish(state, false, make_error("cancelled", "the task was cancelled"))
      end
      return resume(state, unpack(arguments, 1, arguments.n))
   elseif state.owner then
      local owner = state.owner
      state.owner = nil
      return resume(state, host.resume_values(owner))
   end
   resume(state)
end

local function check_cancelled(state)
   if state.cancelling and not state.cancelled then
      state.cancelled = true
      error(make_error("cancelled", "the task was cancelled"), 0)
   end
end

-- Yields from within a task, and raises where it was cancelled meanwhile.
local function suspend(what)
   local state = current
   coroutine.yield(what)
   check_cancelled(state)
end

-- The running task, unless it cannot be suspended: a coroutine of its own inside it cannot yield for the task,
-- and nothing can below a C function; in plain Lua 5.1 pcall, iterators and metamethods are such ones as well.
local function running()
   return current and host.can_suspend() and current or nil
end

-- ------------------------------------------------------------------ driving

-- Tasks whose call has ended or whose time has come become ready.
local function collect()
   local address = host.ended()
   while address do
      local state = calls[address]
      calls[address] = nil
      if state then
         agenda.push(state)
      end
      address = host.ended()
   end
   if agenda.due() then
      agenda.wake_due(now())
   end
end

local function report_orphans()
   local list = orphans
   if #list == 0 then
      return
   end
   repeat -- each is taken off before it is told of, since on_task_error may raise
      local state = table.remove(list, 1)
      if not state.awaited then
         exports.on_task_error(state.err)
      end
   until #list == 0
end

-- Resumes tasks that are ready while one more, if it took as long as the longest so far, would be done in time.
local function go_on_until(stop)
   local mark, before, longest = agenda.mark(), now(), 0
   while agenda.has_ready(mark) do
      local owner = agenda.first().owner
      if owner and not host.decode_ahead(owner, stop) then
         return -- it stays the first: an answer is decoded over as many turns as it takes
      end
      go_on(agenda.pop())
      local after = now()
      longest = math.max(longest, after - before)
      if after + longest > stop then
         return
      end
      before = after
   end
end

-- One turn: waits for up to `timeout` seconds where no task is ready, then resumes those that are. What the network
-- takes counts against the budget too, waiting does not.
local function turn(timeout, budget)
   local began = now()
   if agenda.has_ready() then
      timeout = 0
   elseif agenda.due() then
      timeout = math.min(timeout, math.max(0, agenda.due() - now()))
   end
   host.poll(timeout)
   collect()
   go_on_until((timeout > 0 and now() or began) + budget)
   report_orphans()
end

-- on_stuck() is called where nothing can ever go on.
local function drive_until(is_over, on_stuck)
   while not is_over() do
      if not agenda.has_ready() and not agenda.due() and next(calls) == nil then
         on_stuck()
      end
      turn(math.huge, RUN_BUDGET)
   end
end

-- ------------------------------------------------------------------ tasks

local function spawn(group, f, ...)
   local task = setmetatable({}, Task)
   local state = {
      co = coroutine.create(f),
      arguments = { n = select("#", ...), ... },
      status = "ready",
      waiters = {},
      group = group,
   }
   hidden[task] = state
   alive = alive + 1
   if group then
      group.count = group.count + 1
      group.members[state] = true
   end
   agenda.push(state)
   return task, state
end

local function stop_awaiting(state)
   local waiters = state.awaits.waiters
   for index, waiter in ipairs(waiters) do
      if waiter == state then
         table.remove(waiters, index)
         break
      end
   end
   state.awaits = nil
   agenda.push(state)
end

local function cancel(state)
   if is_finished(state) or state.cancelling then
      return
   end
   state.cancelling = true
   if state.owner then
      state.cancelled = true
      host.cancel(state.owner)
   elseif state.timer then
      agenda.wake(state)
   elseif state.awaits and state.awaits.parent == state then
      cancel(state.awaits)
   elseif state.awaits then
      stop_awaiting(state)
   end
end

-- Waits until the task has finished: suspends a task, drives the loop elsewhere.
local function settle(state)
   local me = running()
   if is_finished(state) then
      return
   elseif current == state then
      error("a task cannot await itself", 4)
   elseif not me then
      state.awaited = true
      return drive_until(function() return is_finished(state) end, function()
         error("the task awaits another one, and that awaits it: none can go on", 5)
      end)
   end
   check_cancelled(me)
   me.awaits = state
   state.waiters[#state.waiters + 1] = me
   coroutine.yield(AWAITING)
   if me.cancelling and not me.cancelled and state.parent == me and state.err ~= nil then
      me.cancelled = true
      error(state.err, 0) -- it was cancelled for this task, and may tell more than that
   end
   check_cancelled(me)
end

local function await(state)
   settle(state)
   return outcome(state)
end

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
function exports.spawn(f, ...)
   check_function(1, "spawn", f)
   return (spawn(current and current.group, f, ...))
end

-- The first failure in the group that nobody has awaited; the others are its consequences.
local function first_failure(group)
   for _, state in ipairs(group.failures) do
      if not state.awaited then
         return state
      end
   end
end

local function cancel_members(group)
   for state in pairs(group.members) do
      cancel(state)
   end
end

-- Ctrl-C, or what on_task_error raised, has ended the driving, perhaps in the middle of resuming a task: nothing
-- of the group goes on behind the caller's back.
local function abandon(group, outer, problem)
   local interrupted = current
   if interrupted ~= outer then
      host.enter(outer and outer.co)
      current = outer
      if not is_finished(interrupted) then
         finish(interrupted, false, problem)
      end
   end
   cancel_members(group)
end

local function run_inside(me, f, ...)
   local _, inner = spawn(me.group, f, ...)
   inner.parent = me
   return await(inner)
end

--- Runs f(...) as a task, and returns what it returns when it and all that it spawned are done. Where f
--- fails, what it has spawned is cancelled; a failure that nobody awaited is raised.
function exports.run(f, ...)
   check_function(1, "run", f)
   if running() then
      return run_inside(current, f, ...)
   end
   local group = { count = 0, members = {}, failures = {} }
   local is_stuck = false
   local _, main = spawn(group, f, ...)
   main.on_finish = function()
      if main.status ~= "done" then
         cancel_members(group)
      end
   end
   local outer = current
   local fine, problem = pcall(drive_until, function() return group.count == 0 end, function()
      is_stuck = true
      cancel_members(group)
   end)
   if not fine then
      abandon(group, outer, problem)
      error(problem, 0)
   elseif is_stuck then
      error("every task awaits another one: none can go on", 2)
   end
   return outcome(main.status == "done" and first_failure(group) or main)
end

--- Does what is ready, waits for that at most `timeout` seconds (default 0: never), returns how many tasks
--- are alive. A game calls it once a frame.
function exports.step(timeout)
   if timeout ~= nil and not (type(timeout) == "number" and timeout >= 0) then
      argument_error(1, "step", "seconds: number of at least 0 expected")
   elseif current then
      error("step cannot be called inside a task", 2)
   end
   turn(timeout or 0, FRAME_BUDGET)
   return alive
end

--- Waits; suspends a task, blocks elsewhere.
function exports.sleep(seconds)
   if type(seconds) ~= "number" or not (seconds >= 0) then
      argument_error(1, "sleep", "seconds: number of at least 0 expected")
   elseif not running() then
      return block(seconds)
   end
   check_cancelled(current)
   agenda.sleep(current, now() + seconds)
   suspend(SLEEPING)
end

--- Told of a task's error that nobody awaits, at the end of the step in which it came. Replace it to your
--- taste.
function exports.on_task_error(err)
   io.stderr:write("promptic: a task that nobody awaits has failed: ", tostring(err), "\n")
end

host.sleep = exports.sleep
host.tasks = {
   spawn = function(...) return spawn(current.group, ...) end,
   settle = settle,
   cancel = cancel,
   current = function() return current end,
}
