-- scheduler.lua - the life of tasks: how they begin, wait and continue, and what drives them; ending.lua has their end.
-- Baked into the module; runs in Lua 5.1 to 5.4. Threads are not involved: a task runs until it calls,
-- sleeps, awaits or yields, and goes on in a later step.
local import = ...

local library, host, new_agenda, lists = import "c.library", import "c.tasks", import "agenda", import "lists"
local alive, ending = import "alive", import "ending"

local error, pcall, select = error, pcall, select
local huge, max, min = math.huge, math.max, math.min
local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local now = library.now
local link, begin_awaiting, room = lists.link, lists.begin_awaiting, lists.room
local make_error, finish, conclude = ending.make_error, ending.finish, ending.conclude
local is_finished, stop_awaiting = ending.is_finished, ending.stop_awaiting

-- Seconds in which a turn goes on with tasks that are ready; the rest wait for the next one. A step is a part of a
-- game's frame; in other programs longer turns cost less.
local FRAME_BUDGET, RUN_BUDGET = 0.001, 0.01

local scheduler = {}

-- A change that runs out of memory leaves nothing half-way: what a change needs is made before it, room for its calls
-- too (lists.room), and all fields of a state are there from the start, since a new one may need memory. Absent values
-- are false.
--
-- A state's fields:
--    co           its coroutine, until it has finished
--    status       the task's `status`
--    arguments    of its function, until it begins
--    group        of promptic.run
--    parent       the state that awaits this one and needs its result
--    list         of which it is a part, between `before` and `after`: its group's members while it runs, then the
--                 failures that were not awaited
--    first, last  of those that await it
--    awaits       the state that it waits for, between those that wait as well: `earlier` and `later`
--    background   it is one of background.lua's: nothing of a script waits for it
--    paused       it waits for more work, unless a flush begins: background.lua
--    context      the current span, or false
--    agenda       that it is in; timer, due while it sleeps, next_ready while it is ready: see agenda.lua
--    alive        it has not finished; older, newer: see alive.lua
--    owner        of the call that it waits for
--    results, err its outcome
--    next_broken  in the list of those that `mend` ends
--    awaited      another task has received the outcome, or will
--    cancelling   its end was asked for; cancelled: that was raised in it
--    on_finish    function(state)

local calls, call_count = {}, 0 -- address of a call -> the task that waits for it
local front_calls = 0           -- how many of them are of scripts' tasks
local current                   -- the state of the running task
local outer_context = false     -- of plain code: see scheduler.context
local broken = false            -- the first of those that mend is to end
local front, back = new_agenda(), new_agenda() -- of scripts' tasks; of those in the background
local generation = host.generation()           -- of the process that these belong to

-- ------------------------------------------------------------------ another process

-- In a forked child every task but those that are running is forgotten.
local function check_process()
   local process = host.generation()
   if process == generation then
      return
   end
   alive.keep_running(make_error("cancelled", "the task belongs to the parent process"))
   front.clear()
   back.clear()
   calls, call_count, front_calls, lists.crossing, broken = {}, 0, 0, 0, false
   ending.forget_orphans()
   generation = process
end

scheduler.check_process = check_process

-- ------------------------------------------------------------------ resuming

-- Why a task's coroutine has come back: it waits for a call, a time, another task, or has yielded by itself, and goes
-- on in the next step.
local function came_back(state, how, ...)
   if how == "returned" then
      return finish(state, true, ...)
   elseif how == "called" then
      local address, owner = ...
      calls[address] = state
      call_count, front_calls = call_count + 1, front_calls + (state.background and 0 or 1)
      state.status, state.owner = "waiting", owner
      if state.cancelling and not state.cancelled then
         state.cancelled = true
         host.cancel(owner)
      end
   elseif how ~= "yielded" then
      local err, traceback = ...
      err = ending.with_traceback(err, ((traceback or host.traceback(state.co)):gsub("^stack", "task")))
      host.close(state.co)
      finish(state, false, err)
      if how == "interrupted" then
         error(err, 0)
      end
   elseif state.timer or state.awaits then
      state.status = "waiting"
   else
      state.status = "ready"
      state.agenda.push(state)
   end
end

local function left(state, outer, ...)
   check_process() -- while its status is still "running"
   current = outer
   return came_back(state, ...)
end

local function resume(state, ...)
   local outer = current
   current, state.status = state, "running"
   left(state, outer, host.resume(state.co, ...))
end

