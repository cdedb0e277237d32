--- promptic runs
local agents = require "promptic.cli.agents"
local promptic = require "promptic"

local fields = {
   { "id", key = "id", as = "id" },
   { "status", key = "status", as = "status" },
   { "dataset", key = "datasetId", as = "id" },
   { "component", key = "aiComponentId", as = "id" },
   { "traces", key = "traceCount", as = "integer" },
   { "created", key = "createdAt", as = "time" },
}

-- The platform lists the runs of a component; those of one dataset are picked here.
local function list(context, values)
   local answer = context:call("list_runs", values.component_id)
   if not values.dataset_id then return answer end
   local picked = promptic.array {}
   for _, run in ipairs(answer.data) do
      if run.datasetId == values.dataset_id then picked[#picked + 1] = run end
   end
   answer.data = picked
   return answer
end

return {
   section = "Older platforms", older = true,
   summary = "Runs of an agent over a dataset.",
   commands = {
      {
         name = "create", method = "create_run", arguments = { { "name", required = false } },
         options = { agents.component, { "dataset_id", required = true }, "trace_ids" },
         summary = "Record a run of an agent over a dataset.",
         examples = "promptic runs create nightly -c COMPONENT --dataset DATASET --trace ID",
         done = "Created the run.", show = { fields = { { "id", key = "id", as = "id" } } },
      },
      {
         name = "list", method = "list_runs", times = true, run = list, summary = "List the runs of a component.",
         options = { agents.component, { "dataset_id", summary = "only of this dataset" } },
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "STATUS", key = "status", as = "status" },
               { "TRACES", key = "traceCount", as = "integer", optional = true },
               { "CREATED", key = "createdAt", as = "time", optional = "last" },
            },
            empty = "There are no such runs: `promptic runs create` makes one.",
         },
      },
      {
         name = "get", method = "get_run", arguments = { "run_id" }, options = { agents.component },
         summary = "Show a run with its traces.", times = true,
         show = {
            { title = function(run) return run.name or "Run" end, fields = fields },
            { heading = "Traces", list = "traces", columns = agents.trace_columns },
         },
      },
      {
         name = "delete", method = "delete_run", arguments = { "run_id" }, options = { agents.component },
         summary = "Delete a run with its annotations.",
         confirm = function(context)
            local run = context:call("get_run", context.values.component_id, context.values.run_id)
            return ("Delete the run '%s' with its annotations?"):format(run.name or run.id)
         end,
         done = "Deleted the run {run_id}.",
      },
   },
}
