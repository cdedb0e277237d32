--[==[
How often deploy_if_better calls a prompt better where none is: experiments on rows whose labels are drawn at random,
each compared with the deployed prompt of an earlier such experiment (an A/A test).

   promptic-lua --sandbox --pace 0 spec/bench/chance.lua [RUNS [ROWS]]

Prints how many of RUNS (1,000) were called better with margin = 0 and with sure = true. The seed is fixed, so that
figures can be compared.
]==]
local promptic = require "promptic"

local RUNS, ROWS = tonumber(arg[1]) or 1000, tonumber(arg[2]) or 100
local LABELS = { "yes", "no" }
local WORDS = { "red", "green", "blue", "fast", "slow", "old", "new", "loud", "soft", "cold", "warm", "tall" }
local client <close> = promptic.client()
local model = client:list_models().data[1].id
math.randomseed(20261201)

local function random_rows()
   local rows = {}
   for index = 1, ROWS do
      local words = {}
      for place = 1, 6 do words[place] = WORDS[math.random(#WORDS)] end
      rows[index] = { variables = { input = table.concat(words, " ") }, expected = LABELS[math.random(#LABELS)] }
   end
   return rows
end

local function experiment_of(component_id, prompt)
   local experiment = client:create_experiment(component_id, model, {
      task_type = "classification", initial_prompt = prompt,
      hyperparameters = { epochs = 5, trainSplitRatio = 0.5, numFewShots = 16 },
   })
   client:upload_observations(experiment.id, random_rows())
   client:create_evaluators(experiment.id, { { name = "f1", type = "f1", weight = 1 } })
   client:start_experiment(experiment.id)
   client:wait_for_experiment(experiment.id, { poll_interval = 0.02 })
   return experiment.id
end

local component_id = client:create_component("chance").id
client:deploy(component_id, experiment_of(component_id, "Which class?"))
local first = client:get_deployed_prompt(component_id)

local better, sure = 0, 0
for run = 1, RUNS do
   local id = experiment_of(component_id, client:get_deployed_prompt(component_id).prompt)
   if client:deploy_if_better(component_id, id, { sure = true }).deployed then
      sure, better = sure + 1, better + 1
   elseif client:deploy_if_better(component_id, id).deployed then
      better = better + 1
   end
   client:deploy(component_id, first.experimentId)
   client:delete_experiment(id)
   if run % 100 == 0 then io.stderr:write(("%d of %d\n"):format(run, RUNS)) end
end
print(("%d runs without a difference, %d rows: margin = 0 called %.1f %% better, sure = true %.1f %%"):format(
   RUNS, ROWS, 100 * better / RUNS, 100 * sure / RUNS))
