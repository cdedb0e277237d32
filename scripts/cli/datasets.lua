--- promptic datasets
local agents = require "promptic.cli.agents"

local fields = {
   { "id", key = "id", as = "id" },
   { "description", key = "description" },
   { "component", key = "aiComponentId", as = "id" },
   { "items", key = "itemCount", as = "integer" },
   { "traces", key = "traceCount", as = "integer" },
   { "created", key = "createdAt", as = "time" },
}

local function title(dataset) return dataset.name end

return {
   commands = {
      {
         name = "create", method = "create_dataset", arguments = { "name" },
         summary = "Create a dataset from traces.",
         options = { agents.component, "description", "trace_ids" },
         done = "Created the dataset {name}.", show = { fields = { { "id", key = "id", as = "id" } } },
         examples = "promptic datasets create nightly -c COMPONENT --trace ID --trace ID",
      },
      {
         name = "list", method = "list_datasets", options = { agents.component }, times = true,
         summary = "List the datasets of a component.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "ITEMS", key = "itemCount", as = "integer" },
               { "TRACES", key = "traceCount", as = "integer", optional = true },
               { "DESCRIPTION", key = "description", optional = true },
               { "CREATED", key = "createdAt", as = "time", optional = "last" },
            },
            empty = "There are no datasets yet: `promptic datasets create` makes one.",
         },
      },
      {
         name = "get", method = "get_dataset", arguments = { "dataset_id" }, options = { agents.component },
         summary = "Show a dataset with its items.", times = true,
         show = {
            { title = title, fields = fields },
            {
               heading = "Items", list = "items",
               columns = {
                  { "ID", key = "id", as = "plain" },
                  { "TRACE", key = "traceDbId", as = "id" },
                  { "INPUT", value = agents.said "input", optional = true },
                  { "OUTPUT", value = agents.said "output", optional = true },
               },
            },
         },
      },
      {
         name = "delete", method = "delete_dataset", arguments = { "dataset_id" },
         options = { agents.component }, summary = "Delete a dataset with its runs.",
         confirm = function(context)
            local values = context.values
            local dataset = context:call("get_dataset", values.component_id, values.dataset_id)
            return ("Delete the dataset '%s' with its runs?"):format(dataset.name)
         end,
         done = "Deleted the dataset {dataset_id}.",
      },
   },
}
