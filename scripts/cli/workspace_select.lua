--- promptic workspace select: another workspace for the session of promptic login.
local failure = require "promptic.cli.failure"
local promptic = require "promptic"

return {
   arguments = { { "id", label = "ID", summary = "the workspace, as `promptic workspace list` shows it" } },
   notes = "It is stored beside the session, in ~/.promptic/config.toml.",
   run = function(context, values)
      local status = promptic.auth.status()
      if status.credential == "api_key" then
         failure.raise("an API key belongs to one workspace",
            { hint = "`promptic login` reaches all of yours" })
      end
      local near = require "promptic.cli.near"
      local ids, chosen = {}, nil
      for _, workspace in ipairs(context:call("list_workspaces").data) do
         ids[#ids + 1] = workspace.id
         if workspace.id == values.id then chosen = workspace end
      end
      if not chosen then
         failure.raise(("there is no workspace '%s'.%s"):format(values.id, near.hint(values.id, ids)),
            { hint = "`promptic workspace list` shows what there is" })
      end
      promptic.auth.save { workspace_id = chosen.id }
      if (os.getenv "PROMPTIC_WORKSPACE_ID" or "") ~= "" then
         context:note "Note: PROMPTIC_WORKSPACE_ID is set and goes before it."
      end
      return chosen
   end,
   done = "Using workspace {name}.",
}
