-- auth.lua - promptic.auth: logging in by device authorization (RFC 8628), and the configuration file that
-- it ends in. Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, ipairs, pcall = error, ipairs, pcall
local io, math, os, tostring, type = io, math, os, tostring, type

local methods, library, tasks = import "methods", import "c.library", import "tasks"
local core = import "c.auth"
local failure = import "failure"
local is_error, is_passing, raise, attempt = failure.is_error, failure.is_passing, failure.raise, failure.attempt
local check, now, promptic, sleep = library.check, library.now, library.promptic, tasks.sleep

local auth = promptic.auth
local save = auth.save -- whatever a script puts in its place

local CLIENT_ID, SCOPE = "promptic-cli", "openid profile email"
local CODE_PATH, TOKEN_PATH = "/api/auth/device/code", "/api/auth/device/token"
local GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"

local DEFAULT_INTERVAL = 5   -- seconds; RFC 8628, 3.2
local SLOW_DOWN = 5          -- seconds more for each slow_down; RFC 8628, 3.5
local LONGEST_INTERVAL = 60  -- seconds, after failures of the network
local DEFAULT_LIFETIME = 900 -- seconds, of a code without a lifetime
local CALL_DEADLINE = 30     -- seconds; a call that hangs is to be tried again while the code is valid

-- The text, or the positive number, of this name in a response; nil if there is none.
local function text_in(answer, name)
   local value = type(answer) == "table" and answer[name]
   return type(value) == "string" and value ~= "" and value or nil
end

local function seconds_in(answer, name, default)
   local value = answer[name]
   return type(value) == "number" and value > 0 and value or default
end

-- ------------------------------------------------------------------ browser

-- Only a web address that is safe between single quotes: it comes from a server.
local function is_web_address(text)
   return text:find("^https?://[%w%-%._~:/%?#%[%]@!%$&%(%)%*%+,;=%%]+$") ~= nil
end

local function succeeds(command)
   local result = os.execute(command)
   return result == true or result == 0
end

local function quote(text)
   return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- The first command of BROWSER whose program is there: commands are separated by colons, and %s is the page. Empty
-- if there is none; nil where BROWSER is not set.
local function chosen_browser()
   local list = os.getenv("BROWSER") or ""
   for command in list:gmatch("[^:]+") do
      local program = command:match("^%s*(%S+)")
      if program and succeeds("command -v " .. quote(program) .. " >/dev/null 2>&1") then
         return command
      end
   end
   return list ~= "" and "" or nil
end

-- The command that opens a page, if there is a screen to open it on.
local function browser()
   local chosen = chosen_browser()
   if chosen then
      return chosen ~= "" and chosen or nil
   elseif core.is_macos then
      return "open"
   end
   local display, wayland = os.getenv("DISPLAY"), os.getenv("WAYLAND_DISPLAY")
   local has_screen = (display or "") ~= "" or (wayland or "") ~= ""
   return has_screen and succeeds("command -v xdg-open >/dev/null 2>&1") and "xdg-open" or nil
end

-- The shell does not wait for the program, which Ctrl-C does not reach either.
local function open_page(command, address)
   local page = quote(address)
   local line, count = command:gsub("%%s", function()
      return page
   end)
   return succeeds((count > 0 and line or command .. " " .. page) .. " </dev/null >/dev/null 2>&1 &")
end

-- ------------------------------------------------------------------ code

-- max_retries: polls are repeated anyway, at their own interval.
local function open_client(settings, deadline, max_retries)
   return core.client{
      endpoint = settings.endpoint,
      config_file = settings.reads,
      ca_file = settings.ca_file,
      user_agent = settings.user_agent,
      allow_http = settings.allow_http,
      deadline = deadline,
      max_retries = max_retries,
   }
end

local function ask_for_code(client)
   local fine, answer = attempt(methods.request, client, "POST", CODE_PATH, {
      body = { client_id = CLIENT_ID, scope = SCOPE },
   })
   if not fine then
      if is_error(answer) and answer.status_code == 404 then
         local endpoint = core.describe(client).endpoint
         raise("auth", endpoint .. " offers no device login: check the endpoint", "no_device_login")
      end
      error(answer, 0)
   end
   local device_code, user_code = text_in(answer, "device_code"), text_in(answer, "user_code")
   local address = text_in(answer, "verification_uri")
   if not (device_code and user_code and address) then
      raise("decode", "the response to the login lacks device_code, user_code or verification_uri",
         "unexpected_response")
   end
   return {
      device_code = device_code,
      interval = seconds_in(answer, "interval", DEFAULT_INTERVAL),
      shown = {
         user_code = user_code,
         verification_uri = address,
         verification_uri_complete = text_in(answer, "verification_uri_complete"),
         expires_in = seconds_in(answer, "expires_in", DEFAULT_LIFETIME),
      },
   }
