--- What outlives a sandbox, how one starts, and how one ends.
local json = require("promptic").json
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local PROGRAM = os.getenv("PROMPTIC_LUA") or "build/promptic-lua"

local folder, database
before_each(function()
   folder = process.folder()
   database = folder .. "/state.db"
end)
after_each(function() process.remove(folder) end)

local function messages()
   local list = {}
   for i = 1, 40 do
      local kind = i % 3 == 0 and "invoice" or i % 3 == 1 and "crash" or "wish"
      list[i] = { variables = { text = kind .. " of customer " .. i, n = i }, expected = kind }
   end
   return list
end

-- Everything a client can see of an experiment, without times and ids, which differ between two.
local function outcome(server, id)
   local path = "/experiments/" .. id
   local rows = {}
   for i, iteration in ipairs(server:ok("GET", path .. "/iterations").data) do
      rows[i] = { iteration.iterationNumber, iteration.prompt, iteration.overallNormalizedScore,
         iteration.evalNormalizedScore }
   end
   return { rows, server:ok("GET", path).tokensUsed }
end

describe("a sandbox with a file", function()
   it("has everything after kill -9 that it had answered before", function()
      local server = sandbox.start{ pace = 0, db = database }
      local component = server:component("kept")
      local id = server:experiment{ component = component, observations = messages() }
      server:finish(id)
      server:ok("POST", "/components/" .. component .. "/deployment", { experimentId = id })
      local paths = { "/workspace", "/components", "/experiments", "/experiments/" .. id .. "/observations",
         "/experiments/" .. id .. "/evaluators", "/experiments/" .. id .. "/iterations/best",
         "/components/" .. component .. "/deployment/prompt" }
      local before = {}
      for i, path in ipairs(paths) do before[i] = server:ok("GET", path) end
      local last = server:ok("POST", "/components", { name = "the last request" }).id
      server:kill()

      server = sandbox.start{ pace = 0, db = database }
      assert.equal("the last request", server:ok("GET", "/components/" .. last).name)
      server:ok("DELETE", "/components/" .. last)
      for i, path in ipairs(paths) do assert.same(before[i], server:ok("GET", path)) end
      assert.equal("", server:stop())
   end)

   it("goes on with a running experiment and ends as if nothing had happened", function()
      local settings = { trainSplitRatio = 0.6, epochs = 30, numFewShots = 4 }
      local server = sandbox.start{ pace = 0.02, db = database }
      local id = server:experiment{ observations = messages(), hyperparameters = settings }
      local path = "/experiments/" .. id
      server:ok("POST", path .. "/start")
      repeat
         local known = #server:ok("GET", path .. "/iterations").data
      until known >= 5
      local started = server:ok("GET", path)
      assert.equal("running", started.experimentStatus)
      server:kill()

      server = sandbox.start{ pace = 0, db = database }
      local done = server:wait(path, "experimentStatus", { completed = true, failed = true })
      assert.equal("completed", done.experimentStatus)
      assert.equal(started.startedAt, done.startedAt)
      local twin = server:experiment{ observations = messages(), hyperparameters = settings }
      server:finish(twin)
      local resumed = outcome(server, id)
      assert.equal(30, #resumed[1])
      assert.same(outcome(server, twin), resumed)
      assert.equal("", server:stop())
   end)

   it("goes on with an evaluation", function()
      local server = sandbox.start{ pace = 3600, db = database }
      local at = "/components/" .. server:component()
      local dataset = server:ok("POST", at .. "/datasets", { name = "empty" }).id
      local made = server:ok("POST", at .. "/evaluations", { datasetId = dataset })
      local path = at .. "/evaluations/" .. made.id
      server:wait(path, "status", { running = true })
      server:kill()
      server = sandbox.start{ pace = 0, db = database }
      assert.same({}, server:wait(path, "status", { completed = true, failed = true }).results.insights)
      server:stop()
   end)

   it("has it for itself", function()
      local server = sandbox.start{ db = database }
      assert.error_matches(function() sandbox.start{ db = database } end,
         "cannot open .*state%.db: another sandbox is using it")
      assert.equal(200, server:get("/workspace").status)
      server:stop()
   end)

   it("refuses one that is none of its own", function()
      process.write_file(database, ("no database "):rep(1000))
      assert.error_matches(function() sandbox.start{ db = database } end, "cannot open .*it is no SQLite database")
      local nowhere = folder .. "/no/such/folder"
      assert.error_matches(function() sandbox.start{ db = nowhere } end, "cannot open ")
   end)
end)

describe("a slow experiment", function()
   local server
   before_each(function() server = sandbox.start{ pace = 3600 } end)
   after_each(function() assert.equal("", server:stop()) end)

   local function running()
      local id = server:experiment{ observations = messages() }
      server:ok("POST", "/experiments/" .. id .. "/start")
      local path = "/experiments/" .. id
      server:wait(path, "experimentStatus", { running = true })
      return path, id
   end

   it("can be read, and neither started, changed nor deployed", function()
      local path, id = running()
      local found = server:ok("GET", path)
      assert.is_string(found.startedAt)
      assert.is_nil(found.endedAt)
      assert.same({}, server:ok("GET", path .. "/iterations").data)
      assert.equal(404, server:get(path .. "/iterations/best").status)
      assert.equal(409, server:post(path .. "/start").status)
      assert.equal(409, server:patch(path, { name = "x" }).status)
      assert.equal(409, server:post(path .. "/observations", "[]").status)
      local at = "/components/" .. found.aiComponentId .. "/deployment"
      assert.equal(409, server:post(at, { experimentId = id }).status)
      assert.equal(1, #server:ok("GET", "/experiments?status=running").data)
   end)

   it("can be deleted, which ends it", function()
      local path = running()
      server:ok("DELETE", path)
      assert.equal(404, server:get(path).status)
      local other = running()
      server:ok("DELETE", "/components/" .. server:ok("GET", other).aiComponentId)
      assert.equal(404, server:get(other).status)
   end)
end)

it("a deleted experiment leaves nothing behind when its iteration would have come", function()
   local server = sandbox.start{ pace = 0.01 }
   for _ = 1, 5 do
      local id = server:experiment{ observations = messages(), hyperparameters = { epochs = 50 } }
      server:ok("POST", "/experiments/" .. id .. "/start")
      server:wait("/experiments/" .. id, "experimentStatus", { running = true })
      server:ok("DELETE", "/experiments/" .. id)
   end
   local last = server:finish(server:experiment{ observations = messages() })
   assert.equal("completed", last.experimentStatus)
   assert.equal("", server:stop())
end)

describe("the command line", function()
   local function run(...)
      return process.run{ PROGRAM, "scripts/sandbox.lua", ... }
   end

   it("explains itself", function()
      for _, flag in ipairs{ "--help", "-h" } do
         local result = run(flag)
         assert.same({ 0, "" }, { result.code, result.stderr })
         for _, word in ipairs{ "--port N", "--db FILE", "--pace SECONDS", "--api-key KEY",
            "--port-file FILE", "--stop-on-eof", "PROMPTIC_ENDPOINT", "session-KEY", "SANDBOX_NO_JUDGE" } do
            assert.matches(word, result.stdout, 1, true)
         end
      end
   end)

   for message, arguments in pairs{
      ["unknown option '--prot'"] = { "--prot", "1" },
      ["unknown option 'file.db'"] = { "file.db" },
      ["--port needs a value"] = { "--port" },
      ["--port takes a number from 0 to 65535"] = { "--port=65536" },
      ["--pace takes seconds, 0 or more"] = { "--pace", "nan" },
      ["--api-key takes a word without spaces"] = { "--api-key", "a b" },
   } do
      it("is refused: " .. table.concat(arguments, " "), function()
         local result = run(table.unpack(arguments))
         assert.same({ 2, "", "promptic sandbox: " .. message .. "\nTry --help.\n" },
            { result.code, result.stdout, result.stderr })
      end)
   end

   it("says where it listens, in one line, and ends with its standard input", function()
      local result = run("--stop-on-eof", "--port-file", folder .. "/port")
      assert.same({ 0, "" }, { result.code, result.stderr })
      local port = result.stdout:match("^promptic sandbox: http://127%.0%.0%.1:(%d+)\n$")
      assert.equal(port .. "\n", process.read_file(folder .. "/port"))
   end)

   it("takes the port it is told, if that is free", function()
      local server = sandbox.start()
      local result = run("--stop-on-eof", "--port", tostring(server.port))
      assert.same({ 1, "" }, { result.code, result.stdout })
      assert.matches("^promptic sandbox: cannot listen on 127.0.0.1:" .. server.port
         .. ": .*; %-%-port 0 takes a free one\n$", result.stderr)
      server:stop()
      result = run("--stop-on-eof", "--port=" .. server.port)
      assert.equal("promptic sandbox: http://127.0.0.1:" .. server.port .. "\n", result.stdout)
   end)

   it("is the same built in", function()
      local result = process.run{ PROGRAM, "--run", "promptic.sandbox", "--help" }
      assert.equal(run("--help").stdout, result.stdout)
   end)
end)

it("an observation's text that SQLite would cut survives a restart", function()
   local server = sandbox.start{ db = database }
   local observation = { variables = { t = "a\0b", n = json.null }, expected = "\0'" }
   local id = server:experiment{ observations = { observation } }
   server:kill()
   server = sandbox.start{ db = database }
   local answer = server:get("/experiments/" .. id .. "/observations")
   assert.same({ t = "a\0b" }, answer.json.data[1].variables)
   assert.matches('"n":null', answer.text, 1, true)
   assert.equal("\0'", answer.json.data[1].expected)
   server:stop()
end)
