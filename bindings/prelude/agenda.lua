-- agenda.lua - tasks to resume: a queue of those that are ready, and a heap of those that sleep.
-- Baked into the module; runs in Lua 5.1 to 5.4. An entry is a task's state (scheduler.lua). While it is ready its
-- field `next_ready` is the state behind it; while it sleeps `timer` is its index in the heap, and `due` the time.
-- Only sleep needs memory for an entry, before it changes anything. What makes room for calls before (lists.room) can
-- rely on that nothing else fails half-way.
local import = ...

local lists = import "lists"
local room, stop_awaiting = lists.room, lists.stop_awaiting

-- A function that makes one: the tasks of scripts have an agenda, those in the background another.
return function()
   local first, last = false, false -- of those that are ready
   local pushed, popped = 0, 0      -- how many there have been
   local timers = {}                -- a binary heap, the earliest at 1

   local agenda = {}

   --- Once for each time that it becomes ready.
   function agenda.push(state)
      state.next_ready = false
      if last then
         last.next_ready = state
      else
         first = state
      end
      last = state
      pushed = pushed + 1
   end

   --- The task that has been ready longest, which stays where it is; false if there is none.
   function agenda.first()
      return first
   end

   function agenda.pop()
      local state = first
      first = state.next_ready
      last = first and last
      state.next_ready = false
      popped = popped + 1
      return state
   end

   --- Whether any task is ready that was pushed before `mark`; any at all if there is no mark.
   function agenda.has_ready(mark)
      return popped < (mark or pushed)
   end

   --- Later than all that are ready by now.
   function agenda.mark()
      return pushed
   end

   local function put(index, state)
      timers[index] = state
      state.timer = index
   end

   local function up(index)
      local state = timers[index]
      while index > 1 do
         local parent = (index - index % 2) / 2
         if timers[parent].due <= state.due then
            break
         end
         put(index, timers[parent])
         index = parent
      end
      put(index, state)
   end

   local function down(index)
      local state, count = timers[index], #timers
      while 2 * index <= count do
         local child = 2 * index
         if child < count and timers[child + 1].due < timers[child].due then
            child = child + 1
         end
         if timers[child].due >= state.due then
            break
         end
         put(index, timers[child])
         index = child
      end
      put(index, state)
   end

   function agenda.sleep(state, due)
      local index = #timers + 1
      timers[index] = state
      state.due = due
      up(index)
   end

   --- Before its time too. One that also awaits a task does so no longer.
   function agenda.wake(state)
      local index, final = state.timer, timers[#timers]
      agenda.push(state)
      timers[#timers] = nil
      state.timer = false
      if final ~= state then
         put(index, final)
         up(index)
         down(final.timer)
      end
      if state.awaits then
         stop_awaiting(state)
      end
   end

   --- When the first one is to be woken; nil where none sleeps.
   function agenda.due()
      return timers[1] and timers[1].due
   end

   --- Wakes those whose time has come.
   function agenda.wake_due(time)
      while timers[1] and timers[1].due <= time do
         room()
         agenda.wake(timers[1])
      end
   end

   --- Forgets all of them.
   function agenda.clear()
      first, last, popped, timers = false, false, pushed, {}
   end

   return agenda
end
