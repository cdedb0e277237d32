-- compare.lua - deploy_if_better: a new prompt against the deployed one, on the same rows.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local ipairs, math, rawget, tostring, type = ipairs, math, rawget, tostring, type

local methods, library = import "methods", import "c.library"
local failure, noise, strict = import "failure", import "noise", import "strict"
local check, is_null = library.check, library.promptic.null

-- ------------------------------------------------------------------ what both were measured on

local function held_out_score(iteration)
   local score = iteration.evalNormalizedScore
   return type(score) == "number" and score or nil
end

-- The iteration whose prompt this is, measured on held-out rows; and how many of other prompts were. Of several the
-- best one: a text that scores higher the second time is no better prompt.
local function find_iteration(iterations, prompt)
   local found, others = nil, 0
   for _, iteration in ipairs(iterations) do
      local score = held_out_score(iteration)
      if score and iteration.prompt ~= prompt then
         others = others + 1
      elseif score and (not found or score > held_out_score(found)) then
         found = iteration
      end
   end
   return found, others
end

local function best_of(iterations)
   local best
   for _, iteration in ipairs(iterations) do
      local score = held_out_score(iteration)
      if score and (not best or score > held_out_score(best)) then
         best = iteration
      end
   end
   return best
end

-- The answer of a row as a label.
local function label_of(row)
   local answer = rawget(row, "expectedPayload") -- raw: a row is a case or an observation, whose types differ
   if rawget(row, "expected") ~= nil then
      answer = rawget(row, "expected")
   elseif type(answer) == "table" and answer.value ~= nil then
      answer = answer.value
   end
   if answer == nil or answer == is_null then
      return ""
   end
   return type(answer) == "table" and library.promptic.json.encode(answer) or tostring(answer)
end

-- Held-out rows by label: those whose split is eval, and of those without one what the ratio leaves.
local function count_held_out(rows, ratio)
   local counts, total = {}, 0
   for _, row in ipairs(rows) do
      local share = row.split == "eval" and 1 or row.split == nil and 1 - ratio or 0
      if share > 0 then
         local label = label_of(row)
         counts[label] = (counts[label] or 0) + share
         total = total + share
      end
   end
   return counts, math.floor(total + 0.5)
end

-- Of a dataset by get_dataset, which has all of them: list_dataset_cases may have pages.
local function rows_of(client, experiment)
   if type(experiment.datasetId) == "string" then
      return methods.get_dataset(client, experiment.aiComponentId, experiment.datasetId).cases or {}
   end
   return methods.list_observations(client, experiment.id).data
end

local function is_macro(client, experiment_id)
   for _, evaluator in ipairs(methods.list_evaluators(client, experiment_id).data) do
      if evaluator.type == "f1" then
         return true
      end
   end
   return false
end

-- How many rows were held out, and how many of equal weight tell as much.
local function measured_on(client, experiment)
   local ratio = type(experiment.hyperparameters) == "table" and experiment.hyperparameters.trainSplitRatio
   if type(ratio) ~= "number" then
      return 0, 0
   end
   local counts, rows = count_held_out(rows_of(client, experiment), ratio)
   return rows, is_macro(client, experiment.id) and noise.rows_of_macro(counts) or rows
end

-- ------------------------------------------------------------------ the decision

local function outcome(deployed, code, reason)
   return { deployed = deployed, code = code, reason = reason }
end

-- Refuses an experiment that has no result yet.
local function completed(client, experiment_id)
   local experiment = methods.get_experiment(client, experiment_id)
   if experiment.experimentStatus ~= "completed" then
      local message = "experiment '%s' is %s; only one that is completed can be deployed"
      failure.raise("argument", message:format(experiment_id, tostring(experiment.experimentStatus)), "not_completed")
   end
   return experiment
end

local function number(value)
   return ("%.3g"):format(value)
end

-- The same with its sign, three digits after the point.
local function gain_of(result)
   return ("%.3f to %.3f on %d held-out rows"):format(result.before, result.after, result.rows)
end

-- Decides between the iteration of the deployed prompt and the best one. Returns whether, the code and the reason.
local function decide(result, settings, weight, others)
   local gain = result.after - result.before
   if gain <= 0 then
      return false, "not_better", "the deployed prompt is as good: " .. gain_of(result)
   elseif gain <= settings.margin then
      return false, "within_margin", ("%s: no more than the margin of %s"):format(gain_of(result),
         number(settings.margin))
   elseif settings.sure and not noise.is_exceeded(result.before, result.after, weight, others) then
      local smallest = result.smallest and ("the smallest gain that counts is " .. number(result.smallest))
         or "no gain can be told from chance on so few rows"
      return false, "not_sure", ("%s may be chance: %s"):format(gain_of(result), smallest)
   end
   return true, "better", gain_of(result)
end

local NOT_COMPARABLE = "the deployed prompt is not among the iterations of this experiment, so the two were not "
   .. "measured on the same rows: begin with client:create_experiment_from_deployed"
local NO_HELD_OUT = "the experiment held out no rows: set hyperparameters = { trainSplitRatio = 0.7 } before it starts"

local function compare(client, experiment, deployed, settings)
   local iterations = methods.list_iterations(client, experiment.id).data
   local best, result = best_of(iterations), { deployed = false }
   local before, others = find_iteration(iterations, deployed.prompt)
   result.after = best and held_out_score(best)
   if not best then
      result.code, result.reason = "no_held_out_rows", NO_HELD_OUT
      return result
   elseif not before then
      result.code, result.reason = "not_comparable", NOT_COMPARABLE
      return result
   end
   local weight
   result.before = held_out_score(before)
   result.rows, weight = measured_on(client, experiment)
   result.smallest = settings.margin
   if settings.sure then
      local gain = noise.smallest_gain(result.before, weight, others)
      result.smallest = gain and math.max(gain, settings.margin) -- nil: none is large enough
   end
   result.deployed, result.code, result.reason = decide(result, settings, weight, others)
   return result
end

function methods.deploy_if_better(...)
   local client, component_id, experiment_id, settings = check.deploy_if_better(...)
   local experiment = completed(client, experiment_id)
   local deployed = methods.get_deployed_prompt(client, component_id)
   local result
   if not deployed then
      result = outcome(true, "nothing_deployed", "no prompt was deployed before")
   elseif deployed.experimentId == experiment_id then
      result = outcome(false, "already_deployed", "the experiment's prompt is the deployed one")
   else
      result = compare(client, experiment, deployed, settings)
   end
   if result.deployed then
      methods.deploy(client, component_id, experiment_id)
   end
   return strict.own(client, result, "Comparison")
end
