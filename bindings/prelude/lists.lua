-- lists.lua - the lists that tasks are in. Baked into the module; runs in Lua 5.1 to 5.4.
-- A task's state (scheduler.lua) has the fields that link it to its neighbours, so that it enters and leaves a list in
-- one step, however long that is, and no memory is needed for it.
local lists = {
   crossing = 0,            -- tasks of scripts that await one in the background
   has_ended_group = false, -- a group's field `is_ended` is set, and its members are to be cancelled
}

--- Makes room on the running coroutine's stack for calls so deep (default 6), of functions with up to ten local
--- variables or of C functions. A call may need memory: after this one, a change that makes calls but no objects is
--- made as a whole.
function lists.room(depth)
   local _, _, _, _, _, _, _, _, _, _ -- luacheck: ignore 211
   depth = depth or 6
   if depth > 0 then
      lists.room(depth - 1)
   end
end

local function count(state, awaited, by)
   if awaited.background and not state.background then
      lists.crossing = lists.crossing + by
   end
end

function lists.new()
   return { first = false, last = false }
end

--- Adds a state, which is in no list, at the end.
function lists.link(list, state)
   local last = list.last
   state.list, state.before, state.after = list, last, false
   list.last = state
   if last then
      last.after = state
   else
      list.first = state
   end
end

--- Takes a state out of its list, where it is in one.
function lists.unlink(state)
   local list, before, after = state.list, state.before, state.after
   if not list then
      return
   end
   if before then before.after = after else list.first = after end
   if after then after.before = before else list.last = before end
   state.list, state.before, state.after = false, false, false
end

--- Adds a state at the end of those that await another one, which itself is that list.
function lists.begin_awaiting(state, awaited)
   local last = awaited.last
   state.awaits, state.earlier, state.later = awaited, last, false
   awaited.last = state
   if last then
      last.later = state
   else
      awaited.first = state
   end
   count(state, awaited, 1)
end

function lists.stop_awaiting(state)
   local awaited, earlier, later = state.awaits, state.earlier, state.later
   count(state, awaited, -1)
   if earlier then earlier.later = later else awaited.first = later end
   if later then later.earlier = earlier else awaited.last = earlier end
   state.awaits, state.earlier, state.later = false, false, false
end

return lists
