-- waiting.lua - wait_for_experiment and wait_for_evaluation: polls until the work is done.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, math, tostring, type = error, math, tostring, type

local methods, library = import "methods", import "c.library"
local check, now, sleep = library.check, library.now, import("tasks").sleep
local failure = import "failure"

local ENDED = { completed = true, failed = true }

local function give_up(what, id, max_wait, status)
   local message = "%s '%s' is not finished after %s seconds, its last status is %s"
   error(failure.new{
      kind = "timeout",
      code = "max_wait",
      message = message:format(what, id, library.promptic.json.encode(max_wait), tostring(status or "unknown")),
   })
end

-- Seconds before the second poll, and how much longer each wait is than the one before, up to poll_interval: work
-- of a moment is seen at once, work of hours costs few requests.
local FIRST_INTERVAL, GROWTH = 0.25, 1.5

-- Calls poll() until the field of its result says that the work has ended. The last poll is at the end of max_wait,
-- however long the interval; each may take as long as the client's own deadline lets it.
local function wait(what, id, settings, field, poll)
   local stop, interval = now() + settings.max_wait, FIRST_INTERVAL
   while true do
      local value = poll()
      local status = type(value) == "table" and value[field]
      if settings.on_update then
         settings.on_update(value)
      end
      if ENDED[status] then
         return value
      end
      local left = stop - now()
      if left <= 0 then
         give_up(what, id, settings.max_wait, status)
      end
      sleep(math.min(interval, settings.poll_interval, left))
      interval = interval * GROWTH
   end
end

function methods.wait_for_experiment(...)
   local client, experiment_id, settings = check.wait_for_experiment(...)
   return wait("experiment", experiment_id, settings, "experimentStatus", function()
      return methods.get_experiment(client, experiment_id)
   end)
end

function methods.wait_for_evaluation(...)
   local client, component_id, evaluation_id, settings = check.wait_for_evaluation(...)
   return wait("evaluation", evaluation_id, settings, "status", function()
      return methods.get_evaluation(client, component_id, evaluation_id)
   end)
end
