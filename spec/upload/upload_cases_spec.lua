--- Uploads to today's platform, which keeps training data as cases of a dataset: the form of the rows, their order,
-- what the platform refuses, a dataset whose list is a part, and adding only what is new. Failures of requests in
-- both rooms are in upload_failure_spec.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server, { timeout = 1 })
local _, file = process.shared_folder()

local function serve(faults, options)
   options = options or {}
   options.room = options.room or "cases"
   observations.serve(server, faults, options)
end

local function upload(rows, options)
   return client:upload_observations("e", rows, options)
end

local function upload_cases(rows, options)
   return client:upload_cases("c", "d", rows, options)
end

local function failure(f, ...)
   return clients.failure(f, ...)
end

local function posts()
   local list = {}
   for _, request in ipairs(server:requests()) do
      list[#list + 1] = request.method == "POST" and request or nil
   end
   return list
end

local function cases()
   return client:get_dataset("c", "d").cases
end

-- The texts of the cases' inputs, in the platform's order.
local function texts()
   local list = {}
   for index, case in ipairs(cases()) do list[index] = case.inputPayload.text end
   return list
end

local function expected_texts(rows)
   local list = {}
   for index, row in ipairs(rows) do list[index] = row.variables.text end
   return list
end

describe("an upload to an experiment with a dataset", function()
   it("asks once where rows go, and sends cases", function()
      serve()
      local result = upload{ { variables = { text = "a" }, expected = "x", split = "train" },
         { input = "b", expected = "y" } }
      assert.equal(2, result.sent)
      local paths = {}
      for index, request in ipairs(server:requests()) do
         paths[index] = request.method .. " " .. request.target:gsub("^/api/v1", "")
      end
      assert.same({ "GET /experiments/e", "GET /components/c/datasets/d", "POST /components/c/datasets/d/cases" },
         paths)
      assert.equal('[{"inputPayload":{"text":"a"},"expectedPayload":"x","split":"train"},'
         .. '{"inputPayload":{"input":"b"},"expectedPayload":"y"}]', posts()[1].body)
   end)

   it("keeps values of JSON as they are, and texts as texts", function()
      serve()
      local rows = '{"variables":{"n":1.50},"expected":{"a":[1,null]}}\n{"q":"x","expected":5}\n{"q":"y","expecte'
         .. 'd":"5"}\n'
      assert.equal(3, upload(file("values.jsonl", rows)).sent)
      assert.equal(1, upload(file("text.csv", "q,expected,idx\nz,5,9\n")).sent)
      assert.equal(1, upload{ { variables = {}, expected = { a = true } } }.sent)
      assert.equal('[{"inputPayload":{"n":1.50},"expectedPayload":{"a":[1,null]}},{"inputPayload":{"q":"x"},'
         .. '"expectedPayload":5},{"inputPayload":{"q":"y"},"expectedPayload":"5"}]', posts()[1].body)
      assert.equal('[{"inputPayload":{"q":"z"},"expectedPayload":"5"}]', posts()[2].body)
      assert.equal('[{"inputPayload":{},"expectedPayload":{"a":true}}]', posts()[3].body)
   end)

   it("refuses an answer of JSON where rows are observations", function()
      serve(nil, { room = "observations" })
      local problem = failure(upload, file("values.jsonl", '{"q":"x","expected":5}\n'))
      assert.matches("expected: string expected, got a number", problem.message, 1, true)
      assert.equal(0, #posts())
   end)

   it("needs the component of a dataset", function()
      server:always{ body = '{"id":"e","datasetId":"d"}' }
      assert.equal("decode", failure(upload, observations.rows(1)).kind)
   end)
end)

describe("upload_cases", function()
   it("takes cases and observations, from Lua and from files", function()
      serve()
      upload_cases{ { input_payload = { text = "a" }, expected_payload = { 1 }, split = "eval",
         metadata = { by = "me" } },
         { inputPayload = { text = "b" }, expectedPayload = promptic.null }, { input_payload = { text = "c" } },
         { variables = { text = "d" }, expected = "x" } }
      assert.equal('[{"inputPayload":{"text":"a"},"expectedPayload":[1],"split":"eval","metadata":{"by":"me"}},'
         .. '{"inputPayload":{"text":"b"},"expectedPayload":null},{"inputPayload":{"text":"c"}},'
         .. '{"inputPayload":{"text":"d"},"expectedPayload":"x"}]', posts()[1].body)
      upload_cases(file("cases.jsonl",
         '{"inputPayload":{"text":"a"},"expectedPayload":{"b":1},"idx":4,"metadata":{"c":2}}\n'
         .. '{"input_payload":{"text":"b"},"split":"train"}\n{"text":"c","expected":"x"}\n'))
      assert.equal('[{"inputPayload":{"text":"a"},"expectedPayload":{"b":1},"metadata":{"c":2}},'
         .. '{"inputPayload":{"text":"b"},"split":"train"},{"inputPayload":{"text":"c"},"expectedPayload":"x"}]',
         posts()[2].body)
   end)

   it("refuses other fields and forms", function()
      serve()
      for _, case in ipairs{
         { { input_payload = { 1 } }, "input_payload" }, { { input_payload = {}, expected = "x" },
            "unknown field 'expected'" },
         { { variables = {}, expected = promptic.null }, "observations[1].expected is missing" },
         { { input_payload = {}, split = "test" }, "'test' is not one of train, eval" },
         { { input_payload = {}, expected_payload = " " }, "expected_payload is empty" },
      } do
         assert.matches(case[2], failure(upload_cases, { case[1] }).message, 1, true)
      end
      for text, why in pairs{
         ['{"inputPayload":5}'] = "inputPayload: object expected, got a number",
         ['{"inputPayload":{},"metadata":[]}'] = "metadata: object expected, got an array",
         ['{"inputPayload":{},"colour":1}'] = "unknown field 'colour'",
      } do
         assert.matches(why, failure(upload_cases, file("bad.jsonl", text)).message, 1, true)
      end
      assert.equal(0, #posts())
   end)

   it("continues with the value of a failed one, for this dataset only", function()
      serve{ [2] = "429", [3] = "429", [4] = "429", [5] = "429", [6] = "429", [7] = "429", [8] = "429", [9] = "429",
         [10] = "429" }
      local rows = observations.rows(20)
      local problem = failure(upload_cases, rows, { batch_size = 10 })
      assert.same({ "cases", "d" }, { problem.resume.room, problem.resume.dataset_id })
      local other = failure(client.upload_cases, client, "c", "other", rows, { resume = problem.resume })
      assert.matches("it belongs to another dataset, d", other.message, 1, true)
      assert.equal(10, upload_cases(rows, { resume = problem.resume }).sent)
      assert.same(expected_texts(rows), texts())
   end)
end)

describe("rows arrive in the source's order", function()
   for _, room in ipairs{ "cases", "observations" } do
      it("though requests fail: " .. room, function()
         serve({ [2] = "429", [4] = "reset before", [5] = "reset after", [7] = "500 after", [9] = "503 later" },
            { room = room })
         local rows = observations.rows(200)
         assert.equal(200, upload(rows, { batch_size = 10, concurrency = 8 }).sent)
         local got = {}
         for index, row in ipairs(room == "cases" and cases() or client:list_observations("e").data) do
            got[index] = (row.inputPayload or row.variables).text
         end
         assert.same(expected_texts(rows), got)
      end)
   end

   it("where requests are too large, or have too many rows", function()
      serve(nil, { most_bytes = 700, most_rows = 11 })
      local rows = observations.rows(100)
      local result = upload(rows)
      assert.equal(100, result.sent)
      assert.same(expected_texts(rows), texts())
      assert.is_true(#posts() <= result.batches + 4, #posts() .. " requests")
   end)

   it("where an upload continues", function()
      serve({ [3] = "reset after" }, { lists = 1 })
      local rows = observations.rows(60)
      local problem = failure(upload, rows, { batch_size = 10 })
      assert.matches("added: rows 1-20; not added: 31-60; in doubt: 21-30", problem.message, 1, true)
      serve(nil, { keep = true })
      assert.equal(40, upload(rows, { batch_size = 7, resume = problem.resume }).sent)
      assert.same(expected_texts(rows), texts())
   end)
end)

describe("where the platform refuses a row", function()
   it("the upload ends with its place, and the rows before it are there", function()
      serve(nil, { refused = "row 77\"" })
      local problem = failure(upload, observations.rows(100), { batch_size = 50 })
      assert.equal(400, problem.status_code)
      assert.equal(77, problem.row)
      assert.equal("Required", problem.reason)
      assert.matches("row 77: the platform refuses this row: Required (added: rows 1-76; not added: 77-100)",
         problem.message, 1, true)
      assert.equal(76, #texts())
      local body = posts()[3].body -- the first one that was refused had rows 51 to 100
      assert.equal('[{"inputPayload":{"text":"row 51"},"expectedPayload":"label 0"}]', body)
   end)

   it("names the row that is too large alone", function()
      serve(nil, { most_bytes = 200 })
      local path = file("large.csv", "text,expected\na,x\n" .. ("b"):rep(300) .. ",y\nc,z\n")
      local problem = failure(upload, path)
      assert.same({ 413, 2, 3, path }, { problem.status_code, problem.row, problem.line, problem.file })
      assert.matches(path .. ":3: the platform refuses this row: too large (added: rows 1; not added: 2-3)",
         problem.message, 1, true)
   end)

   it("the first request says so where all are refused, with file and line", function()
      serve(nil, { refused = "[" })
      local path = file("refused.csv", "text,expected\n\na,x\nb,y\nc,z\n")
      local problem = failure(upload, path)
      assert.same({ 1, 3, path, 2 }, { problem.row, problem.line, problem.file, #posts() })
      assert.matches(path .. ":3: the platform refuses this row: Required (no row was added)", problem.message, 1, true)
   end)
end)

describe("a dataset whose list may be a part of it", function()
   for _, count in ipairs{ 3, "none" } do
      it("decides that a row seen is there, and no other: " .. count, function()
         serve({ [2] = "part" }, { count = count })
         local problem = failure(upload, observations.rows(30), { batch_size = 10 })
         assert.matches(count == 3 and "the platform listed 15 of the dataset's 18 cases"
            or "the platform gave no count of the dataset's cases", problem.message, 1, true)
         assert.matches("stay in doubt and are not sent again (added: rows 1-15; not added: 21-30; in doubt: 16-20)",
            problem.message, 1, true)
         assert.equal(2, #posts())
         assert.equal(15, #texts())
      end)
   end
end)

describe("only_new", function()
   local function count_of(rows, options)
      options = options or {}
      options.only_new = true
      local result = upload(rows, options)
      return { result.sent, result.present }
   end

   for _, room in ipairs{ "cases", "observations" } do
      it("adds the missing rows: " .. room, function()
         serve(nil, { room = room })
         local rows = observations.rows(10)
         rows[11], rows[12] = rows[1], rows[1] -- each counts
         upload({ rows[1], rows[2], rows[11] })
         assert.same({ 9, 3 }, count_of(rows))
         assert.same({ 0, 12 }, count_of(rows))
         local problem = failure(upload, rows, { only_new = true, resume = { experiment_id = "e" } })
         assert.matches("cannot be combined with only_new or dry_run", problem.message, 1, true)
      end)
   end

   it("compares inputs and answers by value, and splits where the row has one", function()
      local held = {
         '{"inputPayload":{"a":1,"b":[1,{"c":null}]},"expectedPayload":{"value":"x"},"metadata":{"m":1}}',
         '{"inputPayload":{"t":"y"},"expectedPayload":"x","split":"eval"}',
         '{"inputPayload":{"t":"z"},"expectedPayload":{"n":1.0}}',
      }
      local function counts(row)
         serve(nil, { held = held })
         return count_of{ row }
      end
      local there, new = { 0, 1 }, { 1, 0 }
      assert.same(there, counts{ variables = { b = { 1.0, {} }, a = 1 }, expected = "x" })
      assert.same(new, counts{ variables = { b = { 1, {} }, a = "1" }, expected = "x" })
      assert.same(new, counts{ variables = { b = { 1, {} }, a = 1 }, expected = "y" })
      assert.same(new, counts{ variables = { b = { 1, {} }, a = 1 }, expected = "x", split = "eval" })
      assert.same(there, counts{ variables = { t = "y" }, expected = "x" })
      assert.same(there, counts{ variables = { t = "y" }, expected = { value = "x" }, split = "eval" })
      assert.same(new, counts{ variables = { t = "y" }, expected = "x", split = "train" })
      assert.same(there, counts{ variables = { t = "z" }, expected = { value = { n = 1 } } })
      assert.same(new, counts{ variables = { t = "z" }, expected = { n = 1, m = 2 } })
   end)

   it("finds for each row one that no other needs", function()
      local row = '{"inputPayload":{"t":"y"},"expectedPayload":"x","split":"%s"}'
      serve(nil, { held = { row:format "train", row:format "eval" } })
      assert.same({ 0, 2 }, count_of{ { variables = { t = "y" }, expected = "x" },
         { variables = { t = "y" }, expected = "x", split = "eval" } })
      assert.same({ 1, 2 }, count_of{ { variables = { t = "y" }, expected = "x" },
         { variables = { t = "y" }, expected = "x", split = "eval" },
         { variables = { t = "y" }, expected = "x", split = "train" } })
   end)

   it("adds nothing where the list may be a part", function()
      for _, count in ipairs{ 1, "none" } do
         serve(nil, { count = count })
         local problem = failure(upload, observations.rows(3), { only_new = true })
         assert.same({ "decode", "undecided", 0 }, { problem.kind, problem.code, #posts() })
         assert.matches("undecided which rows are new: nothing was sent", problem.message, 1, true)
      end
   end)

   it("says that it was the list at the end that failed", function()
      serve(nil, { lists = 1 })
      local problem = failure(upload, observations.rows(3), { only_new = true })
      assert.equal(404, problem.status_code)
      assert.same({ { first = 1, last = 3 } }, problem.rows.sent)
      assert.matches("in the listing after the upload, which looks for rows added twice", problem.message, 1, true)
   end)

   it("counts observations that the server has beside the cases", function()
      local function observation(text)
         return ('{"id":1,"variables":{"text":"%s"},"expected":"label 1","split":"eval"}'):format(text)
      end
      serve(nil, { held = { '{"inputPayload":{"text":"row 1"},"expectedPayload":"label 1"}' },
         other = observation "row 1" .. "," .. observation "row 4" })
      assert.same({ 3, 2 }, count_of(observations.rows(5)))
   end)

   it("lists again, and reports rows that an earlier upload added late", function()
      serve{ "late" } -- its rows are taken at the second POST after it
      local rows = observations.rows(20)
      local problem = failure(upload, rows, { batch_size = 10, only_new = true })
      assert.equal("rows_twice", problem.code)
      -- a request of another process, which the upload does not know of
      serve()
      local index = 0
      problem = failure(upload, function()
         index = index + 1
         if index == 15 then client:create_dataset_cases("c", "d", { { input_payload = rows[3].variables,
            expected_payload = rows[3].expected }, { input_payload = { text = "of others" } } }) end
         return rows[index]
      end, { batch_size = 10, only_new = true })
      assert.matches("1 rows are there twice", problem.message, 1, true)
      assert.equal("row 3", cases()[problem.twice[1].first - 1000].inputPayload.text)
   end)
end)

describe("dry_run", function()
   it("counts and sends nothing", function()
      serve()
      local rows = observations.rows(10)
      upload{ rows[2], rows[5] }
      local before = #posts()
      local result = upload(rows, { dry_run = true })
      assert.same({ 0, 2, 8, 2 }, { result.sent, result.present, result.absent, result.held })
      assert.equal(before, #posts())
      assert.equal(2, upload({}, { dry_run = true }).held)
      serve() -- if there is nothing the source is not read
      result = upload(function() error "it was read" end, { dry_run = true })
      assert.same({ 0, 0 }, { result.present, result.held })
      assert.is_nil(result.absent)
   end)
end)

describe("the value to go on from", function()
   it("is refused for another room, which names only_new", function()
      serve({ [2] = "403" }, { room = "observations" })
      local rows = observations.rows(20)
      local problem = failure(upload, rows, { batch_size = 10 })
      assert.equal("observations", problem.resume.room)
      serve()
      local again = failure(upload, rows, { resume = problem.resume })
      assert.equal("argument", again.kind)
      assert.matches("its rows were sent as observations, but the experiment now has cases: upload with only_ne"
         .. "w = true",
         again.message, 1, true)
      assert.equal(2, #posts())
      problem.resume.room = nil -- as older releases wrote it
      assert.matches("only_new", failure(upload, rows, { resume = problem.resume }).message, 1, true)
   end)
end)
