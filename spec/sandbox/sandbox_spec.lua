--- The sandbox's rules: who may ask, what a request must look like, and what state allows.
-- What it refuses of a request is in sandbox_requests_spec, what it does with traces in sandbox_agents_spec, what
-- survives it in sandbox_state_spec, and whether its scores are true in sandbox_scoring_spec.
local promptic = require "promptic"
local sandbox = require "spec.support.sandbox"

local json = promptic.json

local server
setup(function() server = sandbox.start{ pace = 0 } end)
teardown(function() assert.equal("", server:stop()) end)

local UUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
local TIME = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$"

local MESSAGES = {
   { variables = { message = "cheap pills" }, expected = "spam" },
   { variables = { message = "lunch at noon" }, expected = "ham" },
   { variables = { message = "cheap watches" }, expected = "spam" },
   { variables = { message = "lunch tomorrow" }, expected = "ham" },
}

local RUBRIC = { instructions = "Is it polite?" }
local JUDGE = { referenceJudge = RUBRIC, comparisonJudge = RUBRIC,
   generalJudge = { messages = { { role = "system", content = "Judge {predicted}." } } } }

local function assert_error(status, message, answer)
   assert.same({ status, message }, { answer.status, answer.json and answer.json.error })
   assert.equal("application/json", answer.headers["content-type"])
end

-- A new pending experiment with MESSAGES, and its path.
local function pending(options)
   options = options or {}
   options.observations = options.observations or MESSAGES
   local id = server:experiment(options)
   return "/experiments/" .. id, id
end

describe("credentials", function()
   local WORKSPACE
   setup(function() WORKSPACE = server:ok("GET", "/workspace").id end)

   local function asking(path, authorization, workspace)
      return server:get(path, { authorization = authorization, ["x-workspace-id"] = workspace })
   end

   for name, authorization in pairs{
      ["no header"] = false, ["another key"] = "Bearer other", ["another scheme"] = "Basic sandbox",
      ["an empty key"] = "Bearer ", ["the bare key"] = "sandbox",
   } do
      it("are refused: " .. name, function()
         assert_error(401, "Invalid or missing API key", asking("/workspace", authorization))
         assert_error(401, "Invalid or missing API key", asking("/no/such/path", authorization))
      end)
   end

   it("are looked for in long headers too", function()
      local spaces = (" "):rep(200000)
      for _, value in ipairs{ "Bearer" .. spaces .. "x", "Bearer x" .. spaces .. "y" } do
         assert_error(401, "Invalid or missing API key", server:get("/workspace", { authorization = value }))
      end
   end)

   it("are a key that no word of a message is, and its older form", function()
      for _, key in ipairs{ "ptc_sandbox", "sandbox" } do
         assert.equal(200, asking("/workspace", "Bearer " .. key).status)
         assert.equal(200, asking("/workspaces", "Bearer session-" .. key).status)
      end
      for _, key in ipairs{ "session-", "session", "ptc_sandbo", "" } do
         assert.equal(401, asking("/workspaces", "Bearer " .. key).status)
      end
   end)

   it("are the key that the command line gives", function()
      local other = sandbox.start{ pace = 0, key = "pk_1" }
      assert.equal(200, other:get("/workspace").status)
      for _, key in ipairs{ "sandbox", "ptc_sandbox" } do
         assert.equal(401, other:get("/workspace", { authorization = "Bearer " .. key }).status)
      end
      assert.equal(200, other:get("/workspaces", { authorization = "Bearer session-pk_1" }).status)
      other:stop()
   end)

   it("let a session token list workspaces without naming one", function()
      local answer = asking("/workspaces", "Bearer session-sandbox")
      assert.equal(200, answer.status)
      assert.equal(WORKSPACE, answer.json.data[1].id)
      assert_error(401, "This operation needs a session token, not an API key", asking("/workspaces", "Bearer sandbox"))
   end)

   it("let a session token do the rest in the workspace it names", function()
      local token = "Bearer session-sandbox"
      assert.equal(200, asking("/components", token, WORKSPACE).status)
      assert_error(400, "A session token needs X-AI-Application-Id (or X-Workspace-Id)",
         asking("/components", token))
      assert_error(404, "Not found", asking("/components", token, "other"))
   end)

   it("take the scope from either header, and from both where they agree", function()
      local function scoped(newer, older)
         return server:get("/ai-application", { authorization = "Bearer session-sandbox",
            ["x-ai-application-id"] = newer, ["x-workspace-id"] = older })
      end
      assert.equal(WORKSPACE, scoped(WORKSPACE).json.id)
      assert.equal(WORKSPACE, scoped(nil, WORKSPACE).json.id)
      assert.equal(WORKSPACE, scoped(WORKSPACE:upper(), WORKSPACE).json.id)
      assert_error(400, "The request names two different AI Applications", scoped(WORKSPACE, "other"))
      local listed = asking("/ai-applications", "Bearer session-sandbox").json.data
      assert.same({ server:ok("GET", "/ai-application") }, listed)
      assert.same(listed[1], server:ok("GET", "/workspace"))
   end)
end)

