--[[
Long work between requests. A job is a coroutine that yields how many seconds it can wait; the server's
loop resumes what is due, one slice of each job a turn, so requests are served in between.
]]
local httpd = require "promptic.httpd"

local Worker = {}
Worker.__index = Worker

-- How long a job computes before it lets a request through.
local SLICE_SECONDS = 0.01
local IDLE_SECONDS = 1 -- a Ctrl-C that comes just before the wait for requests is seen after it

--- A worker whose jobs' errors go to on_error(id, message).
function Worker.new(on_error)
   return setmetatable({ jobs = {}, order = {}, on_error = on_error }, Worker)
end

--- Adds a job under an id: f(id, pause, wait) runs from the next turn on. It calls pause() every now
-- and then while it computes, and wait(seconds) to be left alone for so long.
function Worker:add(id, f)
   local slice_end = 0
   local function wait(seconds)
      coroutine.yield(seconds)
      slice_end = httpd.now() + SLICE_SECONDS
   end
   local function pause()
      if httpd.now() >= slice_end then wait(0) end
   end
   local thread = coroutine.create(function()
      slice_end = httpd.now() + SLICE_SECONDS
      f(id, pause, wait)
   end)
   self.jobs[id] = { thread = thread, due = httpd.now() }
   table.insert(self.order, id)
end

function Worker:remove(place)
   self.jobs[self.order[place]] = nil
   table.remove(self.order, place)
end

--- Gives every job that is due one slice.
function Worker:turn()
   local place = 1
   while place <= #self.order do
      local id = self.order[place]
      local job = self.jobs[id]
      if job.due <= httpd.now() then
         local ran, result = coroutine.resume(job.thread)
         if not ran then self.on_error(id, debug.traceback(job.thread, tostring(result))) end
         job.due = httpd.now() + (ran and result or 0)
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
   for _, job in pairs(self.jobs) do seconds = math.min(seconds, job.due - httpd.now()) end
   return math.max(0, seconds)
end

return Worker
