--- promptic components
local fields = {
   { "id", key = "id", as = "id" },
   { "description", key = "description" },
   { "AI Application", value = function(row) return row.aiApplicationId or row.workspaceId end, as = "id" },
   { "created", key = "createdAt", as = "time" },
   { "changed", key = "updatedAt", as = "time" },
}

return {
   section = "Prompts",
   summary = "AI components, which experiments and deployments belong to.",
   commands = {
      {
         name = "list", method = "list_components", times = true,
         summary = "List the components of the AI Application.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "DESCRIPTION", key = "description", optional = true, least = 16 },
               { "CREATED", key = "createdAt", as = "time", optional = "last" },
            },
            empty = "There are no components yet: `promptic components create NAME` makes one.",
         },
      },
      {
         name = "create", method = "create_component", summary = "Create a component.",
         arguments = { "name" }, options = { "description" },
         examples = "promptic components create spam-filter --description \"Is it spam or ham?\"",
         done = "Created the component {name}.", show = { fields = { { "id", key = "id", as = "id" } } },
      },
      {
         name = "get", method = "get_component", arguments = { "component_id" }, times = true,
         summary = "Show a component.",
         show = { title = function(component) return component.name end, fields = fields },
      },
      {
         name = "delete", method = "delete_component", arguments = { "component_id" },
         summary = "Delete a component and all that belongs to it.",
         confirm = function(context)
            local component = context:call("get_component", context.values.component_id)
            return ("Delete the component '%s' and all that belongs to it?"):format(component.name)
         end,
         done = "Deleted the component {component_id}.",
      },
   },
}
