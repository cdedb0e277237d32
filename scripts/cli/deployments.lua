--- promptic deployments
local call = require "promptic.cli.call"
local catalogue = require "promptic.cli.catalogue"

local NOTHING = "Nothing is deployed here: `promptic deployments deploy COMPONENT EXPERIMENT` does it."

return {
   commands = {
      {
         name = "status", method = "get_deployment", arguments = { "component_id" }, times = true,
         summary = "Show which experiment's prompt a component serves.",
         run = function(context)
            local deployment = call.method(context, "get_deployment")
            if deployment then catalogue.load(context) end
            return deployment
         end,
         show = {
            none = NOTHING,
            { fields = {
               { "component", key = "aiComponentId", as = "id" },
               { "experiment", key = "experimentId", as = "id" },
               { "name", value = function(row) return row.experiment.name end },
               { "model", value = function(row) return catalogue.mark(row.experiment) end },
               { "ended", value = function(row) return row.experiment.endedAt end, as = "time" },
            } },
            { line = function(row)
               return catalogue.is_gone(row.experiment)
                  and catalogue.advice(row.experiment.targetModel, row.experimentId) or nil
            end },
         },
      },
      {
         name = "deploy", method = "deploy", arguments = { "component_id", "experiment_id" },
         summary = "Deploy the best prompt of an experiment.",
         hints = { [409] = "`promptic experiments get {experiment_id}` shows its status; "
            .. "`promptic experiments start {experiment_id} --wait` runs one that is pending" },
         done = "Deployed the best prompt of the experiment {experiment_id}.",
         show = { line = function() return nil end },
      },
      {
         name = "prompt", method = "get_deployed_prompt", arguments = { "component_id" },
         summary = "Print the prompt that is deployed, and nothing else.",
         notes = "A file or a pipe gets the bytes of the prompt and not one more; a terminal gets no control characters. "
            .. "With --json it prints the model, the messages and the score as well.",
         examples = "promptic deployments prompt COMPONENT >prompt.txt",
         run = function(context, values)
            local prompt = context:call("get_deployed_prompt", values.component_id)
            if not prompt and not values.json then
               require("promptic.cli.failure").raise("nothing is deployed here", {
                  hint = "`promptic deployments deploy COMPONENT EXPERIMENT` deploys a prompt",
               })
            end
            return prompt
         end,
         show = { bytes = "prompt" },
      },
      {
         name = "undeploy", method = "undeploy", arguments = { "component_id" },
         summary = "Take the prompt of a component out of service.",
         confirm = "Take the prompt of the component {component_id} out of service?",
         done = "Nothing is deployed for the component {component_id} any more.",
      },
   },
}
