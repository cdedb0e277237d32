--- What the sandbox refuses of a request, and in which words: the first fault, as 400, with its place.
local promptic = require "promptic"
local http = require "socket.http"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local json = promptic.json

local PROGRAM = os.getenv("PROMPTIC_LUA") or "build/promptic-lua"

local server
setup(function() server = sandbox.start{ pace = 0 } end)
teardown(function() assert.equal("", server:stop()) end)

local NOBODY = "00000000-0000-4000-8000-000000000000"

local function assert_refused(message, path, answer)
   assert.same({ 400, message, path },
      { answer.status, answer.json.error, answer.json.details and answer.json.details.path })
end

describe("bodies are refused:", function()
   local function experiment(changes)
      local body = { aiComponentId = NOBODY, targetModel = "m", taskType = "classification",
         provider = "openai", optimizer = "prompticV2" }
      for name, value in pairs(changes) do body[name] = value ~= false and value or nil end
      return body
   end

   local function hyper(settings)
      return experiment{ hyperparameters = settings }
   end

   local function tools(changes)
      local body = { aiComponentId = NOBODY, toolSource = "manual", optimizeSystemPrompt = false,
         tools = { { name = "search", description = "Finds things" } },
         testCases = { { query = "Where is it?", expectedTool = "search" } } }
      for name, value in pairs(changes) do body[name] = value end
      return body
   end

   local function evaluator(changes)
      local one = { name = "x", type = "f1", weight = 1 }
      for name, value in pairs(changes) do one[name] = value ~= false and value or nil end
      return { one }
   end

   local function field(settings)
      local config = { schema_definition = { type = "object", properties = {
         a = { type = "string" }, list = { type = "array" }, inner = { type = "object", properties = { b = {} } },
      } }, fields = settings }
      return evaluator{ type = "structuredOutput", config = config }
   end

   local ITEM = { variables = {}, expected = "" }
   local many = {}
   for i = 1, 1001 do many[i] = ITEM end

   -- method, path, body, the message, the place; %s is a pending experiment, %c a component's dataset
   local refused = {
      { "POST", "/components", {}, "Required", "name" },
      { "POST", "/components", { name = 1 }, "Expected string, received number", "name" },
      { "POST", "/components", { name = json.null }, "Expected string, received null", "name" },
      { "POST", "/components", { name = "x", nmae = "y" }, "Unrecognized key(s) in object: 'nmae'", "" },
      { "POST", "/components", "[]", "Expected object, received array", "" },
      { "POST", "/components", "null", "Expected object, received null", "" },
      { "POST", "/components", { name = 1, nmae = 1 }, "Expected string, received number", "name" },
      { "POST", "/experiments", experiment{ targetModel = false }, "Required", "targetModel" },
      { "POST", "/experiments", experiment{ aiComponentId = "some" }, "Invalid uuid", "aiComponentId" },
      { "POST", "/experiments", experiment{ provider = "azure" }, "Invalid enum value. Expected 'openai' | "
         .. "'openrouter' | 'custom' | 'google', received 'azure'", "provider" },
      { "POST", "/experiments", experiment{ promptFormat = "many" },
         "Invalid enum value. Expected 'single' | 'multi_message', received 'many'", "promptFormat" },
      { "POST", "/experiments", hyper "x", "Expected object, received string", "hyperparameters" },
      { "POST", "/experiments", hyper{ epochs = 1.5 }, "Expected integer, received float",
         "hyperparameters.epochs" },
      { "POST", "/experiments", hyper{ epochs = 0 }, "Number must be greater than or equal to 1",
         "hyperparameters.epochs" },
      { "POST", "/experiments", hyper{ epoch = 3 }, "Unrecognized key(s) in object: 'epoch'", "hyperparameters" },
      { "POST", "/experiments", hyper{ trainSplitRatio = 1 }, "Number must be less than 1",
         "hyperparameters.trainSplitRatio" },
      { "POST", "/experiments", hyper{ trainSplitRatio = 0 }, "Number must be greater than 0",
         "hyperparameters.trainSplitRatio" },
      { "POST", "/experiments", hyper{ numFewShots = -1 }, "Number must be greater than or equal to 0",
         "hyperparameters.numFewShots" },
      { "POST", "%s/observations", "{}", "Required", "[0].variables" },
      { "POST", "%s/observations", { ITEM, { variables = {} } }, "Required", "[1].expected" },
      { "POST", "%s/observations", many, "Array must contain at most 1000 element(s)", "" },
      { "POST", "%s/observations", { { variables = json.array{}, expected = "" } },
         "Expected object, received array", "[0].variables" },
      { "POST", "%s/observations", { { variables = {}, expected = "", split = "test" } },
         "Invalid enum value. Expected 'train' | 'eval', received 'test'", "[0].split" },
      { "POST", "%s/observations", { 1 }, "Expected object, received number", "[0]" },
      { "POST", "%s/evaluators", evaluator{ weight = false }, "Required", "[0].weight" },
      { "POST", "%s/evaluators", evaluator{ type = "toolSelection" }, "Invalid enum value. Expected 'f1' | "
         .. "'referenceJudge' | 'comparisonJudge' | 'generalJudge' | 'similarity' | 'structuredOutput', "
         .. "received 'toolSelection'", "[0].type" },
      { "POST", "%s/evaluators", evaluator{ weight = -1 }, "Number must be greater than or equal to 0",
         "[0].weight" },
      { "POST", "%s/evaluators", evaluator{ weight = 1e308 }, "Number must be less than or equal to 1000000000",
         "[0].weight" },
      { "POST", "%s/evaluators", evaluator{ scaleMin = 5, scaleMax = 5 },
         "scaleMax must be greater than scaleMin", "[0].scaleMax" },
      { "POST", "%s/evaluators", evaluator{ scaleMin = math.mininteger },
         "Number must be greater than or equal to -1000000000", "[0].scaleMin" },
      { "POST", "%s/evaluators", evaluator{ type = "referenceJudge" }, "Required", "[0].config" },
      { "POST", "%s/evaluators", evaluator{ type = "comparisonJudge", config = {} }, "Required",
         "[0].config.instructions" },
      { "POST", "%s/evaluators", evaluator{ type = "generalJudge", config = { messages = json.array{} } },
         "Array must contain at least 1 element(s)", "[0].config.messages" },
      { "POST", "%s/evaluators", field{ a = { wieght = 2 } }, "Unrecognized key(s) in object: 'wieght'",
         "[0].config.fields.a" },
      { "POST", "%s/evaluators", field{ a = { weight = 0 } }, "Number must be greater than 0",
         "[0].config.fields.a.weight" },
      { "POST", "%s/evaluators", field{ c = {} }, "Unknown field path 'c'", "[0].config.fields.c" },
      { "POST", "%s/evaluators", field{ ["inner.c"] = {} }, "Unknown field path 'inner.c'",
         "[0].config.fields.inner.c" },
      { "POST", "%s/evaluators", field{ list = { method = "exact" } },
         "The method exact does not fit a field of type array", "[0].config.fields.list.method" },
      { "POST", "%s/evaluators", field{ a = { array_strategy = "exact" } },
         "The method array_exact does not fit a field of type string", "[0].config.fields.a.method" },
      { "POST", "%s/evaluators", field{ list = { method = "judge" } },
         "The method judge does not fit a field of type array", "[0].config.fields.list.method" },
      { "POST", "%s/evaluators", field{ inner = { method = "judge" } },
         "The method judge does not fit a field of type object", "[0].config.fields.inner.method" },
      { "POST", "%s/evaluators", field{ a = { judge_instructions = "x" } },
         "judge_instructions needs the method judge or array_judge", "[0].config.fields.a.judge_instructions" },
      { "POST", "%s/duplicate", { continueFromOptimized = "yes" }, "Expected boolean, received string",
         "continueFromOptimized" },
      { "PATCH", "%s", { targetModel = json.null }, "Expected string, received null", "targetModel" },
      { "PATCH", "%s", { hyperparameters = { lerning = 1 } }, "Unrecognized key(s) in object: 'lerning'",
         "hyperparameters" },
      { "PATCH", "%s", "[]", "Expected object, received array", "" },
      { "POST", "/experiments/tool-selection", tools{ tools = json.array{} },
         "Array must contain at least 1 element(s)", "tools" },
      { "POST", "/experiments/tool-selection", tools{ epochs = 6 }, "Number must be less than or equal to 5",
         "epochs" },
      { "POST", "/experiments/tool-selection", tools{ trainSplitRatio = 0.95 },
         "Number must be less than or equal to 0.9", "trainSplitRatio" },
      { "POST", "/experiments/tool-selection", tools{ tools = { { name = "a", description = "" } } },
         "String must contain at least 1 character(s)", "tools[0].description" },
      { "POST", "/experiments/tool-selection", tools{ tools = { { name = "N/A", description = "x" } } },
         "The name of a tool must not mean no tool", "tools[0].name" },
      { "POST", "/experiments/tool-selection", tools{ testCases = { { query = "q", expectedTool = "find" } } },
         "expectedTool is none of the tools", "testCases[0].expectedTool" },
      { "POST", "%c/cases", { {} }, "Required", "[0].inputPayload" },
      { "POST", "%c/cases", { inputPayload = {}, idx = 0.5 }, "Expected integer, received float", "[0].idx" },
      { "POST", "/artifacts", { name = "x" }, "Required", "contentBase64" },
      { "POST", "/artifacts", { contentBase64 = "a" }, "Invalid base64", "contentBase64" },
      { "POST", "/artifacts", { contentBase64 = "YWJj", sizeBytes = 4 }, "The object has 3 bytes", "sizeBytes" },
      { "POST", "/artifacts", { contentBase64 = "YWJj", sha256 = ("0"):rep(64) },
         "The object has another SHA-256", "sha256" },
      { "POST", "/storage-objects/presign", { folder = "f", filename = "n" }, "Required", "contentType" },
   }
   for number, row in ipairs(refused) do
      local method, path, body, message, place = table.unpack(row)
      it(("%d %s %s, %s"):format(number, method, path, message:sub(1, 60)), function()
         if path:find "^%%s" then
            path = path:format("/experiments/" .. server:experiment{ evaluators = false })
         elseif path:find "^%%c" then
            local at = "/components/" .. server:component() .. "/datasets"
            path = path:gsub("%%c", at .. "/" .. server:ok("POST", at, { name = "d" }).id)
         end
         assert_refused(message, place, server:request(method, path, body))
      end)
   end
end)

