--- Files of older sandboxes: --db opens them with all that was in them, and goes on.
local json = require("promptic").json
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local APPLICATION = "5a4db0c5-0000-4000-8000-000000000001"
local COMPONENT, TRACE = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000001"
local DONE, OPEN = "33333333-0000-4000-8000-000000000001", "33333333-0000-4000-8000-000000000002"
local DATASETS = { [DONE] = "44444444-0000-4000-8000-000000000001", [OPEN] = "44444444-0000-4000-8000-000000000002" }
local TIME = "2026-01-02T03:04:05.678Z"

local folder, database
before_each(function()
   folder = process.folder()
   database = folder .. "/state.db"
end)
after_each(function() process.remove(folder) end)

-- Runs the statements of the text, which ";" ends, on the database; it is closed unless `leave_open`.
local function execute(text, leave_open)
   local environment = require("luasql.sqlite3").sqlite3()
   local connection = assert(environment:connect(database))
   for statement in text:gmatch "[^;]+" do
      if statement:find "%S" then
         local result = assert(connection:execute(statement), statement)
         if type(result) == "userdata" then result:close() end
      end
   end
   if leave_open then return end
   connection:close()
   environment:close()
end

local function quote(value)
   return type(value) == "number" and tostring(value) or ("'%s'"):format(value)
end

local function insert(into, ...)
   local values = {}
   for place, value in ipairs{ ... } do values[place] = value == json.null and "NULL" or quote(value) end
   return ("INSERT INTO %s VALUES (%s);"):format(into, table.concat(values, ", "))
end

local SETTINGS = '{"epochs":4,"numFewShots":2,"trainSplitRatio":0.5}'
local TEXTS = { "win money now", "see you at lunch", "money for you", "lunch at noon", "win a prize", "noon then" }
local OWN = "Spam or ham? ä"

