-- map.lua - promptic.map: a function over a list, several of its calls under way at one time.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local _, host, exports = ...

local error, min, pairs, tostring, type = error, math.min, pairs, tostring, type

local function argument_error(index, message)
   error(("bad argument #%d to 'map' (%s)"):format(index, message), 3)
end

local function check_concurrency(options)
   if options == nil then
      return 16
   elseif type(options) ~= "table" then
      argument_error(3, "table expected, got " .. type(options))
   end
   for name in pairs(options) do
      if name ~= "concurrency" then
         argument_error(3, ("unknown option '%s', did you mean 'concurrency'?"):format(tostring(name)))
      end
   end
   local concurrency = options.concurrency or 16
   if type(concurrency) ~= "number" or not (concurrency >= 1) or concurrency % 1 ~= 0 then
      argument_error(3, "option 'concurrency': positive integer expected")
   end
   return concurrency
end

-- Takes values off the list and puts what f makes of them into results, until none is left.
local function work(job, f)
   while job.next <= job.count do
      local index = job.next
      job.next = index + 1
      job.results[index] = f(job.list[index], index)
   end
end

-- What a job's workers have in common. The first one that fails ends the others, and so does the end of the task that
-- waits for them. Made before any worker is started, since memory may end in between.
local function new_job(list, count)
   local job = { list = list, count = #list, next = 1, results = {}, workers = {}, failure = false, stopped = false }
   for index = 1, count do
      job.workers[index] = false
   end
   function job.stop()
      if not job.stopped then
         job.stopped, job.next = true, job.count + 1
         for index = 1, count do
            if job.workers[index] then
               host.tasks.cancel(job.workers[index])
            end
         end
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

local function map_inside(list, f, concurrency)
   local count = min(concurrency, #list)
   local job = new_job(list, count)
   local me = host.tasks.current() -- of this function alone: see exports.map
   local before = me.on_finish
   function me.on_finish(state)
      job.stop()
      if before then
         before(state)
      end
   end
   for index = 1, count do
      local worker = host.tasks.spawn(work, job, f)
      job.workers[index], worker.on_finish = worker, job.on_finish
   end
   for index = 1, count do
      host.tasks.settle(job.workers[index])
   end
   if job.failure then
      error(job.failure.err, 0)
   end
   return job.results
end

--- { f(list[1], 1), f(list[2], 2), ... }, with `concurrency` calls of f under way at one time (default 16).
--- The first error ends the others and is raised.
function exports.map(list, f, options)
   if type(list) ~= "table" then
      argument_error(1, "table expected, got " .. type(list))
   end
   if type(f) ~= "function" then
      argument_error(2, "function expected, got " .. type(f))
   end
   local concurrency = check_concurrency(options)
   return exports.run(map_inside, list, f, concurrency)
end
