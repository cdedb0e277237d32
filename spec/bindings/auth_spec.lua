--- promptic.auth.login: device authorization against the sandbox, where a person's part is played over HTTP,
--- and against a scripted server for what goes wrong on the way.
-- Tags: luas slow
local http = require "socket.http"
local ltn12 = require "ltn12"
local promptic = require "promptic"
local child = require "spec.support.child"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

local INTERVAL = 0.05 -- seconds between two polls of the sandbox
local STOP = {}       -- raised by callbacks that have seen enough

local folder, file

before_each(function()
   folder = process.folder()
   file = folder .. "/config.toml"
end)

after_each(function()
   process.remove(folder)
end)

local function quiet() end

-- One request to the page or to the login's own paths: status, text, headers.
local function send(method, url, body, headers)
   local pieces = {}
   local sent = { ["content-length"] = body and #body or nil }
   for name, value in pairs(headers or {}) do
      sent[name] = value
   end
   local _, status, received = assert(http.request{
      url = url, method = method, headers = sent, redirect = false,
      source = body and ltn12.source.string(body), sink = ltn12.sink.table(pieces),
   })
   return status, table.concat(pieces), received
end

local function answer(server, user_code, word)
   return (send("POST", server.url .. "/device", ("user_code=%s&answer=%s"):format(user_code, word)))
end

-- ------------------------------------------------------------------ sandbox

describe("a login at the sandbox", function()
   local server

   setup(function()
      server = sandbox.start{ arguments = { "--login-interval", INTERVAL, "--workspaces", "2" } }
   end)

   teardown(function()
      server:stop()
   end)

   -- Logs in; the person answers when the code has been polled for once.
   local function login(options, word)
      local told, waits = nil, 0
      local all = {
         endpoint = server.url, config_file = file,
         on_code = function(code) told = code end,
         on_wait = function()
            waits = waits + 1
            if waits == 2 then
               assert.equal(200, answer(server, told.user_code, word or "approve"))
            end
         end,
         choose = function(list) return list[1] end,
      }
      for name, value in pairs(options or {}) do
         all[name] = value
      end
      return promptic.auth.login(all), told
   end

   it("gives a session that works and is stored", function()
      local result, told = login()
      assert.equal(server.url .. "/device", told.verification_uri)
      assert.equal(told.verification_uri .. "?user_code=" .. told.user_code, told.verification_uri_complete)
      assert.equal(900, told.expires_in)
      assert.equal("Sandbox", result.workspace.name)
      local client = promptic.client{ config_file = file }
      assert.equal(("promptic.client (%s, access_token from file)"):format(server.url), tostring(client))
      assert.equal(result.workspace_id, client:get_workspace().id)
      client:close()
      assert.equal(('access_token = "%s"\nai_application_id = "%s"\nendpoint = "%s"\n'):format(
         result.access_token, result.ai_application_id, server.url), process.read_file(file))
      assert.same({ result.ai_application_id, result.ai_application, result.ai_applications },
         { result.workspace_id, result.workspace, result.workspaces })
   end)

   it("lets other tasks run meanwhile", function()
      local turns, result = 0, nil
      promptic.run(function()
         local other = promptic.spawn(function()
            while not result do
               turns = turns + 1
               promptic.sleep(0.005)
            end
         end)
         result = login()
         other:await()
      end)
      assert.is_true(turns > 3, turns)
      assert.is_string(result.access_token)
   end)

   it("takes the workspace that is chosen, by the table or by the id", function()
      local second = login{ choose = function(list) return list[2] end }.workspace
      assert.equal("Sandbox 2", second.name)
      assert.equal(second.id, login{ choose = function(list) return list[2].id end }.workspace_id)
      assert.equal(second.id, login{ workspace_id = second.id }.workspace_id)
      assert.equal(second.id, login{ ai_application_id = second.id }.ai_application_id)
      local client = promptic.client{ config_file = file }
      assert.equal("Sandbox 2", client:get_workspace().name)
      client:close()
   end)

   it("stores no workspace where nobody chooses one of several", function()
      process.write_file(file, 'workspace_id = "of an earlier session"\n')
      local result = login{ choose = function() end }
      assert.is_nil(result.workspace_id)
      assert.equal(2, #result.workspaces)
      local client = promptic.client{ config_file = file }
      assert.equal(2, #client:list_workspaces().data)
      assert.equal("auth", clients.failure(client.get_workspace, client).kind)
      client:close()
   end)

   it("refuses a workspace that the account has not", function()
      local problem = clients.failure(login, { workspace_id = "nowhere" })
      assert.equal("auth", problem.kind)
      assert.matches("nowhere", problem.message, 1, true)
   end)

   it("keeps an API key, which comes second, and all else in the file", function()
      process.write_file(file, '# mine\napi_key = "key-of-file"\n\n[other]\nx = 1\n')
      local result = login()
      assert.is_true(result.has_api_key)
      assert.matches('^# mine\napi_key = "key%-of%-file"\naccess_token = ".-"\n.-\n\n%[other%]\nx = 1\n$',
         process.read_file(file))
      local gone = promptic.auth.logout{ config_file = file }
      assert.same({ true, true, file }, { gone.was_logged_in, gone.has_api_key, gone.config_file })
      local rest = '# mine\napi_key = "key-of-file"\nendpoint = "%s"\n\n[other]\nx = 1\n'
      assert.equal(rest:format(server.url), process.read_file(file))
      assert.is_false(promptic.auth.logout{ config_file = file }.was_logged_in)
   end)

   it("stores nothing where that is not wanted", function()
      assert.is_string(login{ save = false }.access_token)
      assert.is_false(promptic.auth.status{ config_file = file }.exists)
   end)

   it("ends where it is denied", function()
      local problem = clients.failure(login, nil, "deny")
      assert.equal("auth", problem.kind)
      assert.matches("denied", problem.message, 1, true)
      assert.is_false(promptic.auth.status{ config_file = file }.exists)
   end)

   it("ends where the code expires", function()
      local hasty = sandbox.start{ arguments = { "--login-interval", INTERVAL, "--login-lifetime", "0.2" } }
      local told
      local problem = clients.failure(promptic.auth.login, {
         endpoint = hasty.url, config_file = file, on_code = function(code) told = code end,
      })
      assert.equal("auth", problem.kind)
      assert.matches("in time", problem.message, 1, true)
      assert.equal(404, answer(hasty, told.user_code, "approve"))
      hasty:stop()
   end)

   describe("plays a server that", function()
      local TYPE = "urn:ietf:params:oauth:grant-type:device_code"

      local function post(path, body)
         local status, text = send("POST", server.url .. path, promptic.json.encode(body))
         return status, promptic.json.decode(text)
      end

      local function new_code()
         return select(2, post("/api/auth/device/code", { client_id = "promptic-cli", scope = "openid" }))
      end

      local function poll(code, more)
         local body = { grant_type = TYPE, device_code = code.device_code, client_id = "promptic-cli" }
         for name, value in pairs(more or {}) do
            body[name] = value
         end
         local status, given = post("/api/auth/device/token", body)
         return status == 400 and given.error or given.access_token
      end

      it("knows one kind of client, grant and code", function()
         local status, given = post("/api/auth/device/code", { client_id = "other" })
         assert.same({ 400, "invalid_client" }, { status, given.error })
         local code = new_code()
         assert.equal("invalid_client", poll(code, { client_id = "other" }))
         assert.equal("unsupported_grant_type", poll(code, { grant_type = "password" }))
         assert.equal("invalid_grant", poll{ device_code = "guessed" })
         assert.matches("^[B-Z][B-Z][B-Z][B-Z]%-[B-Z][B-Z][B-Z][B-Z]$", code.user_code)
      end)

      it("tells who polls too fast to slow down", function()
         local code = new_code()
         assert.equal("authorization_pending", poll(code))
         local slow = sandbox.start{ arguments = { "--login-interval", "3" } }
         local url = server.url
         server.url = slow.url
         local other = new_code()
         assert.equal("authorization_pending", poll(other))
         assert.equal("slow_down", poll(other))
         server.url = url
         slow:stop()
      end)

      it("gives a token once", function()
         local code = new_code()
         answer(server, code.user_code, "approve")
         assert.matches("^session%-", poll(code))
         assert.equal("invalid_grant", poll(code))
      end)

      it("shows a page for the code, however that is typed", function()
         local code = new_code()
         local typed = code.user_code:lower():gsub("-", "+")
         local status, text, headers = send("GET", server.url .. "/device?user_code=" .. typed)
         assert.equal(200, status)
         assert.matches(code.user_code, text, 1, true)
         assert.matches("text/html", headers["content-type"], 1, true)
         assert.matches("frame-ancestors 'none'", headers["content-security-policy"], 1, true)
         assert.matches("Enter your code", select(2, send("GET", server.url .. "/device")), 1, true)
         status, text = send("GET", server.url .. "/device?user_code=%22%3E%3Cscript%3E")
         assert.equal(404, status)
         assert.not_matches("<script", text, 1, true)
      end)

      -- would take hours, and the request gives up before, if reading took the square of the length
      it("reads a form of two megabytes that is none", function()
         assert.equal(404, (send("POST", server.url .. "/device", ("a"):rep(2000000))))
         assert.equal(404, (send("POST", server.url .. "/device", ("=&"):rep(1000000))))
      end)

      it("takes no answer from another page, and answers to no other name", function()
         local code = new_code()
         local form = "answer=approve&user_code=" .. code.user_code
         for _, headers in ipairs{ { origin = "http://evil.example" }, { origin = "null" },
            { ["sec-fetch-site"] = "cross-site" } } do
            assert.equal(403, (send("POST", server.url .. "/device", form, headers)))
         end
         for _, method in ipairs{ "POST", "GET" } do
            local body = method == "POST" and form or nil
            assert.equal(421, (send(method, server.url .. "/device", body, { host = "evil.example:80" })))
         end
         assert.equal("authorization_pending", poll(code))
         local other = form:gsub("approve", "maybe")
         assert.equal(400, (send("POST", server.url .. "/device", other)))
         assert.equal(200, (send("POST", server.url .. "/device", form, { origin = server.url })))
      end)

      it("keeps the components of its workspaces apart", function()
         local token = login{ workspace_id = "5a4db0c5-0000-4000-8000-000000000002" }.access_token
         local second = { authorization = "Bearer " .. token,
            ["x-workspace-id"] = "5a4db0c5-0000-4000-8000-000000000002" }
         local id = server:post("/components", { name = "of the second" }, second).json.id
         assert.equal(200, server:get("/components/" .. id, second).status)
         assert.equal(404, server:get("/components/" .. id).status)
         for _, component in ipairs(server:get("/components").json.data) do
            assert.not_equal(id, component.id)
         end
         second["x-workspace-id"] = "5a4db0c5-0000-4000-8000-000000000003"
         assert.equal(404, server:get("/components", second).status)
      end)
   end)
end)

-- ------------------------------------------------------------------ scripted

describe("a login", function()
   local server

   setup(function()
      server = scripted.start()
   end)

   teardown(function()
      server:stop()
   end)

   before_each(function()
      server:reset()
   end)

   local CODE = {
      device_code = "device-code", user_code = "ABCD-EFGH", verification_uri = "https://e.example/device",
      interval = 0.01, expires_in = 60,
   }

   local function code(changes)
      local all = {}
      for name, value in pairs(CODE) do
         all[name] = value
      end
      for name, value in pairs(changes or {}) do
         all[name] = value or nil
      end
      return { body = promptic.json.encode(all) }
   end

   local PENDING = { status = 400, body = '{"error":"authorization_pending"}' }
   local TOKEN = { body = '{"access_token":"token-of-login","token_type":"Bearer"}' }
   local WORKSPACES = { body = '{"data":[{"id":"w1","name":"One"}]}' }

   local function login(options)
      local all = { endpoint = server.url, config_file = file, on_code = quiet }
      for name, value in pairs(options or {}) do
         all[name] = value
      end
      return promptic.auth.login(all)
   end

   it("sends what RFC 8628 says, without any credential", function()
      process.write_file(file, 'api_key = "key-of-file"\n')
      server:reply(code(), PENDING, PENDING, TOKEN, WORKSPACES)
      assert.equal("w1", login().workspace_id)
      local requests = server:requests()
      assert.equal(5, #requests)
      assert.equal("/api/auth/device/code", requests[1].target)
      assert.same({ client_id = "promptic-cli", scope = "openid profile email" },
         promptic.json.decode(requests[1].body))
      for index = 2, 4 do
         assert.equal("/api/auth/device/token", requests[index].target)
         local sent = promptic.json.decode(requests[index].body)
         assert.same({ grant_type = "urn:ietf:params:oauth:grant-type:device_code",
            device_code = "device-code", client_id = "promptic-cli" }, sent)
      end
      for index = 1, 4 do
         assert.equal("POST", requests[index].method)
         assert.equal("application/json", requests[index].header["content-type"])
         assert.is_nil(requests[index].header.authorization)
         assert.is_nil(requests[index].header["x-workspace-id"])
      end
      assert.equal("/api/v1/ai-applications", requests[5].target)
      assert.equal("Bearer token-of-login", requests[5].header.authorization)
   end)

   it("stays below the path of its endpoint", function()
      server:reply(code(), TOKEN, WORKSPACES)
      assert.equal(server.url .. "/below", login{ endpoint = server.url .. "/below/" }.endpoint)
      assert.equal("/below/api/auth/device/code", server:requests()[1].target)
      assert.equal("/below/api/v1/ai-applications", server:requests()[3].target)
   end)

   it("lists workspaces of a platform that knows no AI Applications, and stores the older name", function()
      process.write_file(file, 'ai_application_id = "of an earlier session"\n')
      server:reply(code(), TOKEN, { status = 404, body = '{"error":"Not found"}' }, WORKSPACES)
      assert.equal("w1", login().ai_application_id)
      assert.equal("/api/v1/workspaces", server:requests()[4].target)
      local text = process.read_file(file)
      assert.matches('workspace_id = "w1"', text, 1, true)
      assert.is_nil(text:find("ai_application_id", 1, true))
   end)

   it("fails where the list does, other than by 404", function()
      server:reply(code(), TOKEN, { status = 403, body = '{"error":"no"}' })
      assert.equal(403, clients.failure(login).status_code)
      assert.equal(3, #server:requests())
   end)

   it("refuses two different scopes before it asks", function()
      local problem = clients.failure(login, { ai_application_id = "a", workspace_id = "w" })
      assert.equal("config", problem.kind)
      assert.equal(0, #server:requests())
   end)

   -- The intervals and problems that the function is told of, until there are so many.
   local function watch(count, replies)
      server:reply(code(), table.unpack(replies))
      local seen = {}
      local fine, problem = pcall(login, {
         on_wait = function(waiting)
            seen[#seen + 1] = waiting
            if #seen == count then
               error(STOP, 0)
            end
         end,
      })
      assert.is_false(fine)
      assert.equal(STOP, problem)
      return seen
   end

   it("asks every five seconds where the server does not say how often", function()
      server:reply(code{ interval = false, expires_in = false })
      local seen
      assert.is_false(pcall(login, { on_wait = function(waiting)
         seen = waiting
         error(STOP, 0)
      end }))
      assert.equal(5, seen.interval)
      assert.is_true(seen.left > 800)
   end)

   it("slows down by five seconds when it is told to", function()
      local seen = watch(2, { { status = 400, body = '{"error":"slow_down"}' } })
      assert.near(0.01, seen[1].interval, 1e-9)
      assert.near(5.01, seen[2].interval, 1e-9)
   end)

   it("goes on after failures of the network", function()
      local seen = watch(5, { PENDING, { close = "reset" }, { status = 502, body = "<h1>Bad gateway</h1>" },
         { status = 429, headers = { ["Retry-After"] = "7" }, body = "{}" } })
      assert.is_nil(seen[2].problem)
      assert.equal("connection", seen[3].problem.kind)
      assert.equal(502, seen[4].problem.status_code)
      assert.near(0.01, seen[4].interval, 1e-9)
      assert.equal(7, seen[5].interval)
   end)

   it("succeeds after one", function()
      server:reply(code(), { close = "fin" }, PENDING, { close = "reset" }, TOKEN, WORKSPACES)
      assert.equal("token-of-login", login().access_token)
   end)

   it("gives up when the code has expired, also without an answer", function()
      server:reply(code{ expires_in = 0.3 }, PENDING, { stall = true })
      local start = promptic.now()
      local problem = clients.failure(login)
      assert.equal("auth", problem.kind)
      assert.matches("in time", problem.message, 1, true)
      assert.is_true(promptic.now() - start < 5)
   end)

   it("shows nothing that a terminal obeys, of codes and of errors", function()
      local evil = "\\u001b[31m\\u009b2J\\u202e\\u200fx"
      server:reply({ body = ([[{"device_code":"d","user_code":"%s","verification_uri":"http://h/%s","interval":0.01}]])
         :format(evil, evil) }, { status = 400, body = ('{"error":"%s","error_description":"%s"}'):format(evil, evil) })
      local shown = child.lua([[
         local promptic = require "promptic"
         local _, problem = pcall(promptic.auth.login, { endpoint = arg[1], config_file = "", save = false })
         io.stderr:write(problem.kind, " ", problem.code, " ", problem.message, "\n")
      ]] .. "", { server.url }, { HOME = folder }, "2>&1")
      assert.matches("enter the code [31m 2J x", shown, 1, true)
      assert.matches("auth login_failed the login failed: ", shown, 1, true)
      for _, bad in ipairs{ "\27", "\194\155", "\226\128\174", "\226\128\143" } do
         assert.is_nil(shown:find(bad, 1, true))
      end
   end)

   it("needs no file where nothing is to be stored", function()
      server:reply(code(), TOKEN, WORKSPACES)
      local session = login{ save = false, config_file = "" }
      assert.same({ "token-of-login", "" }, { session.access_token, session.config_file })
      local problem = clients.failure(login, { config_file = "" })
      assert.same({ "config", "no_config_file" }, { problem.kind, problem.code })
   end)

   -- { title, replies, kind, words of the message }
   local FAILURES = {
      { "an expired code", { PENDING, { status = 400, body = '{"error":"expired_token"}' } },
         "auth", "in time" },
      { "a denial", { { status = 403, body = '{"error":"access_denied"}' } }, "auth", "denied" },
      { "another error, with what is said of it",
         { { status = 400, body = '{"error":"invalid_grant","error_description":"no such code"}' } },
         "auth", "invalid_grant (no such code)" },
      { "an error that comes as a success", { { body = '{"error":"access_denied"}' } }, "auth", "denied" },
      { "an answer without a token", { { body = "{}" } }, "decode", "access_token" },
      { "an answer that is no JSON", { { body = "<html>" } }, "decode", "not JSON" },
      { "a redirect", { { status = 302, headers = { Location = "http://127.0.0.1:1/" } } },
         "api", "redirect" },
      { "an error without a code", { { status = 400, body = "bad" } }, "api", "bad" },
      { "an account without an AI Application", { TOKEN, { body = '{"data":[]}' } }, "auth", "no AI Application" },
      { "AI Applications that are none", { TOKEN, { body = '{"data":[{"name":"x"}]}' } }, "decode", "no id" },
      { "a token that is refused", { TOKEN, { status = 401, body = '{"error":"no"}' } }, "api", "no" },
      { "a token that cannot be sent", { { body = '{"access_token":"a\\nb"}' } },
         "config", "control character" },
   }

   for _, case in ipairs(FAILURES) do
      local title, replies, kind, words = table.unpack(case, 1, 4)
      it("fails with " .. title .. ", and stores nothing", function()
         server:reply(code(), table.unpack(replies))
         local problem = clients.failure(login)
         assert.equal(kind, problem.kind)
         assert.matches(words, problem.message, 1, true)
         assert.not_matches("device-code", tostring(problem), 1, true)
         assert.is_false(promptic.auth.status{ config_file = file }.exists)
      end)
   end

   it("says that an endpoint has no such login", function()
      server:reply{ status = 404, body = "{}" }
      local problem = clients.failure(login)
      assert.equal("auth", problem.kind)
      assert.matches(server.url .. " offers no device login", problem.message, 1, true)
   end)

   it("needs a code that is whole", function()
      server:reply(code{ user_code = false })
      assert.equal("decode", clients.failure(login).kind)
   end)

   it("tells of a file that it could not store in before anybody approves anything", function()
      process.write_file(file, "this is no TOML\n")
      local problem = clients.failure(login)
      assert.equal("config", problem.kind)
      assert.matches("config.toml:1", problem.message, 1, true)
      assert.equal(0, server:count())
   end)

   it("goes over plain http to this machine only", function()
      assert.equal("config", clients.failure(login, { endpoint = "http://e.example" }).kind)
   end)

   local MISUSED = {
      { { endpoint = 5 }, "endpoint" }, { { on_code = "x" }, "on_code", "function expected" },
      { { choose = true }, "choose", "function expected" }, { { open = true }, "open" },
   }
   for _, case in ipairs(MISUSED) do
      it("refuses a wrong option: " .. case[2], function()
         clients.refused(function() login(case[1]) end, "login", table.unpack(case, 2))
      end)
   end

   -- ------------------------------------------------------------------ in a process of its own

   local PROGRAM = [[
      local promptic = require "promptic"
      local url, file = ...
      local fine, problem = pcall(promptic.auth.login, {
         endpoint = url, config_file = file, open_browser = true,
         on_code = function(told) print(told.opens_browser) io.stdout:flush() end,
      })
      print(fine, problem)
   ]]

   -- A browser that tells its page through a FIFO, so it would block who waits for it.
   local function with_browser(uri, environment)
      local page = folder .. "/page"
      assert(os.execute(("mkdir %s/bin && mkfifo %s"):format(folder, page)))
      process.write_file(folder .. "/bin/xdg-open", "#!/bin/sh\necho \"$1\" >" .. page .. "\n")
      assert(os.execute(("chmod +x %s/bin/xdg-open"):format(folder)))
      server:reply(code{ verification_uri_complete = uri }, PENDING, TOKEN, WORKSPACES)
      local all = { PATH = folder .. "/bin:" .. os.getenv("PATH"), DISPLAY = "", WAYLAND_DISPLAY = "", BROWSER = "" }
      for name, value in pairs(environment) do
         all[name] = value
      end
      return child.lua(PROGRAM, { server.url, file }, all), page
   end

   it("opens a browser if there is one, and does not wait for it", function()
      local uri = "https://e.example/device?user_code=ABCD-EFGH&x=(1)"
      local said, page = with_browser(uri, { DISPLAY = ":7" })
      assert.matches("^true\ntrue", said)
      assert.equal(uri .. "\n", process.read_file(page))
   end)

   it("asks BROWSER first, which may be several commands and say where the page goes", function()
      for _, value in ipairs{ "none-such:xdg-open", "xdg-open %s", "none-such -x:env A=b xdg-open" } do
         local uri = "https://e.example/device?user_code=ABCD-EFGH"
         local said, page = with_browser(uri, { BROWSER = value })
         assert.matches("^true\ntrue", said)
         assert.equal(uri .. "\n", process.read_file(page))
         process.remove(folder .. "/bin")
         os.remove(page)
      end
      assert.matches("^false\ntrue", (with_browser("https://e.example/device", { BROWSER = "none-such",
         DISPLAY = ":7" })))
   end)

   it("opens none if there is no screen", function()
      assert.matches("^false\ntrue", (with_browser("https://e.example/device", {})))
   end)

   local NO_PAGES = { "file:///etc/passwd", "https://e.example/'; touch x; '", "-x", "https://e.example/ a" }
   for _, uri in ipairs(NO_PAGES) do
      it("opens no page that is none: " .. uri, function()
         assert.matches("^false\ntrue", (with_browser(uri, { WAYLAND_DISPLAY = "wayland-0" })))
      end)
   end

   it("is told on stderr where nobody says how", function()
      server:reply(code(), TOKEN, WORKSPACES)
      local said = child.lua([[
         local url, file = ...
         require("promptic").auth.login{ endpoint = url, config_file = file }
      ]], { server.url, file })
      assert.matches("open https://e.example/device and enter the code ABCD-EFGH", said, 1, true)
   end)
end)

-- ------------------------------------------------------------------ clients

describe("a client", function()
   it("cannot be made without a credential by an option", function()
      clients.refused(function() promptic.client{ anonymous = true } end, "anonymous")
   end)
end)