describe("requests", function()
   it("to paths that are not there answer 404", function()
      for _, path in ipairs{ "/nope", "/components/", "/components//deployment", "/experiments/x/start/y" } do
         assert_error(404, "Not found", server:get(path))
      end
   end)

   it("with methods that are not there answer 405 and say which are", function()
      local answer = server:request("PUT", "/components", {})
      assert_error(405, "Method not allowed", answer)
      assert.equal("GET, POST", answer.headers.allow)
      assert.equal(405, server:get("/experiments/x/start").status)
   end)

   it("each get an id of their own", function()
      local first, second = server:get("/workspace"), server:get("/nope")
      assert.matches(UUID, first.headers["x-request-id"])
      assert.matches(UUID, second.headers["x-request-id"])
      assert.not_equal(first.headers["x-request-id"], second.headers["x-request-id"])
   end)

   for name, body in pairs{
      ["cut off"] = '{"name": "x"', ["no JSON at all"] = "name=x", ["empty"] = "",
      ["two documents"] = "{} {}", ["not UTF-8"] = '{"name": "\255"}', ["a bare word"] = "nul",
      ["half a surrogate pair"] = '{"name": "\\ud800"}',
      ["an open string"] = '{"name": "nul',
   } do
      it("with a body that is not JSON answer 400: " .. name, function()
         local answer = server:post("/components", body)
         assert.equal(400, answer.status)
         assert.matches("^The body is ", answer.json.error)
      end)
   end

   it("that are too large answer 413", function()
      local answer = server:post("/components", ('{"name": "%s"}'):format(("x"):rep(65 * 1024 * 1024)))
      assert.equal(413, answer.status)
      assert.is_string(answer.json.error)
   end)

   it("decode percent-encoding, once", function()
      local component = server:component()
      assert.equal(200, server:get("/components/" .. component:gsub("%-", "%%2D")).status)
      assert.equal(200, server:get("/components/" .. component:upper()).status)
      for _, id in ipairs{ component:gsub("%-", "%%252D"), "..%2F" .. component, "%00", "'%20OR%201=1%20--" } do
         assert_error(400, "Invalid uuid", server:get("/components/" .. id))
      end
   end)
end)

describe("bodies", function()
   it("with null clear what can be cleared", function()
      local path = pending()
      assert.equal("n", server:ok("PATCH", path, { name = "n", initialPrompt = "Spam?" }).name)
      local changed = server:patch(path,
         '{"name": null, "description": "\\"null\\": x", "initialPrompt": null}')
      assert.equal(200, changed.status)
      assert.matches('"name":null', changed.text, 1, true)
      assert.equal('"null": x', changed.json.description)
      assert.same({}, changed.json.initialPromptMessages)
   end)

   it("may have fields that the contract leaves open, which are ignored", function()
      local path = pending()
      assert.equal(200, server:patch(path, { future = 1 }).status)
      local answer = server:post(path .. "/observations", { { variables = {}, expected = "", future = 1 } })
      assert.equal(201, answer.status)
      assert.is_nil(answer.json.data[1].future)
   end)
end)

