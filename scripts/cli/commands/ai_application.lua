--- promptic ai-application, which older clients call workspace.
local promptic = require "promptic"

local fields = {
   { "id", key = "id", as = "id" },
   { "description", key = "description" },
   { "created", key = "createdAt", as = "time" },
   { "changed", key = "updatedAt", as = "time" },
}

-- Falls back to the workspaces of an older platform.
local function ask(context, newer, older)
   local fine, answer = pcall(context.call, context, newer)
   if fine then return answer end
   if not promptic.is_error(answer) or answer.status_code ~= 404 then error(answer, 0) end
   return context:call(older), true
end

local current -- the one that calls are about, once it is known

local function in_use(application)
   current = current or promptic.auth.status().ai_application_id or ""
   return application.id == current and "yes" or nil
end

-- Two different ids in one place are refused, and `select` repairs them with one of those that this lists. The list is
-- the same whatever the id, so the nil UUID (RFC 9562, 5.9) stands in their place.
local NIL_UUID = "00000000-0000-0000-0000-000000000000"

local function list(context)
   local fine, problem = pcall(function() return context.client end)
   if not fine then
      if not promptic.is_error(problem) or problem.code ~= "two_applications" then error(problem, 0) end
      context.client = promptic.client { user_agent = "promptic-cli", ai_application_id = NIL_UUID }
   end
   return ask(context, "list_ai_applications", "list_workspaces")
end

local HINT = "an API key belongs to one AI Application: `promptic ai-application info` shows it; "
   .. "`promptic login` reaches all of yours"

return {
   section = "Account", aliases = { "workspace" },
   summary = "The AI Application all calls are about.",
   ask = ask,
   commands = {
      {
         name = "info", method = "get_ai_application", methods = { "get_workspace" }, times = true,
         summary = "Show the AI Application that is used.",
         run = function(context) return ask(context, "get_ai_application", "get_workspace") end,
         show = { title = function(application) return application.name end, fields = fields },
      },
      {
         name = "list", method = "list_ai_applications", methods = { "list_workspaces" }, times = true,
         summary = "List the AI Applications you can use.",
         run = list,
         hints = { [401] = HINT, [403] = HINT },
         notes = "This takes the session of `promptic login`; an API key belongs to one AI Application.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "IN USE", value = in_use },
               { "DESCRIPTION", key = "description", optional = true },
               { "CREATED", key = "createdAt", as = "time", optional = "last" },
            },
            empty = "There are no AI Applications.",
         },
      },
      {
         name = "select", methods = { "list_ai_applications" }, summary = "Use another AI Application from now on.",
         from = "promptic.cli.ai_application_select",
      },
   },
}
