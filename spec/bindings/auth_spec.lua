--- promptic.auth.login against a scripted server: failures of a device authorization. The whole of it, against the
--- sandbox: auth_sandbox_spec.
-- Tags: luas slow
local promptic = require "promptic"
local child = require "spec.support.child"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local STOP = {} -- raised by callbacks that have seen enough

local folder, file

before_each(function()
   folder = process.folder()
   file = folder .. "/config.toml"
end)

after_each(function()
   process.remove(folder)
end)

local function quiet() end

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
