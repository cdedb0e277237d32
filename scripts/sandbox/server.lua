--[[
HTTP in front of the handlers: who is asking, what for, and every answer in the platform's form, JSON
with an x-request-id; errors are {"error": "text"}.

Credentials, as Authorization: Bearer VALUE
   the API key            belongs to the one workspace there is
   "session-" .. API key  plays a session token: X-Workspace-Id must name a workspace, except for
                          listing workspaces, which in turn takes nothing but a session token
   what a login gave      likewise; see device.lua, whose requests take no credential
]]
local bodies = require "promptic.sandbox.bodies"
local device = require "promptic.sandbox.device"
local failure = require "promptic.sandbox.failure"
local httpd = require "promptic.httpd"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local routes = require "promptic.sandbox.routes"
local validate = require "promptic.sandbox.validate"
local workspaces = require "promptic.sandbox.workspace"

local server = {}

local PREFIX = "/api/v1"
local MAX_BODY_BYTES = 64 * 1024 * 1024

-- Operations by name; each module adds those of its resource.
local handlers = {}
for _, name in ipairs { "workspace", "experiments", "observations", "evaluators", "iterations",
   "deployments", "traces", "datasets", "runs", "annotations", "evaluations" } do
   for operation, handler in pairs(require("promptic.sandbox." .. name).handlers) do
      handlers[operation] = handler
   end
end

local function authenticate(sandbox, request)
   local token = (request.headers.authorization or ""):match "^[Bb]earer +([^ ]+) *$"
   local session = token == sandbox.session_token or sandbox.device.sessions[token or ""] == true
   if not session and token ~= sandbox.api_key then failure.raise(401, "Invalid or missing API key") end
   return session
end

-- The sandbox as it is from within the workspace of the request.
local function authorize(sandbox, request, row, session)
   if row.without_workspace then
      if not session then failure.raise(403, "Needs a session token, not an API key") end
   elseif session then
      local workspace = request.headers["x-workspace-id"]
      if not workspace or workspace == "" then
         failure.raise(400, "X-Workspace-Id is missing: a session token needs it")
      elseif workspace ~= sandbox.workspace_id then
         if not workspaces.exists(sandbox, workspace) then
            failure.raise(403, "No access to this workspace")
         end
         return setmetatable({ workspace_id = workspace }, { __index = sandbox })
      end
   end
   return sandbox
end

local function route(request)
   local path = request.path
   if path:sub(1, #PREFIX + 1) ~= PREFIX .. "/" then failure.not_found() end
   local row, arguments = routes.match(request.method, path:sub(#PREFIX + 1))
   if row then return row, arguments end
   if not arguments then failure.not_found() end
   return nil, nil, table.concat(arguments, ", ")
end

-- The handler's input: path and query parameters by name, and the checked body.
local function read_input(row, input, request)
   for name, value in pairs(validate.query(row, request.query or "")) do input[name] = value end
   if row.name == "ingest_traces" then
      input.request = request
   elseif validate.form(row) then
      if (request.body or "") == "" then failure.raise(400, "The body is missing") end
      input.body = bodies.decode(request.body)
      validate.body(row, input.body)
   end
   return input
end

local function handle(sandbox, request)
   local status, answer_headers, answer_body = device.respond(sandbox.device, request)
   if status then return status, answer_body, nil, answer_headers end
   local session = authenticate(sandbox, request)
   local row, arguments, allowed = route(request)
   if not row then return 405, { error = "Method not allowed" }, allowed end
   sandbox = authorize(sandbox, request, row, session)
   local input = read_input(row, arguments, request)
   local handler = handlers[row.name]
   if row.verb == "GET" then return handler(sandbox, input) end
   return sandbox.store:transaction(handler, sandbox, input)
end

-- Turns whatever was raised into an answer; what is not ours is a fault and goes to stderr as well.
local function answer_failure(problem)
   if failure.is(problem) then return problem.status, { error = problem.message } end
   io.stderr:write("promptic sandbox: ", tostring(problem), "\n")
   return 500, { error = "Internal error of the sandbox: " .. tostring(problem):match "^[^\n]*" }
end

-- What the interpreter's hook raises on Ctrl-C: it is meant for the whole program, and no answer.
local INTERRUPT = "interrupted!"

local function is_interrupt(problem)
   return type(problem) == "string" and problem:match "^[^\n]*":sub(-#INTERRUPT) == INTERRUPT
end

-- A transaction passes on what it caught together with its own traceback.
local function with_traceback(problem)
   if failure.is(problem) then return problem end
   problem = tostring(problem)
   return problem:find("\nstack traceback:", 1, true) and problem or debug.traceback(problem, 2)
end

--- Answers one request: status, headers, body.
function server.respond(sandbox, request)
   local headers = { ["x-request-id"] = ids.uuid() }
   local done, status, value, allowed, own = xpcall(handle, with_traceback, sandbox, request)
   if not done and is_interrupt(status) then error(INTERRUPT, 0) end
   if not done then status, value = answer_failure(status) end
   if status == 204 then return status, headers, "" end
   if allowed then headers.allow = allowed end
   headers["content-type"] = "application/json"
   for name, text in pairs(done and own or {}) do headers[name] = text end
   -- A handler may write its JSON itself where there is a lot of it.
   return status, headers, type(value) == "string" and value or json.encode(value)
end

--- Listens on loopback. port 0 takes a free one.
function server.listen(sandbox, port, watch_stdin)
   return httpd.listen {
      port = port, max_body_bytes = MAX_BODY_BYTES, watch_stdin = watch_stdin,
      on_request = function(request) return server.respond(sandbox, request) end,
   }
end

return server
