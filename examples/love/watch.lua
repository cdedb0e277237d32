-- watch.lua - the experiments, each made, started and watched in a task of its own. Plain calls, one after the
-- other: a call suspends its task, and promptic.step(0) goes on with it once the answer is there.
local promptic = require "promptic"

local EPOCHS = 6 -- iterations of each experiment

local watch = {
   -- fields that come later: status, scores = list by iteration, best, message
   experiments = {
      { name = "2 examples", shots = 2 },
      { name = "4 examples", shots = 4 },
      { name = "8 examples", shots = 8 },
      { name = "12 examples", shots = 12 },
      { name = "16 examples", shots = 16 },
   },
   epochs = EPOCHS,
}

local client

local function create(component_id, experiment, tickets)
   local made = client:create_experiment(component_id, "gpt-4.1-nano", {
      name = experiment.name,
      task_type = "classification",
      initial_prompt = "Which team takes this support ticket: account, billing, bug or feature?",
      hyperparameters = { trainSplitRatio = 0.7, numFewShots = experiment.shots, epochs = EPOCHS },
   })
   experiment.status = "uploading"
   client:upload_observations(made.id, tickets)
   client:create_evaluators(made.id, { { name = "F1", type = "f1", weight = 1.0 } })
   return made.id
end

local function look(id, experiment, current)
   experiment.status = current.experimentStatus
   experiment.message = current.errorMessage
   local scores = {} -- frames are drawn while the call is under way: the old ones stay until then
   for index, iteration in ipairs(client:list_iterations(id).data) do
      scores[index] = iteration.evalNormalizedScore or iteration.overallNormalizedScore or 0
      experiment.best = math.max(experiment.best or 0, scores[index])
   end
   experiment.scores = scores
end

local function run(component_id, experiment, tickets)
   local id = create(component_id, experiment, tickets)
   client:start_experiment(id)
   client:wait_for_experiment(id, {
      poll_interval = 0.2,
      on_update = function(current) look(id, experiment, current) end,
   })
end

-- A task's error is shown where its experiment is.
local function guarded(component_id, experiment, tickets)
   local fine, problem = pcall(run, component_id, experiment, tickets)
   if not fine then
      experiment.status, experiment.message = "failed", tostring(problem)
   end
end

--- Starts all of them; nothing of it has been sent when this returns.
function watch.start(tickets)
   client = promptic.client()
   promptic.spawn(function()
      local component = client:create_component("ticket-triage")
      for _, experiment in ipairs(watch.experiments) do
         promptic.spawn(guarded, component.id, experiment, tickets)
      end
   end)
   promptic.on_task_error = function(problem) watch.problem = tostring(problem) end
end

function watch.stop()
   client:close()
end

function watch.completed()
   local count = 0
   for _, experiment in ipairs(watch.experiments) do
      count = count + (experiment.status == "completed" and 1 or 0)
   end
   return count
end

function watch.is_over()
   for _, experiment in ipairs(watch.experiments) do
      if experiment.status ~= "completed" and experiment.status ~= "failed" then
         return watch.problem ~= nil
      end
   end
   return true
end

return watch
