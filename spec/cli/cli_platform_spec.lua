--- The command's groups for the newer resources: AI Application, models, dataset cases, artifacts, storage, tool
-- selection; and traces by their OpenTelemetry ids. Against the sandbox.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

local TRACE = "5b8efff798038103d269b633813fc60c"

describe("promptic", function()
   local server, promptic, folder, component

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
      older:always{ status = 404, body = "404 page not found", headers = { ["Content-Type"] = "text/plain" } }
      local env = { PROMPTIC_ENDPOINT = older.url }
      local result = promptic{ "models", "list", env = env }
      assert.equal("promptic: [404] this server has no GET /models: list_models needs a newer platform\n",
         result.stderr)
      result = promptic{ "observations", "add", "e", "-i", "x", "-e", "y", env = env }
      assert.matches("newer platforms have create_dataset_cases instead of create_observations\n$", result.stderr)
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
         "-m", "gpt-4.1", "--epochs", "2", "--json" }.json
      assert.same({ "toolSelection", "pending", "gpt-4.1" }, { made.taskType, made.experimentStatus, made.targetModel })
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
      local other = ok{ "experiments", "create", "-c", component, "-m", "gpt-4.1", "--json" }.json.id
      assert.is_nil(ok{ "experiments", "duplicate", other }.stdout:find("can no longer", 1, true))
   end)

   it("knows the flags of the Python package's command", function()
      local made = ok{ "experiments", "create", "--component", component, "--target-model", "gpt-4.1", "--task-type",
         "textGeneration", "--initial-prompt", "Answer.", "--prompt-format", "single", "--json" }.json
      assert.same({ "gpt-4.1", "textGeneration" }, { made.targetModel, made.taskType })
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
