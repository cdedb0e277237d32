--- witness.lua - runs an example, then writes down what the platform holds, so that a spec can compare.
--
--    promptic-lua --sandbox spec/support/witness.lua examples/x.lua FILE
--
-- FILE gets a JSON object: experiments (each with its observations, iterations and best), deployed (component
-- id -> prompt), traces, evaluations. The order of lists is the platform's.
local promptic = require "promptic"

local example, path = arg[1], arg[2]

-- As the interpreter sets a script up.
_G.arg = { [0] = example }
package.path = example:match("^.*/") .. "?.lua;" .. package.path
dofile(example)

local client <close> = promptic.client()
local array = promptic.array
local found = { experiments = array{}, deployed = {}, traces = array{}, evaluations = array{} }
for experiment in client:each_experiment() do
   experiment.observations = client:list_observations(experiment.id).data
   experiment.iterations = client:list_iterations(experiment.id).data
   experiment.best = client:get_best_iteration(experiment.id)
   table.insert(found.experiments, experiment)
end
for trace in client:each_trace() do
   table.insert(found.traces, trace)
end
for _, component in ipairs(client:list_components().data) do
   local deployed = client:get_deployed_prompt(component.id)
   found.deployed[component.id] = deployed and deployed.prompt
   for _, evaluation in ipairs(client:list_evaluations(component.id).data) do
      table.insert(found.evaluations, client:get_evaluation(component.id, evaluation.id))
   end
end

local file <close> = assert(io.open(path, "wb"))
assert(file:write(promptic.json.encode(found)))
