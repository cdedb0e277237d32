-- From labelled support tickets to a deployed prompt: the whole job in one script.
--
--    build/promptic-lua --sandbox examples/pipeline.lua           on this machine, no account needed
--    PROMPTIC_API_KEY=... build/promptic-lua examples/pipeline.lua          on the Promptic platform

local promptic = require "promptic"
local csv = require "lib.csv"

local EPOCHS = 8 -- how many prompts are tried

local client <close> = promptic.client{ strict = true }

-- 1. Labelled data: what comes in, and the right answer.
local observations = {}
for _, row in ipairs(csv.read((arg[0]:match("^.*/") or "") .. "tickets.csv")) do
   table.insert(observations, { variables = { ticket = row.ticket }, expected = row.expected })
end
print(("tickets     %d, each labelled account, billing, bug or feature"):format(#observations))

-- 2. A component is the thing that gets a prompt; an experiment searches for a good one.
local component = client:ensure_component("ticket-triage", { description = "Which team takes a ticket?" })
local model, provider = require("lib.model").choose(client)
local experiment = client:create_experiment(component.id, model, {
   provider = provider,
   name = "triage by example",
   task_type = "classification",
   initial_prompt = "Which team takes this support ticket: account, billing, bug or feature?",
   hyperparameters = { trainSplitRatio = 0.7, numFewShots = 12, epochs = EPOCHS },
})
client:upload_observations(experiment.id, observations)
client:create_evaluators(experiment.id, { { name = "F1", type = "f1", weight = 1.0 } })
print(("component   %s\nexperiment  %s"):format(component.id, experiment.id))

-- The score on tickets held out from the search; without a split, the one on those searched with.
local function score(iteration)
   return iteration.evalNormalizedScore or iteration.overallNormalizedScore
end

-- 3. Start, and print each change of state.
local last_line
local function show_progress(current)
   local iterations, best = client:list_iterations(experiment.id).data, 0
   for _, iteration in ipairs(iterations) do best = math.max(best, score(iteration)) end
   local line = ("%-11s %d of %d, best %.3f"):format(current.experimentStatus, #iterations, EPOCHS, best)
   if line ~= last_line then print(line) end
   last_line = line
end
client:start_experiment(experiment.id)
local finished = client:wait_for_experiment(experiment.id, { poll_interval = 0.1, on_update = show_progress })
if finished.experimentStatus == "failed" then error(finished.errorMessage, 0) end

-- 4. What was tried, and which iteration won.
local best = client:get_best_iteration(experiment.id)
print("\niteration   train   held out")
for _, iteration in ipairs(client:list_iterations(experiment.id).data) do
   print(("%9d   %.3f      %.3f%s"):format(iteration.iterationNumber, iteration.overallNormalizedScore,
      score(iteration), iteration.id == best.id and "   <- best" or ""))
end

-- 5. Deploy the winner; this is the prompt that an application asks for at run time.
client:deploy(component.id, experiment.id)
local deployed = client:get_deployed_prompt(component.id)
print(("\ndeployed    for %s, score %.3f:\n"):format(deployed.model, deployed.score))
print(deployed.prompt)
