--- promptic ai-application select: another AI Application for the session of promptic login.
local failure = require "promptic.cli.failure"
local promptic = require "promptic"

local VARIABLES = { "PROMPTIC_AI_APPLICATION_ID", "PROMPTIC_WORKSPACE_ID" }

return {
   arguments = {
      { "id", label = "ID", summary = "the AI Application, as `promptic ai-application list` shows it" },
   },
   notes = "It is stored beside the session, in ~/.promptic/config.toml.",
   run = function(context, values)
      -- A file with two different ids, as the login of an older Python package leaves it, is what this repairs: no id
      -- of the file is read where one is given.
      context.client = promptic.client { user_agent = "promptic-cli", ai_application_id = values.id }
      local status = promptic.auth.status()
      if status.credential == "api_key" then
         failure.raise("an API key belongs to one AI Application",
            { hint = "`promptic login` reaches all of yours" })
      end
      local near, group = require "promptic.cli.near", require "promptic.cli.commands.ai_application"
      local ids, chosen = {}, nil
      local answer, is_older = group.ask(context, "list_ai_applications", "list_workspaces")
      for _, application in ipairs(answer.data) do
         ids[#ids + 1] = application.id
         if application.id == values.id then chosen = application end
      end
      if not chosen then
         failure.raise(("there is no AI Application '%s'.%s"):format(values.id, near.hint(values.id, ids)),
            { hint = "`promptic ai-application list` lists the ids" })
      end
      promptic.auth.save { [is_older and "workspace_id" or "ai_application_id"] = chosen.id }
      for _, name in ipairs(VARIABLES) do
         if (os.getenv(name) or "") ~= "" then
            context:note(("Note: %s is set and goes before it."):format(name))
         end
      end
      return chosen
   end,
   done = "Using the AI Application {name}.",
}