describe("queries and paths are refused:", function()
   for path, row in pairs{
      ["/traces?limit=0"] = { "Number must be greater than or equal to 1", "limit" },
      ["/traces?limit=101"] = { "Number must be less than or equal to 100", "limit" },
      ["/experiments?limit=101"] = { "Number must be less than or equal to 100", "limit" },
      ["/traces?limit=ten"] = { "Expected number, received nan", "limit" },
      ["/traces?limit=0x10"] = { "Expected number, received nan", "limit" },
      ["/traces?limit=1.5"] = { "Expected integer, received float", "limit" },
      ["/traces?offset=-1"] = { "Number must be greater than or equal to 0", "offset" },
      ["/traces?status=failed"] = { "Invalid enum value. Expected 'ok' | 'error', received 'failed'", "status" },
      ["/traces?start_after=yesterday"] = { "Invalid datetime", "start_after" },
      ["/traces?start_after=2024-01-01"] = { "Invalid datetime", "start_after" },
      ["/traces/stats?days_back=0"] = { "Number must be greater than or equal to 1", "days_back" },
      ["/experiments?component_id=x"] = { "Invalid uuid", "component_id" },
      ["/components/x"] = { "Invalid uuid", "component_id" },
      ["/components/00000000-0000-9000-8000-000000000000"] = { "Invalid uuid", "component_id" },
      ["/experiments/" .. NOBODY .. "/iterations/x"] = { "Expected number, received nan", "iteration_id" },
   } do
      it(path, function() assert_refused(row[1], row[2], server:get(path)) end)
   end

   it("nothing of the nil and the max uuid, and of upper case", function()
      for _, id in ipairs{ ("0"):rep(8) .. "-0000-0000-0000-" .. ("0"):rep(12),
         "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "ABCDEF01-2345-7ABC-BDEF-0123456789AB" } do
         assert.equal(404, server:get("/components/" .. id).status)
      end
   end)
end)

it("one observation, evaluator or case alone is a list of one", function()
   local path = "/experiments/" .. server:experiment{ evaluators = false }
   local made = server:post(path .. "/observations", { variables = { a = 1 }, expected = "x" })
   assert.same({ 201, 1, "x" }, { made.status, #made.json.data, made.json.data[1].expected })
   made = server:post(path .. "/evaluators", { name = "n", type = "f1", weight = 1 })
   assert.same({ 201, 1, "n" }, { made.status, #made.json.data, made.json.data[1].name })
end)

describe("Host", function()
   local function asking(host, path)
      local _, status = http.request{ url = server.url .. path, headers = { host = host,
         authorization = "Bearer sandbox" }, redirect = false }
      return status
   end

   for _, path in ipairs{ "/api/v1/workspace", "/device", "/nope", "/storage/abc" } do
      it("is checked for " .. path, function()
         local right = asking("127.0.0.1:" .. server.port, path)
         assert.not_equal(421, right)
         for _, name in ipairs{ "localhost", "LOCALHOST", "[::1]" } do
            assert.equal(right, asking(name .. ":" .. server.port, path))
         end
         for _, host in ipairs{ "evil.test:" .. server.port, "127.0.0.1.evil.test:" .. server.port, "127.0.0.1",
            "127.0.0.1:" .. server.port % 65535 + 1, "localhost:" .. server.port .. ".evil.test", "" } do
            assert.equal(421, asking(host, path), host)
         end
      end)
   end
end)

describe("rows of the endpoint table", function()
   local function lua(source)
      local result = process.run{ PROGRAM, "-e", source }
      assert.equal("", result.stderr)
      return result.stdout
   end

   it("have a handler each, and each handler a row", function()
      assert.equal("", lua[[
         local handlers = require("promptic.sandbox.server").handlers
         for _, row in ipairs(promptic.endpoints) do
            if not handlers[row.name] then print("no handler serves " .. row.name) end
         end
         for name in pairs(handlers) do
            if not promptic.endpoints[name] then print("no row for " .. name) end
         end
      ]])
   end)

   it("without a handler answer 501 with their name", function()
      local said = lua[[
         local server = require "promptic.sandbox.server"
         server.handlers.get_workspace = nil
         local status, _, body = server.respond({ port = 80, keys = { k = true }, device = { sessions = {} },
            routes = require("promptic.sandbox.routes").new() },
            { method = "GET", path = "/api/v1/workspace", headers = { host = "localhost",
               authorization = "Bearer k" } })
         print(status, body)
      ]]
      assert.equal('501\t{"error":"The sandbox does not serve get_workspace yet"}\n', said)
   end)
end)

describe("a resource", function()
   it("is a module that says its tables, what its ids name and which requests it serves", function()
      local result = process.run{ PROGRAM, "-e", [[
         package.preload["promptic.sandbox.models"] = function()
            return {
               tables = { "widget (id TEXT PRIMARY KEY, workspaceId OF(workspace), TIMES)" },
               indexes = { "widget_workspace ON widget (workspaceId)" },
               kinds = { widget = { from = "widget t", workspace = "t.workspaceId", parents = {} } },
               handlers = { list_models = function(sandbox)
                  sandbox.store:run("INSERT INTO widget VALUES ('g', ?, 'c', 'u')", sandbox.workspace_id)
                  return 200, require("promptic.sandbox.lookup").find(sandbox, "widget", "g")
               end },
               respond = function(_, request)
                  if request.path == "/widget" then return 200, { here = true } end
               end,
            }
         end
         local server = require "promptic.sandbox.server"
         local store = require("promptic.sandbox.store").open(":memory:", require "promptic.sandbox.schema")
         require("promptic.sandbox.workspace").prepare(store)
         local sandbox = { port = 80, keys = { k = true }, device = { sessions = {} }, store = store, without = {},
            routes = require("promptic.sandbox.routes").new() }
         for _, path in ipairs{ "/api/v1/models", "/widget" } do
            local status, _, body = server.respond(sandbox, { method = "GET", path = path,
               headers = { host = "localhost", authorization = "Bearer k" } })
            print(status, promptic.json.decode(body).workspaceId or body)
         end
         print(store:value "SELECT count(*) FROM sqlite_master WHERE name = 'widget_workspace'")
      ]] }
      assert.equal("", result.stderr)
      assert.equal('200\t5a4db0c5-0000-4000-8000-000000000001\n200\t{"here":true}\n1\n', result.stdout)
   end)
end)

describe("a workspace without billing", function()
   it("answers 402 to what would be billed", function()
      local unpaid = sandbox.start{ pace = 0, arguments = { "--unpaid" } }
      local list = { { variables = { a = "x" }, expected = "y" }, { variables = { a = "z" }, expected = "w" } }
      local id = unpaid:experiment{ observations = list }
      local component = unpaid:ok("GET", "/experiments/" .. id).aiComponentId
      local at = "/components/" .. component
      local dataset = unpaid:ok("POST", at .. "/datasets", { name = "d" }).id
      for _, answer in ipairs{ unpaid:post("/experiments/" .. id .. "/start"),
         unpaid:post(at .. "/evaluations", { datasetId = dataset }) } do
         assert.same({ 402, "Usage billing and a payment method are required for platform model usage." },
            { answer.status, answer.json.error })
      end
      unpaid:stop()
   end)
end)