describe("components", function()
   it("are made, listed, read and deleted", function()
      local answer = server:post("/components", { name = "née \"x\"; --", description = "with\0NUL" })
      assert.equal(201, answer.status)
      assert.matches(UUID, answer.json.id)
      local found = server:ok("GET", "/components/" .. answer.json.id)
      assert.equal("née \"x\"; --", found.name)
      assert.equal("with\0NUL", found.description)
      assert.matches(TIME, found.createdAt)
      local listed = {}
      for _, row in ipairs(server:ok("GET", "/components").data) do listed[row.id] = row end
      assert.same(found, listed[found.id])
      assert.equal(204, server:delete("/components/" .. found.id).status)
      assert_error(404, "Not found", server:delete("/components/" .. found.id))
      assert_error(404, "Not found", server:get("/components/" .. found.id))
   end)

   it("take everything that is theirs along", function()
      local component = server:component()
      local path = pending{ component = component }
      server:ok("POST", path .. "/start")
      local dataset = server:ok("POST", "/components/" .. component .. "/datasets", { name = "d" }).id
      server:ok("DELETE", "/components/" .. component)
      for _, gone in ipairs{
         path, path .. "/observations", path .. "/evaluators", path .. "/iterations",
         "/components/" .. component .. "/datasets/" .. dataset, "/components/" .. component .. "/deployment",
      } do
         assert_error(404, "Not found", server:get(gone))
      end
   end)
end)

