edit scripts/cli/commands/deployments.lua '         name = "prompt", method = "get_deployed_prompt"' \
'         name = "again", method = "deploy", methods = { "get_deployment" }, arguments = { "component_id" },
         summary = "Deploy the best prompt of the experiment that is deployed.",
         run = function(context, values)
            local deployment = context:call("get_deployment", values.component_id)
            if not deployment then require("promptic.cli.failure").raise(NOTHING) end
            return context:call("deploy", values.component_id, deployment.experimentId)
         end,
         done = "Deployed the best prompt of the experiment {experimentId}.",
      },
      {'
