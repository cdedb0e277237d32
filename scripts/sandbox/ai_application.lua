--- The AI Application of a request, and those of its user: workspaces (workspace.lua) under their newer name.
local workspace = require "promptic.sandbox.workspace"

return {
   handlers = {
      get_ai_application = workspace.handlers.get_workspace,
      list_ai_applications = workspace.handlers.list_workspaces,
   },
}
