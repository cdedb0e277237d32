--- The platforms that the sandbox plays: today's, which has dataset cases, the older one, which has observations, and
-- both at once; the same job on each, at the level of the wire, and what each answers for what it does not have.
local json = require("promptic").json
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local PROGRAM = os.getenv("PROMPTIC_LUA") or "build/promptic-lua"

local NOBODY = "00000000-0000-4000-8000-00000000000a"

-- Whether an answer is a 404 of this form for a path that is no route.
local FORMS = {
   json = function(answer)
      assert.same({ "application/json", { error = "Not found" } }, { answer.headers["content-type"], answer.json })
   end,
   html = function(answer)
      assert.equal("text/html; charset=utf-8", answer.headers["content-type"])
      assert.matches("^<!DOCTYPE html><html>.*404.*</html>$", answer.text)
   end,
   empty = function(answer)
      assert.same({ "", "0" }, { answer.text, answer.headers["content-length"] })
      assert.is_nil(answer.headers["content-type"])
   end,
}

local ROWS = {}
for i = 1, 8 do
   local spam = i % 2 == 0
   ROWS[i] = { { message = (spam and "win money now " or "see you at lunch ") .. i }, spam and "spam" or "ham" }
end

local function as_observations()
   local list = json.array{}
   for i, row in ipairs(ROWS) do list[i] = { variables = row[1], expected = row[2] } end
   return list
end

local function as_cases()
   local list = json.array{}
   for i, row in ipairs(ROWS) do list[i] = { inputPayload = row[1], expectedPayload = row[2] } end
   return list
end

local function cases_of(experiment)
   return ("/components/%s/datasets/%s/cases"):format(experiment.aiComponentId, experiment.datasetId or NOBODY)
end

-- By what the sandbox goes without: whether it has observations, whether cases.
local PLATFORMS = { [""] = { true, true }, observations = { false, true }, cases = { true, false } }

