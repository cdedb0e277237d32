-- waiting.lua - wait_for_experiment and wait_for_evaluation: looks again and again until the work is done.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local methods, host, exports = ...

local error, math, setmetatable, tostring, type = error, math, setmetatable, tostring, type

local check, now, sleep = host.check, host.now, host.sleep

local ENDED = { completed = true, failed = true }

local function give_up(what, id, max_wait, status)
   local message = "%s '%s' is not finished after %s seconds, its last status is %s"
   error(setmetatable({
      kind = "timeout",
      message = message:format(what, id, exports.json.encode(max_wait), tostring(status or "unknown")),
   }, host.Error))
end

-- Calls look() until the field of its result says that it has ended. The last look is at the end of max_wait,
-- however long the interval; each look may take as long as the client's own deadline lets it.
local function wait(what, id, settings, field, look)
   local stop = now() + settings.max_wait
   while true do
      local value = look()
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
      sleep(math.min(settings.poll_interval, left))
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