end

local function print_code(code)
   io.stderr:write(("promptic: to log in, open %s and enter the code %s\n"):format(
      library.clean(code.verification_uri), library.clean(code.user_code)))
end

-- The code is shown in any case: the browser may be on another screen than the person.
local function show_code(settings, code)
   local address = code.verification_uri_complete or code.verification_uri
   local program = settings.open_browser and is_web_address(address) and browser() or nil
   code.opens_browser = program ~= nil
   local on_code = settings.on_code or print_code
   on_code(code)
   if program then
      open_page(program, address)
   end
end

-- ------------------------------------------------------------------ token

-- The server's OAuth error code (RFC 6749, 5.2) and its description.
local function oauth_error(answer)
   if is_error(answer) and answer.body then
      local read, body = pcall(promptic.json.decode, answer.body)
      answer = read and body
   end
   return text_in(answer, "error"), text_in(answer, "error_description")
end

local function refuse(code, description)
   if code == "access_denied" then
      raise("auth", "the login was denied in the browser", "login_denied")
   elseif code == "expired_token" then
      raise("auth", "the login was not approved in time: start it again", "login_expired")
   end
   raise("auth", "the login failed: " .. code .. (description and " (" .. description .. ")" or ""),
      "login_failed")
end

-- After a failure of the network the pace is reduced (RFC 8628, 3.5).
local function slower(interval, err)
   if err.retry_after then
      return math.max(interval, err.retry_after)
   elseif err.kind == "timeout" then
      return math.max(interval, math.min(interval * 2, LONGEST_INTERVAL))
   end
   return interval
end

-- One poll: the token; or nil, the next interval, and the problem.
local function look(client, device_code, interval)
   local fine, answer = attempt(methods.request, client, "POST", TOKEN_PATH, {
      body = { grant_type = GRANT_TYPE, device_code = device_code, client_id = CLIENT_ID },
   })
   local token = fine and text_in(answer, "access_token")
   if token then
      return token
   end
   local code, description = oauth_error(answer)
   if code == "authorization_pending" then
      return nil, interval
   elseif code == "slow_down" then
      return nil, interval + SLOW_DOWN
   elseif not fine and is_error(answer) and is_passing(answer) then
      return nil, slower(interval, answer), answer
   elseif code and (fine or is_error(answer)) then
      refuse(code, description)
   elseif fine then
      raise("decode", "the response to the login lacks access_token", "unexpected_response")
   end
   error(answer, 0)
end

-- Polls until the login is approved, denied or expired.
local function wait_for_token(settings, code)
   local client = open_client(settings, CALL_DEADLINE, 0)
   local interval, stop, problem = code.interval, now() + code.shown.expires_in, nil
   while true do
      local left = stop - now()
      if left <= 0 then
         refuse("expired_token")
      end
      if settings.on_wait then
         settings.on_wait{ interval = interval, left = left, problem = problem }
      end
      sleep(math.min(interval, left))
      left = stop - now()
      if left > 0 then
         local hurried = left < CALL_DEADLINE and open_client(settings, left, 0)
         local token
         token, interval, problem = look(hurried or client, code.device_code, interval)
         if hurried then
            hurried:close()
         end
         if token then
            client:close()
            return token
         end
      end
   end
end

-- ------------------------------------------------------------------ AI Application

-- The older name of an AI Application is workspace; platforms that know only that respond to the newer path with 404.
local NEWER, OLDER = "ai_application_id", "workspace_id"

-- The AI Applications that the session can reach, and the key that their id is stored under.
local function applications_of(settings, endpoint, token)
   local client = promptic.client{
      endpoint = endpoint,
      access_token = token,
      config_file = "",
      ca_file = settings.ca_file,
      user_agent = settings.user_agent,
      allow_http = settings.allow_http,
   }
   local name = NEWER
   local fine, answer = attempt(methods.list_ai_applications, client)
   if not fine and is_error(answer) and answer.status_code == 404 then
      name = OLDER
      fine, answer = attempt(methods.list_workspaces, client)
   end
   client:close()
   if not fine then
      error(answer, 0)
   end
   local list = type(answer) == "table" and answer.data
   if type(list) ~= "table" then
      raise("decode", "the response has no list of AI Applications", "unexpected_response")
   end
   for _, application in ipairs(list) do
      if not text_in(application, "id") then
         raise("decode", "an AI Application has no id", "unexpected_response")
      end
   end
   return list, name
end

