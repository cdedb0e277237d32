--- promptic doctor: what it finds at the sandbox, at other servers, and without one.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"
local tls_server = require "spec.support.tls_server"

local server, promptic

setup(function()
   server = sandbox.start{ pace = 0, arguments = { "--gone", "old-model" } }
   promptic = command.new(server)
end)

teardown(function() server:stop() end)

-- The findings by name, the lists of "prompts" and "platform" last; and the exit code.
local function look(env, run)
   local result = (run or promptic){ "doctor", "--json", env = env }
   assert.equal("", result.stderr)
   local by_name = {}
   for _, finding in ipairs(result.json.findings) do by_name[finding.name] = finding end
   assert.equal(result.code == 0, result.json.ok)
   return by_name, result.code, result.json.findings
end

-- Of those that are no problem there may be any number.
local function problems_of(findings)
   local names = {}
   for _, finding in ipairs(findings) do
      if finding.state == "problem" then names[#names + 1] = finding.name end
   end
   return names
end

-- A platform of which each operation answers as `lua` says; `path` is below /api/v1.
local function platform(lua)
   local peer = scripted.start()
   peer:route([[
      local _, request = ...
      local path = request.target:match("^/api/v1([^?]*)")
      local function json(body, status) return { status = status, body = body } end
      local known = { ["/ai-application"] = '{"id":"a","name":"A"}', ["/workspace"] = '{"id":"a"}',
         ["/traces/stats"] = '{"totalTraces":0,"totalTokens":0,"totalCostUsd":0,"errorRate":0}',
         ["/traces"] = '{"traces":[],"total":0}' }
      ]] .. lua .. [[
      return json(known[path] or '{"data":[]}')
   ]])
   return peer
end

describe("promptic doctor", function()
   it("finds nothing wrong with the sandbox, and changes nothing there", function()
      local found, code, findings = look()
      assert.same({}, problems_of(findings))
      assert.equal(0, code)
      for _, name in ipairs{ "version", "endpoint", "proxy", "credential", "connection", "TLS", "clock",
         "GET /workspace", "GET /ai-application", "GET /models", "GET /components", "GET /experiments", "GET /traces",
         "GET /traces/stats", "latency", "prompts" } do
         assert.is_table(found[name], name)
         assert.equal("ok", found[name].state, name)
      end
      assert.matches("^answers in %d+ ms$", found["GET /models"].text)
      assert.equal("takes the session of `promptic login`", found["GET /ai-applications"].text)
      assert.equal("API key, from the environment", found.credential.text)
      assert.equal(server.url .. ", from the environment", found.endpoint.text)
      local promptic_module = require "promptic"
      assert.matches("promptic " .. promptic_module.version, found.version.text, 1, true)
      assert.matches(promptic_module.contract.date, found.version.text, 1, true)
      local text = promptic{ "doctor" }
      assert.equal(0, text.code)
      assert.matches("\nok       GET /components       answers in %d+ ms\n", text.stdout)
   end)

   it("makes no request but GET, one after the other", function()
      local peer = platform ""
      finally(function() peer:stop() end)
      look{ PROMPTIC_ENDPOINT = peer.url }
      local seen = peer:requests()
      assert.is_true(#seen >= 10)
      for _, request in ipairs(seen) do assert.equal("GET", request.method) end
      assert.equal(1, peer:seen().accepted)
   end)

   it("looks for deployed prompts of at most 20 components, and for models that are gone", function()
      local peer = platform [[
         if path == "/components" then
            local list = {}
            for index = 1, 25 do list[index] = ('{"id":"c%d","name":"n%d"}'):format(index, index) end
            return json('{"data":[' .. table.concat(list, ",") .. ']}')
         elseif path == "/models" then
            return json('{"data":[{"id":"new","name":"N","provider":"P","group":"openai","judgeEligible":false}]}')
         elseif path:find "/c[1-4]/" then
            local number = tonumber(path:match "/c(%d)/")
            return json(('{"prompt":"p","model":"%s","provider":"%s","experimentId":"e%d"}'):format(
               ({ "new", "old", "own", "new" })[number], number == 3 and "custom" or "openai", number))
         elseif path:find "^/components/" then
            return json "null"
         end
      ]]
      finally(function() peer:stop() end)
      local _, code, findings = look{ PROMPTIC_ENDPOINT = peer.url }
      assert.equal(1, code)
      assert.same({ "prompts" }, problems_of(findings))
      local asked = 0
      for _, request in ipairs(peer:requests()) do
         if request.target:find "/components/" then asked = asked + 1 end
      end
      assert.equal(20, asked)
      local gone, last = findings[#findings - 1], findings[#findings]
      assert.equal("n2 is for the model old, which `promptic models list` no longer has", gone.text)
      assert.matches("promptic experiments duplicate e2 -m MODEL", gone.advice, 1, true)
      assert.same({ "note", "4 of 20 components checked (of 25) have a deployed prompt" }, { last.state, last.text })
   end)

   it("takes a newer and an older platform for what they are", function()
      local newer = platform [[ if path:find "workspace" then return json('{"error":"Not found"}', 404) end ]]
      local older = platform [[ if path:find "application" or path == "/models" then return { status = 404 } end ]]
      finally(function()
         newer:stop()
         older:stop()
      end)
      local found, code = look{ PROMPTIC_ENDPOINT = newer.url }
      assert.same({ 0, "ok", "not here: newer platforms dropped it" },
         { code, found["GET /workspace"].state, found["GET /workspace"].text })
      found, code = look{ PROMPTIC_ENDPOINT = older.url }
      assert.same({ 0, "note", "not here: this platform is older" },
         { code, found["GET /models"].state, found["GET /models"].text })
   end)

   it("reports an operation that fails, or answers something else", function()
      local peer = platform [[
         if path == "/experiments" then return json('{"error":"no"}', 500) end
         if path == "/traces" then return json('[]') end
         if path == "/models" then return json('{"error":"no credit"}', 402) end
      ]]
      finally(function() peer:stop() end)
      local found, code = look{ PROMPTIC_ENDPOINT = peer.url }
      assert.equal(1, code)
      assert.same({ "problem", "[500] no" }, { found["GET /experiments"].state, found["GET /experiments"].text })
      assert.matches("^not what was expected: ", found["GET /traces"].text)
      assert.same({ "problem", "[402] no credit" }, { found["GET /models"].state, found["GET /models"].text })
   end)

   it("asks the other operations where the list of components fails", function()
      local peer = platform [[
         if path == "/components" then return json('{"error":"no"}', 503) end
      ]]
      finally(function() peer:stop() end)
      local found, code = look{ PROMPTIC_ENDPOINT = peer.url }
      assert.equal(1, code)
      assert.same({ "problem", "[503] no" }, { found["GET /components"].state, found["GET /components"].text })
      assert.equal("ok", found["GET /experiments"].state)
      assert.is_nil(found.platform or found.prompts)
   end)

   it("knows a server that is no platform, and asks no further", function()
      local peer = scripted.start()
      finally(function() peer:stop() end)
      peer:always{ status = 404, body = "<html>Not here</html>", headers = { ["Content-Type"] = "text/html" } }
      local found, code, findings = look{ PROMPTIC_ENDPOINT = peer.url }
      assert.equal(1, code)
      assert.same({ "platform" }, problems_of(findings))
      assert.equal("no Promptic platform answers there: is the endpoint right?", found.platform.advice)
      assert.equal(1, #peer:requests())
      assert.equal("ok", found.connection.state)
   end)

   it("says whose credential was refused", function()
      local found, code = look{ PROMPTIC_API_KEY = "wrong" }
      assert.equal(1, code)
      assert.matches("the API key was refused", found.platform.advice, 1, true)
      assert.is_nil(found["GET /models"])
   end)

   it("says that there is no credential, and none that can be used", function()
      local bare = command.new(nil)
      local folder = process.folder()
      finally(function() process.remove(folder) end)
      local found, code = look({ HOME = folder }, bare)
      assert.same({ 1, "problem", "none" }, { code, found.credential.state, found.credential.text })
      found = look({ HOME = folder, PROMPTIC_ACCESS_TOKEN = "t" }, bare)
      assert.equal("session of `promptic login`, from the environment, without an AI Application",
         found.credential.text)
      os.execute("mkdir " .. folder .. "/.promptic")
      process.write_file(folder .. "/.promptic/config.toml",
         ('api_key = "k"\nendpoint = "%s/api/v1"\n'):format(server.url))
      os.execute("chmod 644 " .. folder .. "/.promptic/config.toml")
      found, code = look({ HOME = folder }, bare)
      assert.same({ 1, "problem", "problem" }, { code, found.file.state, found.configuration.state })
      assert.matches("/api/v1", found.configuration.text, 1, true)
      found = look({ PROMPTIC_ENDPOINT = "https://platform.invalid", PROMPTIC_API_KEY = "k",
         https_proxy = "socks9://x" }, bare)
      assert.matches("^https_proxy is not the URL of a proxy", found.configuration.text)
      assert.is_nil(found.configuration.advice) -- the text says all, and no other setting is wrong
   end)

   it("compares the clocks", function()
      -- { seconds that the server's clock is ahead, state, what the text has }
      for _, case in ipairs{ { 0, "ok", "agrees" }, { 120, "note", "s behind" }, { -120, "note", "s ahead" },
         { 7200, "problem", "s behind" } } do
         local peer = platform(([[ do return { body = known[path] or '{"data":[]}',
            headers = { Date = os.date("!%%a, %%d %%b %%Y %%H:%%M:%%S GMT", os.time() + %d) } } end ]]):format(case[1]))
         local found = look{ PROMPTIC_ENDPOINT = peer.url }
         peer:stop()
         assert.equal(case[2], found.clock.state, found.clock.text)
         assert.matches(case[3], found.clock.text, 1, true)
      end
   end)
end)

describe("promptic doctor, on the way to the platform,", function()
   it("says where nobody listens, and what name is unknown", function()
      local peer = scripted.start()
      local url = peer.url
      peer:stop()
      for _, endpoint in ipairs{ url, "https://name.invalid" } do
         local found, code, findings = look{ PROMPTIC_ENDPOINT = endpoint }
         assert.equal(1, code)
         assert.same({ "connection" }, problems_of(findings))
         assert.matches("^connection: ", found.connection.text)
         assert.matches("check the network", found.connection.advice)
      end
   end)

   it("names a proxy, without its password, and that it refuses", function()
      local proxy = scripted.start()
      finally(function() proxy:stop() end)
      proxy:always{ status = 403, body = "" }
      local found, code, findings = look{ PROMPTIC_ENDPOINT = "https://platform.example",
         https_proxy = proxy.url:gsub("://", "://user:secret-word@"), no_proxy = false, NO_PROXY = false }
      assert.equal(1, code)
      assert.same({ "connection" }, problems_of(findings))
      assert.equal(proxy.url:match("//(.*)") .. ", except for no host", found.proxy.text)
      assert.matches("the proxy refused the connection with status 403", found.connection.text, 1, true)
      assert.matches("https_proxy names it", found.connection.advice, 1, true)
      for _, finding in ipairs(findings) do
         assert.is_nil((finding.text .. (finding.advice or "")):find("secret-word", 1, true))
      end
   end)

   it("says who issued the certificate, and how long it lasts", function()
      local peer = tls_server.start("localhost", { answers = { components = '{"data":[]}' } })
      finally(function() peer:stop() end)
      local found = look{ PROMPTIC_ENDPOINT = "https://localhost:" .. peer.port, CURL_CA_BUNDLE = peer.certificate }
      assert.equal("ok", found.connection.state)
      assert.equal("note", found.TLS.state)
      assert.matches("^issued by CN ?= ?localhost, [12] days left$", found.TLS.text) -- made to last two days
   end)

   it("says that a certificate has expired, and what this machine takes for the time", function()
      local peer = tls_server.start("localhost", { expired = true })
      finally(function() peer:stop() end)
      local found, code = look{ PROMPTIC_ENDPOINT = "https://localhost:" .. peer.port,
         CURL_CA_BUNDLE = peer.certificate }
      assert.equal(1, code)
      assert.matches("^tls: .*expired", found.connection.text)
      assert.matches("this machine's clock is wrong (it says " .. os.date "!%Y", found.connection.advice, 1, true)
   end)
end)
