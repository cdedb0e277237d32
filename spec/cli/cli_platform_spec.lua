--- The command's groups for the newer resources: AI Application, models, dataset cases, artifacts, storage, tool
-- selection; and traces by their OpenTelemetry ids. Against the sandbox.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

local TRACE = "5b8efff798038103d269b633813fc60c"

describe("promptic", function()
   local server, promptic, folder, component
   local bare = command.new(nil)

   setup(function()
      server = sandbox.start{ pace = 0, arguments = { "--gone", "old-model" } }
      promptic = command.new(server)
      folder = process.folder()
      component = server:component("agent")
   end)

   teardown(function()
      server:stop()
      process.remove(folder)
   end)

   local function ok(words)
      local result = promptic(words)
      assert.equal("0 ", result.code .. " " .. result.stderr:gsub("^[^\n]*%.\n$", ""))
      return result
   end

   local function file(name, text)
      local path = folder .. "/" .. name
      process.write_file(path, text)
      return path
   end

   it("shows the AI Application, under its older name too", function()
      local expected = server:ok("GET", "/ai-application")
      for _, group in ipairs{ "ai-application", "workspace" } do
         assert.same(expected, ok{ group, "info", "--json" }.json)
         assert.matches("^Sandbox\n  id +" .. expected.id:gsub("%-", "%%-"), ok{ group, "info" }.stdout)
      end
      local listed = promptic{ "ai-application", "list", "--json", env = {
         PROMPTIC_API_KEY = false, PROMPTIC_ACCESS_TOKEN = "session-" .. server.key, HOME = folder } }
      assert.equal(expected.id, listed.json.data[1].id)
   end)

   it("asks a platform that knows no AI Applications for its workspaces", function()
      local older = scripted.start()
      finally(function() older:stop() end)
      older:route[[
         local _, request = ...
         if request.target:find("ai-application", 1, true) then
            return { status = 404, body = '{"error":"Not found"}' }
         end
         return { body = '{"id":"w","name":"Older"}' }
      ]]
      local result = promptic{ "ai-application", "info", env = { PROMPTIC_ENDPOINT = older.url } }
      assert.matches("^Older\n", result.stdout)
      assert.equal("/api/v1/workspace", older:requests()[2].target)
   end)

   it("lists the models", function()
      assert.same(server:ok("GET", "/models"), ok{ "models", "list", "--json" }.json)
      assert.matches("^ID +NAME +PROVIDER +GROUP +.*JUDGE\n", ok{ "models", "list" }.stdout)
   end)

   it("says that the server has no such route, and nothing of ids", function()
      local older = scripted.start()
      finally(function() older:stop() end)
      older:route[[
         local _, request = ...
         -- an experiment without a dataset: its rows are observations
         if request.target:find("/experiments/e$") then return { body = '{"id":"e","name":null}' } end
         return { status = 404, body = "404 page not found", headers = { ["Content-Type"] = "text/plain" } }
      ]]
      local env = { PROMPTIC_ENDPOINT = older.url }
      local result = promptic{ "models", "list", env = env }
      assert.equal("promptic: [404] this server has no GET /models\n  it is an older platform, which does not have "
         .. "`promptic models list` yet, or the endpoint is wrong: `promptic auth status` shows it\n", result.stderr)
      result = promptic{ "observations", "update", "e", "1", "-e", "y", env = env }
      assert.matches("a newer platform, which has `promptic datasets cases update` instead, or the endpoint is wrong",
         result.stderr, 1, true)
      result = promptic{ "runs", "list", "-c", "c", env = env }
      assert.matches("a newer platform, which no longer has `promptic runs list`, or", result.stderr, 1, true)
      result = promptic{ "components", "get", "c", env = env }
      assert.matches("it is another platform, or the endpoint is wrong", result.stderr, 1, true)
   end)

   it("names the id and the operation where a 404 can mean either", function()
      local platform = scripted.start()
      finally(function() platform:stop() end)
      platform:route[[
         local _, request = ...
         if request.target:find("/experiments/o$") then return { body = '{"id":"o","name":null}' } end
         return { status = 404, body = '{"error":"Not found"}' }
      ]]
      local function said(...)
         return promptic{ env = { PROMPTIC_ENDPOINT = platform.url }, ... }.stderr
      end
      assert.matches("^promptic: %[404%] Not found\n", said("observations", "delete", "o", "1", "-f"))
      assert.matches("list them; or this platform no longer has it: use `promptic datasets cases delete`\n$",
         said("observations", "delete", "o", "1", "-f"))
      assert.matches("; or this platform no longer has it; `promptic --help` lists what newer ones dropped under "
         .. '"Older platforms"\n', said("runs", "get", "r", "-c", "c"), 1, true)
      assert.equal("promptic: [404] Not found\n  this platform does not have `promptic models list` yet\n",
         said("models", "list"))
      assert.equal("promptic: [404] Not found (GET /experiments/e)\n  `promptic experiments list` lists the ids\n",
         said("experiments", "get", "e"))
   end)

   it("keeps what newer platforms dropped under a heading of its own", function()
      local help = bare{ "--help" }.stdout
      assert.matches("\nOlder platforms\n  runs .*  annotations .*  evaluations .*\nThis machine\n", help)
      assert.matches("Newer platforms dropped these operations.", bare{ "runs", "--help" }.stdout, 1, true)
   end)

   it("marks models that are gone, with the line that helps", function()
      local id = ok{ "experiments", "create", "-c", component, "-m", "old-model", "-n", "of old", "--json" }.json.id
      local listed = ok{ "experiments", "list", "-c", component }.stdout
      assert.matches("of old +pending +old%-model %(gone%)", listed)
      assert.matches("promptic experiments update " .. id .. " -m MODEL\n", listed, 1, true)
      assert.is_nil(ok{ "experiments", "list", "--json" }.stdout:find("(gone)", 1, true))
      -- it cannot start, and is pending still: it can be changed
      assert.matches("promptic experiments update " .. id .. " -m MODEL", promptic{ "experiments", "start", id }.stderr,
         1, true)
      local copy = ok{ "experiments", "duplicate", id, "-m", "sandbox-flash", "--json" }.json
      assert.same({ "sandbox-flash", "google" }, { copy.targetModel, copy.provider })
      assert.is_nil(ok{ "experiments", "duplicate", id, "-m", "sandbox-flash" }.stdout:find("can no longer", 1, true))
      local changed = ok{ "experiments", "update", id, "-m", "sandbox-small", "--json" }.json
      assert.same({ "sandbox-small", "openai" }, { changed.targetModel, changed.provider })
   end)

   it("marks the model of a deployment that is gone, and none where no list says so", function()
      local platform = scripted.start()
      finally(function() platform:stop() end)
      local DEPLOYMENT = '{"aiComponentId":"c","experimentId":"e","experiment":{"id":"e","targetModel":"old",'
         .. '"provider":"openai","experimentStatus":"completed"}}'
      local function shown(models, words)
         platform:route(([[local _, request = ...
            if request.target:find("/models", 1, true) then return %s end
            if request.target:find("/start", 1, true) then
               return { body = '{"messageId":"m","status":"scheduled"}' }
            end
            return { body = request.target:find("deploy", 1, true) and %q or %q }]]):format(models, DEPLOYMENT,
            '{"id":"e","targetModel":"old","provider":"openai","experimentStatus":"scheduled"}'))
         local result = promptic{ env = { PROMPTIC_ENDPOINT = platform.url }, table.unpack(words) }
         assert.equal(0, result.code, result.stderr)
         return result.stdout .. result.stderr
      end
      local list = [[{ body = '{"data":[{"id":"new","name":"N","provider":"P","group":"openai",'
         .. '"judgeEligible":false}]}' }]]
      local status = { "deployments", "status", "c" }
      local text = shown(list, status)
      assert.matches("model +old %(gone%)\n", text)
      assert.matches("promptic experiments duplicate e -m MODEL\n", text, 1, true)
      text = shown(list, { "experiments", "start", "e" })
      assert.matches("promptic experiments duplicate e -m MODEL\n", text, 1, true)
      for _, none in ipairs{ "{ status = 404 }", [[{ body = '{"data":[]}' }]], "{ status = 403 }" } do
         assert.is_nil(shown(none, status):find("gone", 1, true))
      end
      assert.is_nil(shown(list, { "deployments", "status", "c", "--json" }):find("gone", 1, true))
   end)

   it("adds, lists, shows, changes and deletes the cases of a dataset", function()
      local C = { "-c", component, "--json" }
      local function cases(...)
         local words = { "datasets", "cases", ... }
         table.move(C, 1, #C, #words + 1, words)
         return ok(words).json
      end
      local dataset = ok{ "datasets", "create", "refunds", "-c", component, "--json" }.json.id
      local one = file("one.json", '{"inputPayload": {"n": 9007199254740993, "list": [], "none": null},'
         .. '"expectedPayload": null, "split": "train"}')
      local made = cases("add", dataset, "--file", one).data[1]
      local path = ("/components/%s/datasets/%s/cases"):format(component, dataset)
      -- as it stands in the file: integers exact, an empty list a list, null on purpose
      local text = server:get(path .. "/" .. made.id).text
      for _, part in ipairs{ '"n":9007199254740993', '"list":[]', '"none":null', '"expectedPayload":null' } do
         assert.is_truthy(text:find(part, 1, true), text)
      end
      assert.equal(2, #cases("add", dataset, "--file",
         file("two.json", '[{"inputPayload": {"q": "a"}, "expectedPayload": "x"}, {"inputPayload": {"q": "b"}}]')).data)
      assert.same(server:ok("GET", path), cases("list", dataset))
      local id = tostring(made.id)
      assert.same(server:ok("GET", path .. "/" .. id), cases("get", dataset, id))
      assert.equal("eval", cases("update", dataset, id, "--file", file("change.json", '{"split": "eval"}')).split)
      local function shown(...)
         return ok{ "datasets", "cases", ... }.stdout
      end
      assert.matches("Added 1 case.\n", shown("add", dataset, "-c", component, "--file", one))
      assert.matches("\nInput\n.*9007199254740993", shown("get", dataset, id, "-c", component))
      assert.matches("\nCases\n", ok{ "datasets", "get", dataset, "-c", component }.stdout)
      ok{ "datasets", "cases", "delete", dataset, id, "-c", component, "-f" }
      assert.equal(404, server:get(path .. "/" .. id).status)
      for _, bad in ipairs{ "[]", "7", "{" } do
         local path_of_bad = file("bad.json", bad)
         local result = promptic{ "datasets", "cases", "add", dataset, "-c", component, "--file", path_of_bad }
         assert.equal(2, result.code, result.stderr)
      end
   end)

   it("stores a file and gets it back, byte for byte", function()
      local bytes = "\137PNG\0\255" .. ("x"):rep(10000)
      local made = ok{ "artifacts", "upload", file("shot.png", bytes), "--json" }.json
      assert.same({ "shot.png", "image/png", #bytes }, { made.name, made.mimeType, made.sizeBytes })
      assert.same(server:ok("GET", "/artifacts/" .. made.id), ok{ "artifacts", "get", made.id, "--json" }.json)
      local path = folder .. "/back.png"
      local result = ok{ "artifacts", "get", made.id, "-o", path }
      assert.equal(bytes, process.read_file(path))
      assert.equal("Wrote 9.8 KiB to " .. path .. ".\n", result.stderr)
      assert.matches("^shot.png\n  id +" .. made.id:gsub("%-", "%%-"), result.stdout)

      local object = made.storageObjectId
      assert.equal(bytes, ok{ "storage", "get", object }.stdout)
      ok{ "storage", "get", object, "-o", path .. "2" }
      assert.equal(bytes, process.read_file(path .. "2"))
      assert.matches("^http://", ok{ "storage", "url", object, "--json" }.json.downloadUrl)
      local failed = promptic{ "artifacts", "get", made.id, "-o", folder .. "/none/x" }
      assert.matches("path: .*No such file or directory", failed.stderr)
   end)

   it("names traces by their OpenTelemetry ids", function()
      local now = os.time()
      local artifact = ok{ "artifacts", "upload", file("note.txt", "noted"), "--json" }.json
      local spans = ([[{"resourceSpans": [{"resource": {"attributes": [
         {"key": "service.name", "value": {"stringValue": "shop"}},
         {"key": "deployment.environment.name", "value": {"stringValue": "test"}}]},
         "scopeSpans": [{"spans": [{"traceId": "%s", "spanId": "eee19b7ec3c1b174", "name": "agent", "kind": 1,
         "startTimeUnixNano": "%d000000000", "endTimeUnixNano": "%d000000000", "attributes": [
         {"key": "promptic.ai_component", "value": {"stringValue": "agent"}},
         {"key": "input.value", "value": {"stringValue": "%s"}}]}]}]}]}]]):format(TRACE, now - 2, now - 1, artifact.uri)
      assert.equal("Sent the spans.\n", ok{ "traces", "ingest", file("spans.json", spans) }.stdout)
      local listed = ok{ "traces", "list" }.stdout
      assert.matches("^TRACE +NAME", listed)
      assert.matches("\n" .. TRACE .. " +agent", listed)
      local trace = ok{ "traces", "get", TRACE, "--json" }.json
      assert.equal(TRACE, trace.traceId)
      assert.matches("trace id +" .. TRACE .. "\n  database id +" .. trace.id:gsub("%-", "%%-"),
         ok{ "traces", "get", TRACE }.stdout)
      assert.equal(artifact.id, ok{ "traces", "artifacts", TRACE, "--json" }.json.data[1].id)
      assert.matches("note.txt +text/plain +5 bytes", ok{ "traces", "artifacts", TRACE }.stdout)
      -- { flags, how many }
      for _, case in ipairs{
         { { "--service", "shop" }, 1 }, { { "--service", "other" }, 0 }, { { "--environment", "test" }, 1 },
         { { "--environment", "live" }, 0 }, { { "--ai-component", "agent" }, 1 },
         { { "--ai-component", component }, 1 }, { { "--ai-component", "other" }, 0 },
      } do
         local words = { "traces", "list", "--json", table.unpack(case[1]) }
         assert.equal(case[2], #ok(words).json.traces, table.concat(words, " "))
      end
      assert.equal(0, ok{ "traces", "stats", "--service", "other", "--json" }.json.totalTraces)
      assert.equal(1, ok{ "traces", "stats", "--environment", "test", "--json" }.json.totalTraces)
   end)

   it("creates a tool-selection experiment, in either spelling, and runs it", function()
      local tools = file("tools.json", [[[
         {"name": "refund", "description": "gives money back", "input_schema": {"type": "object", "default": null}},
         {"name": "search", "description": "finds products", "inputSchema": {"type": "object"}}]
      ]])
      local cases = file("cases.json", [[[
         {"query": "I want my money back", "expectedTool": "refund"},
         {"query": "find products with wheels", "expected_tool": "search"}]
      ]])
      local made = ok{ "experiments", "create-tool-selection", "-c", component, "--tools", tools, "--test-cases", cases,
         "-m", "sandbox-large", "--epochs", "2", "--json" }.json
      assert.same({ "toolSelection", "pending", "sandbox-large" },
         { made.taskType, made.experimentStatus, made.targetModel })
      assert.equal(2, #ok{ "datasets", "cases", "list", made.datasetId, "-c", component, "--json" }.json.data)
      local done = ok{ "experiments", "start", made.id, "--wait", "--json" }.json
      assert.equal("completed", done.experimentStatus)
      assert.matches("\nTools\nTOOL +DESCRIPTION\nrefund ", ok{ "iterations", "best", made.id }.stdout)
      local result = promptic{ "experiments", "create-tool-selection", "-c", component, "--tools", cases,
         "--test-cases", tools }
      assert.equal(2, result.code)
      assert.matches("tools%[1%]: unknown field '[qe]", result.stderr) -- query or expectedTool
      result = promptic{ "experiments", "create-tool-selection", "-c", component, "--test-cases", cases,
         "--tools", file("object.json", '{"name": "x"}') }
      assert.matches("--tools takes a file with a JSON array", result.stderr, 1, true)
   end)

   it("says where the model of a copy can no longer be used", function()
      local id = ok{ "experiments", "create", "-c", component, "-m", "old-model", "--json" }.json.id
      local shown = ok{ "experiments", "duplicate", id }.stdout
      assert.matches("The model old%-model can no longer be used here", shown)
      assert.matches("promptic experiments update %S+ %-m MODEL", shown)
      assert.is_true(ok{ "experiments", "duplicate", id, "--json" }.json.modelUnavailable)
      -- the sandbox completes nothing with a model that is gone, so that nothing of it can be continued there
      local platform = scripted.start()
      finally(function() platform:stop() end)
      platform:always{ status = 201, body = '{"id":"e2","targetModel":"old-model","experimentStatus":"pending",'
         .. '"modelUnavailable":true}' }
      local env = { PROMPTIC_ENDPOINT = platform.url }
      local words = "The model old%-model can no longer"
      assert.matches(words, promptic{ "experiments", "continue", "e1", env = env }.stdout)
      assert.matches(words, promptic{ "experiments", "continue", "e1", "--start", env = env }.stderr)
      platform:always{ status = 201, body = [[{"id":"e2","targetModel":"old\u001b[2J\nmodel\u202e\u2028\u009b",]]
         .. '"experimentStatus":"pending","modelUnavailable":true,"data":[]}' }
      words = "The model old␛[2J model� � can no longer"
      assert.matches(words, promptic{ "experiments", "continue", "e1", env = env }.stdout, 1, true)
      assert.matches(words, promptic{ "experiments", "continue", "e1", "--start", env = env }.stderr, 1, true)
      local other = ok{ "experiments", "create", "-c", component, "-m", "sandbox-large", "--json" }.json.id
      assert.is_nil(ok{ "experiments", "duplicate", other }.stdout:find("can no longer", 1, true))
   end)

   it("lists all cases of a dataset, also if the platform pages them", function()
      local platform = scripted.start()
      finally(function() platform:stop() end)
      platform:route[[
         local _, request = ...
         local case = '{"id":%d,"datasetId":"d","idx":%d,"inputPayload":{},"expectedPayload":"x","split":"train",'
            .. '"metadata":{},"createdAt":"2026-01-31T12:00:00Z","updatedAt":"2026-01-31T12:00:00Z"}'
         local cases = {}
         for id = 1, request.target:find("/cases", 1, true) and 2 or 5 do cases[id] = case:format(id, id) end
         return { body = ('{"id":"d","name":"n","description":null,"aiComponentId":"c","caseCount":5,"itemCount":0,'
            .. '"createdAt":"2026-01-31T12:00:00Z","items":[],"cases":[%s],"data":[%s]}'):format(
            table.concat(cases, ","), table.concat(cases, ",")) }
      ]]
      local words = { "datasets", "cases", "list", "d", "-c", "c", env = { PROMPTIC_ENDPOINT = platform.url } }
      assert.matches("\n *5 [^\n]*\n$", ok(words).stdout)
      words[#words + 1] = "--json"
      assert.equal(5, #ok(words).json.data)
   end)

   it("knows the flags of the Python package's command", function()
      local made = ok{ "experiments", "create", "--component", component, "--target-model", "sandbox-large",
         "--task-type",
         "textGeneration", "--initial-prompt", "Answer.", "--prompt-format", "single", "--json" }.json
      assert.same({ "sandbox-large", "textGeneration" }, { made.targetModel, made.taskType })
      assert.is_true(#ok{ "experiments", "list", "--component-id", component, "--json" }.json.data > 0)
      assert.is_nil(ok{ "experiments", "list", "--help" }.stdout:find("--component-id", 1, true))
   end)

   it("changes an observation and an evaluator", function()
      local id = server:experiment{ component = component,
         observations = { { variables = { input = "x" }, expected = "old" } } }
      local observation = server:ok("GET", "/experiments/" .. id .. "/observations").data[1]
      local evaluator = server:ok("GET", "/experiments/" .. id .. "/evaluators").data[1]
      local changed = ok{ "observations", "update", id, tostring(observation.id), "-i", '{"a": "b"}', "-e", "new",
         "--json" }.json.data[1]
      assert.same({ { a = "b" }, "new" }, { changed.variables, changed.expected })
      assert.equal(2, ok{ "evaluators", "update", id, evaluator.id, "-w", "2", "--json" }.json.data[1].weight)
   end)
end)