-- Component, experiment, rows, evaluators, start, wait, deploy, get the prompt; returns the prompt.
local function whole_job(server, has_cases)
   local component = server:component "spam filter"
   local made = server:ok("POST", "/experiments", { aiComponentId = component, targetModel = "any",
      initialPrompt = "Spam or ham?" })
   local path = "/experiments/" .. made.id
   assert.equal(has_cases, made.datasetId ~= nil)
   assert.same(made.datasetId, server:ok("GET", path).datasetId)
   local to = has_cases and cases_of(made) or path .. "/observations"
   local added = server:ok("POST", to, has_cases and as_cases() or as_observations()).data
   assert.equal(#ROWS, #added)
   assert.same(added, server:ok("GET", to).data)
   server:ok("POST", path .. "/evaluators", { { name = "accuracy", type = "f1", weight = 1 } })
   assert.equal("completed", server:finish(made.id).experimentStatus)
   server:ok("POST", "/components/" .. component .. "/deployment", { experimentId = made.id })
   local deployed = server:ok("GET", "/components/" .. component .. "/deployment").experiment
   assert.same(made.datasetId, deployed.datasetId)
   local copy = server:ok("POST", path .. "/duplicate", {})
   local copied = server:ok("GET", has_cases and cases_of(copy) or "/experiments/" .. copy.id .. "/observations")
   assert.equal(#ROWS, #copied.data)
   assert.is_true(copy.datasetId == nil or copy.datasetId ~= made.datasetId)
   return server:ok("GET", "/components/" .. component .. "/deployment/prompt").prompt
end

describe("a platform", function()
   local prompts = {}

   for without, has in pairs(PLATFORMS) do
      for form, check in pairs(FORMS) do
         it(("without %s does the whole job and answers %s for the rest"):format(without, form), function()
            local arguments = { "--not-found", form }
            if without ~= "" then table.move({ "--without", without }, 1, 2, 3, arguments) end
            local server = sandbox.start{ pace = 0, arguments = arguments }
            prompts[#prompts + 1] = whole_job(server, has[2])
            assert.equal(prompts[1], prompts[#prompts])
            local experiment = server:ok("GET", "/experiments/" .. server:experiment())
            local observations = "/experiments/" .. experiment.id .. "/observations"
            local routes = { { "GET", "/no/such/path", nil, false },
               { "GET", observations, nil, has[1] }, { "POST", observations, as_observations(), has[1] },
               { "PATCH", observations .. "/1", {}, has[1] }, { "DELETE", observations .. "/99", nil, has[1] },
               { "GET", cases_of(experiment), nil, has[2] }, { "POST", cases_of(experiment), as_cases(), has[2] },
               { "GET", cases_of(experiment) .. "/99", nil, has[2] } }
            for _, route in ipairs(routes) do
               local answer = server:request(route[1], route[2], route[3])
               if not route[4] then
                  assert.equal(404, answer.status, route[2])
                  check(answer)
               elseif answer.status == 404 then
                  assert.same({ error = "Not found" }, answer.json)
               end
            end
            -- an id that is not there is another 404: always JSON
            local missing = server:get("/experiments/" .. NOBODY)
            assert.same({ 404, { error = "Not found" } }, { missing.status, missing.json })
            assert.equal("", server:stop())
         end)
      end
   end

   it("without cases has no cases in its datasets", function()
      local server = sandbox.start{ arguments = { "--without=cases" } }
      local at = "/components/" .. server:component() .. "/datasets"
      local made = server:ok("POST", at, { name = "d" })
      local whole = server:ok("GET", at .. "/" .. made.id)
      assert.same({ 0, json.array{} }, { whole.itemCount, whole.items })
      for _, dataset in ipairs{ made, whole, server:ok("GET", at).data[1] } do
         assert.same({}, { dataset.cases, dataset.caseCount })
      end
      server:stop()
   end)

   it("goes without several groups, and without single operations", function()
      local server = sandbox.start{ arguments = { "--without", "models,workspace", "--without", "ai-application",
         "--without", "list_datasets" } }
      for path, status in pairs{ ["/models"] = 404, ["/workspace"] = 404, ["/workspaces"] = 404,
         ["/ai-application"] = 404, ["/components"] = 200 } do
         assert.equal(status, server:get(path).status, path)
      end
      local at = "/components/" .. server:component() .. "/datasets"
      assert.equal(201, server:post(at, { name = "d" }).status)
      assert.equal(405, server:get(at).status)
      server:stop()
   end)

   it("is refused if it is unknown", function()
      assert.error_matches(function() sandbox.start{ arguments = { "--without", "observation" } } end,
         "%-%-without 'observation': the groups are workspace, ai%-application, models, .*, cases, runs, ")
      assert.error_matches(function() sandbox.start{ arguments = { "--not-found", "xml" } } end,
         "%-%-not%-found takes json, html or empty")
   end)

   it("is played for a script and for the command as well", function()
      local script = [[
         local made = promptic.client():create_experiment(promptic.client():create_component "c".id, "m")
         print(made.datasetId ~= nil, pcall(promptic.client().list_observations, promptic.client(), made.id))
      ]]
      for arguments, expected in pairs{ [""] = "true\ttrue", ["--without cases"] = "false\ttrue",
         ["--without=models --without observations --not-found=html"] = "true\tfalse\t%[404%]" } do
         local words = { PROGRAM, "--sandbox" }
         for word in arguments:gmatch "%S+" do words[#words + 1] = word end
         table.move({ "-e", script }, 1, 2, #words + 1, words)
         local result = process.run(words)
         assert.equal("", result.stderr)
         assert.matches("^" .. expected, result.stdout)
      end
      local result = process.run{ PROGRAM, "--without", "cases", "-e", "" }
      assert.matches("'--without' belongs to '--sandbox'", result.stderr, 1, true)
      result = process.run{ PROGRAM, "scripts/promptic", "sandbox", "--without", "case" }
      assert.matches("--without 'case': the groups are", result.stderr, 1, true)
   end)
end)

describe("the rows of an experiment", function()
   local server, experiment, observations, cases
   setup(function() server = sandbox.start{ pace = 0 } end)
   teardown(function() assert.equal("", server:stop()) end)
   before_each(function()
      experiment = server:ok("GET", "/experiments/" .. server:experiment())
      observations, cases = "/experiments/" .. experiment.id .. "/observations", cases_of(experiment)
   end)

   local function pick(list, ...)
      local found = {}
      for i, one in ipairs(list) do
         found[i] = {}
         for place, name in ipairs{ ... } do found[i][place] = one[name] == nil and "absent" or one[name] end
      end
      return found
   end

   it("are the same in both rooms, whichever wrote them", function()
      local first = server:ok("POST", observations, { { variables = { n = 1, o = json.null }, expected = "a\"b" },
         { variables = {}, expected = "", split = "train" } }).data
      local second = server:ok("POST", cases, { { inputPayload = { n = 2 }, expectedPayload = "c", split = "eval" },
         { inputPayload = { n = 3 }, expectedPayload = { value = "d" }, metadata = { k = 1 } } }).data
      local all = server:ok("GET", observations).data
      assert.same({ { first[1].id, 0, "a\"b", { n = 1 }, "eval" }, { first[2].id, 1, "", {}, "train" },
         { second[1].id, 2, "c", { n = 2 }, "eval" }, { second[2].id, 3, "d", { n = 3 }, "eval" } },
         pick(all, "id", "idx", "expected", "variables", "split"))
      for _, one in ipairs(all) do assert.equal(experiment.id, one.experimentId) end
      assert.same({ { first[1].id, 0, "a\"b", { n = 1 }, "absent", {} }, { first[2].id, 1, "", {}, "train", {} },
         { second[1].id, 2, "c", { n = 2 }, "eval", {} },
         { second[2].id, 3, { value = "d" }, { n = 3 }, "absent", { k = 1 } } },
         pick(server:ok("GET", cases).data, "id", "idx", "expectedPayload", "inputPayload", "split", "metadata"))
      assert.matches('"o":null', server:get(cases).text, 1, true)
   end)

   it("are missing from the observations if they have no form as one", function()
      local list = json.array{}
      for _, expected in ipairs{ json.null, 1, true, json.array{ "a" }, { value = 1 }, { value = json.null },
         { value = "a", other = "b" }, { other = "a" } } do
         list[#list + 1] = { inputPayload = {}, expectedPayload = expected }
      end
      list[#list + 1] = { inputPayload = {} }
      local made = server:ok("POST", cases, list).data
      assert.same({}, server:ok("GET", observations).data)
      local path = observations .. "/" .. made[1].id
      assert.same({ 404, 404 }, { server:patch(path, {}).status, server:delete(path).status })
      server:ok("POST", observations, { { variables = {}, expected = "seen" } })
      local seen = server:ok("GET", observations).data
      assert.same({ { #list, "seen" } }, pick(seen, "idx", "expected"))
      assert.equal(#list + 1, #server:ok("GET", cases).data)
   end)

   it("change and go in both", function()
      local made = server:ok("POST", observations, as_observations()).data
      server:ok("PATCH", cases .. "/" .. made[1].id, { expectedPayload = "changed", split = "train" })
      assert.same({ { "changed", "train" } },
         pick({ server:ok("GET", observations).data[1] }, "expected", "split"))
      local changed = server:ok("PATCH", observations .. "/" .. made[2].id, { variables = { m = "x" }, expected = "y" })
      assert.same({ "y", { m = "x" } }, { changed.expected, changed.variables })
      local case = server:ok("GET", cases .. "/" .. made[2].id)
      assert.same({ "y", { m = "x" } }, { case.expectedPayload, case.inputPayload })
      server:ok("DELETE", cases .. "/" .. made[3].id)
      server:ok("DELETE", observations .. "/" .. made[4].id)
      assert.same({ #ROWS - 2, #ROWS - 2 }, { #server:ok("GET", observations).data, #server:ok("GET", cases).data })
   end)

   it("stand in the order of idx as observations, those without one last, with their id", function()
      local made = server:ok("POST", cases, { { inputPayload = {}, expectedPayload = "late", idx = json.null },
         { inputPayload = {}, expectedPayload = "9", idx = 9 },
         { inputPayload = {}, expectedPayload = "3", idx = 3 } }).data
      server:ok("POST", observations, { { variables = {}, expected = "10" } })
      assert.same({ { "3", 3 }, { "9", 9 }, { "10", 10 }, { "late", made[1].id } },
         pick(server:ok("GET", observations).data, "expected", "idx"))
      -- numbers end somewhere
      server:ok("POST", cases, { { inputPayload = {}, expectedPayload = "end", idx = math.maxinteger - 1 } })
      assert.is_nil(server:ok("POST", cases, { { inputPayload = {}, expectedPayload = "after" } }).data[1].idx)
   end)

   it("are counted and listed in one answer, though rows are added meanwhile", function()
      local list = json.array{}
      for i = 1, 1000 do list[i] = { inputPayload = { text = ("x"):rep(1000) .. i }, expectedPayload = "y" } end
      for _ = 1, 3 do server:ok("POST", cases, list) end
      local at = cases:gsub("/cases$", "")
      local http = require "socket.http"
      local pieces, added = {}, false
      -- the answer is read in pieces, and a request that adds one comes between them
      http.request{ url = server.url .. "/api/v1" .. at, headers = { authorization = "Bearer sandbox" },
         sink = function(piece)
            if piece and not added then
               added = true
               server:ok("POST", cases, { { inputPayload = {}, expectedPayload = "new" } })
            end
            pieces[#pieces + 1] = piece
            return 1
         end }
      local whole = json.decode(table.concat(pieces))
      assert.same({ 3000, 3000 }, { whole.caseCount, #whole.cases })
      assert.equal(3001, server:ok("GET", at).caseCount)
   end)
end)

it("named inputs are stored, shown and copied", function()
   local server = sandbox.start{ pace = 0 }
   local body = { aiComponentId = server:component(), targetModel = "any",
      inputVariables = { { name = "subject", column = "title" } } }
   local made = server:ok("POST", "/experiments", body)
   local copy = server:ok("POST", "/experiments/" .. made.id .. "/duplicate", {})
   for _, id in ipairs{ made.id, copy.id } do
      assert.same(body.inputVariables, server:ok("GET", "/experiments/" .. id).inputVariables)
   end
   body.inputVariables = nil
   assert.same(json.array{}, server:ok("POST", "/experiments", body).inputVariables)
   body.inputVariables = { { name = "subject" } }
   local refused = server:post("/experiments", body)
   assert.same({ 400, "inputVariables[0].column" }, { refused.status, refused.json.details.path })
   assert.equal("", server:stop())
end)
