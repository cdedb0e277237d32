-- alive.lua - all tasks that are alive, and what becomes of them in a forked child.
-- Baked into the module; runs in Lua 5.1 to 5.4. An entry is a task's state (scheduler.lua): `older` and `newer` are
-- its neighbours here, `alive` says that it is here. Only the error of a task that is forgotten needs memory.
local import = ...

local link = import "lists".link

local newest = false

local alive = {
   front = 0,  -- how many there are of scripts
   behind = 0, -- how many in the background
}

-- The number that counts the state.
local function counter(state)
   return state.background and "behind" or "front"
end

function alive.add(state)
   local name = counter(state) -- the call first: it may need memory
   state.alive, state.older, state.newer = true, newest, false
   if newest then
      newest.newer = state
   end
   newest = state
   alive[name] = alive[name] + 1
end

--- Can be called again.
function alive.remove(state)
   local older, newer, name = state.older, state.newer, counter(state)
   if not state.alive then
      return
   end
   if older then older.newer = newer end
   if newer then newer.older = older else newest = older end
   state.alive, state.older, state.newer = false, false, false
   alive[name] = alive[name] - 1
end

--- The newest one, followed by the field `older` of each.
function alive.newest()
   return newest
end

-- Takes a state out of everything that links it to others.
local function detach(state)
   local group = state.group
   if group then
      group.members.first, group.members.last = false, false
      group.failures.first, group.failures.last = false, false
   end
   state.alive, state.older, state.newer = false, false, false
   state.list, state.before, state.after = false, false, false
   state.first, state.last, state.awaits, state.earlier, state.later = false, false, false, false, false
   state.timer, state.next_ready, state.next_broken = false, false, false
end

-- The coroutine is dropped, not closed: what it has still to do is the parent's.
local function forget(state, err)
   state.co, state.owner, state.arguments, state.on_finish = false, false, false, false
   state.status, state.err = "cancelled", err
end

--- Keeps those that are running: in a forked child all others are the parent's, and end with this error.
function alive.keep_running(err)
   local state, kept = newest, false -- kept: the oldest one, followed by the field `newer` of each
   newest, alive.front, alive.behind = false, 0, 0
   while state do
      local older = state.older
      detach(state)
      if state.status == "running" then
         state.newer, kept = kept, state
      else
         forget(state, err)
      end
      state = older
   end
   while kept do
      local newer = kept.newer
      if kept.parent and kept.parent.status ~= "running" then
         kept.parent = false
      end
      alive.add(kept)
      if kept.group then
         link(kept.group.members, kept)
      end
      kept = newer
   end
end

return alive
