--- Deployments: which experiment's best prompt a component uses.
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local iterations = require "promptic.sandbox.iterations"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"

local deployments = {
   handlers = {},
   tables = { [[deployment (aiComponentId TEXT PRIMARY KEY REFERENCES component ON DELETE CASCADE,
      experimentId OF(experiment))]] },
   indexes = { "deployment_experiment ON deployment (experimentId)" },
}
local handlers = deployments.handlers

-- The experiment that is deployed for the component of the path, or nil.
local function deployed(sandbox, input)
   local id = sandbox.store:value("SELECT experimentId FROM deployment WHERE aiComponentId = ?",
      input.component.id)
   return id and lookup.find(sandbox, "experiment", id, input)
end

function handlers.get_deployment(sandbox, input)
   local row = deployed(sandbox, input)
   if not row then return 200, json.null end
   return 200, { aiComponentId = row.aiComponentId, experimentId = row.id,
      experiment = experiments.shape(sandbox, row) }
end

function handlers.deploy(sandbox, input)
   local experiment = lookup.find(sandbox, "experiment", input.body.experimentId, input)
   if experiment.experimentStatus ~= "completed" then
      failure.conflict("Only a completed experiment can be deployed; this one is %s",
         experiment.experimentStatus)
   end
   sandbox.store:run("INSERT OR REPLACE INTO deployment VALUES (?, ?)", input.component.id, experiment.id)
   return 201, { aiComponentId = input.component.id, experimentId = experiment.id }
end

--- Nothing deployed is what undeploying asks for, so that is no error.
function handlers.undeploy(sandbox, input)
   sandbox.store:run("DELETE FROM deployment WHERE aiComponentId = ?", input.component.id)
   return 204
end

function handlers.get_deployed_prompt(sandbox, input)
   local row = deployed(sandbox, input)
   if not row then return 200, json.null end
   local experiment = experiments.shape(sandbox, row)
   local best = iterations.shape(iterations.best(sandbox.store, row.id))
   local held_out = best.evalNormalizedScore
   return 200, {
      prompt = best.prompt, promptMessages = shapes.messages(best.prompt), promptFormat = experiment.promptFormat,
      model = experiment.targetModel, provider = experiment.provider, componentId = input.component.id,
      componentName = input.component.name, experimentId = row.id, iterationId = best.id,
      score = held_out ~= json.null and held_out or best.overallNormalizedScore,
      schemaSnapshot = best.schemaSnapshot,
   }
end

return deployments
