--- Starting an experiment and waiting for it, for the commands that do.
local catalogue = require "promptic.cli.catalogue"
local failure = require "promptic.cli.failure"
local progress = require "promptic.cli.progress"

local work = {}

-- The score that decides: that of the held-out rows if there are some.
local function score_of(iteration)
   return iteration.evalNormalizedScore or iteration.overallNormalizedScore
end

-- "running  iteration 3  best 0.910"
local function describe(experiment, iterations)
   local words = { experiment.experimentStatus }
   local number, best = 0, nil
   for _, iteration in ipairs(iterations) do
      number = math.max(number, iteration.iterationNumber)
      local score = score_of(iteration)
      if score and (not best or score > best) then best = score end
   end
   if number > 0 then words[#words + 1] = "iteration " .. number end
   if best then words[#words + 1] = ("best %.3f"):format(best) end
   return table.concat(words, "  ")
end

-- The iterations that an experiment has tried. The line is shown without them if the platform is away.
local function iterations_of(context, experiment)
   if experiment.experimentStatus == "pending" or experiment.experimentStatus == "scheduled" then return {} end
   local listed, answer = pcall(context.call, context, "list_iterations", experiment.id)
   if listed then return answer.data or {} end
   if not require("promptic").is_error(answer) or failure.is_interrupt(answer) then error(answer, 0) end
   return {}
end

local PENDING = "The experiment is pending: it waits until it is started.\n  promptic experiments start %s"

--- Waits for an experiment and returns it, and 1 as the exit code where it failed. settings: timeout, seconds, nil for
-- ever; started, whether this process has started it, for a start is taken from a queue.
function work.wait(context, experiment_id, settings)
   local experiment = progress.watch {
      quiet = context.values.json, max_wait = settings.timeout,
      note = function(seen)
         if seen.experimentStatus == "pending" and not settings.started then return PENDING:format(experiment_id) end
      end,
      on_interrupt = "it goes on; to wait for it again:\n  promptic experiments wait " .. experiment_id,
      wait = function(options) return context.client:wait_for_experiment(experiment_id, options) end,
      describe = function(answer)
         local seen = context:accept("get_experiment", answer)
         return describe(seen, iterations_of(context, seen))
      end,
   }
   return experiment, experiment.experimentStatus == "failed" and 1 or nil
end

-- Starts an experiment; if it cannot be started yet, the error says what it lacks.
local function begin(context, experiment_id, gone)
   local started, err = pcall(context.call, context, "start_experiment", experiment_id)
   if started then return end
   if type(err) ~= "table" or err.status_code ~= 400 then error(err, 0) end
   failure.raise(tostring(err), {
      hint = ("these add what it needs:\n  promptic observations add %s --from-file FILE\n"
         .. "  promptic evaluators add %s -n accuracy -t f1"):format(experiment_id, experiment_id)
         .. (gone and "\n" .. catalogue.advice(gone, experiment_id, true) or ""),
   })
end

-- The experiment's model if it is no longer listed. It is started all the same: the list may be incomplete.
local function gone_model(context, experiment_id)
   catalogue.load(context)
   if not catalogue.is_loaded() then return nil end
   local experiment = context:call("get_experiment", experiment_id)
   return catalogue.is_gone(experiment) and experiment.targetModel or nil
end

--- Starts an experiment; waits for it as well where that was asked for, for `timeout` seconds at most.
function work.start(context, experiment_id, wait, timeout)
   local gone = gone_model(context, experiment_id)
   begin(context, experiment_id, gone)
   if gone then context:note(catalogue.advice(gone, experiment_id)) end
   if wait then return work.wait(context, experiment_id, { timeout = timeout, started = true }) end
   context:note("Started the experiment. To wait for it:\n  promptic experiments wait " .. experiment_id)
   return context:call("get_experiment", experiment_id)
end

--- Raises the failure of a step that followed the creation of an experiment, with the experiment's id.
function work.raise_of_new(err, experiment_id)
   if type(err) ~= "table" or failure.is_interrupt(err) then error(err, 0) end
   local described = failure.describe(err, { values = { experiment_id = experiment_id } })
   failure.raise(described.message, { code = described.code,
      hint = ("the experiment was created and is pending: %s%s"):format(experiment_id,
         described.hint and "\n" .. described.hint or "") })
end

--- Starts an experiment that has just been created. If that fails, the error names the id of the experiment.
function work.start_new(context, experiment_id)
   local started, result = pcall(work.start, context, experiment_id)
   if started then return result end
   work.raise_of_new(result, experiment_id)
end

--- Why an experiment failed; nil if it did not.
function work.problem(experiment)
   if experiment.experimentStatus ~= "failed" then return nil end
   local code = experiment.errorCode and (" [%s]"):format(experiment.errorCode) or ""
   local reason = experiment.errorMessage or "the platform gave no reason"
   return ("The experiment failed%s: %s"):format(code, reason)
end

--- Whether a JSON file that was given holds an object, which hyperparameters and schemas are.
function work.check_object(value, flag)
   if value and #value > 0 then failure.raise(flag .. " takes a file with a JSON object", { code = 2 }) end
end

return work
