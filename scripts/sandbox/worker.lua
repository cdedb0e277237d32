--[[
Long work between requests. A job is a coroutine that yields how many seconds it can wait; the server's
loop resumes jobs that are due, one slice of each job a turn, so requests are served in between.

No error of a job leaves the worker. What a job has written so far counts, so one that failed for want of
disk space begins again a little later and goes on from there; any other error ends the job, and on_error
gets it.
]]
local promptic = require "promptic"

local Worker = {}
Worker.__index = Worker

-- How long a job computes before it lets a request through.
local SLICE_SECONDS = 0.01
local IDLE_SECONDS = 1 -- a Ctrl-C that comes just before the wait for requests is seen after it
local RETRY_SECONDS = 1 -- until a job begins again that could not write

--- A worker whose jobs' errors go to on_error(id, message), which may fail too. is_passing(message) is
-- true for errors that may be over later.
function Worker.new(on_error, is_passing)
   return setmetatable({ jobs = {}, order = {}, on_error = on_error, is_passing = is_passing }, Worker)
end

local function thread_of(id, f)
   local slice_end = 0
   local function wait(seconds)
      coroutine.yield(seconds)
      slice_end = promptic.now() + SLICE_SECONDS
   end
   local function pause()
      if promptic.now() >= slice_end then wait(0) end
   end
   return coroutine.create(function()
      slice_end = promptic.now() + SLICE_SECONDS
      f(id, pause, wait)
   end)
end

--- Adds a job under an id: f(id, pause, wait) runs from the next turn on. It calls pause() every now
-- and then while it computes, and wait(seconds) to be left alone for so long. It may be called again from
-- its beginning.
function Worker:add(id, f)
   self.jobs[id] = { f = f, thread = thread_of(id, f), due = promptic.now() }
   table.insert(self.order, id)
end

function Worker:remove(place)
   self.jobs[self.order[place]] = nil
   table.remove(self.order, place)
end

-- Restarts the job later; its error is reported once, however often it fails.
local function begin_again(id, job, message)
   if job.reported ~= message then io.stderr:write("promptic sandbox: ", message, "; trying again\n") end
   job.reported = message
   job.thread, job.due = thread_of(id, job.f), promptic.now() + RETRY_SECONDS
end

-- A job has raised. Ctrl-C is no error of its own and goes on to the program.
local function on_raise(self, id, job, problem)
   if promptic.is_error(problem, "interrupted") then error(problem, 0) end
   local first_line = tostring(problem):match "^[^\n]*"
   if self.is_passing(problem) then return begin_again(id, job, first_line) end
   local handled, failed = pcall(self.on_error, id, debug.traceback(job.thread, tostring(problem)))
   -- not even its failure can be written: it will fail again, and then perhaps it can
   if not handled then begin_again(id, job, tostring(failed):match "^[^\n]*") end
end

--- Gives every job that is due one slice.
function Worker:turn()
   local place = 1
   while place <= #self.order do
      local id = self.order[place]
      local job = self.jobs[id]
      if job.due <= promptic.now() then
         local ran, result = coroutine.resume(job.thread)
         if ran then
            job.due = promptic.now() + (result or 0)
         else
            on_raise(self, id, job, result)
         end
      end
      if coroutine.status(job.thread) == "dead" then
         self:remove(place)
      else
         place = place + 1
      end
   end
end

--- Seconds until a job is due.
function Worker:idle()
   local seconds = IDLE_SECONDS
   for _, job in pairs(self.jobs) do seconds = math.min(seconds, job.due - promptic.now()) end
   return math.max(0, seconds)
end

return Worker
