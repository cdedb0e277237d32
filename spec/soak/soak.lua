--- soak.lua - everything at once, for a long time: pipelines, uploads, calls of tasks, cancellations and clients that
--- come and go, over TLS and plain HTTP, with servers that fail on purpose.
--
--    SOAK_SECONDS=120 build/promptic-lua spec/soak/soak.lua      (make soak)
--
-- The platform is the sandbox; nginx in front of it speaks TLS, refuses a part of the requests and drops others. A
-- scripted server never answers, answers late, or cuts answers off. It passes if nothing failed that was not made to
-- fail, no row was lost or sent twice, the process has as many descriptors at its end as at its start, and its memory
-- is within 2 MB of what it was after the first tenth.
package.path = "./?.lua;" .. package.path
local promptic = require "promptic"
local lab = require "spec.network.lab"
local lfs = require "lfs"
local nginx = require "spec.network.nginx"
local process = require "spec.support.process"
local resuming = require "spec.support.resuming"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"
local socket = require "socket"

local SECONDS = tonumber(os.getenv("SOAK_SECONDS")) or 120
local MOST_GROWTH = 2 * 1024 -- KB
local REPORTS = 10
local ROWS, BATCH = 120, 25 -- of an upload

-- ---------------------------------------------------------------- servers

-- Of each hundred requests one is refused before it is done, one after it seems to have been, and one finds its
-- connection cut.
local FAULTS = [[
  split_clients $request_id $fate { 1%% refused; 1%% wrong; 1%% cut; * fine; }
  keepalive_requests 40;
  client_max_body_size 16m;
]]
local LOCATION = [[
  if ($fate = refused) { add_header Retry-After 0 always; return 503; }
  if ($fate = wrong) { return 502; }
  if ($fate = cut) { return 444; }
  proxy_pass %s;
]]

local ROUTE = [==[
   local number, request = ...
   local kind = request.target:match("/api/v1/(%a+)")
   if kind == "silent" then return { stall = true } end
   if kind == "late" then return { wait = 20, body = "{}" } end
   if kind == "cut" then return { length = 1000, body = "{", close = number % 2 == 0 and "fin" or "reset" } end
   if kind == "flaky" and number % 2 == 0 then return { status = 429, headers = { ["Retry-After"] = "0" } } end
   return { body = '{"data":[1,2,3]}' }
]==]

local certificate = lab.certificate()
local platform = sandbox.start{ pace = 0 }
local front = nginx.start{
   certificate = certificate, http = FAULTS:gsub("%%%%", "%%"), location = LOCATION:format(platform.url),
}
local faulty = scripted.start():route(ROUTE)

local function open(endpoint, options)
   local all = { endpoint = endpoint, api_key = platform.key, config_file = "", backoff = 0.005, max_retries = 5,
      ca_file = certificate.file }
   for name, value in pairs(options or {}) do
      all[name] = value
   end
   return promptic.client(all)
end

local function endpoint_of(round)
   return round % 2 == 0 and platform.url or front.url
end

-- ------------------------------------------------------------------- work

local counts = { pipelines = 0, uploads = 0, calls = 0, cancelled = 0, faults = 0 }
local resumed = 0 -- uploads that faults ended, which a short run need not have

local function add(name, count)
   counts[name] = counts[name] + (count or 1)
end

-- Runs f(...) until no fault ends it.
local function persist(f, ...)
   for _ = 1, 50 do
      local results = table.pack(pcall(f, ...))
      if results[1] then
         return table.unpack(results, 2, results.n)
      elseif not resuming.is_fault(results[2]) then
         error(results[2], 0)
      end
      add "faults"
   end
   error("fifty faults in a row", 0)
end

local function row(number)
   return { variables = { text = "ticket " .. number }, expected = number % 2 == 0 and "even" or "odd" }
end

local function new_experiment(client, name)
   local component = client:create_component(name)
   return component, client:create_experiment(component.id, "sandbox-small", {
      task_type = "classification", initial_prompt = "Is it even or odd?",
      hyperparameters = { epochs = 2, numFewShots = 2 },
   })
end

local function pipeline(client, name)
   local component, experiment = new_experiment(client, name)
   local rows = {}
   for number = 1, 12 do
      rows[number] = row(number)
   end
   client:create_observations(experiment.id, rows)
   client:create_evaluators(experiment.id, { { name = "F1", type = "f1", weight = 1.0 } })
   client:start_experiment(experiment.id)
   local ended = client:wait_for_experiment(experiment.id, { poll_interval = 0.05 })
   assert(ended.experimentStatus == "completed", ended.errorMessage)
   client:deploy(component.id, experiment.id)
   assert(client:get_deployed_prompt(component.id).prompt)
   client:delete_component(component.id)
   add "pipelines"
end

