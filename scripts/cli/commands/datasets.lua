--- promptic datasets
local agents = require "promptic.cli.agents"
local cases = require "promptic.cli.dataset_cases"

local fields = {
   { "id", key = "id", as = "id" },
   { "description", key = "description" },
   { "component", key = "aiComponentId", as = "id" },
   { "cases", key = "caseCount", as = "integer" },
   { "items", key = "itemCount", as = "integer" },
   { "traces", key = "traceCount", as = "integer" },
   { "created", key = "createdAt", as = "time" },
}

local function title(dataset) return dataset.name end

local group = {
   section = "Agents",
   summary = "Datasets of a component, and the cases in them.",
   commands = {
      {
         name = "create", method = "create_dataset", arguments = { "name" },
         summary = "Create a dataset.",
         options = { agents.component, "description", "trace_ids" },
         done = "Created the dataset {name}.", show = { fields = { { "id", key = "id", as = "id" } } },
         examples = "promptic datasets create refunds -c COMPONENT",
      },
      {
         name = "list", method = "list_datasets", options = { agents.component }, times = true,
         summary = "List the datasets of a component.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "CASES", key = "caseCount", as = "integer" },
               { "ITEMS", key = "itemCount", as = "integer", optional = true },
               { "TRACES", key = "traceCount", as = "integer", optional = true },
               { "DESCRIPTION", key = "description", optional = true },
               { "CREATED", key = "createdAt", as = "time", optional = "last" },
            },
            empty = "There are no datasets yet: `promptic datasets create` makes one.",
         },
      },
      {
         name = "get", method = "get_dataset", arguments = { "dataset_id" }, options = { agents.component },
         summary = "Show a dataset with its cases.", times = true,
         show = {
            { title = title, fields = fields },
            { heading = "Cases", list = "cases", columns = cases.columns },
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
         options = { agents.component }, summary = "Delete a dataset with its cases and runs.",
         confirm = function(context)
            local values = context.values
            local dataset = context:call("get_dataset", values.component_id, values.dataset_id)
            return ("Delete the dataset '%s' with its cases and runs?"):format(dataset.name)
         end,
         done = "Deleted the dataset {dataset_id}.",
      },
   },
}

table.move(cases.commands, 1, #cases.commands, #group.commands + 1, group.commands)

return group
