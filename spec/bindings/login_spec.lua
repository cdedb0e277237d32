--- The commands around the credential: login, logout, configure, auth status, ai-application select; on a terminal
--- and through pipes.
local http = require "socket.http"
local json = require("promptic").json
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local terminal = require "spec.support.terminal"

local SECOND = "5a4db0c5-0000-4000-8000-000000000002"

local server, run, home, file

setup(function()
   server = sandbox.start{ arguments = { "--login-interval", "0.1", "--workspaces", "2" } }
end)

teardown(function()
   server:stop()
end)

before_each(function()
   home = process.folder()
   file = home .. "/.promptic/config.toml"
   local promptic = command.new()
   function run(call)
      local env = { HOME = home }
      for name, value in pairs(call.env or {}) do
         env[name] = value
      end
      call.env = env
      return promptic(call)
   end
end)

after_each(function()
   process.remove(home)
end)

local function answer(shown, word)
   local code = assert(shown:match("user_code=([A-Z]+%-[A-Z]+)"), shown)
   local _, status = http.request(server.url .. "/device", ("user_code=%s&answer=%s"):format(code, word))
   assert.equal(200, status)
end

local function write_config(text)
   assert(os.execute("mkdir -p -m 700 " .. home .. "/.promptic"))
   process.write_file(file, text)
   assert(os.execute("chmod 600 " .. file))
end

-- ------------------------------------------------------------------ login

describe("promptic login on a terminal", function()
   local function start(width, ...)
      local row = { "scripts/promptic", "login", "--endpoint", server.url, ... }
      row.width, row.home = width, home
      return terminal.start(row)
   end

   it("shows page and code, waits, asks for an AI Application and stores the session", function()
      local screen = start(90)
      local shown = screen:wait(" left")
      local page = server.url .. "/device?user_code="
      assert.matches("To sign in, open this page:\n\n  " .. page, shown, 1, true)
      assert.matches("\n  [A-Z][A-Z][A-Z][A-Z]%-[A-Z][A-Z][A-Z][A-Z]\n", shown)
      assert.matches("not approved yet, 1[45]:%d%d left", shown)
      answer(shown, "approve")
      assert.matches("2  Sandbox 2  " .. SECOND, screen:wait("1 to 2"), 1, true)
      screen:type("2")
      screen:press("Enter")
      local ended = screen:wait("[exit ")
      assert.matches("Signed in to " .. server.url .. ", AI Application Sandbox 2.\n[exit 0]", ended, 1, true)
      assert.not_matches("left", ended, 1, true)
      screen:stop()
      assert.matches('ai_application_id = "' .. SECOND .. '"', process.read_file(file), 1, true)
      assert.equal("Sandbox 2", run{ "ai-application", "info", "--json" }.json.name)
   end)

   it("ends at once on Ctrl-C, and stores nothing", function()
      local screen = start(80)
      screen:wait(" left")
      screen:press("C-c")
      assert.matches("promptic: interrupted\n[exit 130]", screen:wait("[exit "), 1, true)
      screen:stop()
      assert.is_nil(io.open(file))
   end)

   it("says that it was denied, also if there is little room", function()
      local screen = start(40)
      answer((screen:wait(" left"):gsub("\n", "")), "deny")
      local ended = screen:wait("[exit 1]")
      assert.matches("denied", ended, 1, true)
      screen:stop()
   end)

   for _, flag in ipairs{ "--ai-application", "--workspace" } do
      it("takes an AI Application from the command line, " .. flag, function()
         local screen = start(80, flag, SECOND)
         answer(screen:wait(" left"), "approve")
         assert.matches("AI Application Sandbox 2", screen:wait("[exit 0]"), 1, true)
         screen:stop()
      end)
   end
end)

