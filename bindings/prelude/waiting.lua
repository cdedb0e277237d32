-- waiting.lua - wait_for_experiment and wait_for_evaluation: polls until the work is done.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, math, tostring, type = error, math, tostring, type

local methods, library = import "methods", import "c.library"
local check, now, sleep = library.check, library.now, import("tasks").sleep
local failure = import "failure"
local attempt, is_error = failure.attempt, failure.is_error

local ENDED = { completed = true, failed = true }

-- Seconds before the second poll, and how much longer each wait is than the one before, up to poll_interval: work
-- of a moment is seen at once, work of hours costs few requests.
local FIRST_INTERVAL, GROWTH = 0.25, 1.5

-- A platform that is away: pauses double up to LONGEST_PAUSE, for MOST_AWAY seconds at most.
local LONGEST_PAUSE, MOST_AWAY = 30, 600

-- The pages of proxies and load balancers while the platform behind them is away.
local function is_html(err)
   return type(err.body) == "string" and err.body:find("^%s*<") ~= nil
end

-- Whether the poll failed because the platform is away or busy, as during a deploy. A 500 in its own words is
-- its answer.
local function is_away(err)
   local status = err.status_code
   if err.kind == "api" or err.kind == "decode" then
      return is_html(err) or failure.is_passing(err) and status ~= 500 and status ~= 501
   end
   return failure.is_passing(err)
end

-- Fields of a waiting: client, what ("experiment"), id, settings, stop (the end of max_wait), status (the last one),
-- away_since and pause (while polls fail), seen (a poll has succeeded), poll().

local function give_up(waiting, err)
   local message = "%s '%s' is not finished after %s seconds, its last status is %s%s"
   failure.raise("timeout", message:format(waiting.what, waiting.id,
      library.promptic.json.encode(waiting.settings.max_wait), tostring(waiting.status or "unknown"),
      err and "; the last poll failed: " .. tostring(err) or ""), "max_wait")
end

-- Whether the client has got a new credential since, which the next poll is to try.
local function is_renewed(waiting, err)
   return err.status_code == 401 and library.renew(waiting.client)
end

-- A poll has failed: seconds until the next one; raises an error that waiting does not mend.
local function pause_after(waiting, err)
   if not (waiting.seen and is_error(err)) then
      error(err, 0)
   elseif is_renewed(waiting, err) then
      return 0
   elseif not is_away(err) then
      error(err, 0)
   end
   waiting.away_since = waiting.away_since or now()
   local pause = math.max(waiting.pause, err.retry_after or 0)
   waiting.pause = math.min(2 * waiting.pause, LONGEST_PAUSE)
   if now() + pause > waiting.away_since + MOST_AWAY then
      error(err, 0)
   end
   return pause
end

local function report(waiting, err, pause)
   library.warn(waiting.client, ("%s '%s': a poll failed, the next one follows in %.3g s: %s"):format(
      waiting.what, waiting.id, pause, tostring(err)))
   if waiting.settings.on_problem then
      waiting.settings.on_problem(err, pause)
   end
end

-- The next poll, which is never later than max_wait.
local function rest(waiting, seconds, err)
   local left = waiting.stop - now()
   if left <= 0 then
      give_up(waiting, err)
   end
   sleep(math.min(seconds, left))
end

-- Calls poll() until the field of its result says that the work has ended. The last poll is at the end of max_wait,
-- however long the interval; each may take as long as the client's own deadline lets it.
local function wait(waiting, field, poll)
   local settings, interval = waiting.settings, FIRST_INTERVAL
   waiting.stop = now() + settings.max_wait
   while true do
      local fine, value = attempt(poll)
      if fine then
         waiting.status = type(value) == "table" and value[field]
         waiting.seen, waiting.away_since = true, nil
         waiting.pause = math.min(interval, settings.poll_interval)
         if settings.on_update then
            settings.on_update(value)
         end
         if ENDED[waiting.status] then
            return value
         end
         rest(waiting, waiting.pause)
         interval = interval * GROWTH
      else
         local pause = pause_after(waiting, value)
         if pause > 0 then
            report(waiting, value, pause)
         end
         rest(waiting, pause, value)
      end
   end
end

function methods.wait_for_experiment(...)
   local client, experiment_id, settings = check.wait_for_experiment(...)
   local waiting = { client = client, what = "experiment", id = experiment_id, settings = settings }
   return wait(waiting, "experimentStatus", function()
      return methods.get_experiment(client, experiment_id)
   end)
end

function methods.wait_for_evaluation(...)
   local client, component_id, evaluation_id, settings = check.wait_for_evaluation(...)
   local waiting = { client = client, what = "evaluation", id = evaluation_id, settings = settings }
   return wait(waiting, "status", function()
      return methods.get_evaluation(client, component_id, evaluation_id)
   end)
end
