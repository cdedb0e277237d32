-- watch.lua - the experiments, each made, started and watched in a task of its own. Plain calls, one after the
-- other: a call suspends its task, and promptic.step(0) goes on with it once the answer is there.
local promptic = require "promptic"
local choose_model = require("lib.model").choose

local COMPONENT = "ticket-triage"
local QUESTION = "Which team takes this support ticket: account, billing, bug or feature?"
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
   answers = 0, -- of the platform, to all of them
}

local client, model, provider, prompt, tracer

local function counted(answer)
   watch.answers = watch.answers + 1
   return answer
end

local function create(component_id, experiment, tickets)
   local made = counted(client:create_experiment(component_id, model, {
      provider = provider,
      name = experiment.name,
      task_type = "classification",
      initial_prompt = QUESTION,
      hyperparameters = { trainSplitRatio = 0.7, numFewShots = experiment.shots, epochs = EPOCHS },
   }))
   experiment.status = "uploading"
   counted(client:upload_observations(made.id, tickets))
   counted(client:create_evaluators(made.id, { { name = "F1", type = "f1", weight = 1.0 } }))
   return made.id
end

local function look(id, experiment, current)
   counted(current)
   local scores = {} -- frames are drawn while the call is under way: the old ones stay until then
   for index, iteration in ipairs(counted(client:list_iterations(id)).data) do
      scores[index] = iteration.evalNormalizedScore or iteration.overallNormalizedScore or 0
      experiment.best = math.max(experiment.best or 0, scores[index])
   end
   experiment.scores = scores
   experiment.status, experiment.message = current.experimentStatus, current.errorMessage
end

-- A trace of each experiment, with a span for each look at it.
local function run(component_id, experiment, tickets, span)
   local id = create(component_id, experiment, tickets)
   counted(client:start_experiment(id))
   client:wait_for_experiment(id, {
      poll_interval = 0.2,
      on_update = function(current)
         local one = span:child("look", { status = current.experimentStatus })
         look(id, experiment, current)
         one:set("best", experiment.best):finish()
      end,
   })
end

-- A task's error is shown where its experiment is.
local function guarded(component_id, experiment, tickets)
   local span = tracer:span(experiment.name, { shots = experiment.shots })
   local fine, problem = pcall(run, component_id, experiment, tickets, span)
   if not fine then
      experiment.status, experiment.message = "failed", tostring(problem)
      span:fail(problem)
   end
   span:finish()
end

--- Starts all of them; nothing of it has been sent when this returns.
function watch.start(tickets)
   client = promptic.client()
   tracer = promptic.tracer(client, { component = COMPONENT, service = "game" })
   prompt = client:prompt(COMPONENT, { ttl = 5, fallback = { prompt = QUESTION } })
   promptic.spawn(function()
      model, provider = choose_model(client)
      local component = counted(client:ensure_component(COMPONENT))
      for _, experiment in ipairs(watch.experiments) do
         promptic.spawn(guarded, component.id, experiment, tickets)
      end
   end)
   promptic.on_task_error = function(problem) watch.problem = tostring(problem) end
end

--- Each frame asks for the prompt that is deployed, or what stands in for it, and where it comes from; nothing waits. A
--- change of the source is a span.
function watch.frame()
   local _, source = prompt:get()
   if source ~= watch.source then
      watch.source = source
      tracer:span("prompt", { source = source }):finish()
   end
end

function watch.spans()
   return tracer.stats.sent
end

function watch.stop()
   tracer:close(2)
   client:close()
end

local function count(is_so)
   local number = 0
   for _, experiment in ipairs(watch.experiments) do
      number = number + (is_so(experiment) and 1 or 0)
   end
   return number
end

function watch.completed()
   return count(function(experiment) return experiment.status == "completed" end)
end

function watch.iterations()
   local number = 0
   for _, experiment in ipairs(watch.experiments) do
      number = number + #(experiment.scores or {})
   end
   return number
end

--- Whether each experiment is: none of them is left out of a picture.
function watch.is_half_way()
   return count(function(experiment) return #(experiment.scores or {}) >= EPOCHS / 2 end) == #watch.experiments
end

function watch.is_over()
   local failed = count(function(experiment) return experiment.status == "failed" end)
   return watch.problem ~= nil or watch.completed() + failed == #watch.experiments
end

return watch
