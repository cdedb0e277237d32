--[[
HTTP in front of the handlers: every response in the platform's form, JSON with an x-request-id; errors are
{"error": "text"}. A request passes these, and the first that refuses it responds:

   the Host (421), the credential (401), the route (404, 405; 501 for a row that no handler serves), path and
   query (400), the scope (400, 404), the body (400), what the path's ids name (404), the handler

A handler takes the sandbox as seen from the request's workspace, and the input: path and query parameters
and `body` by name, and what the path names as rows (input.component). It returns status, value, headers.
]]
local access = require "promptic.sandbox.access"
local bodies = require "promptic.sandbox.bodies"
local device = require "promptic.sandbox.device"
local failure = require "promptic.sandbox.failure"
local httpd = require "promptic.httpd"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local promptic = require "promptic"
local resources = require "promptic.sandbox.resources"
local validate = require "promptic.sandbox.validate"

local server = {}

local PREFIX = "/api/v1"
local MAX_BODY_BYTES = 64 * 1024 * 1024

--- Operations by name; the modules of the resources say which they serve.
server.handlers = resources.load().handlers

local function route(sandbox, request)
   local path = request.path
   if path:sub(1, #PREFIX + 1) ~= PREFIX .. "/" then failure.no_route() end
   local row, arguments = sandbox.routes:match(request.method, path:sub(#PREFIX + 1))
   if row then return row, arguments end
   if not arguments then failure.no_route() end
   return nil, nil, table.concat(arguments, ", ")
end

local function read_body(row, input, request)
   if resources.raw_bodies[row.name] then
      input.request = request
   elseif validate.schemas(row).body then
      if (request.body or "") == "" then failure.invalid "The body is missing" end
      input.body = validate.body(row, bodies.decode(request.body))
   end
end

-- What reads and writes: the ids of the path are looked up in the same transaction.
local function serve(handler, sandbox, row, input)
   lookup.path(sandbox, row, input)
   return handler(sandbox, input)
end

local function call(sandbox, request)
   local session = access.authenticate(sandbox, request)
   local row, input, allowed = route(sandbox, request)
   if not row then return 405, { error = "Method not allowed" }, { allow = allowed } end
   local handler = server.handlers[row.name]
   if not handler then failure.raise(501, "The sandbox does not serve %s yet", row.name) end
   validate.path(row, input)
   for name, value in pairs(validate.query(row, request.query or "")) do input[name] = value end
   sandbox = access.enter(sandbox, request, row, input, session)
   read_body(row, input, request)
   if row.verb == "GET" then return serve(handler, sandbox, row, input) end
   return sandbox.store:transaction(serve, handler, sandbox, row, input)
end

local function handle(sandbox, request)
   access.check_host(sandbox, request)
   local status, value, headers = device.respond(sandbox, request)
   for _, resource in ipairs(resources.list) do
      if not status and resource.respond then status, value, headers = resource.respond(sandbox, request) end
   end
   if status then return status, value, headers end
   return call(sandbox, request)
end

-- Turns an error into a response; one that is not a Failure is a bug and goes to stderr as well.
local function answer_failure(sandbox, problem)
   if failure.is(problem) and problem.route then return 404, failure.forms[sandbox.not_found](problem) end
   if failure.is(problem) then return problem.status, failure.body(problem) end
   io.stderr:write("promptic sandbox: ", tostring(problem), "\n")
   return 500, { error = "Internal error of the sandbox: " .. tostring(problem):match "^[^\n]*" }
end

-- What a signal raises is meant for the whole program, not a response.
local function is_interrupt(problem)
   return promptic.is_error(problem, "interrupted")
end

-- A transaction passes on what it caught together with its own traceback.
local function with_traceback(problem)
   if failure.is(problem) or is_interrupt(problem) then return problem end
   problem = tostring(problem)
   return problem:find("\nstack traceback:", 1, true) and problem or debug.traceback(problem, 2)
end

--- Serves one request: status, headers, body.
function server.respond(sandbox, request)
   local done, status, value, own = xpcall(handle, with_traceback, sandbox, request)
   if not done and is_interrupt(status) then error(status, 0) end
   if not done then
      status, value, own = answer_failure(sandbox, status)
   end
   local headers = { ["x-request-id"] = ids.uuid() }
   if value ~= nil then headers["content-type"] = "application/json" end
   for name, text in pairs(own or {}) do headers[name] = text end
   -- A handler may write its JSON itself if there is a lot of it, also piece by piece (pages.lua).
   if type(value) == "function" then return status, headers, value end
   if value == nil or type(value) == "string" then return status, headers, value or "" end
   return status, headers, json.encode(value)
end

--- Listens on loopback. port 0 takes a free one, which is the sandbox's from then on.
function server.listen(sandbox, port, watch_stdin)
   local listening = httpd.listen {
      port = port, max_body_bytes = MAX_BODY_BYTES, watch_stdin = watch_stdin,
      on_request = function(request) return server.respond(sandbox, request) end,
   }
   sandbox.port = listening:port()
   return listening
end

return server
