--- upload_observations: batches, what it tells of itself, its arguments, rows that cannot be used; in plain code and
-- in tasks. What the files may hold is in rows_csv_spec and rows_json_spec, failures in upload_failure_spec.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)
local folder, file = process.shared_folder()

before_each(function()
   observations.serve(server)
end)

local function held()
   return observations.texts(client:list_observations("e").data)
end

local function bodies()
   local list = {}
   for _, request in ipairs(server:requests()) do
      if request.method == "POST" then
         list[#list + 1] = request.body
      end
   end
   return list
end

-- A function that gives the elements of the list.
local function each(list)
   local index = 0
   return function()
      index = index + 1
      return list[index]
   end
end

describe("upload_observations", function()
   it("sends a list in batches, of 500 rows at first", function()
      local rows = observations.rows(1201)
      local result = client:upload_observations("e", rows)
      assert.equal(1201, result.sent)
      assert.equal(2, result.batches)
      assert.same({}, result.skipped)
      assert.same(observations.texts(rows), held())
      local bytes = 0
      for _, body in ipairs(bodies()) do
         bytes = bytes + #body
      end
      assert.equal(bytes, result.bytes)
      assert.is_true(result.elapsed > 0 and result.elapsed < 30)
   end)

   it("is a function of the module observations as well", function()
      assert.equal(client.upload_observations, promptic.observations.upload_observations)
      assert.equal(client.upload_observations, require("promptic.observations").upload_observations)
   end)

   it("takes a function that gives the next observation", function()
      local rows = observations.rows(30)
      assert.equal(30, client:upload_observations("e", each(rows), { batch_size = 7 }).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("calls that function no more once it has given nil", function()
      local calls = 0
      client:upload_observations("e", function()
         calls = calls + 1
         assert(calls <= 2)
         return calls == 1 and observations.rows(1)[1] or nil
      end, { batch_size = 1, concurrency = 5 })
      assert.equal(2, calls)
   end)

   it("sends what create_observations would send", function()
      local list = {
         { variables = { a = 1, b = { true, promptic.null } }, expected = "x", split = "train" },
         { input = "the older form", expected = "y" },
         { variables = {}, expected = "" },
      }
      local keep = { on_empty = "keep" }
      client:create_observations("e", list)
      client:upload_observations("e", list, keep)
      client:upload_observations("e", each(list), keep)
      local sent = bodies()
      assert.equal(sent[1], sent[2])
      assert.equal(sent[1], sent[3])
   end)

   it("refuses an empty answer, skips it or keeps it, as it is told", function()
      local list = {
         { variables = {}, expected = "x" }, { variables = {}, expected = "" }, { variables = {}, expected = " \n" },
      }
      for _, source in ipairs{ function() return list end, function() return each(list) end } do
         local problem = clients.failure(client.upload_observations, client, "e", source(), { batch_size = 1 })
         assert.equal("observations[2].expected is empty", problem.reason)
         assert.equal(2, problem.row)
         local result = client:upload_observations("e", source(), { on_empty = "skip" })
         assert.same({ 1, 2, 3 }, { result.sent, result.skipped[1].row, result.skipped[2].row })
         assert.equal(3, client:upload_observations("e", source(), { on_empty = "keep" }).sent)
      end
   end)

   it("lists nothing if there is nothing to send", function()
      for _, source in ipairs{ {}, each{}, file("empty.jsonl", "\n"), file("empty.json", " [ ] ") } do
         local result = client:upload_observations("e", source)
         assert.equal(0, result.sent)
         assert.equal(0, result.batches)
      end
      assert.equal(0, observations.count(server, "POST"))
   end)

   it("keeps batches within batch_size and batch_bytes", function()
      client:upload_observations("e", observations.rows(40), {
         batch_size = 15, batch_bytes = 500, concurrency = 1, -- one after the other, so that the last comes last
      })
      local total = 0
      for _, body in ipairs(bodies()) do
         local _, rows = body:gsub('"variables"', "")
         assert.is_true(#body <= 500 and rows <= 15)
         assert.is_true(#body > 400 or total + rows == 40, "a batch was sent half empty")
         total = total + rows
      end
      assert.equal(40, total)
   end)

   it("sends a row alone that is larger than batch_bytes", function()
      local rows = observations.rows(3)
      rows[2].variables.text = ("x"):rep(1000)
      client:upload_observations("e", rows, { batch_bytes = 200 })
      assert.same(observations.texts(rows), held())
      assert.equal(2, #bodies() - 1)
   end)

   it("splits a function's rows where they would not fit", function()
      local rows = observations.rows(20)
      client:upload_observations("e", each(rows), { batch_bytes = 200 })
      assert.same(observations.texts(rows), held())
   end)

   it("has `concurrency` requests under way at one time", function()
      for _, concurrency in ipairs{ 1, 3 } do
         server:reset()
         server:route[[
            local _, request = ...
            if request.method == "GET" then return { body = '{"data":[]}' } end
            flying = (rawget(_G, "flying") or 0) + 1
            return { wait = 30, status = 201, body = ('{"data":[{"id":%d}]}'):format(flying) }
         ]]
         client:upload_observations("e", observations.rows(9), {
            batch_size = 1, concurrency = concurrency, ordered = false,
         })
         local starts = {}
         for _, request in ipairs(server:requests()) do
            starts[#starts + 1] = request.method == "POST" and request.at or nil
         end
         table.sort(starts)
         local most = 0
         for index, at in ipairs(starts) do
            local under_way = 0
            for other = 1, index do
               under_way = under_way + (at - starts[other] < 0.029 and 1 or 0)
            end
            most = math.max(most, under_way)
         end
         assert.equal(concurrency, most)
      end
   end)

   it("tells of its progress after each batch", function()
      local seen = {}
      client:upload_observations("e", observations.rows(25), {
         batch_size = 10,
         on_progress = function(progress) seen[#seen + 1] = progress end,
      })
      assert.equal(3, #seen)
      assert.equal(25, seen[3].sent)
      for index, progress in ipairs(seen) do
         assert.equal(25, progress.total)
         assert.is_true(progress.sent > (index > 1 and seen[index - 1].sent or 0))
         assert.is_true(progress.bytes > (index > 1 and seen[index - 1].bytes or 0))
         assert.is_true(progress.elapsed >= 0)
      end
   end)

   it("says no total where nobody knows it", function()
      local total = "unset"
      client:upload_observations("e", each(observations.rows(1)), {
         on_progress = function(progress) total = progress.total end,
      })
      assert.is_nil(total)
   end)

   it("raises what on_progress raises", function()
      local stop = {}
      local fine, problem = pcall(client.upload_observations, client, "e", observations.rows(5), {
         batch_size = 1,
         on_progress = function() error(stop) end,
      })
      assert.is_false(fine)
      assert.equal(stop, problem)
   end)

   it("halves a batch that the platform finds too large", function()
      observations.serve(server, nil, { most_bytes = 600 })
      local rows = observations.rows(100)
      local result = client:upload_observations("e", rows, { concurrency = 1 })
      assert.equal(100, result.sent)
      assert.same(observations.texts(rows), held())
      assert.equal(result.batches, #bodies() - 3 - 2 - 0 >= 0 and result.batches)
   end)

   it("makes later batches as small as the platform wants them", function()
      observations.serve(server, nil, { most_bytes = 600 })
      client:upload_observations("e", observations.rows(1000), { batch_size = 20, concurrency = 1 })
      local refused = 0
      for _, body in ipairs(bodies()) do
         refused = refused + (#body > 600 and 1 or 0)
      end
      assert.is_true(refused <= 3, refused .. " batches were too large")
   end)

   it("raises the answer where a single row is too large", function()
      observations.serve(server, nil, { most_bytes = 300 })
      local rows = observations.rows(5)
      rows[4].variables.text = ("x"):rep(400)
      local problem = clients.failure(client.upload_observations, client, "e", rows, { concurrency = 1 })
      assert.equal(413, problem.status_code)
      assert.equal(4, problem.rows.unsent[1].first)
      assert.same({}, problem.rows.unknown)
   end)

   it("skips a single row that is too large where it may", function()
      observations.serve(server, nil, { most_bytes = 300 })
      local rows = observations.rows(5)
      rows[4].variables.text = ("x"):rep(400)
      local result = client:upload_observations("e", rows, { on_bad_row = "skip" })
      assert.equal(4, result.sent)
      assert.equal(1, #result.skipped)
      assert.equal(4, result.skipped[1].row)
      assert.matches("row 4", result.skipped[1].message, 1, true)
   end)
end)

describe("rows that cannot be used", function()
   local function with_bad_row()
      local rows = observations.rows(20)
      rows[17].expected = 5
      return rows
   end

   for _, kind in ipairs{ "a list", "a function" } do
      local function source()
         return kind == "a list" and with_bad_row() or each(with_bad_row())
      end

      it("are an error before anything of their batch is sent: " .. kind, function()
         local problem = clients.failure(client.upload_observations, client, "e", source(), { batch_size = 10 })
         assert.equal("argument", problem.kind)
         assert.matches("observations[17].expected: string expected, got number", problem.message, 1, true)
         assert.equal(17, problem.row)
         assert.same(observations.texts(observations.rows(10)), held())
         assert.same({ { first = 1, last = 10 } }, problem.rows.sent)
         assert.equal(11, problem.rows.unsent[1].first)
         assert.equal(kind == "a list" and 20 or nil, problem.rows.unsent[1].last)
         assert.same({}, problem.rows.unknown)
      end)

      it("are collected where they are to be skipped: " .. kind, function()
         local result = client:upload_observations("e", source(), { batch_size = 10, on_bad_row = "skip" })
         assert.equal(19, result.sent)
         assert.equal(1, #result.skipped)
         assert.equal(17, result.skipped[1].row)
         assert.equal("observations[17].expected: string expected, got number", result.skipped[1].reason)
         assert.equal(19, #held())
      end)
   end

   it("are an error with file and line", function()
      local path = file("tickets.csv", "text,expected\nrow 1,a\nrow 2,b\n\"three\nlines\nhere\",c\nrow 4\nrow 5,e\n")
      local problem = clients.failure(client.upload_observations, client, "e", path)
      assert.matches(path .. ":7: 1 fields where the header has 2", problem.message, 1, true)
      assert.equal(path, problem.file)
      assert.equal(7, problem.line)
      assert.equal(4, problem.row)
      assert.equal(0, observations.count(server, "POST"))
      local result = client:upload_observations("e", path, { on_bad_row = "skip" })
      assert.equal(4, result.sent)
      assert.equal(7, result.skipped[1].line)
      assert.equal(path .. ":7: " .. result.skipped[1].reason, result.skipped[1].message)
   end)

   local BAD = {
      { 5, "table expected, got number" },
      { { expected = "a" }, "variables is missing" },
      { { variables = {} }, "expected is missing" },
      { { variables = { 1 }, expected = "a" }, "variables" },
      { { variables = { x = 0 / 0 }, expected = "a" }, "variables.x: NaN has no JSON form" },
      { { variables = {}, expected = "\255" }, "UTF-8" },
      { { variables = {}, expected = "a", split = "test" }, "'test' is not one of train, eval" },
      { { variables = {}, expcted = "a" }, "unknown field 'expcted', did you mean 'expected'?" },
      { { input = print, expected = "a" }, "function" },
   }
   for _, case in ipairs(BAD) do
      it("say why: " .. case[2], function()
         local problem = clients.failure(client.upload_observations, client, "e", { case[1] })
         assert.matches(case[2], problem.message, 1, true)
         assert.matches("^observations%[1%]", problem.message)
         assert.equal(0, observations.count(server, "POST"))
      end)
   end
end)

describe("the arguments of upload_observations", function()
   local rows = observations.rows(1)

   local CASES = {
      { { 5, {} }, "experiment_id", "string expected" },
      { { "", {} }, "experiment_id", "empty" },
      { { "e" }, "source" },
      { { "e", 5 }, "source: list, function or path expected, got number" },
      { { "e", { variables = {}, expected = "a" } }, "source: a list expected" },
      { { "e", { rows[1], nil, rows[1] } }, "source: a list expected, this table has holes" },
      { { "e", "rows.txt" }, "'rows.txt' ends in none of .csv, .tsv, .jsonl, .ndjson, .json" },
      { { "e", "/nowhere/rows.csv" }, "/nowhere/rows.csv: No such file or directory" },
      { { "e", "a\0.csv" }, "NUL" },
      { { "e", rows, { batchsize = 1 } }, "unknown option 'batchsize', did you mean 'batch_size'?" },
      { { "e", rows, { batch_size = 0 } }, "batch_size", "range" },
      { { "e", rows, { batch_size = 1.5 } }, "batch_size", "integer" },
      { { "e", rows, { batch_size = 1001 } }, "batch_size", "range 1 to 1000" },
      { { "e", rows, { batch_bytes = 0 } }, "batch_bytes", "range" },
      { { "e", rows, { concurrency = 0 } }, "concurrency", "range" },
      { { "e", rows, { concurrency = 101 } }, "concurrency", "range" },
      { { "e", rows, { on_progress = true } }, "option 'on_progress': function expected, got boolean" },
      { { "e", rows, { on_bad_row = "ignore" } }, "'ignore' is not one of error, skip" },
      { { "e", rows, { expected_column = "x" } }, "option 'expected_column': the source is not a file" },
      { { "e", rows, { separator = ";" } }, "option 'separator': the source is not a file" },
      { { "e", "/nowhere/rows.csv", { separator = "" } }, "option 'separator': one character expected" },
      { { "e", "/nowhere/rows.csv", { separator = ";;" } }, "option 'separator': one character expected" },
      { { "e", "/nowhere/rows.csv", { separator = '"' } }, "option 'separator': one character expected" },
      { { "e", rows, { on_empty = "drop" } }, "'drop' is not one of error, skip, keep" },
      { { "e", rows, { resume = "yes" } }, "option 'resume': table expected, got string" },
      { { "e", rows, {}, 5 }, "too many arguments" },
   }
   for _, case in ipairs(CASES) do
      it("are checked: " .. table.concat(case, " ", 2), function()
         clients.refused(function()
            client:upload_observations(table.unpack(case[1], 1, 4))
         end, table.unpack(case, 2))
         assert.equal(0, observations.count(server, "POST"))
      end)
   end

   it("are counted as Lua counts them", function()
      clients.refused(function() client:upload_observations("e", 5) end, "bad argument #2 to 'upload_observations'")
      clients.refused(function() promptic.observations.upload_observations(client, "e", 5) end, "bad argument #3")
   end)

   it("refuse a directory when it is read", function()
      process.write_file(folder .. "/x", "")
      os.execute("mkdir -p '" .. folder .. "/folder.csv'")
      local problem = clients.failure(client.upload_observations, client, "e", folder .. "/folder.csv")
      assert.matches("Is a directory", problem.message, 1, true)
   end)
end)

describe("upload_observations in tasks", function()
   it("suspends only its own task", function()
      local rows, order = observations.rows(50), {}
      promptic.run(function()
         local upload = promptic.spawn(function()
            local result = client:upload_observations("e", rows, { batch_size = 1 })
            order[#order + 1] = result.sent
         end)
         promptic.sleep(0)
         order[#order + 1] = "meanwhile"
         upload:await()
      end)
      assert.same({ "meanwhile", 50 }, order)
      assert.same(observations.texts(rows), held())
   end)

   it("runs several uploads at one time", function()
      local rows = observations.rows(40)
      local results = promptic.map({ 1, 2, 3 }, function()
         return client:upload_observations("e", rows, { batch_size = 9 })
      end)
      assert.equal(3, #results)
      assert.equal(120, #held())
   end)

   it("lets the source make calls of its own", function()
      local rows, index = observations.rows(12), 0
      promptic.run(function()
         local result = client:upload_observations("e", function()
            client:list_observations("e")
            index = index + 1
            return rows[index]
         end, { batch_size = 2, concurrency = 5 })
         assert.equal(12, result.sent)
      end)
      assert.same(observations.texts(rows), held())
   end)

   it("can be cancelled, and says what became of the rows", function()
      observations.serve(server, { [3] = "stall after" })
      local problem
      promptic.run(function()
         local upload = promptic.spawn(client.upload_observations, client, "e", observations.rows(50), {
            batch_size = 10,
            concurrency = 1,
         })
         while #client:list_observations("e").data < 30 do
            promptic.sleep(0.01)
         end
         upload:cancel()
         problem = clients.failure(upload.await, upload)
      end)
      assert.equal("cancelled", problem.kind)
      assert.same({ { first = 1, last = 20 } }, problem.rows.sent)
      assert.same({ { first = 21, last = 30 } }, problem.rows.unknown)
      assert.same({ { first = 31, last = 50 } }, problem.rows.unsent)
      local result = client:upload_observations("e", observations.rows(50), { resume = problem.resume })
      assert.equal(30, result.sent)
      assert.same(observations.texts(observations.rows(50)), held())
   end)
end)
