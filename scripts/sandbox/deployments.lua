--- Deployments: which experiment's best prompt a component uses.
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local iterations = require "promptic.sandbox.iterations"
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local workspace = require "promptic.sandbox.workspace"

local deployments = { handlers = {} }
local handlers = deployments.handlers

local function get(sandbox, component_id)
   return sandbox.store:one("SELECT * FROM deployment WHERE aiComponentId = ?", component_id)
end

function handlers.get_deployment(sandbox, input)
   workspace.component(sandbox, input.component_id)
   local row = get(sandbox, input.component_id)
   if not row then return 200, json.null end
   return 200, {
      aiComponentId = row.aiComponentId, experimentId = row.experimentId,
      experiment = shapes.experiment(experiments.get(sandbox, row.experimentId)),
   }
end

function handlers.deploy(sandbox, input)
   workspace.component(sandbox, input.component_id)
   local experiment = experiments.get(sandbox, input.body.experimentId)
   if experiment.aiComponentId ~= input.component_id then failure.not_found() end
   if experiment.experimentStatus ~= "completed" then
      failure.conflict("Only a completed experiment can be deployed; this one is %s",
         experiment.experimentStatus)
   end
   sandbox.store:run("INSERT OR REPLACE INTO deployment VALUES (?, ?)", input.component_id, experiment.id)
   return 201, { aiComponentId = input.component_id, experimentId = experiment.id }
end

--- Nothing deployed is what undeploying asks for, so that is no error.
function handlers.undeploy(sandbox, input)
   workspace.component(sandbox, input.component_id)
   sandbox.store:run("DELETE FROM deployment WHERE aiComponentId = ?", input.component_id)
   return 204
end

function handlers.get_deployed_prompt(sandbox, input)
   local component = workspace.component(sandbox, input.component_id)
   local row = get(sandbox, input.component_id)
   if not row then return 200, json.null end
   local experiment = shapes.experiment(experiments.get(sandbox, row.experimentId))
   local best = shapes.iteration(iterations.best(sandbox, row.experimentId))
   local held_out = best.evalNormalizedScore
   return 200, {
      prompt = best.prompt, promptMessages = shapes.messages(best.prompt), promptFormat = "single",
      model = experiment.targetModel, provider = experiment.provider, componentId = component.id,
      componentName = component.name, experimentId = row.experimentId, iterationId = best.id,
      score = held_out ~= json.null and held_out or best.overallNormalizedScore,
      schemaSnapshot = best.schemaSnapshot,
   }
end

return deployments
