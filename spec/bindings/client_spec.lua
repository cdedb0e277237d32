--- promptic.client: its options, where credentials come from, what it shows of itself, its end; the log.
-- Tags: luas valgrind
local promptic = require "promptic"
local child = require "spec.support.child"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared{ body = '{"id":"x"}' }

-- ------------------------------------------------------------------- module

describe("the module", function()
   it("names its version", function()
      assert.matches("^%d+%.%d+%.%d+$", promptic.version)
      assert.equal("promptic " .. promptic.version, promptic._VERSION)
   end)

   it("has the tables that require returns by name", function()
      assert.equal(promptic.json, require "promptic.json")
      assert.equal(promptic.experiments, require "promptic.experiments")
      assert.equal(promptic.json.null, promptic.null)
   end)

   it("holds each method once", function()
      local client = clients.open(server.url)
      for _, row in ipairs(promptic.endpoints) do
         assert.equal(client[row.name], promptic[row.module][row.name])
      end
      assert.equal(client.wait_for_experiment, promptic.experiments.wait_for_experiment)
      assert.equal(client.wait_for_evaluation, promptic.evaluations.wait_for_evaluation)
      assert.equal(client.each_experiment, promptic.experiments.each_experiment)
      assert.equal(client.each_trace, promptic.traces.each_trace)
      client:close()
   end)

   it("has the table of endpoints by number and by name", function()
      local row = promptic.endpoints.create_component
      assert.equal("POST", row.verb)
      for index, other in ipairs(promptic.endpoints) do
         assert.equal(other, promptic.endpoints[other.name])
         assert.is_true(index <= #promptic.endpoints)
      end
   end)

   it("sleeps a fraction of a second", function()
      local start = promptic.now()
      promptic.sleep(0.05)
      local took = promptic.now() - start
      assert.is_true(took >= 0.05 and took < 5, took)
   end)
end)

-- -------------------------------------------------------------- credentials

local HOME_CONFIG = 'api_key = "key-of-file"\n'
local SESSION_CONFIG = HOME_CONFIG .. 'access_token = "token-of-file"\nworkspace_id = "workspace-of-file"\n'

local PYTHON_CONFIG = 'access_token = "token-of-file"\nai_application_id = "application-of-file"\n'

-- { title, options, environment, file, what tostring says of the source, Authorization, X-AI-Application-Id, which
-- is X-Workspace-Id as well }
local SOURCES = {
   { "an argument", 'api_key = "key-of-argument"', { PROMPTIC_API_KEY = "key-of-environment" }, HOME_CONFIG,
      "api_key from arguments", "Bearer key-of-argument" },
   { "a token as an argument", 'access_token = "t", workspace_id = "w"',
      { PROMPTIC_API_KEY = "key-of-environment" }, HOME_CONFIG,
      "access_token from arguments", "Bearer t", "w" },
   { "a token before a key", 'access_token = "t", workspace_id = "w", api_key = "k"', {}, nil,
      "access_token from arguments", "Bearer t", "w" },
   { "the environment before the file", "", { PROMPTIC_API_KEY = "key-of-environment" }, HOME_CONFIG,
      "api_key from environment", "Bearer key-of-environment" },
   { "a token of the environment", "",
      { PROMPTIC_ACCESS_TOKEN = "t", PROMPTIC_WORKSPACE_ID = "w", PROMPTIC_API_KEY = "k" }, HOME_CONFIG,
      "access_token from environment", "Bearer t", "w" },
   { "the file", "", {}, HOME_CONFIG, "api_key from file", "Bearer key-of-file" },
   { "a token of the file", "", {}, SESSION_CONFIG, "access_token from file", "Bearer token-of-file",
      "workspace-of-file" },
   { "a token of today's Python package", "", {}, PYTHON_CONFIG, "access_token from file", "Bearer token-of-file",
      "application-of-file" },
   { "a token with an AI Application", 'access_token = "t", ai_application_id = "a"', {}, nil,
      "access_token from arguments", "Bearer t", "a" },
   { "a token, its scope under both names", 'access_token = "t", ai_application_id = "a", workspace_id = "a"', {},
      nil,
      "access_token from arguments", "Bearer t", "a" },
   { "the environment's newer name", 'access_token = "t"', { PROMPTIC_AI_APPLICATION_ID = "a" }, SESSION_CONFIG,
      "access_token from arguments", "Bearer t", "a" },
   { "an older name before a newer one of a lower source", 'access_token = "t", workspace_id = "w"',
      { PROMPTIC_AI_APPLICATION_ID = "a" }, PYTHON_CONFIG, "access_token from arguments", "Bearer t", "w" },
   { "an API key, whose scope is its own", 'api_key = "k", workspace_id = "w", ai_application_id = "a"', {}, nil,
      "api_key from arguments", "Bearer k" },
   { "no file where it is not wanted", 'config_file = "", api_key = "k"', {}, "this is no TOML",
      "api_key from arguments", "Bearer k" },
}

local PROGRAM = [[
   local promptic = require "promptic"
   local fine, client = pcall(promptic.client, { %s })
   print(client)
   if fine then
      client:get_workspace()
   end
]]

local function run(options, environment, file)
   local home = process.folder()
   if file then
      assert(os.execute("mkdir " .. home .. "/.promptic"))
      process.write_file(home .. "/.promptic/config.toml", file)
   end
   local all = { HOME = home, PROMPTIC_ENDPOINT = server.url }
   for name, value in pairs(environment) do
      all[name] = value
   end
   local said = child.lua(PROGRAM:format(options), {}, all)
   process.remove(home)
   return said
end

-- { title, options, environment, file, whether it is refused }
local LOCAL, AWAY = 'endpoint = "http://127.0.0.1:1"\n', 'endpoint = "https://e.example"\n'
local PAIRS = {
   { "of the environment", "", { PROMPTIC_API_KEY = "k" }, LOCAL, "environment" },
   { "of the environment, a token", "", { PROMPTIC_ACCESS_TOKEN = "t", PROMPTIC_WORKSPACE_ID = "w" }, LOCAL,
      "environment" },
   { "of the arguments", 'api_key = "k"', {}, LOCAL, "arguments" },
   { "of the environment, a key in the file", "", { PROMPTIC_API_KEY = "k" }, HOME_CONFIG .. LOCAL, "environment" },
   { "of the environment, [::1]", "", { PROMPTIC_API_KEY = "k" }, 'endpoint = "http://[::1]:1"\n', "environment" },
   { "of the same file", "", {}, HOME_CONFIG .. LOCAL },
   { "of the environment with its endpoint", "", { PROMPTIC_API_KEY = "k", PROMPTIC_ENDPOINT = "http://127.0.0.1:2" },
      LOCAL },
   { "of the environment and an endpoint as an argument", 'endpoint = "http://127.0.0.1:2"',
      { PROMPTIC_API_KEY = "k" }, LOCAL },
   { "of the environment and another machine", "", { PROMPTIC_API_KEY = "k" }, AWAY },
}

describe("an endpoint of this machine in the file", function()
   for _, case in ipairs(PAIRS) do
      local title, options, environment, file, refused = table.unpack(case, 1, 5)
      it((refused and "is not combined with a credential " or "may stand beside a credential ") .. title, function()
         local home = process.folder()
         finally(function() process.remove(home) end)
         assert(os.execute("mkdir " .. home .. "/.promptic"))
         process.write_file(home .. "/.promptic/config.toml", file)
         local all = { HOME = home, PROMPTIC_ENDPOINT = "" }
         for name, value in pairs(environment) do
            all[name] = value
         end
         local said = child.lua(([[
            local promptic = require "promptic"
            local fine, problem = pcall(promptic.client, { %s })
            print(fine, not fine and problem.kind, not fine and problem.message)
         ]]):format(options), {}, all)
         if refused then
            assert.matches("^false\tconfig\tendpoint in .*config.toml:%d is this machine, but the credential comes "
               .. "from the " .. refused .. ": set PROMPTIC_ENDPOINT", said)
         else
            assert.matches("^true", said)
         end
      end)
   end
end)

describe("credentials come from", function()
   for _, case in ipairs(SOURCES) do
      local title, options, environment, file, source, bearer, workspace = table.unpack(case, 1, 7)
      it(title, function()
         local expected = ("promptic.client (%s, %s)\n"):format(server.url, source)
         assert.equal(expected, run(options, environment, file))
         local header = server:requests()[1].header
         assert.equal(bearer, header.authorization)
         assert.equal(workspace, header["x-ai-application-id"])
         assert.equal(workspace, header["x-workspace-id"])
      end)
   end

   -- { options, environment, file, what the message names }
   for _, case in ipairs{
      { 'access_token = "t", ai_application_id = "a", workspace_id = "w"', {}, nil,
         "ai_application_id and workspace_id differ" },
      { 'access_token = "t"', { PROMPTIC_AI_APPLICATION_ID = "a", PROMPTIC_WORKSPACE_ID = "w" }, nil,
         "PROMPTIC_AI_APPLICATION_ID and PROMPTIC_WORKSPACE_ID differ" },
      { "", {}, SESSION_CONFIG .. 'ai_application_id = "a"\n',
         "ai_application_id in .*config.toml:4 and workspace_id in .*config.toml:3 differ" },
   } do
      it("one source with one scope: " .. case[4], function()
         assert.matches("^config: " .. case[4], run(case[1], case[2], case[3]))
         assert.equal(0, #server:requests())
      end)
   end

   it("nowhere, which is an error that tells the three ways", function()
      local said = run("", {}, nil)
      for _, word in ipairs{ "^auth: ", "api_key", "PROMPTIC_API_KEY", "config.toml" } do
         assert.matches(word, said)
      end
   end)
end)

-- ------------------------------------------------------------------- itself

describe("a client", function()
   it("shows the endpoint and where the credential is from, and never the credential", function()
      local client = clients.open(server.url .. "///")
      local shown = "promptic.client (" .. server.url .. ", api_key from arguments"
      assert.equal(shown .. ")", tostring(client))
      client:close()
      assert.equal(shown .. ", closed)", tostring(client))
   end)

   it("names itself and Lua to the server", function()
      local client = clients.open(server.url, { user_agent = "game/1.2" })
      client:get_workspace()
      local lua = _VERSION:gsub(" ", "/")
      local expected = ("game/1.2 %s promptic-lua/%s libcurl/"):format(lua, promptic.version)
      assert.equal(expected, server:requests()[1].header["user-agent"]:sub(1, #expected))
      client:close()
   end)

   it("takes numbers of any kind as options", function()
      local client = clients.open(server.url, {
         timeout = 1, deadline = math.huge, backoff = 0, max_retries = 1.0, max_response_bytes = 1000.0,
      })
      assert.equal("x", client:get_workspace().id)
      client:close()
   end)

   it("does not answer after its end, which comes once", function()
      local client = clients.open(server.url)
      client:close()
      client:close()
      local problem = clients.failure(client.get_workspace, client)
      assert.equal("cancelled", problem.kind)
      assert.equal("cancelled: the client is closed", tostring(problem))
      assert.equal("GET", problem.method)
   end)

   -- As text, because older Luas do not even read it.
   local block = (loadstring or load)("local client <close> = ...")
   if block then
      it("is closed at the end of its block", function()
         local client = clients.open(server.url)
         block(client)
         assert.matches("closed", tostring(client))
      end)
   end

   it("has no fields that can be set", function()
      local client = clients.open(server.url)
      assert.has_error(function()
         client.timeout = 5
      end)
      client:close()
   end)

   it("cannot be mistaken by its metamethods", function()
      local client = clients.open(server.url)
      local metatable = debug.getmetatable(client) -- a script without the library debug has no way to it
      metatable.__gc(7)
      metatable.__gc(io.stdout)
      assert.has_error(function()
         metatable.__close({})
      end)
      metatable.__gc(client)
      metatable.__gc(client)
      assert.equal("promptic.client (closed)", tostring(client))
      assert.equal("cancelled", clients.failure(client.get_workspace, client).kind)
      client:close()
   end)

   it("has connections of its own, which end with close", function()
      local first, second = clients.open(server.url), clients.open(server.url)
      for _ = 1, 2 do
         first:get_workspace()
         second:get_workspace()
      end
      assert.equal(2, server:seen().accepted)
      first:close()
      second:get_workspace()
      assert.equal(2, server:seen().accepted)
      second:close()
   end)
end)

-- ------------------------------------------------------------------ garbage

it("survives the collector at every step", function()
   local pause = collectgarbage("setpause", 0)
   local client = clients.open(server.url, { log = function()
      collectgarbage()
   end })
   for index = 1, 20 do
      local result = client:create_observations("e", { { input = tostring(index), expected = "x" } })
      collectgarbage()
      assert.equal(200, promptic.response(result).status)
      clients.open(server.url) -- becomes garbage
      pcall(client.get_component, client, 7)
   end
   client:close()
   collectgarbage("setpause", pause)
end)

it("lets results and what came with them go", function()
   local client = clients.open(server.url)
   local weak = setmetatable({}, { __mode = "v" })
   weak.result = client:get_workspace()
   weak.response = promptic.response(weak.result)
   client:close()
   collectgarbage()
   collectgarbage()
   assert.is_nil(weak.result)
   assert.is_nil(weak.response)
end)

-- ---------------------------------------------------------------------- log

describe("the log", function()
   local lines

   local function open(log)
      return clients.open(server.url, { log = log })
   end

   before_each(function()
      lines = {}
   end)

   local function note(level, text)
      lines[#lines + 1] = { level, text }
   end

   it("tells of attempts and retries", function()
      server:reply{ status = 503 }
      local client = open(note)
      client:get_workspace()
      assert.equal(2, #lines)
      assert.equal("warning", lines[1][1])
      assert.matches("GET /workspace: .*503.* attempt 2", lines[1][2])
      assert.equal("debug", lines[2][1])
      assert.matches("GET /workspace: 200 %(attempt 2", lines[2][2])
      client:close()
   end)

   it("may fail without harm to the call", function()
      local client = open(function()
         error({})
      end)
      assert.equal("x", client:get_workspace().id)
      client:close()
   end)

   it("warns where it fails", function()
      if _VERSION:match("5%.[123]") then
         return pending("no warnings in this Lua")
      end
      local said = child.lua([[
         warn "@on"
         local promptic = require "promptic"
         local function log()
            error "no disk"
         end
         local client = promptic.client{ endpoint = arg[1], api_key = "k", log = log }
         print(client:get_workspace().id)
      ]], { server.url })
      assert.matches("Lua warning: promptic: in the log function: .*no disk", said)
      assert.matches("\nx\n$", said)
   end)

   it("cannot use a client, for that is in the middle of a call", function()
      local problem
      local client
      client = open(function()
         local _, message = pcall(client.get_workspace, client)
         problem = message
         assert.is_false(pcall(client.close, client))
         assert.is_false(pcall(promptic.sleep, 0))
      end)
      assert.equal("x", client:get_workspace().id)
      assert.equal("a log function cannot use the client whose calls it logs", problem)
      client:close()
   end)

   it("may yield no more than any function called from C", function()
      local client = open(coroutine.yield)
      local co = coroutine.create(client.get_workspace)
      assert.is_true(coroutine.resume(co, client))
      assert.equal("dead", coroutine.status(co))
      client:close()
   end)

   it("runs in the coroutine that makes the call", function()
      local seen
      local client = open(function()
         seen = coroutine.running()
      end)
      local co = coroutine.create(client.list_components)
      coroutine.resume(co, client)
      assert.equal(co, seen)
      client:close()
   end)
end)
