--- The promptic command against a sandbox: what each command does, prints as JSON and tells people.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

describe("promptic", function()
   local server, promptic, component, experiment, folder

   local OBSERVATIONS = {
      { variables = { input = "free prize" }, expected = "spam", split = "train" },
      { variables = { input = "see you at lunch" }, expected = "ham", split = "train" },
   }

   setup(function()
      folder = process.folder()
      server = sandbox.start{ pace = 0 }
      promptic = command.new(server)
      component = server:component("first")
      experiment = server:experiment{ component = component, prompt = "Spam?", observations = OBSERVATIONS }
      server:finish(experiment)
   end)

   teardown(function()
      server:stop()
      process.remove(folder)
   end)

   -- Runs a command that must succeed.
   local function ok(call)
      local result = promptic(call)
      assert.equal("", result.code == 0 and "" or result.stderr .. result.stdout)
      return result
   end

   local function file(name, text)
      process.write_file(folder .. "/" .. name, text)
      return folder .. "/" .. name
   end

   it("prints with --json what the platform answers, and nothing else", function()
      local E, C = experiment, component
      -- each: the words of the command, and the path whose answer it prints
      local rows = {
         { "/workspace", "workspace", "info" },
         { "/components", "components", "list" },
         { "/components/" .. C, "components", "get", C },
         { "/experiments", "experiments", "list" },
         { "/experiments?status=completed&limit=1", "experiments", "list", "--status", "completed", "--limit",
            "1" },
         { "/experiments?component_id=" .. C, "experiments", "list", "-c", C },
         { "/experiments/" .. E, "experiments", "get", E },
         { "/experiments/" .. E, "experiments", "wait", E },
         { "/experiments/" .. E .. "/evaluators", "evaluators", "list", E },
         { "/experiments/" .. E .. "/iterations", "iterations", "list", E },
         { "/experiments/" .. E .. "/iterations/best", "iterations", "best", E },
         { "/components/" .. C .. "/deployment", "deployments", "status", C },
         { "/components/" .. C .. "/deployment/prompt", "deployments", "prompt", C },
         { "/traces?limit=20", "traces", "list" },
         { "/traces/stats?days_back=7", "traces", "stats", "--days-back", "7" },
         { "/components/" .. C .. "/datasets", "datasets", "list", "-c", C },
         { "/components/" .. C .. "/runs", "runs", "list", "--component", C },
         { "/components/" .. C .. "/evaluations", "evaluations", "list", "-c", C },
      }
      for _, row in ipairs(rows) do
         local words = { table.unpack(row, 2) }
         words[#words + 1] = "--json"
         local result = ok(words)
         local answer = server:ok("GET", row[1])
         assert.same(answer, result.json)
         assert.equal("", result.stderr)
      end
      -- training data are cases here: they are shown in the form of observations
      local listed = ok{ "observations", "list", E, "--json" }.json.data
      for place, row in ipairs(server:ok("GET", "/experiments/" .. E .. "/observations").data) do
         assert.same({ row.id, row.variables, row.expected },
            { listed[place].id, listed[place].variables, listed[place].expected })
      end
   end)

   it("prints the same document for the same answer, with its keys in order", function()
      local first, second = ok{ "components", "list", "--json" }, ok{ "components", "list", "--json" }
      assert.equal(first.stdout, second.stdout)
      local row = '    {\n      "aiApplicationId": "[^"]*",\n      "createdAt": "[^"]*",\n      "id": "[^"]*",\n'
         .. '      "name": "first",\n'
      assert.matches('^{\n  "data": %[\n' .. row, first.stdout)
   end)

   it("escapes what a terminal would obey, and nothing else", function()
      local name = "a\127\194\128\194\159\226\128\174\226\129\166\216\156\226\128\143"
         .. "\226\128\168\226\128\169 \194\160\226\128\148 \195\188"
      local made = ok{ "components", "create", name, "--json" }
      local shown = ok{ "components", "get", made.json.id, "--json" }
      assert.equal(name, shown.json.name)
      assert.matches([["a\u007F\u0080\u009F\u202E\u2066\u061C\u200F\u2028\u2029 ]] .. "\194\160\226\128\148 \195\188\"",
         shown.stdout, 1, true)
      ok{ "components", "delete", made.json.id, "-f" }
   end)

   it("runs nothing of LUA_INIT, and takes no module from LUA_PATH", function()
      local result = ok{ "components", "list", "--json", env = {
         LUA_INIT = "io.stderr:write('init')", LUA_INIT_5_4 = "error('init')", LUA_PATH = "/nonexistent/?.lua",
      } }
      assert.same({ "", 0 }, { result.stderr, result.code })
   end)

   it("makes, shows and deletes components", function()
      local made = ok{ "components", "create", "second", "--description", "for trying", "--json" }.json
      assert.equal("for trying", server:ok("GET", "/components/" .. made.id).description)
      assert.equal(made.id, ok{ "components", "get", made.id }.stdout:match("^second\n  id +(%S+)\n"))
      local deleted = ok{ "components", "delete", made.id, "-f" }
      assert.equal("Deleted the component " .. made.id .. ".\n", deleted.stdout)
      assert.equal(404, server:get("/components/" .. made.id).status)
   end)

   it("makes and changes an experiment", function()
      local made = ok{ "experiments", "create", "-c", component, "-m", "sandbox-small", "-t", "textGeneration",
         "-p", "- be short", "--name", "two", "--provider", "google", "--optimizer", "gepa",
         "--hyperparameters", file("hyper.json", '{"epochs": 2}'), "--input-variable", "subject=Betreff",
         "--input-variable=body=text = all", "--json" }.json
      local stored = server:ok("GET", "/experiments/" .. made.id)
      assert.same({ { name = "subject", column = "Betreff" }, { name = "body", column = "text = all" } },
         stored.inputVariables)
      local wrong = promptic{ "experiments", "create", "-c", component, "-m", "any", "--input-variable", "subject" }
      assert.equal(2, wrong.code)
      assert.matches("--input-variable takes NAME=COLUMN, not 'subject'", wrong.stderr, 1, true)
      assert.same({ "two", "textGeneration", "google", "gepa", 2 }, { stored.name, stored.taskType,
         stored.provider, stored.optimizer, stored.hyperparameters.epochs })
      assert.equal("- be short", stored.initialPromptMessages[1].content)
      ok{ "experiments", "update", made.id, "--name", "three", "-m", "sandbox-large" }
      stored = server:ok("GET", "/experiments/" .. made.id)
      assert.same({ "three", "sandbox-large" }, { stored.name, stored.targetModel })
      assert.equal(2, promptic{ "experiments", "update", made.id }.code)
      ok{ "experiments", "delete", made.id, "--force" }
   end)

   it("adds observations and evaluators, and deletes them", function()
      local id = server:experiment{ component = component, evaluators = false }
      local path = "/experiments/" .. id
      ok{ "observations", "add", id, "-i", "hello", "-e", "ham", "--split", "train" }
      ok{ "observations", "add", id, "-i", '{"subject": "a", "body": "b"}', "-e", "ham" }
      local added = ok{ "observations", "add", id, "--json", "--from-file",
         file("more.csv", 'message,expected\n"one, two",spam\nthree,ham\n') }
      assert.same({ added = 2, present = 0, skipped = 0 }, added.json)
      local stored = server:ok("GET", path .. "/observations").data
      assert.same({ { input = "hello" }, { subject = "a", body = "b" }, { message = "one, two" },
         { message = "three" } }, { stored[1].variables, stored[2].variables, stored[3].variables,
         stored[4].variables })
      ok{ "observations", "delete", id, tostring(stored[1].id), "-f" }
      assert.equal(3, #server:ok("GET", path .. "/observations").data)

      ok{ "evaluators", "add", id, "-n", "close", "-t", "similarity", "--scale-min", "-1", "--scale-max=1",
         "-w", "0.5" }
      local evaluator = server:ok("GET", path .. "/evaluators").data[1]
      assert.same({ "close", -1, 1, 0.5 }, { evaluator.name, evaluator.scaleMin, evaluator.scaleMax,
         evaluator.weight })
      ok{ "evaluators", "delete", id, evaluator.id, "-f" }
      assert.same({}, server:ok("GET", path .. "/evaluators").data)
   end)

   it("runs an experiment to its end, and deploys it", function()
      local copy = ok{ "experiments", "duplicate", experiment, "-p", "Is it spam?", "--json" }.json
      local done = ok{ "experiments", "start", copy.id, "--wait", "--json" }
      assert.equal("completed", done.json.experimentStatus)
      assert.equal("", done.stderr)
      ok{ "experiments", "continue", experiment, "--start" }
      ok{ "deployments", "deploy", component, experiment }
      local status = ok{ "deployments", "status", component }.stdout
      assert.equal(experiment, status:match("\n  experiment +(%S+)\n"))
      local prompt = server:ok("GET", "/components/" .. component .. "/deployment/prompt").prompt
      assert.equal(prompt, ok{ "deployments", "prompt", component }.stdout)
      ok{ "deployments", "undeploy", component, "-f" }
      assert.matches("Nothing is deployed", ok{ "deployments", "status", component }.stdout)
      local nothing = promptic{ "deployments", "prompt", component }
      assert.same({ 1, "" }, { nothing.code, nothing.stdout })
      assert.equal("null\n", ok{ "deployments", "prompt", component, "--json" }.stdout)
   end)

   it("tells lines of progress if there is no terminal", function()
      local copy = ok{ "experiments", "duplicate", experiment, "--json" }.json
      local done = ok{ "experiments", "start", copy.id, "--wait" }
      assert.matches("0:%d%d  completed  iteration %d+  best [01]%.%d%d%d\n$", done.stderr)
      assert.is_nil(done.stderr:find("\27", 1, true))
   end)

   it("fails with the reason where an experiment fails", function()
      local id = server:experiment{ component = component, observations = OBSERVATIONS,
         evaluators = { { name = "judge", type = "referenceJudge", weight = 1, config = { instructions = "x" } } } }
      local result = promptic{ "experiments", "start", id, "--wait" }
      assert.equal(1, result.code)
      assert.matches("The experiment failed %[SANDBOX_NO_JUDGE%]: ", result.stdout)
   end)

   it("works on datasets, runs, annotations and evaluations", function()
      local traces = { process.read_file("examples/agent_traces.json") }
      assert.equal(200, server:post("/traces", traces[1]).status)
      local listed = ok{ "traces", "list", "--limit", "2", "--json" }.json
      assert.same({ 2, 4 }, { #listed.traces, listed.total })
      -- the second of March 2026 is when they began
      local function count(...) return #ok{ "traces", "list", "--json", ... }.json.traces end
      assert.same({ 4, 0, 4, 0 }, { count("--start-after", "2026-03-02"), count("--start-before", "2026-03-02"),
         count("--start-before", "2026-03-03T00:00Z"), count("--start-after", "0m") })
      assert.equal(4, count("--start-after", "9999w"))
      local id = listed.traces[1].id
      assert.equal(id, ok{ "traces", "get", id, "--json" }.json.id)
      assert.matches("\n  execute_tool ", ok{ "traces", "get", id }.stdout)

      local C = { "-c", component }
      local function with(words)
         for _, word in ipairs(C) do words[#words + 1] = word end
         words[#words + 1] = "--json"
         return ok(words).json
      end
      local dataset = with{ "datasets", "create", "nightly", "--trace", id, "--trace", listed.traces[2].id }
      assert.equal(2, #with{ "datasets", "get", dataset.id }.items)
      -- people are shown what was said, not the messages' JSON
      local shown = ok{ "datasets", "get", dataset.id, "-c", component }.stdout
      assert.matches("  I returned order 990 two weeks ago. Where is my money%?  +A colleague will", shown)
      assert.matches("^The last 7 days\n  traces +%d+\n", ok{ "traces", "stats", "--days-back", "7" }.stdout)
      local run = with{ "runs", "create", "v1", "--dataset", dataset.id, "--trace", id }
      assert.equal("v1", with{ "runs", "get", run.id }.name)
      assert.equal(1, #with{ "runs", "list", "--dataset", dataset.id }.data)
      assert.equal(0, #with{ "runs", "list", "--dataset", "other" }.data)
      local note = with{ "annotations", "create", "--run", run.id, "--trace", id, "--rating", "negative" }
      assert.equal(note.id, with{ "annotations", "list", "--run", run.id }.data[1].id)
      assert.equal(note.id, with{ "annotations", "list", "--dataset", dataset.id }.data[1].id)

      local started = ok{ "evaluations", "run", component, "--dataset", dataset.id, "--no-wait",
         "--json" }.json
      assert.equal(started.id, with{ "evaluations", "get", started.id }.id)
      local evaluation = ok{ "evaluations", "run", component, "--dataset", dataset.id, "--run", run.id,
         "--name", "all", "--json" }.json
      assert.same({ "completed", "all", run.id }, { evaluation.status, evaluation.name, evaluation.runId })
      for _, words in ipairs{ { "annotations", "delete", note.id, "--run", run.id },
         { "runs", "delete", run.id }, { "datasets", "delete", dataset.id } } do
         for _, word in ipairs{ "-f", "-c", component } do words[#words + 1] = word end
         ok(words)
      end
      assert.same({}, with{ "datasets", "list" }.data)
   end)

   it("runs scripts as the interpreter does", function()
      local script = file("script.lua", "print(promptic.version, arg[1], arg[2]) os.exit(7)")
      local result = promptic{ "run", script, "--json", "-h" }
      assert.equal(require("promptic").version .. "\t--json\t-h\n", result.stdout)
      assert.equal(7, result.code)
   end)

   it("serves the sandbox", function()
      local result = promptic{ "sandbox", "--port", "70000" }
      assert.same({ 2, "" }, { result.code, result.stdout })
      -- the file is there before tail looks for it
      local line = ": >" .. folder .. "/out; env --default-signal=INT $PROMPTIC sandbox --pace 0 --db " .. folder
         .. "/s.db >>" .. folder
         .. "/out & tail -n +1 -f --pid=$! " .. folder .. "/out | head -1; kill -INT $!; wait $!; echo $?"
      assert.matches("^promptic sandbox: http://127%.0%.0%.1:%d+\n130\n$", command.shell(nil, line).stdout)
   end)
end)
