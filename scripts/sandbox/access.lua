--[[
Who may ask. Every route answers to this machine's names only; the API takes credentials, as
Authorization: Bearer VALUE

   an API key             belongs to the first workspace; scope headers beside it are ignored
   "session-" .. API key plays a session token: X-AI-Application-Id or X-Workspace-Id must name a workspace
                          (both: the same one), except for listing them, which takes nothing but a token
   what a login gave      likewise; see device.lua, whose requests take no credential
]]
local failure = require "promptic.sandbox.failure"
local workspaces = require "promptic.sandbox.workspace"

local access = {}

local names = { localhost = true, ["127.0.0.1"] = true, ["[::1]"] = true }

--- Refuses a Host that is not this server: a page elsewhere can have its own name point at 127.0.0.1 (DNS
-- rebinding), and then read what it may not.
function access.check_host(sandbox, request)
   local host = (request.headers.host or ""):lower()
   local name, port = host:match "^(.-):(%d+)$"
   if names[name or host] and tonumber(port or 80) == sandbox.port then return end
   failure.raise(421, "This is a sandbox on 127.0.0.1:%d, and the request's Host is another", sandbox.port)
end

--- Whether the credential is a session token; 401 if there is none that is known.
function access.authenticate(sandbox, request)
   local token = (request.headers.authorization or ""):match "^[Bb]earer +([^ ]+) *$"
   token = token or ""
   local session = sandbox.keys[token:match "^session%-(.*)$"] or sandbox.device.sessions[token] or false
   if not session and not sandbox.keys[token] then failure.raise(401, "Invalid or missing API key") end
   return session
end

-- The workspace that a session names: by either header, or by the query where the endpoint has that.
local function scope_of(request, input)
   local scope
   for _, value in ipairs { request.headers["x-ai-application-id"] or "", request.headers["x-workspace-id"] or "",
      input.workspace_id or "" } do
      value = value:lower()
      if scope and value ~= "" and value ~= scope then
         failure.invalid "The request names two different AI Applications"
      end
      scope = value ~= "" and value or scope
   end
   return scope or failure.invalid "A session token needs X-AI-Application-Id (or X-Workspace-Id)"
end

--- The sandbox as it is from within the workspace of the request: workspace_id, and base_url for links.
function access.enter(sandbox, request, row, input, session)
   local inner = { workspace_id = workspaces.ID, base_url = "http://" .. request.headers.host }
   if row.without_workspace then
      if not session then failure.raise(401, "This operation needs a session token, not an API key") end
   elseif session then
      inner.workspace_id = scope_of(request, input)
      if not workspaces.exists(sandbox, inner.workspace_id) then failure.not_found() end
   end
   return setmetatable(inner, { __index = sandbox })
end

return access