local function find(list, id)
   for _, application in ipairs(list) do
      if application.id == id then
         return application
      end
   end
   raise("auth", ("the account has no AI Application '%s'"):format(tostring(id)), "unknown_application")
end

-- The one to work in; nil if there are several and none was chosen.
local function pick(settings, list)
   if #list == 0 then
      raise("auth", "the account has no AI Application: create one on the platform, then log in again",
         "no_applications")
   elseif settings[NEWER] or settings[OLDER] then
      return find(list, settings[NEWER] or settings[OLDER])
   elseif #list == 1 then
      return list[1]
   end
   local chosen = settings.choose and settings.choose(list)
   if chosen == nil or chosen == false then
      return nil
   end
   return find(list, type(chosen) == "table" and chosen.id or chosen)
end

-- ------------------------------------------------------------------ functions

-- Without a file there is nothing wrong with one, if none is needed.
local function check_file(path, is_needed)
   local info, problem = core.inspect(path)
   if info.path ~= "" and problem then
      raise("config", problem)
   elseif info.path == "" and is_needed then
      raise("config", problem, "no_config_file")
   end
   return info
end

-- The file that a client reads: one that is named but does not exist yet is no error here.
local function readable(path, info)
   return path and not info.exists and "" or path
end

local function log_in(settings, info)
   local client = open_client(settings, CALL_DEADLINE)
   local endpoint = core.describe(client).endpoint
   local code = ask_for_code(client)
   client:close()
   show_code(settings, code.shown)
   local token = wait_for_token(settings, code)
   local list, name = applications_of(settings, endpoint, token)
   local application = pick(settings, list)
   if settings.save ~= false then
      local values = {
         access_token = token,
         endpoint = endpoint ~= core.DEFAULT_ENDPOINT and endpoint,
         config_file = settings.config_file,
      }
      values[NEWER], values[OLDER] = false, false
      values[name] = application and application.id or false
      save(values)
   end
   return {
      access_token = token,
      ai_application_id = application and application.id,
      ai_application = application,
      ai_applications = list,
      workspace_id = application and application.id,
      workspace = application,
      workspaces = list,
      endpoint = endpoint,
      config_file = info.path,
      has_api_key = info.api_key,
      was_shared = info.is_shared,
   }
end

--- Logs in with a browser, on this or another device, and stores the session. Suspends a task, blocks
--- elsewhere.
--- Returns { access_token =, ai_application_id = (nil: none was chosen of several), ai_application =,
--- ai_applications =, endpoint =, config_file =, has_api_key = (the file has one, which stays and comes second),
--- was_shared = }; workspace_id, workspace and workspaces are the same under their older names.
function auth.login(...)
   local settings = check["auth.login"](...)
   if settings[NEWER] and settings[OLDER] and settings[NEWER] ~= settings[OLDER] then
      raise("config", "ai_application_id and workspace_id differ: they are two names of one id, give one",
         "two_applications")
   end
   -- reports a problem of the file before anything is approved
   local info = check_file(settings.config_file, settings.save ~= false)
   settings.reads = readable(settings.config_file, info)
   return tasks.run(log_in, settings, info)
end

--- Removes the session token and its AI Application from the file, and the endpoint with them unless an API key stays
--- there: the next credential would be sent to it. Returns { config_file =, was_logged_in =, has_api_key =,
--- had_endpoint = (it was removed) }.
function auth.logout(...)
   local settings = check["auth.logout"](...)
   local info = check_file(settings.config_file, true)
   local changes = {
      access_token = false, ai_application_id = false, workspace_id = false, config_file = settings.config_file,
   }
   if not info.api_key then
      changes.endpoint = false
   end
   save(changes)
   return {
      config_file = info.path,
      was_logged_in = info.access_token,
      has_api_key = info.api_key,
      had_endpoint = info.endpoint and not info.api_key,
   }
end

--- What a client would use, without any secret: source ("environment", "file", "none"), credential
--- ("access_token", "api_key", "none"), ai_application_id (and workspace_id, the same), endpoint,
--- endpoint_source, proxy (host:port); config_file, exists, is_shared (others can read it); problem (a text).
function auth.status(...)
   local settings = check["auth.status"](...)
   local info, problem = core.inspect(settings.config_file)
   local given = { config_file = readable(settings.config_file, info) }
   local fine, client = pcall(promptic.client, given)
   if not fine then
      problem = problem or client.kind ~= "auth" and client.message or nil
      fine, client = pcall(core.client, given)
   end
   local status = fine and core.describe(client) or { source = "none", credential = "none" }
   if fine then
      client:close()
   end
   status.config_file, status.exists, status.is_shared = info.path, info.exists, info.is_shared
   status.problem = problem
   return status
end