-- What both versions had, by the columns that they share: a component, a completed and a pending experiment with
-- observations, iterations, a deployment, a trace in a dataset.
local function state(with_dataset)
   local list = { insert("workspace", APPLICATION, "Sandbox", "older", TIME, TIME),
      insert("component", COMPONENT, APPLICATION, "mail", "old", TIME, TIME) }
   local function add(...) list[#list + 1] = insert(...) end
   for number, id in ipairs{ DONE, OPEN } do
      local columns, values = "", {}
      if with_dataset then
         add("dataset", DATASETS[id], COMPONENT, APPLICATION, "d" .. number, "own", TIME, TIME)
         columns, values = ", datasetId, promptFormat", { DATASETS[id], "single" }
      end
      add(("experiment (id, aiComponentId, name, targetModel, provider, taskType, optimizer, initial_prompt, "
         .. "hyperparameters, experimentStatus, runNumber, createdAt, updatedAt%s)"):format(columns), id, COMPONENT,
         "run " .. number, "m", "openai", "classification", "prompticV2", OWN, SETTINGS,
         id == DONE and "completed" or "pending", number, TIME, TIME, table.unpack(values))
      add("evaluator", "55555555-0000-4000-8000-00000000000" .. number, id, "accuracy", json.null, "f1", 0, 1, 1,
         json.null, TIME, TIME)
      for i, text in ipairs(TEXTS) do
         local split = id == DONE and i <= 3 and "train" or "eval"
         add("observation (experimentId, idx, expected, variables, split, split_given, createdAt, updatedAt)", id,
            i - 1, i % 2 == 0 and "ham" or "spam", json.encode{ text = text }, split, i == 6 and 1 or 0, TIME, TIME)
      end
   end
   for number, prompt in ipairs{ OWN, OWN .. "\n\nand examples" } do
      local columns = with_dataset and ", own_length" or ""
      add(("iteration (experimentId, iterationNumber, prompt, promptTokens, overallNormalizedScore, "
         .. "evalNormalizedScore, createdAt, updatedAt%s)"):format(columns), DONE, number, prompt, 3, 0.5,
         number / 4, TIME, TIME, with_dataset and #OWN or nil)
      add("score", number, "55555555-0000-4000-8000-000000000001", "accuracy", json.null, "f1", 0.5, 0.5)
   end
   add("deployment", COMPONENT, DONE)
   add("trace (id, traceId, workspaceId, aiComponentId, metadata, start_ns, status, tags, createdAt)", TRACE,
      ("ab"):rep(16), APPLICATION, COMPONENT, "{}", 1700000000000000000, "ok", "[]", TIME)
   add("dataset", "66666666-0000-4000-8000-000000000001", COMPONENT, APPLICATION, "traces", json.null, TIME, TIME)
   add("item (datasetId, traceDbId, createdAt)", "66666666-0000-4000-8000-000000000001", TRACE, TIME)
   return table.concat(list, "\n")
end

local function tables(version)
   return process.read_file(("spec/fixtures/sandbox_tables_%d.sql"):format(version)):gsub("%-%-[^\n]*", "")
end

local WAL = "PRAGMA journal_mode = WAL;"

local function write(version, more)
   execute(tables(version) .. state(version == 2) .. (more or "") .. WAL)
end

local function texts(list)
   local found = {}
   for i, one in ipairs(list) do found[i] = { one.idx, one.variables.text, one.expected, one.split } end
   return found
end

local function check_all(server)
   local done = server:ok("GET", "/experiments/" .. DONE)
   assert.same({ "run 1", "completed", "single", json.array{}, TIME },
      { done.name, done.experimentStatus, done.promptFormat, done.inputVariables, done.createdAt })
   local observations = server:ok("GET", "/experiments/" .. DONE .. "/observations").data
   assert.same({ { 0, TEXTS[1], "spam", "train" }, { 1, TEXTS[2], "ham", "train" } },
      { table.unpack(texts(observations), 1, 2) })
   assert.equal(#TEXTS, #observations)
   local prompt = server:ok("GET", "/components/" .. COMPONENT .. "/deployment/prompt")
   assert.same({ OWN .. "\n\nand examples", 0.5 }, { prompt.prompt, prompt.score })
   local iterations = server:ok("GET", "/experiments/" .. DONE .. "/iterations").data
   assert.equal("accuracy", server:ok("GET", "/experiments/" .. DONE .. "/iterations/" .. iterations[2].id)
      .scores[1].evaluatorName)
   local datasets = server:ok("GET", "/components/" .. COMPONENT .. "/datasets").data
   assert.same({ 1, "traces", 1 }, { #datasets, datasets[1].name, datasets[1].itemCount })
   assert.equal(TRACE, server:ok("GET", "/traces/" .. ("ab"):rep(16)).id)
   -- continues from the best prompt, of which the first part is a person's own
   local copy = server:ok("POST", "/experiments/" .. DONE .. "/duplicate", { continueFromOptimized = true })
   assert.equal("completed", server:finish(copy.id).experimentStatus)
   for _, iteration in ipairs(server:ok("GET", "/experiments/" .. copy.id .. "/iterations").data) do
      assert.equal(OWN, iteration.prompt:sub(1, #OWN))
      assert.equal(iteration.iterationNumber == 1, iteration.prompt:find("and examples", 1, true) ~= nil)
   end
   -- what was not started splits as it would have then: one row has a split that was given
   assert.equal("completed", server:finish(OPEN).experimentStatus)
   local splits = {}
   for i, one in ipairs(server:ok("GET", "/experiments/" .. OPEN .. "/observations").data) do splits[i] = one.split end
   table.sort(splits)
   assert.same({ "eval", "eval", "eval", "eval", "train", "train" }, splits)
   assert.equal(1, #server:ok("GET", "/components").data)
   server:ok("DELETE", "/components/" .. COMPONENT)
   assert.same({}, server:ok("GET", "/experiments").data)
end

describe("a file of an older sandbox", function()
   for version = 1, 2 do
      it(("of version %d is upgraded with all that was in it"):format(version), function()
         write(version)
         local server = sandbox.start{ pace = 0, db = database }
         local before = server:ok("GET", "/experiments/" .. OPEN .. "/observations").data
         server:kill()
         -- once more, from what the kill left
         server = sandbox.start{ pace = 0, db = database }
         assert.same(before, server:ok("GET", "/experiments/" .. OPEN .. "/observations").data)
         check_all(server)
         assert.equal("", server:stop())
         server = sandbox.start{ pace = 0, db = database }
         assert.same({}, server:ok("GET", "/experiments").data)
         server:stop()
      end)
   end

   it("keeps the ids and the order of its observations and of its cases", function()
      local own = {}
      for i = 1, 3 do
         own[i] = insert("dataset_case (id, datasetId, idx, inputPayload, expectedPayload, split_given, metadata, "
            .. "createdAt, updatedAt)", 2 * i, DATASETS[OPEN], i - 1, '{"text":"case"}', '"c' .. i .. '"', 0, "{}",
            TIME, TIME)
      end
      -- the last one becomes 40, and 50 was there once
      local into = "observation (id, experimentId, idx, expected, variables, split, split_given, createdAt, updatedAt)"
      own[4] = "DELETE FROM observation WHERE id = 12;" .. insert(into, 40, OPEN, 5, 'a"b', "{}", "eval", 0, TIME, TIME)
         .. insert(into, 50, OPEN, 6, "", "{}", "train", 1, TIME, TIME) .. "DELETE FROM observation WHERE id = 50;"
      write(2, table.concat(own))
      local server = sandbox.start{ pace = 0, db = database }
      local list, ids, expected = server:ok("GET", "/experiments/" .. OPEN .. "/observations").data, {}, {}
      for i, one in ipairs(list) do ids[i], expected[i] = one.id, one.expected end
      assert.same({ "spam", "ham", "spam", "ham", "spam", 'a"b', "c1", "c2", "c3" }, expected)
      -- those of the first experiment were 1 to 6, of this one 7 to 11 and 40; cases had 2, 4 and 6
      assert.same({ 7, 8, 9, 10, 11, 40, 2, 4, 6 }, ids)
      local first = {}
      for i, one in ipairs(server:ok("GET", "/experiments/" .. DONE .. "/observations").data) do first[i] = one.id end
      assert.same({ 1, 41, 3, 42, 5, 43 }, first)
      assert.equal("", server:stop())
   end)

   it("of version 1 is known while its tables are in the log alone", function()
      -- a connection that is not closed leaves the log, as a kill does
      execute("PRAGMA journal_mode = WAL;" .. tables(1) .. state(false), true)
      assert.is_nil(process.read_file(database):find("CREATE TABLE workspace", 1, true))
      for _, name in ipairs{ database, database .. "-wal" } do
         process.write_file(name .. ".copy", process.read_file(name))
      end
      database = database .. ".copy"
      assert(os.rename(folder .. "/state.db-wal.copy", database .. "-wal"))
      local server = sandbox.start{ pace = 0, db = database }
      check_all(server)
      assert.equal("", server:stop())
   end)

   it("gets new tables and columns without a step, and keeps those it has", function()
      write(2)
      sandbox.start{ pace = 0, db = database }:stop()
      -- as one wrote it before a column with a default came
      execute "PRAGMA foreign_keys = OFF; ALTER TABLE experiment DROP COLUMN inputVariables; DROP TABLE artifact_use"
      local server = sandbox.start{ pace = 0, db = database }
      check_all(server)
      server:stop()
   end)

   it("is refused if it is of a newer one, and stays as it is", function()
      sandbox.start{ db = database }:stop()
      execute "ALTER TABLE experiment ADD COLUMN mood TEXT"
      assert.error_matches(function() sandbox.start{ db = database } end,
         "cannot open .*: a newer version of the sandbox wrote it %(it has experiment%.mood%)")
      execute "UPDATE experiment SET mood = 'fine'"
      execute "ALTER TABLE experiment DROP COLUMN mood"
      sandbox.start{ db = database }:stop()
   end)
end)
