--- promptic workspace

local fields = {
   { "id", key = "id", as = "id" },
   { "description", key = "description" },
   { "created", key = "createdAt", as = "time" },
   { "changed", key = "updatedAt", as = "time" },
}

local current -- the workspace that calls are about, once it is known

local function in_use(workspace)
   current = current or require("promptic").auth.status().workspace_id or ""
   return workspace.id == current and "yes" or nil
end

return {
   commands = {
      {
         name = "info", method = "get_workspace", times = true, summary = "Show the workspace that is used.",
         show = { title = function(workspace) return workspace.name end, fields = fields },
      },
      {
         name = "list", method = "list_workspaces", times = true, summary = "List the workspaces you can use.",
         hints = { [403] = "an API key belongs to one workspace: `promptic workspace info` shows it; "
            .. "`promptic login` reaches all of yours" },
         notes = "This takes the session of `promptic login`; an API key belongs to one workspace.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "IN USE", value = in_use },
               { "DESCRIPTION", key = "description", optional = true },
               { "CREATED", key = "createdAt", as = "time", optional = "last" },
            },
            empty = "There are no workspaces.",
         },
      },
      {
         name = "select", summary = "Use another workspace from now on.",
         from = "promptic.cli.workspace_select",
      },
   },
}