-- Resumes a task that is ready. One that was cancelled before it began never runs. One whose parent could not wait for
-- it, as memory ended, is cancelled.
local function go_on(state)
   local parent = state.parent
   if is_finished(state) then
      return
   elseif parent and parent.status ~= "done" and is_finished(parent) then
      state.cancelling = true
   end
   if state.arguments then
      local arguments = state.arguments
      state.arguments = false
      if state.cancelling then
         return finish(state, false, make_error("cancelled", "the task was cancelled"))
      end
      return resume(state, unpack(arguments, 1, arguments.n))
   elseif state.owner then
      local owner = state.owner
      state.owner = false
      return resume(state, host.resume_values(owner))
   end
   resume(state)
end

-- Decodes the response of the agenda's first task, over as many turns as it takes, then resumes it. False where it is
-- to be continued.
local function advance(state, stop)
   if state.owner and not host.decode_ahead(state.owner, stop) then
      return false
   end
   state.agenda.pop()
   go_on(state)
   return true
end

-- Cancels the members of groups that an error has ended.
local function cancel_left()
   local state = alive.newest()
   while state do
      if state.group and state.group.is_ended then
         scheduler.cancel(state)
      end
      state = state.older
   end
   lists.has_ended_group = false
end

-- Ends tasks that ran out of memory or met Ctrl-C. Can be called again if it was interrupted half-way.
local function mend()
   if lists.has_ended_group then
      cancel_left()
   end
   while broken do
      local state = broken
      if state.agenda.first() == state then
         state.agenda.pop()
      end
      if state.co then
         finish(state, false, state.err)
      else
         conclude(state)
      end
      broken = state.next_broken
   end
end

-- The same as advance. What goes wrong besides the task itself is raised.
local function advance_first(agenda, stop)
   local state, outer = agenda.first(), current
   local fine, result = pcall(advance, state, stop)
   if fine then
      return result
   end
   current = outer
   if state.co then
      state.err = result
   end
   state.next_broken, broken = broken, state
   mend()
   error(result, 0)
end

local function check_cancelled(state)
   if state.cancelling and not state.cancelled then
      state.cancelled = true
      error(make_error("cancelled", "the task was cancelled"), 0)
   end
end

--- The running task, unless it cannot be suspended: a coroutine of its own inside it cannot yield for the task,
-- and nothing can below a C function; in plain Lua 5.1 pcall, iterators and metamethods are such ones as well.
function scheduler.running()
   return current and host.can_suspend() and current or nil
end

-- ------------------------------------------------------------------ driving

-- Tasks whose call has ended or whose time has come become ready.
local function collect()
   room() -- a call that has been taken off is in no other list
   local address = host.ended()
   while address do
      local state = calls[address]
      if state then
         calls[address] = nil
         call_count, front_calls = call_count - 1, front_calls - (state.background and 0 or 1)
         state.agenda.push(state)
      end
      room()
      address = host.ended()
   end
   if front.due() or back.due() then
      local time = now()
      front.wake_due(time)
      back.wake_due(time)
   end
end

-- Resumes tasks that are ready while one more, if it took as long as the longest so far, would be done in time; one at
-- least.
local function go_on_until(agenda, stop)
   local mark, before, longest = agenda.mark(), now(), 0
   while agenda.has_ready(mark) do
      if not advance_first(agenda, stop) then
         return
      end
      local after = now()
      longest = max(longest, after - before)
      if after + longest > stop then
         return
      end
      before = after
   end
end

-- Waits for up to `timeout` seconds where no task is ready, and makes those ready for which something has come. Returns
-- when the turn began: what the network takes counts too, waiting does not.
local function wait(timeout, is_ready)
   local began = now()
   check_process()
   mend()
   timeout = is_ready and 0 or min(timeout, max(0, min(front.due() or huge, back.due() or huge) - began))
   host.poll(timeout)
   collect()
   return timeout > 0 and now() or began
end

-- Sends what tasks have begun, not a frame later: on a kept connection the first poll does. A new one takes three, to
-- begin to connect, to see that it is connected, and to send; these two while there is time.
local function send(stop)
   host.poll(0)
   for _ = 1, 2 do
      if now() < stop then
         host.poll(0)
      end
   end
end

-- One turn.
local function turn(timeout, budget)
   local stop = wait(timeout, front.has_ready() or back.has_ready()) + budget
   local resumes = front.has_ready() or back.has_ready()
   go_on_until(front, stop)
   go_on_until(back, stop)
   if resumes and call_count > 0 then
      send(stop)
   end
   ending.report_orphans()
end

-- Whether nothing of a script can ever go on.
local function is_stuck()
   return not (front.has_ready() or front.due() or broken) and front_calls + lists.crossing == 0
end

