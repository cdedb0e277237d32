--- promptic auth: which credential the other commands use.
local promptic = require "promptic"

local CREDENTIALS = { access_token = "session of `promptic login`", api_key = "API key" }

local SOURCES = { environment = "the environment", file = "the configuration file", default = "the default" }

local function known(value)
   if value ~= promptic.null then return value end
end

local function credential(status)
   local what = CREDENTIALS[status.credential]
   return what and ("%s, from %s"):format(what, SOURCES[status.source]) or "none"
end

local function application(status)
   if status.credential == "api_key" then return "the API key's" end
   if status.credential ~= "access_token" then return nil end
   return known(status.ai_application_id) or "none: choose one with `promptic ai-application select ID`"
end

local function file(status)
   local path = known(status.config_file)
   if not path then return nil end
   if not status.config_file_exists then return path .. " (not there)" end
   return path .. (status.config_file_shared and " (others can read or change it)" or "")
end

local function or_null(value)
   if value == nil then return promptic.null end
   return value
end

-- Every key is always there, so that a script can count on it.
local function answer()
   local status = promptic.auth.status()
   return {
      authenticated = status.credential ~= "none",
      credential = status.credential, source = status.source,
      ai_application_id = or_null(status.ai_application_id), workspace_id = or_null(status.workspace_id),
      endpoint = or_null(status.endpoint), endpoint_source = or_null(status.endpoint_source),
      config_file = or_null(status.config_file ~= "" and status.config_file or nil),
      config_file_exists = status.exists, config_file_shared = status.is_shared,
      problem = or_null(status.problem),
   }
end

local function warn(context, status)
   if known(status.problem) then
      context:note("Problem: " .. status.problem)
   elseif not status.authenticated then
      context:note "No credential: run `promptic login` or `promptic configure`, or set PROMPTIC_API_KEY."
   end
   if status.config_file_shared then
      context:note(("Warning: others can read or change %s; chmod 600 keeps it to you."):format(status.config_file))
   end
end

return {
   section = "Account",
   summary = "Which credential is used, and from where.",
   commands = {
      {
         name = "status", summary = "Show which credential, endpoint and AI Application are used, and from where.",
         notes = "It shows no secret and makes no request: an expired credential is shown as well. "
            .. "The exit code is 1 if there is no credential.",
         show = {
            fields = {
               { "credential", value = credential },
               { "endpoint", value = function(status)
                  local endpoint = known(status.endpoint)
                  return endpoint and ("%s, from %s"):format(endpoint, SOURCES[status.endpoint_source])
               end },
               { "AI Application", value = application },
               { "file", value = file },
            },
         },
         run = function(context)
            local status = answer()
            warn(context, status)
            return status, status.authenticated and not known(status.problem) and 0 or 1
         end,
      },
   },
}