-- Whatever the faults, also those that end it: each row is there once.
local function upload(client, name)
   local component, experiment = persist(new_experiment, client, name)
   local function rows()
      local number = 0
      return function()
         number = number + 1
         return number <= ROWS and row(number) or nil
      end
   end
   local result, ends = resuming.upload(client, experiment.id, rows, { batch_size = BATCH, concurrency = 3,
      ordered = false })
   assert(ends > 0 or result.sent == ROWS, result.sent)
   resumed = resumed + ends
   local seen = {}
   for _, observation in ipairs(persist(client.list_observations, client, experiment.id).data) do
      local text = observation.variables.text
      assert(not seen[text], "twice: " .. text)
      seen[text] = true
   end
   for index = 1, ROWS do
      assert(seen["ticket " .. index], "lost: ticket " .. index)
   end
   persist(client.delete_component, client, component.id)
   add "uploads"
end

local function call_many(client)
   local paths = {}
   for index = 1, 40 do
      paths[index] = index % 4 == 0 and "/flaky" or index % 4 == 1 and "/late" or index % 10 == 2 and "/cut" or "/fine"
   end
   promptic.map(paths, function(path)
      local fine, problem = pcall(client.request, client, "GET", path)
      if not fine then
         assert((path == "/cut" or path == "/flaky") and resuming.is_fault(problem), tostring(problem))
         add "faults"
      end
      add "calls"
   end, { concurrency = 12 })
end

local function cancel_many(client)
   local tasks = {}
   for index = 1, 20 do
      tasks[index] = promptic.spawn(client.request, client, "POST", index % 2 == 0 and "/silent" or "/late",
         { body = { index } })
   end
   promptic.sleep(math.random() * 0.03)
   for _, task in ipairs(tasks) do
      task:cancel()
      local fine, problem = pcall(task.await, task)
      assert(fine or promptic.is_error(problem, "cancelled"), tostring(problem))
      add "cancelled"
   end
end

-- A client that is closed with calls under way, and one that is left to the collector.
local function lose_clients(endpoint)
   local client = open(faulty.url)
   local task = promptic.spawn(client.request, client, "GET", "/silent")
   promptic.sleep(0.002)
   client:close()
   local fine, problem = pcall(task.await, task)
   assert(not fine and promptic.is_error(problem, "cancelled"), tostring(problem))
   persist(function() assert(open(endpoint):list_components()) end)
end

local function play(round)
   local client, other = open(endpoint_of(round)), open(faulty.url, { max_retries = 2 })
   local hasty = open(endpoint_of(round), { max_retries = 0 }) -- so that faults end an upload now and then
   local name = "soak-" .. round
   promptic.run(function()
      local tasks = {
         promptic.spawn(persist, pipeline, client, name),
         promptic.spawn(upload, hasty, name .. "-upload"),
         promptic.spawn(call_many, other),
         promptic.spawn(cancel_many, other),
         promptic.spawn(lose_clients, endpoint_of(round)),
      }
      for _, task in ipairs(tasks) do
         task:await()
      end
   end)
   client:close()
   hasty:close()
   other:close()
   faulty:reset():route(ROUTE)
end

-- ---------------------------------------------------------------- figures

local function collect()
   for _ = 1, 3 do
      collectgarbage()
   end
end

local function count_descriptors()
   collect()
   local count = 0
   for _ in lfs.dir("/proc/self/fd") do
      count = count + 1
   end
   return count
end

local function resident_kb()
   collect()
   return tonumber(process.read_file("/proc/self/status"):match("VmRSS:%s*(%d+)"))
end

local function report(seconds, rounds)
   print(("soak: %4.0f s, %d rounds: %d pipelines, %d uploads (%d resumed), %d calls, %d cancelled, %d faults; "
      .. "%d files, %d KB"):format(seconds, rounds, counts.pipelines, counts.uploads, resumed, counts.calls,
         counts.cancelled, counts.faults, count_descriptors(), resident_kb()))
   io.stdout:flush()
end

-- Returns the figures after the first round, and after the first tenth.
local function soak()
   local began, rounds, next_report = socket.gettime(), 0, 1
   local descriptors, memory
   repeat
      rounds = rounds + 1
      play(rounds)
      descriptors = descriptors or count_descriptors()
      local seconds = socket.gettime() - began
      memory = memory or seconds >= SECONDS / 10 and resident_kb() or nil
      if seconds >= next_report * SECONDS / REPORTS then
         report(seconds, rounds)
         next_report = math.floor(seconds / SECONDS * REPORTS) + 1
      end
   until seconds >= SECONDS
   return descriptors, memory or resident_kb()
end

local function run()
   local descriptors, memory = soak()
   local descriptors_now, growth = count_descriptors(), resident_kb() - memory
   assert(descriptors_now == descriptors, ("%d descriptors, %d after the first round"):format(descriptors_now,
      descriptors))
   assert(growth <= MOST_GROWTH, ("%d KB more than after the first tenth"):format(growth))
   for name, count in pairs(counts) do
      assert(count > 0, "no " .. name)
   end
   return growth
end

local fine, result = xpcall(run, function(problem)
   return type(problem) == "string" and debug.traceback(problem) or tostring(problem) .. "\n"
      .. tostring(rawget(problem, "traceback"))
end)
faulty:stop()
front:stop()
platform:stop()
process.remove(certificate.folder)
print(fine and ("soak: passed, %+d KB"):format(result) or "soak: FAILED: " .. result)
os.exit(fine)
