-- agenda.lua - what is to be resumed: a queue of tasks that are ready, and a heap of those that sleep.
-- Baked into the module; runs in Lua 5.1 to 5.4. An entry is a task's state (tasks.lua); while it sleeps its
-- field `timer` is its index in the heap, and `due` the time.
local _, host = ...

local ready = { first = 1, last = 0 }
local timers = {} -- a binary heap, the earliest at 1

local agenda = {}

function agenda.push(state)
   ready.last = ready.last + 1
   ready[ready.last] = state
end

--- The task that has been ready longest, which stays where it is.
function agenda.first()
   return ready[ready.first]
end

function agenda.pop()
   local state = ready[ready.first]
   ready[ready.first] = nil
   ready.first = ready.first + 1
   return state
end

--- Whether any task is ready that was pushed before `mark`; any at all where there is no mark.
function agenda.has_ready(mark)
   return ready.first <= (mark or ready.last)
end

--- Later than all that are ready by now.
function agenda.mark()
   return ready.last
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
   state.due = due
   timers[#timers + 1] = state
   up(#timers)
end

function agenda.wake(state)
   local index, last = state.timer, timers[#timers]
   timers[#timers] = nil
   state.timer = nil
   if last ~= state then
      put(index, last)
      up(index)
      down(last.timer)
   end
   agenda.push(state)
end

--- When the first one is to be woken; nil where none sleeps.
function agenda.due()
   return timers[1] and timers[1].due
end

--- Wakes those whose time has come.
function agenda.wake_due(time)
   while timers[1] and timers[1].due <= time do
      agenda.wake(timers[1])
   end
end

host.agenda = agenda