describe("experiments", function()
   it("begin pending, with what the contract promises", function()
      local component = server:component()
      local answer = server:post("/experiments", { aiComponentId = component, targetModel = "m",
         taskType = "structuredOutput", provider = "google", optimizer = "gepa", initialPrompt = "Two words",
         initialPredictionModelSchema = { type = "object", required = json.array{} } })
      assert.equal(201, answer.status)
      local found = answer.json
      assert.same({ "pending", "single", 2, 1, 0, 0 }, { found.experimentStatus, found.promptFormat,
         found.initialPromptTokens, found.runNumber, found.tokensUsed, found.retries })
      assert.same({ { role = "system", content = "Two words" } }, found.initialPromptMessages)
      assert.same({ type = "object", required = {} }, found.initialPredictionModelSchema)
      assert.matches('"required":[]', answer.text, 1, true)
      assert_error(404, "Not found", server:post("/experiments", { targetModel = "m",
         aiComponentId = "00000000-0000-4000-8000-000000000000", taskType = "classification",
         provider = "openai", optimizer = "gepa" }))
   end)

   it("are listed in pages, newest first, by component and status", function()
      local component = server:component()
      local ids = {}
      for i = 5, 1, -1 do ids[i] = server:experiment{ component = component } end
      local function page(query)
         local found = {}
         for _, row in ipairs(server:ok("GET", "/experiments?component_id=" .. component .. query).data) do
            found[#found + 1] = row.id
         end
         return found
      end
      assert.same(ids, page(""))
      assert.same({ ids[1], ids[2] }, page("&limit=2"))
      assert.same({ ids[3], ids[4] }, page("&limit=2&offset=2"))
      assert.same({ ids[5] }, page("&limit=2&offset=4"))
      assert.same({}, page("&limit=2&offset=6"))
      assert.same(ids, page("&status=pending"))
      assert.same({}, page("&status=completed"))
   end)

   for name, case in pairs{
      ["without observations"] = { observations = {},
         message = "The experiment needs at least 2 rows of training data to start, it has 0" },
      ["with one observation"] = { observations = { MESSAGES[1] },
         message = "The experiment needs at least 2 rows of training data to start, it has 1" },
      ["without an evaluator"] = { evaluators = false,
         message = "The experiment needs at least one evaluator to start" },
      ["without any weight"] = { evaluators = { { name = "x", type = "f1", weight = 0 } },
         message = "The experiment needs an evaluator with a weight above 0 to start" },
      ["without anything held out"] = { hyperparameters = { trainSplitRatio = 0.5 },
         observations = { { variables = {}, expected = "a", split = "train" },
            { variables = {}, expected = "b", split = "train" } },
         message = "trainSplitRatio needs rows in both splits, and none is left for eval" },
   } do
      it("are not started " .. name, function()
         local path = pending(case)
         assert_error(400, case.message, server:post(path .. "/start"))
         assert.equal("pending", server:ok("GET", path).experimentStatus)
      end)
   end

   it("run from pending to completed, once, and stay as they were then", function()
      local path, id = pending()
      local answer = server:post(path .. "/start")
      assert.same({ 200, "scheduled" }, { answer.status, answer.json.status })
      assert.matches(UUID, answer.json.messageId)
      local done = server:wait(path, "experimentStatus", { completed = true, failed = true })
      assert.equal("completed", done.experimentStatus)
      assert.matches(TIME, done.startedAt)
      assert.is_true(done.createdAt <= done.startedAt and done.startedAt <= done.endedAt)
      assert.is_true(done.tokensUsed > 0)
      assert_error(409, "Only a pending experiment can be started; this one is completed",
         server:post(path .. "/start"))
      assert_error(409, "Can only update pending experiments", server:patch(path, {}))
      local observation = server:ok("GET", path .. "/observations").data[1].id
      local evaluator = server:ok("GET", path .. "/evaluators").data[1].id
      for _, change in ipairs{
         { "POST", path .. "/observations", MESSAGES },
         { "PATCH", path .. "/observations/" .. observation, {} },
         { "DELETE", path .. "/observations/" .. observation },
         { "POST", path .. "/evaluators", { { name = "x", type = "f1", weight = 1 } } },
         { "PATCH", path .. "/evaluators/" .. evaluator, {} },
         { "DELETE", path .. "/evaluators/" .. evaluator },
      } do
         assert_error(409, "Can only change pending experiments", server:request(table.unpack(change)))
      end
      assert.equal(204, server:delete(path).status)
      assert.same({}, server:ok("GET", "/experiments?status=completed&component_id=" .. id).data)
   end)

   it("fail where it takes a language model to judge, and say so", function()
      for _, kind in ipairs{ "referenceJudge", "comparisonJudge", "generalJudge" } do
         local _, id = pending{ evaluators = { { name = "tone", type = kind, weight = 1, config = JUDGE[kind] } } }
         local failed = server:finish(id)
         assert.same({ "failed", "SANDBOX_NO_JUDGE" }, { failed.experimentStatus, failed.errorCode })
         assert.matches("'tone' is a " .. kind, failed.errorMessage, 1, true)
         assert_error(404, "Not found", server:get("/experiments/" .. id .. "/iterations/best"))
      end
   end)

   it("are copied with what belongs to them", function()
      local path, id = pending{ prompt = "Spam?", hyperparameters = { epochs = 3 } }
      server:finish(id)
      local best = server:ok("GET", path .. "/iterations/best")
      local function prompt_of(body)
         local answer = server:post(path .. "/duplicate", body)
         assert.equal(201, answer.status)
         assert.same({ "pending", false, 3 }, { answer.json.experimentStatus, answer.json.modelUnavailable,
            answer.json.hyperparameters.epochs })
         return answer.json.initialPromptMessages[1].content, answer.json.id
      end
      assert.equal(best.prompt, (prompt_of{ continueFromOptimized = true }))
      assert.equal("Ham?", (prompt_of{ initialPromptOverride = "Ham?" }))
      assert.equal(best.prompt, (prompt_of{ initialPromptOverride = "Ham?", continueFromOptimized = true }))
      assert.equal("Ham?", (prompt_of{ initialPromptOverride = "Ham?", continueFromOptimized = false }))
      local prompt, copy = prompt_of("{}")
      assert.equal("Spam?", prompt)
      local function contents(from)
         local rows = server:ok("GET", "/experiments/" .. from .. "/observations").data
         for i, row in ipairs(rows) do rows[i] = { row.idx, row.expected, row.variables, row.split } end
         return rows
      end
      assert.same(contents(id), contents(copy))
      assert.equal("accuracy", server:ok("GET", "/experiments/" .. copy .. "/evaluators").data[1].name)
      assert.equal("completed", server:finish(copy).experimentStatus)
      assert_error(409, "The experiment has no iteration to continue from",
         server:post((pending()) .. "/duplicate", { continueFromOptimized = true }))
   end)
end)

describe("observations and evaluators", function()
   it("come back as they went up", function()
      local variables = {
         big = 123456789012345, nanoseconds = 1700000000123456, sum = 0.1 + 0.2, none = json.array{},
         nested = { list = json.array{ json.array{}, {}, "a\0b", -0.5, 1e300, true }, empty = {} },
         text = "é\n\"",
      }
      local path = server:experiment()
      path = "/experiments/" .. path
      local answer = server:post(path .. "/observations", { { variables = variables, expected = "x\0y'z" } })
      assert.equal(201, answer.status)
      local found = server:ok("GET", path .. "/observations").data[1]
      assert.same(answer.json.data[1], found)
      assert.same(variables, found.variables)
      assert.equal("integer", math.type(found.variables.big))
      assert.equal("[]", json.encode(found.variables.none))
      assert.same({ "x\0y'z", "eval", 0 }, { found.expected, found.split, found.idx })
      assert.equal("integer", math.type(found.id))
   end)

   it("keep their order and their numbers", function()
      local path = pending()
      assert.same({ data = {} }, server:ok("POST", path .. "/observations", "[]"))
      local more = {}
      for i = 1, 1000 do more[i] = { variables = { n = i }, expected = tostring(i), split = "train" } end
      local added = server:ok("POST", path .. "/observations", more).data
      local all = server:ok("GET", path .. "/observations").data
      assert.same({ 1000, 1004 }, { #added, #all })
      for i, row in ipairs(added) do
         assert.same({ i + 3, i, tostring(i), "train" },
            { row.idx, row.variables.n, row.expected, row.split })
         assert.same(row, all[i + 4])
      end
   end)

   it("are changed and deleted one by one, and only in their own experiment", function()
      local path, other = pending(), pending()
      local id = server:ok("GET", path .. "/observations").data[2].id
      local changes = { expected = "spam", split = "train" }
      local changed = server:ok("PATCH", path .. "/observations/" .. id, changes)
      assert.same({ "spam", "train", "lunch at noon" },
         { changed.expected, changed.split, changed.variables.message })
      assert_error(404, "Not found", server:patch(other .. "/observations/" .. id, {}))
      assert_error(404, "Not found", server:delete(other .. "/observations/" .. id))
      assert_error(400, "Expected number, received nan", server:delete(path .. "/observations/" .. id .. "x"))
      assert.equal(204, server:delete(path .. "/observations/" .. id).status)
      assert_error(404, "Not found", server:delete(path .. "/observations/" .. id))
      assert.equal(3, #server:ok("GET", path .. "/observations").data)
   end)

   it("of evaluators have a scale from 0 to 1 unless they say otherwise", function()
      local path = "/experiments/" .. server:experiment{ evaluators = false }
      local made = server:ok("POST", path .. "/evaluators", {
         { name = "a", type = "similarity", weight = 0.25, config = { deep = { 1 } } },
         { name = "b", type = "f1", weight = 1, scaleMin = -1, scaleMax = 10, description = "d" },
      }).data
      assert.same({ 0, 1, 0.25 }, { made[1].scaleMin, made[1].scaleMax, made[1].weight })
      assert.same({ deep = { 1 } }, made[1].config)
      assert.same({ -1, 10, "d" }, { made[2].scaleMin, made[2].scaleMax, made[2].description })
      local second = path .. "/evaluators/" .. made[2].id
      local changed = server:ok("PATCH", second, { weight = 2, description = json.null })
      assert.same({ 2, 10 }, { changed.weight, changed.scaleMax })
      assert.is_nil(changed.description)
      assert_error(400, "scaleMax must be greater than scaleMin", server:patch(second, { scaleMax = -1 }))
      assert_error(404, "Not found", server:patch((pending()) .. "/evaluators/" .. made[2].id, {}))
      assert.equal(204, server:delete(second).status)
      assert.same({ made[1] }, server:ok("GET", path .. "/evaluators").data)
   end)
end)

describe("deployments", function()
   it("are null before, the best prompt after, and null again", function()
      local component = server:component("mail")
      local path, id = pending{ component = component }
      local at = "/components/" .. component .. "/deployment"
      for _, empty in ipairs{ at, at .. "/prompt" } do
         local answer = server:get(empty)
         assert.same({ 200, "null" }, { answer.status, answer.text })
      end
      assert_error(409, "Only a completed experiment can be deployed; this one is pending",
         server:post(at, { experimentId = id }))
      server:finish(id)
      local elsewhere = "/components/" .. server:component() .. "/deployment"
      assert_error(404, "Not found", server:post(elsewhere, { experimentId = id }))
      local deployed = server:post(at, { experimentId = id })
      assert.equal(201, deployed.status)
      assert.same({ aiComponentId = component, experimentId = id }, deployed.json)
      local best = server:ok("GET", path .. "/iterations/best")
      local prompt = server:ok("GET", at .. "/prompt")
      assert.same({ best.prompt, best.id, best.overallNormalizedScore, "mail", "sandbox-small" },
         { prompt.prompt, prompt.iterationId, prompt.score, prompt.componentName, prompt.model })
      assert.same({ { role = "system", content = best.prompt } }, prompt.promptMessages)
      assert.equal(id, server:ok("GET", at).experiment.id)
      assert.equal(204, server:delete(at).status)
      assert.equal(204, server:delete(at).status)
      assert.equal("null", server:get(at).text)
      server:ok("POST", at, { experimentId = id })
      server:ok("DELETE", path)
      assert.equal("null", server:get(at).text)
   end)
end)
