-- map.lua - promptic.map: a function over a list, several of its calls under way at one time.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local _, host, exports = ...

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

-- The first worker that fails ends the others.
local function start_worker(job, f)
   local tasks = host.tasks
   local _, worker = tasks.spawn(work, job, f)
   worker.parent = tasks.current()
   worker.awaited = true
   worker.on_finish = function()
      if worker.status ~= "done" then
         job.failure = job.failure or worker
         job.stop()
      end
   end
   return worker
end

local function map_inside(list, f, concurrency)
   local job = { list = list, count = #list, next = 1, results = {} }
   local workers = {}
   function job.stop()
      job.next = job.count + 1
      for _, worker in ipairs(workers) do
         host.tasks.cancel(worker)
      end
   end
   for index = 1, math.min(concurrency, job.count) do
      workers[index] = start_worker(job, f)
   end
   local me = host.tasks.current()
   local before = me.on_finish
   function me.on_finish()
      job.stop()
      if before then
         before()
      end
   end
   for _, worker in ipairs(workers) do
      host.tasks.settle(worker)
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
