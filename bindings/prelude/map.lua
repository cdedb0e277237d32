-- map.lua - promptic.map: a function over a list, several of its calls under way at one time.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local library, tasks, failure = import "c.library", import "tasks", import "failure"

local error, min = error, math.min

-- Takes values off the list and puts f's results into results, until none is left.
local function work(job, f)
   while job.next <= job.count do
      local index = job.next
      job.next = index + 1
      job.results[index] = f(job.list[index], index)
   end
end

-- The same, with f as a task of its own each time, whose error goes into errors.
local function work_on(job, f)
   while job.next <= job.count do
      local index = job.next
      job.next = index + 1
      local fine, result = failure.attempt(f, job.list[index], index)
      if fine then
         job.results[index] = result
      else
         job.errors[index] = result == nil and "nil" or result -- as lua says it: absent is what succeeded
      end
   end
end

-- What a job's workers have in common. The first one that fails ends the others, and so does the end of the task that
-- waits for them. Made before any worker is started, since an allocation may fail in between.
local function new_job(list, count)
   local job = { list = list, count = #list, next = 1, results = {}, errors = {}, workers = {} }
   job.failure, job.stopped = false, false
   for index = 1, count do
      job.workers[index] = false
   end
   function job.stop()
      if not job.stopped then
         job.next = job.count + 1
         for index = 1, count do
            if job.workers[index] then
               tasks.cancel(job.workers[index])
            end
         end
         job.stopped = true
      end
   end
   function job.on_finish(worker)
      if worker.status ~= "done" then
         job.failure = job.failure or worker
         job.stop()
      end
   end
   return job
end

local function map_inside(list, f, settings)
   local count, collects = min(settings.concurrency, #list), settings.on_error == "collect"
   local job = new_job(list, count)
   local me = tasks.current() -- of this function alone: see promptic.map
   local before = me.on_finish
   function me.on_finish(state)
      job.stop()
      if before then
         before(state)
      end
   end
   for index = 1, count do
      local worker = tasks.spawn(collects and work_on or work, job, f)
      job.workers[index], worker.on_finish = worker, job.on_finish
   end
   for index = 1, count do
      tasks.settle(job.workers[index])
   end
   if job.failure then
      error(job.failure.err, 0)
   end
   if collects then
      return job.results, job.errors
   end
   return job.results
end

--- { f(list[1], 1), f(list[2], 2), ... }, with `concurrency` calls of f under way at one time (default 16).
--- The first error ends the others and is raised, or all are collected in a second table.
function library.promptic.map(...)
   local list, f, settings = library.check.map(...)
   return tasks.run(map_inside, list, f, settings)
end