--- Drives until is_over(), or until the time `stop`, and returns whether it is over. on_stuck() is called where nothing
--- can ever go on; it returns true where it has made something go on.
function scheduler.drive_until(is_over, stop, on_stuck)
   while not is_over() do
      local seconds = stop - now()
      if seconds <= 0 or stop == huge and is_stuck() and not on_stuck() then
         return false
      end
      turn(seconds, RUN_BUDGET)
   end
   return true
end

--- A turn of background tasks alone, for plain code that waits; returns how many there are.
function scheduler.drive_background(timeout)
   local stop = wait(timeout, back.has_ready()) + RUN_BUDGET
   go_on_until(back, stop)
   return alive.behind
end

-- ------------------------------------------------------------------ tasks

--- The state of a task that runs f(...) from the next step on; group and parent may be nil. Nothing that is made
--- here is a part of anything before all is there.
local function spawn(background, group, parent, f, ...)
   if background then
      host.has_background() -- so that plain code drives it while it waits
   end
   local state = {
      co = host.create(host.is_bare(f) and function(...) return f(...) end or f),
      arguments = { n = select("#", ...), ... },
      status = "ready",
      group = group or false,
      parent = parent or false,
      awaited = parent and true or false,
      list = false, before = false, after = false,
      first = false, last = false,
      awaits = false, earlier = false, later = false,
      agenda = background and back or front, background = background, paused = false,
      context = not background and (current and current.context or not current and outer_context) or false,
      timer = false, due = false, next_ready = false,
      alive = false, older = false, newer = false,
      owner = false,
      results = false, err = false, next_broken = false,
      cancelling = false, cancelled = false,
      on_finish = false,
   }
   room(parent and 10 or 6) -- a parent waits for it next
   if group then
      link(group.members, state)
   end
   state.agenda.push(state)
   alive.add(state)
   return state
end

--- What a task in the background starts is in the background too.
function scheduler.spawn(...)
   return spawn(current and current.background or false, ...)
end

--- A task of no group in the background.
function scheduler.spawn_behind(...)
   return spawn(true, nil, nil, ...)
end

-- A task that waits for a time or for another task becomes ready. What only it waited for is cancelled.
local function give_up_waiting(state)
   local awaited = state.awaits
   if state.timer then
      state.agenda.wake(state)
   elseif awaited then
      stop_awaiting(state)
      if awaited.parent == state then
         scheduler.cancel(awaited)
      end
   end
end

--- Ends a task: its call is aborted, and the error of kind "cancelled" raised where it waits.
function scheduler.cancel(state)
   if is_finished(state) or state.cancelling then
      return
   end
   local awaited = state.awaits
   if awaited and awaited.parent == state then
      scheduler.cancel(awaited) -- and waits for its end
      state.cancelling = true
      return
   end
   room()
   state.cancelling = true
   if state.owner then
      state.cancelled = true
      host.cancel(state.owner)
   else
      give_up_waiting(state)
   end
end

-- Yields from within a task that waits. Where a script has resumed it, the task is to find out soon.
local function suspend(state)
   host.yield()
   if current ~= state then
      give_up_waiting(state)
      error(host.resumed_elsewhere, 0)
   end
end

-- ------------------------------------------------------------------ waiting

--- Suspends the running task for so many seconds.
function scheduler.sleep(seconds)
   local state = current
   check_cancelled(state)
   room()
   state.agenda.sleep(state, now() + seconds)
   suspend(state)
   check_cancelled(state)
end

--- Suspends the running task until another one has finished, for `seconds` at most where they are given.
function scheduler.wait_for(awaited, seconds)
   local state = current
   check_cancelled(state)
   room()
   if seconds then
      state.agenda.sleep(state, now() + seconds)
   end
   begin_awaiting(state, awaited)
   suspend(state)
   local is_cancelled = state.cancelling and not state.cancelled
   if is_cancelled and awaited.parent == state and is_finished(awaited) and awaited.status ~= "done" then
      state.cancelled = true
      error(awaited.err, 0) -- it was cancelled for this task; its own error may say more than that
   end
   check_cancelled(state)
end

--- The running task; nil outside of any.
function scheduler.current()
   return current
end

--- What a task takes over from the one that has spawned it, or from plain code: the current span (span.lua).
function scheduler.context()
   if current then
      return current.context
   end
   return outer_context
end

function scheduler.set_context(value)
   if current then
      current.context = value or false
   else
      outer_context = value or false
   end
end

--- A turn of a game's frame; returns how many tasks are alive.
function scheduler.step(timeout)
   turn(timeout, FRAME_BUDGET)
   return alive.front
end

scheduler.is_finished, scheduler.report_orphans = is_finished, ending.report_orphans
scheduler.outcome, scheduler.take = ending.outcome, ending.take

return scheduler
