--[[
The server's side of a device login (RFC 8628), as `promptic login` and promptic.auth use it:

   POST /api/auth/device/code    returns a code, which is valid for a while
   POST /api/auth/device/token   is polled until the code is approved or denied; a poll sooner than
                                 `interval` gets slow_down, which lengthens it
   GET  /device                  the page on which a person approves it; POST takes the answer

A session token from here is accepted like the fixed one, together with X-Workspace-Id. Codes and tokens are
kept in memory: they end with the sandbox, also with --db.
]]
local bodies = require "promptic.sandbox.bodies"
local failure = require "promptic.sandbox.failure"
local promptic = require "promptic"
local page = require "promptic.sandbox.device_page"
local routes = require "promptic.sandbox.routes"
local secrets = require "promptic.sandbox.secrets"

local device = {}

local CLIENT_ID = "promptic-cli"
local GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
local SLOW_DOWN = 5 -- seconds more for each poll that came too early; RFC 8628, 3.5
local EARLY = 0.05  -- seconds by which a timer may be early without being blamed

-- Letters of a user code: no vowels, so that no word comes out (RFC 8628, 6.1).
local LETTERS = "BCDFGHJKLMNPQRSTVWXZ"

local MOST_LOGINS = 1000 -- under way; they are kept until they expire

--- The state of all logins: interval and lifetime of a code in seconds.
function device.new(interval, lifetime)
   return {
      interval = interval, lifetime = lifetime,
      count = 0, by_device_code = {}, by_user_code = {}, sessions = {},
   }
end

---------------------------------------------------------------- secrets

local function user_code()
   local letters = {}
   while #letters < 8 do
      local byte = secrets.bytes(1):byte()
      -- a byte above the last multiple of the letters would make some more likely than others
      if byte < 256 - 256 % #LETTERS then
         local at = byte % #LETTERS + 1
         letters[#letters + 1] = LETTERS:sub(at, at)
      end
   end
   table.insert(letters, 5, "-")
   return table.concat(letters)
end

-- As a person may type it: in lower case, without the hyphen, with spaces.
local function normal(code)
   local letters = code:upper():gsub("[^A-Z]", "")
   return #letters == 8 and letters:sub(1, 4) .. "-" .. letters:sub(5) or nil
end

---------------------------------------------------------------- logins

local function forget(state, login)
   state.by_device_code[login.device_code], state.by_user_code[login.user_code] = nil, nil
   state.count = state.count - 1
end

local function forget_expired(state)
   local now = promptic.now()
   for _, login in pairs(state.by_device_code) do
      -- kept a while longer, so that further polls get expired_token
      if now > login.expires + state.lifetime then forget(state, login) end
   end
end

local function new_login(state)
   local login = {
      device_code = secrets.token(), user_code = user_code(), status = "pending",
      interval = state.interval, expires = promptic.now() + state.lifetime,
   }
   state.by_device_code[login.device_code], state.by_user_code[login.user_code] = login, login
   state.count = state.count + 1
   return login
end

local function find(state, code)
   local login = state.by_user_code[normal(code) or ""]
   return login and promptic.now() < login.expires and login or nil
end

---------------------------------------------------------------- API

local function refuse(code, description)
   return 400, { error = code, error_description = description }
end

local function text_of(body, name)
   local value = body[name]
   return type(value) == "string" and value or nil
end

local function read(request)
   local body = bodies.decode(request.body or "")
   if type(body) ~= "table" then failure.raise(400, "The body is not a JSON object") end
   return body
end

local handlers = {}

handlers["POST /api/auth/device/code"] = function(state, request)
   local body = read(request)
   if text_of(body, "client_id") ~= CLIENT_ID then return refuse("invalid_client", "unknown client_id") end
   forget_expired(state)
   if state.count >= MOST_LOGINS then failure.raise(429, "Too many logins are under way") end
   local login = new_login(state)
   local address = ("http://%s/device"):format(request.headers.host)
   return 200, {
      device_code = login.device_code, user_code = login.user_code, verification_uri = address,
      verification_uri_complete = address .. "?user_code=" .. login.user_code,
      expires_in = state.lifetime, interval = state.interval,
   }
end

local function grant(state, login)
   local token = "session-" .. secrets.token()
   state.sessions[token] = true
   forget(state, login)
   return 200, { access_token = token, token_type = "Bearer", scope = "openid profile email" }
end

handlers["POST /api/auth/device/token"] = function(state, request)
   local body = read(request)
   if text_of(body, "grant_type") ~= GRANT_TYPE then return refuse("unsupported_grant_type") end
   if text_of(body, "client_id") ~= CLIENT_ID then return refuse("invalid_client", "unknown client_id") end
   local login, now = state.by_device_code[text_of(body, "device_code") or ""], promptic.now()
   if not login then return refuse("invalid_grant", "unknown device_code") end
   local is_early = login.polled and now - login.polled < login.interval - EARLY
   login.polled = now
   if now >= login.expires then return refuse("expired_token", "the code has expired") end
   if is_early then
      login.interval = login.interval + SLOW_DOWN
      return refuse("slow_down", ("wait %g s between two requests"):format(login.interval))
   elseif login.status == "denied" then
      forget(state, login)
      return refuse("access_denied", "the request was denied")
   elseif login.status == "approved" then
      return grant(state, login)
   end
   return refuse("authorization_pending", "the login is not approved yet")
end

---------------------------------------------------------------- page

local function form(text)
   local values = {}
   for pair in (text or ""):gmatch "[^&]+" do
      local name, value = pair:match "^([^=]*)=?(.*)$"
      values[routes.decode(name, true)] = routes.decode(value, true)
   end
   return values
end

local UNKNOWN = "There is no such code, or it has expired."
local ANSWERS = { approve = "approved", deny = "denied" }

handlers["GET /device"] = function(state, request)
   local code = form(request.query).user_code
   if not code or code == "" then return 200, page.enter() end
   local login = find(state, code)
   if not login then return 404, page.enter(UNKNOWN, code) end
   if login.status ~= "pending" then return 200, page.answered(login.status) end
   return 200, page.approve(login.user_code)
end

handlers["POST /device"] = function(state, request)
   local values = form(request.body)
   local login = find(state, values.user_code or "")
   if not login then return 404, page.enter(UNKNOWN, values.user_code) end
   if login.status == "pending" then
      local answer = ANSWERS[values.answer or ""]
      if not answer then return 400, page.approve(login.user_code) end
      login.status = answer
   end
   return 200, page.answered(login.status)
end

---------------------------------------------------------------- requests

-- A page of another origin must not approve in a person's place. Browsers name theirs with every form.
local function check_origin(request)
   local headers = request.headers
   local origin, site = headers.origin, headers["sec-fetch-site"]
   if request.method == "GET" then return end
   if (origin and origin ~= "http://" .. headers.host) or site == "cross-site" or site == "same-site" then
      failure.raise(403, "A page of another origin sent this")
   end
end

--- Serves a request that belongs to a login: status, body, headers. nil for any other.
function device.respond(sandbox, request)
   local handler = handlers[request.method .. " " .. request.path]
   if not handler then return nil end
   check_origin(request)
   local status, answer = handler(sandbox.device, request)
   if type(answer) == "string" then return status, answer, page.headers() end
   return status, answer, { ["cache-control"] = "no-store" }
end

return device
