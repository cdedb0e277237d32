-- Carry on where an experiment ended: duplicate it from its best iteration and search on.
--
--    build/promptic-lua --sandbox examples/continue.lua

local promptic = require "promptic"

local client <close> = promptic.client{ strict = true }

-- Runs an experiment to its end and returns its best iteration.
local function search(experiment_id)
   client:start_experiment(experiment_id)
   local ended = client:wait_for_experiment(experiment_id, { poll_interval = 0.1 })
   if ended.experimentStatus == "failed" then error(ended.errorMessage, 0) end
   return client:get_best_iteration(experiment_id)
end

local component = client:ensure_component("ticket-triage")
local model, provider = require("lib.model").choose(client)
local first = client:create_experiment(component.id, model, {
   provider = provider,
   initial_prompt = "Which team takes this support ticket: account, billing, bug or feature?",
   hyperparameters = { trainSplitRatio = 0.7, numFewShots = 8, epochs = 3 },
})
client:upload_observations(first.id, (arg[0]:match("^.*/") or "") .. "tickets.csv")
client:create_evaluators(first.id, { { name = "F1", type = "f1", weight = 1.0 } })
local best = search(first.id)

-- The copy has the same training data and evaluators, and starts from the best prompt found.
local second = client:duplicate_experiment(first.id, { continue_from_optimized = true })
client:update_experiment(second.id, {
   hyperparameters = { trainSplitRatio = 0.7, numFewShots = 12, epochs = 6 },
})
local better = search(second.id)

print(("first search    held out %.3f"):format(best.evalNormalizedScore))
print(("second search   held out %.3f, from the first one's prompt on"):format(better.evalNormalizedScore))
