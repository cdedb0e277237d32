--- promptic workspace

local fields = {
   { "id", key = "id", as = "id" },
   { "description", key = "description" },
   { "created", key = "createdAt", as = "time" },
   { "changed", key = "updatedAt", as = "time" },
}

return {
   commands = {
      {
         name = "info", method = "get_workspace", times = true,
         show = { title = function(workspace) return workspace.name end, fields = fields },
      },
      {
         name = "list", method = "list_workspaces", times = true,
         notes = "This takes the session of `promptic login`; an API key belongs to one workspace.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "DESCRIPTION", key = "description", optional = true },
               { "CREATED", key = "createdAt", as = "time", optional = "last" },
            },
            empty = "There are no workspaces.",
         },
      },
      {
         name = "select", summary = "Use another workspace from now on.", from =
         "promptic.cli.workspace_select",
      },
   },
}
