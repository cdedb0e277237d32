-- ending.lua - the end of tasks: their outcome, who waits for it, and failures that nothing waits for.
-- Baked into the module; runs in Lua 5.1 to 5.4. The fields of a state are in scheduler.lua.
local import = ...

local library, lists, alive = import "c.library", import "lists", import "alive"

local error, getmetatable, rawget, rawset = error, getmetatable, rawget, rawset
local select, setmetatable, type = select, setmetatable, type
local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local promptic = library.promptic
local link, unlink, room = lists.link, lists.unlink, lists.room

local ending = {}

local orphans = lists.new() -- failures of no group that were not awaited

function ending.make_error(kind, message)
   return setmetatable({ kind = kind, message = message }, library.Error)
end

function ending.stop_awaiting(state)
   if state.timer then
      state.agenda.wake(state)
   else
      state.agenda.push(state)
      lists.stop_awaiting(state)
   end
end

-- An error with where the task was: in a promptic.Error the field `traceback`, behind the text of a message.
function ending.with_traceback(err, traceback)
   if getmetatable(err) == library.Error then
      local earlier = rawget(err, "traceback")
      rawset(err, "traceback", earlier and earlier .. "\n" .. traceback or traceback)
      return err
   elseif type(err) == "string" then
      return err .. "\n" .. traceback
   end
   return err
end

local function is_cancellation(err)
   return getmetatable(err) == library.Error and rawget(err, "kind") == "cancelled"
end

function ending.is_finished(state)
   return state.status == "done" or state.status == "failed" or state.status == "cancelled"
end

-- Where a task goes that is over.
local function leave_group(state)
   local group = state.group
   room()
   unlink(state)
   if state.status == "failed" and not state.awaited and (group or not state.first) then
      link(group and group.failures or orphans, state)
   end
end

-- The consequences of a task's end. Can be called again if it was interrupted half-way.
function ending.conclude(state)
   if state.list == (state.group and state.group.members) then
      leave_group(state)
   end
   while state.first do
      room()
      ending.stop_awaiting(state.first)
   end
   local on_finish = state.on_finish
   state.on_finish = false
   if on_finish then
      on_finish(state)
   end
end

function ending.finish(state, ok, ...)
   local results = ok and { n = select("#", ...), ... }
   local err = ...
   local status = "done"
   if not ok then
      status = state.cancelling and is_cancellation(err) and "cancelled" or "failed"
   end
   alive.remove(state)
   state.co, state.results, state.err, state.status = false, results, not ok and err, status
   ending.conclude(state)
end

--- The outcome of a finished task. The one that awaits it calls `take` before.
function ending.outcome(state)
   if state.status == "done" then
      return unpack(state.results, 1, state.results.n)
   end
   error(state.err, 0)
end

--- A finished task's outcome is taken: it is not reported.
function ending.take(state)
   state.awaited = true
   unlink(state)
end

-- Each is taken off before it is reported, since on_task_error may raise.
function ending.report_orphans()
   local state = orphans.first
   while state do
      unlink(state)
      promptic.on_task_error(state.err)
      state = orphans.first
   end
end

--- Forgets the failures that nothing has awaited.
function ending.forget_orphans()
   orphans.first, orphans.last = false, false
end

return ending
