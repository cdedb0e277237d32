--- promptic experiments create-tool-selection
local call = require "promptic.cli.call"
local work = require "promptic.cli.experiment_work"

return {
   method = "create_tool_selection_experiment",
   options = {
      { "ai_component_id", flag = "-c --component", required = true },
      { "tools", required = true, summary = "an array of tools: name, description and perhaps inputSchema" },
      { "test_cases", required = true,
         summary = "an array of cases: query, and expectedTool, which is empty where no tool is right" },
      "target_model", "tool_source", "system_prompt", "optimize_system_prompt", "epochs", "train_split_ratio",
      { "name", flag = "-n --name" }, "description",
      { "start", switch = true, summary = "start it as well" },
   },
   notes = "It brings its own dataset and evaluator, and can be started at once.",
   examples = "promptic experiments create-tool-selection -c COMPONENT --tools tools.json --test-cases queries.json",
   run = function(context, values)
      local experiment = call.method(context, "create_tool_selection_experiment")
      if values.start then return work.start_new(context, experiment.id) end
      context:note("Created the experiment.")
      return experiment
   end,
   show = {
      title = function(experiment) return experiment.name or "Experiment" end,
      fields = {
         { "id", key = "id", as = "id" },
         { "status", key = "experimentStatus", as = "status" },
         { "dataset", key = "datasetId", as = "id" },
         { "model", key = "targetModel" },
      },
   },
}