describe("promptic login through a pipe", function()
   -- Reads what the command says line by line, and answers when the code is there.
   local function login(env)
      local words = {}
      for name, value in pairs(env or {}) do
         words[#words + 1] = process.quote(name .. "=" .. value)
      end
      local line = ("env -u PROMPTIC_API_KEY -u PROMPTIC_ENDPOINT -u DISPLAY -u WAYLAND_DISPLAY HOME=%s %s %s "
         .. "scripts/promptic login --endpoint %s </dev/null 2>&1; echo exit $?")
      line = line:format(process.quote(home), table.concat(words, " "), process.quote(os.getenv("PROMPTIC_LUA")),
         server.url)
      local pipe = assert(io.popen(line))
      local said, answered = {}, false
      for text in pipe:lines() do
         said[#said + 1] = text
         if text:find("user_code=", 1, true) and not answered then
            answered = true
            answer(text, "approve")
         end
      end
      pipe:close()
      return table.concat(said, "\n")
   end

   it("draws nothing, and tells how to choose one of several AI Applications", function()
      local said = login()
      assert.not_matches("\27", said, 1, true)
      assert.matches("waiting until it is approved in the browser\n", said, 1, true)
      local first = SECOND:gsub("2$", "1")
      assert.matches("promptic ai-application select ID`:\n  " .. first .. "  Sandbox\n", said, 1, true)
      assert.matches("exit 0$", said)
      local status = run{ "auth", "status", "--json" }.json
      assert.is_nil(status.ai_application_id)
      assert.equal("access_token", status.credential)
      assert.equal(0, run{ "ai-application", "select", SECOND }.code)
      status = run{ "auth", "status", "--json" }.json
      assert.same({ SECOND, SECOND }, { status.ai_application_id, status.workspace_id })
   end)

   it("tells of what goes before the session, and of what stays", function()
      write_config('api_key = "key-of-file"\n')
      assert(os.execute("chmod 644 " .. file))
      local said = login{ PROMPTIC_API_KEY = "key-of-environment" }
      -- the sandbox's endpoint is never combined with that key
      assert.matches("is this machine, but the credential comes from the environment", said, 1, true)
      assert.matches("the API key in " .. file .. " stays", said, 1, true)
      assert.matches("others could read or change " .. file, said, 1, true)
      assert.not_matches("key-of", said, 1, true)
      assert.not_matches("session-", said, 1, true)
   end)

   it("fails with a hint if there is no such login", function()
      local result = run{ "login", "--endpoint", server.url .. "/nowhere" }
      assert.equal(1, result.code)
      assert.equal("", result.stdout)
      assert.matches("promptic: ", result.stderr, 1, true)
   end)

   it("refuses plain http to other machines", function()
      local result = run{ "login", "--endpoint", "http://e.example" }
      assert.equal(1, result.code)
      assert.matches("plain http", result.stderr, 1, true)
   end)
end)

-- ------------------------------------------------------------------ logout

describe("promptic logout", function()
   it("removes the session and keeps the rest", function()
      write_config('# mine\naccess_token = "session-secret"\nworkspace_id = "w"\napi_key = "k"\n[t]\nx = 1\n')
      local result = run{ "logout" }
      assert.equal(0, result.code)
      assert.matches("Signed out", result.stdout, 1, true)
      assert.matches("API key there stays", result.stdout, 1, true)
      assert.equal('# mine\napi_key = "k"\n[t]\nx = 1\n', process.read_file(file))
   end)

   it("removes the endpoint too, where no API key stays", function()
      write_config(('access_token = "session-x"\nworkspace_id = "w"\nendpoint = "%s"\n'):format(server.url))
      local result = run{ "logout" }
      assert.equal(("Signed out: the session is gone from %s.\nThe endpoint that was stored there is gone as well.\n")
         :format(file), result.stdout)
      assert.equal("", process.read_file(file))
      assert.equal("https://promptic.eu", run{ "auth", "status", "--json" }.json.endpoint)
   end)

   it("names an endpoint that stays with an API key", function()
      write_config(('access_token = "session-x"\napi_key = "k"\nendpoint = "%s"\n'):format(server.url))
      local result = run{ "logout" }
      assert.matches(("Calls go to %s, as the configuration file says.\n"):format(server.url), result.stdout, 1, true)
      assert.matches("endpoint = ", process.read_file(file), 1, true)
   end)

   it("says that a credential of the environment stays", function()
      for name, value in pairs{ PROMPTIC_API_KEY = "k", PROMPTIC_ACCESS_TOKEN = "session-y" } do
         write_config 'access_token = "session-x"\nai_application_id = "w"\n'
         local result = run{ "logout", env = { [name] = value, PROMPTIC_AI_APPLICATION_ID = "w" } }
         assert.matches(name .. " in the environment stays, and is used", result.stdout, 1, true)
      end
   end)

   it("has nothing to do without one", function()
      local result = run{ "logout" }
      assert.equal(0, result.code)
      assert.equal("There was no session to remove.\n", result.stdout)
      assert.is_nil(io.open(file))
   end)
end)

-- --------------------------------------------------------------- configure

describe("promptic configure", function()
   -- A shell sets the terminal as it likes it when a program is suspended, and leaves it so at fg.
   it("never shows the key, also after Ctrl-Z and fg", function()
      local screen = terminal.start{ shell = true, width = 80, home = home }
      finally(function() screen:stop() end)
      screen:wait_line("$ ")
      screen:type("$PROGRAM scripts/promptic configure")
      screen:press("Enter")
      screen:wait("API key")
      for round = 1, 2 do
         screen:type("pk_visible")
         screen:press("C-z")
         screen:wait("Stopped")
         screen:wait_line("$ ")
         screen:type("clear; fg")
         screen:press("Enter")
         screen:wait("API key")
         assert.is_nil(screen:screen():find("visible", 1, true), round)
      end
      screen:type("pk_visible")
      screen:press("Enter")
      screen:wait("Endpoint [")
      screen:press("Enter")
      assert.is_nil(screen:wait("Stored"):find("visible", 1, true))
      assert.matches('api_key = "pk_visible"', process.read_file(file), 1, true)
   end)

   it("names an endpoint that is not the platform's", function()
      write_config(('endpoint = "%s"\n'):format(server.url))
      local result = run{ "configure", "--api-key", "k" }
      assert.equal(("Stored the API key in %s.\nCalls go to %s, as the configuration file says.\n"):format(file,
         server.url), result.stdout)
   end)

   it("asks for the key without showing it", function()
      local screen = terminal.start{ "scripts/promptic", "configure", width = 80, home = home }
      screen:wait("API key")
      screen:type([[pk-"typed"\secret]])
      screen:press("Enter")
      screen:wait("Endpoint [https://promptic.eu]:")
      screen:type(server.url)
      screen:press("Enter")
      local ended = screen:wait("[exit 0]")
      assert.not_matches("typed", ended, 1, true)
      assert.matches("Stored the API key and the endpoint in " .. file, ended:gsub("\n", ""), 1, true)
      screen:stop()
      assert.equal(([[api_key = "pk-\"typed\"\\secret"]] .. '\nendpoint = "%s"\n'):format(server.url),
         process.read_file(file))
   end)

   it("takes the key from standard input, and works then", function()
      local key = server.key .. "\n"
      local result = run{ "configure", "--api-key", "-", "--endpoint", server.url, stdin = key }
      assert.equal(0, result.code, result.stderr)
      assert.equal("Sandbox", run{ "workspace", "info", "--json" }.json.name)
   end)

   it("removes the endpoint where it is the default", function()
      write_config('endpoint = "http://localhost:1"\napi_key = "k"\n')
      assert.equal(0, run{ "configure", "--endpoint", "https://promptic.eu/" }.code)
      assert.equal('api_key = "k"\n', process.read_file(file))
   end)

   it("says that a session goes before the key", function()
      write_config('access_token = "t"\nworkspace_id = "w"\n')
      local result = run{ "configure", "--api-key", "k" }
      assert.equal(0, result.code)
      assert.matches("promptic logout", result.stderr, 1, true)
   end)

   -- { arguments, exit code, words of stderr }
   local REFUSED = {
      { {}, 2, "--api-key or --endpoint is missing" },
      { { "--api-key", "-" }, 1, "holds no API key" },
      { { "--api-key", "" }, 2, "empty" },
      { { "--api-key", "a\nb" }, 2, "control character" },
      { { "--endpoint", "http://e.example" }, 1, "plain http" },
      { { "--endpoint", "e.example" }, 1, "https://" },
   }
   for _, case in ipairs(REFUSED) do
      it("refuses " .. (#case[1] > 0 and json.encode(case[1]) or "to guess"), function()
         local result = run{ "configure", table.unpack(case[1]) }
         assert.equal(case[2], result.code, result.stderr)
         assert.matches(case[3], result.stderr, 1, true)
         assert.is_nil(io.open(file))
      end)
   end

   it("tells of a folder that is none", function()
      process.write_file(home .. "/.promptic", "")
      local result = run{ "configure", "--api-key", "k" }
      os.remove(home .. "/.promptic")
      assert.equal(1, result.code)
      assert.matches("config.toml cannot be written: a part of its path is not a folder", result.stderr, 1, true)
   end)

   it("tells of a file that is wrong, and leaves it", function()
      write_config("api_key = unquoted\n")
      local result = run{ "configure", "--api-key", "k" }
      assert.equal(1, result.code)
      assert.matches("config.toml:1", result.stderr, 1, true)
      assert.equal("api_key = unquoted\n", process.read_file(file))
   end)
end)

-- ------------------------------------------------------------- auth status

describe("promptic auth status", function()
   local SESSION = 'access_token = "session-secret"\nworkspace_id = "w"\napi_key = "key-secret"\n'

   -- { title, file, environment, exit code, fields of the document }
   local STATUS = {
      { "nothing", nil, {}, 1, { authenticated = false, credential = "none", source = "none",
         endpoint = "https://promptic.eu", endpoint_source = "default", config_file_exists = false } },
      { "a session of the file", SESSION, {}, 0, { authenticated = true, credential = "access_token",
         source = "file", workspace_id = "w", config_file_exists = true, config_file_shared = false } },
      { "a key of the environment", SESSION, { PROMPTIC_API_KEY = "key-secret" }, 0,
         { credential = "api_key", source = "environment" } },
      { "an endpoint of the environment", SESSION, { PROMPTIC_ENDPOINT = "https://e.example/" }, 0,
         { endpoint = "https://e.example", endpoint_source = "environment" } },
      { "an endpoint of the file", 'endpoint = "https://e.example"\n', {}, 1,
         { endpoint = "https://e.example", endpoint_source = "file", credential = "none" } },
   }

   for _, case in ipairs(STATUS) do
      local title, text, env, code, fields = table.unpack(case, 1, 5)
      it("tells of " .. title .. ", and of no secret", function()
         if text then
            write_config(text)
         end
         local result = run{ "auth", "status", "--json", env = env }
         assert.equal(code, result.code)
         for name, value in pairs(fields) do
            assert.equal(value, result.json[name], name)
         end
         local shown = run{ "auth", "status", env = env }
         assert.equal(code, shown.code)
         for _, said in ipairs{ result.stdout, result.stderr, shown.stdout, shown.stderr } do
            assert.not_matches("secret", said, 1, true)
         end
      end)
   end

   it("warns where others can read the file", function()
      write_config(SESSION)
      assert(os.execute("chmod 640 " .. file))
      local shown = run{ "auth", "status" }
      assert.matches("(others can read or change it)", shown.stdout, 1, true)
      assert.matches("chmod 600", shown.stderr, 1, true)
      assert.is_true(run{ "auth", "status", "--json" }.json.config_file_shared)
   end)

   it("warns wherever a credential from such a file is used, and of no other", function()
      write_config(('api_key = "%s"\nendpoint = "%s"\n'):format(server.key, server.url))
      assert(os.execute("chmod 644 " .. file))
      local result = run{ "workspace", "info", "--json" }
      assert.equal("Sandbox", result.json.name)
      assert.equal(("Warning: others can read or change %s; chmod 600 keeps it to you.\n"):format(file), result.stderr)
      assert.equal("", run{ "workspace", "info",
         env = { PROMPTIC_API_KEY = server.key, PROMPTIC_ENDPOINT = server.url } }.stderr)
      assert(os.execute("chmod 600 " .. file))
      assert.equal("", run{ "workspace", "info" }.stderr)
   end)

   it("names the file's fault", function()
      write_config("api_key = unquoted\n")
      local result = run{ "auth", "status", "--json" }
      assert.equal(1, result.code)
      assert.matches("config.toml:1", result.json.problem, 1, true)
      assert.equal("", result.stderr)
      assert.matches("config.toml:1", run{ "auth", "status" }.stderr, 1, true)
   end)
end)

-- -------------------------------------------------- ai-application select

describe("promptic ai-application select", function()
   before_each(function()
      write_config(('access_token = "session-%s"\nendpoint = "%s"\n'):format(server.key, server.url))
   end)

   it("repairs a file with two different ids, and the error of that names it", function()
      write_config(('access_token = "session-%s"\nworkspace_id = "%s"\nai_application_id = "other"\nendpoint = "%s"\n')
         :format(server.key, SECOND, server.url))
      local refused = run{ "ai-application", "info" }
      assert.equal(1, refused.code)
      assert.matches("give one, or run `promptic ai-application select ID`", refused.stderr, 1, true)
      assert.matches(SECOND, run{ "ai-application", "list" }.stdout, 1, true) -- the ids to choose from
      assert.equal("Using the AI Application Sandbox 2.\n", run{ "ai-application", "select", SECOND }.stdout)
      assert.equal("Sandbox 2", run{ "ai-application", "info", "--json" }.json.name)
      assert.is_nil(process.read_file(file):find("workspace_id", 1, true))
   end)

   -- The second is the older name of the group.
   for _, group in ipairs{ "ai-application", "workspace" } do
      it("stores another one, as " .. group, function()
         assert.equal("Using the AI Application Sandbox 2.\n", run{ group, "select", SECOND }.stdout)
         assert.matches('ai_application_id = "' .. SECOND .. '"', process.read_file(file), 1, true)
         assert.equal("Sandbox 2", run{ group, "info", "--json" }.json.name)
         assert.matches("ID +NAME +IN USE.*\n%S+01 +Sandbox +%-.*\n" .. SECOND:gsub("%-", "%%-")
            .. " +Sandbox 2 +yes", run{ group, "list" }.stdout)
      end)
   end

   it("knows one that is not there, and what may have been meant", function()
      local result = run{ "ai-application", "select", (SECOND:gsub("2$", "7")) }
      assert.equal(1, result.code)
      assert.matches("Did you mean '5a4db0c5-", result.stderr, 1, true)
   end)

   it("is not for API keys", function()
      local result = run{ "ai-application", "select", SECOND,
         env = { PROMPTIC_API_KEY = server.key, PROMPTIC_ENDPOINT = server.url } }
      assert.equal(1, result.code)
      assert.matches("belongs to one AI Application", result.stderr, 1, true)
   end)
end)
