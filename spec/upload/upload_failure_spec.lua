--- upload_observations when things fail, to observations and to cases: nothing is lost and nothing is sent twice; where
-- that cannot be known, the error says which rows were added, which were not and which are in doubt, and lets the
-- upload go on from there.
-- Tags: luas slow
local promptic = require "promptic"
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server, { timeout = 1 })

for _, room in ipairs{ "observations", "cases" } do

local function listed(reader)
   reader = reader or client
   return room == "cases" and reader:get_dataset("c", "d").cases or reader:list_observations("e").data
end

local function held(reader)
   return observations.texts(listed(reader))
end

local function serve(faults, options)
   options = options or {}
   options.room = room
   observations.serve(server, faults, options)
end

local function upload(rows, options)
   return client:upload_observations("e", rows, options)
end

local function failure(rows, options)
   return clients.failure(client.upload_observations, client, "e", rows, options)
end

-- Spans as text: "1-10, 21-".
local function spans(list)
   local texts = {}
   for index, span in ipairs(list) do
      texts[index] = ("%d-%s"):format(span.first, span.last or "")
   end
   return table.concat(texts, ", ")
end

local function is_account(problem, sent, unsent, unknown)
   assert.same({ sent, unsent, unknown }, {
      spans(problem.rows.sent), spans(problem.rows.unsent), spans(problem.rows.unknown),
   })
end

-- A function that gives the elements of the list.
local function each(list)
   local index = 0
   return function()
      index = index + 1
      return list[index]
   end
end

describe("an upload goes on, as " .. room .. ",", function()
   local PASSING = {
      "429", "503", "503 later", "reset before", "reset after", "stall before", "stall after", "500 after",
      "502 before", "empty", "part",
   }
   for _, fault in ipairs(PASSING) do
      it("after " .. fault, function()
         serve({ [2] = fault, [4] = fault })
         local rows = observations.rows(60)
         local result = upload(rows, { batch_size = 10 })
         assert.equal(60, result.sent)
         assert.same(observations.texts(rows), held())
      end)
   end

   it("where the very first request breaks", function()
      serve({ "reset after" })
      assert.equal(10, upload(observations.rows(10)).sent)
      assert.equal(10, #held())
      assert.equal(1, observations.count(server, "POST"))
   end)

   it("with rows that say the same, each of which counts", function()
      serve({ "reset after", "reset before", "part", "reset after" })
      local rows = {}
      for index = 1, 64 do
         rows[index] = { variables = { text = "the same" }, expected = index % 2 == 0 and "a" or "b" }
      end
      assert.equal(64, upload(rows, { batch_size = 8 }).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("beside rows that were there before and say the same", function()
      local row = room == "cases" and '{"inputPayload":{"text":"row 1"},"expectedPayload":"label 1"}'
         or '{"variables":{"text":"row 1"},"expected":"label 1"}'
      for _, fault in ipairs{ "reset before", "reset after" } do
         serve({ fault }, { held = { row, row } })
         upload(observations.rows(3))
         local texts = held()
         assert.equal(5, #texts)
         assert.same({ "row 1 -> label 1", "row 1 -> label 1", "row 1 -> label 1" }, { texts[1], texts[2], texts[3] })
      end
   end)

   it("whatever values rows have, and however the platform writes them", function()
      serve({ "reset after" })
      local rows = {
         { variables = { n = 1.0, list = { 1, 2.5, -0.0, 1e300 }, s = 'quote " \\ / \1 ü €' }, expected = "\n" },
         { variables = { none = promptic.null, b = true, o = { x = {} } }, expected = "", split = "train" },
         { input = "old", expected = "x" },
      }
      assert.equal(3, upload(rows, { on_empty = "keep" }).sent)
      assert.equal(1, observations.count(server, "POST"))
      assert.equal(3, #held())
   end)

   it("looks at the platform's rows once for many doubtful batches", function()
      local faults = {}
      for number = 2, 80, 3 do
         faults[number] = "reset after"
      end
      serve(faults)
      local rows = observations.rows(90)
      assert.equal(90, upload(rows, { batch_size = 1, ordered = false }).sent)
      assert.same(observations.texts(rows), held())
      assert.equal(2, observations.count(server, "GET") - 1) -- one before anything is sent, one at the end
   end)

   it("looks soon where nothing goes well", function()
      local faults = {}
      for number = 1, 8 do
         faults[number] = "reset before"
      end
      serve(faults)
      assert.equal(100, upload(observations.rows(100), { batch_size = 1, ordered = false }).sent)
      assert.equal(108, observations.count(server, "POST"))
   end)

   it("with twenty thousand rows of which one answer in a hundred is a fault", function()
      serve(nil, { faulty = 100 })
      local rows = observations.rows(20000)
      local path = os.tmpname()
      local lines = { "text,expected" }
      for index, row in ipairs(rows) do
         lines[index + 1] = row.variables.text .. "," .. row.expected
      end
      process.write_file(path .. ".csv", table.concat(lines, "\r\n"))
      local patient = clients.open(server.url) -- the list of all rows takes the server its time
      local result = patient:upload_observations("e", path .. ".csv", { batch_size = 20 })
      local there = held(patient)
      patient:close()
      os.remove(path)
      os.remove(path .. ".csv")
      assert.equal(20000, result.sent)
      assert.same(observations.texts(rows), there)
      assert.is_true(observations.count(server, "POST") > 1005)
   end)
end)

describe("the list of what the platform holds, as " .. room .. ",", function()
   it("may have null where the platform has a default", function()
      serve({ "reset after" }, { split = "null" })
      local result = client:upload_observations("e", observations.rows(6), { batch_size = 6 })
      assert.equal(6, result.sent)
      assert.equal(6, #held())
   end)

   it("may come in pieces that end anywhere", function()
      local rows = observations.rows(6)
      rows[2].variables = { text = ("ü"):rep(5), n = -12.5e-1, list = { true, promptic.null, { "\"\\\n" } } }
      for _, size in ipairs{ 1, 7 } do
         serve({ "reset after", "reset before" }, { piece = size })
         local result = client:upload_observations("e", rows, { batch_size = 3, concurrency = 1, ordered = false })
         assert.equal(6, result.sent)
         assert.same(observations.texts(rows), held())
      end
   end)
end)

describe("an upload stops, as " .. room .. ",", function()
   it("at an answer that no repetition can better", function()
      serve({ [3] = "403" })
      local problem = failure(observations.rows(50), { batch_size = 10, concurrency = 1, ordered = false })
      assert.equal(403, problem.status_code)
      is_account(problem, "1-20", "21-50", "")
      assert.matches("(added: rows 1-20; not added: 21-50)", problem.message, 1, true)
   end)

   it("and looks first what became of other batches", function()
      serve({ "reset after", "reset before", "403" })
      local problem = failure(observations.rows(40), { batch_size = 10, concurrency = 1, ordered = false })
      is_account(problem, "1-10", "11-40", "")
   end)

   it("where a batch fails again and again", function()
      local faults = {}
      for number = 1, 50 do
         faults[number] = "reset before"
      end
      serve(faults)
      local problem = failure(observations.rows(10))
      assert.equal("connection", problem.kind)
      is_account(problem, "", "1-10", "")
      assert.equal(3, observations.count(server, "POST"))
   end)

   it("where the platform asks for more time than it takes", function()
      server:route[[
         local _, request = ...
         if request.method == "GET" then return { body = '{"data":[]}' } end
         return { status = 429, headers = { ["Retry-After"] = "3600" } }
      ]]
      local problem = failure(observations.rows(10))
      assert.equal(3600, problem.retry_after)
      assert.equal(1, observations.count(server, "POST"))
   end)

   it("where nobody listens", function()
      local url, holder = scripted.refusing()
      local other = clients.open(url)
      local problem = clients.failure(other.upload_observations, other, "e", observations.rows(10))
      assert.equal("connection", problem.kind)
      is_account(problem, "", "1-10", "")
      other:close()
      holder:close()
   end)

   it("where the platform's rows cannot be listed", function()
      serve(nil, { lists = 0 })
      local problem = failure(observations.rows(10))
      assert.equal(404, problem.status_code)
      is_account(problem, "", "1-10", "")
      assert.equal(0, observations.count(server, "POST"))
   end)

   it("where rows are missing and others are there that nobody can place", function()
      serve({ [2] = "changed" })
      local problem = failure(observations.rows(30), { batch_size = 10, concurrency = 1, ordered = false })
      is_account(problem, "1-10, 21-30", "", "11-20")
      assert.matches("10 " .. room .. " that this upload did not add", problem.message, 1, true)
      assert.equal(3, observations.count(server, "POST"))
   end)

   it("where an answer is no list", function()
      for _, body in ipairs{
         "[]", "5", "", "{}", '{"a":[]}', '{"data":{}}', '{"data":null}', '{"data":"["}', '{"data":[{"id":1}',
         '{"data":[{"id":-9223372036854775808}]}',
         '{"data":[{"id":9223372036854775807}]}', '{"data":[{"id":"x"}]}', '{"data":[{"id":1.5}]}',
            '{"data":[{"id":1e300}]}', '{"data":[{"id":null}]}',
         '{"data":[{}]}', '{"data":[{"a":{"id":1}}]}', '{"data":[1]}', '{"data":[[]]}', '{"data":[{"id":1},{}]}',
         '{"data":[{"id":1},[]]}', '{"data":[{"id":1}{"id":2}]}', '{"data":[{"id":1},]}', '{"data" [{"id":1}]}',
         '{"a":tru,"data":[]}', '{"data":[{"id":1,"a":01}]}',
      } do
         server:reset():route(("return { body = %q }"):format(body))
         local problem = failure(observations.rows(10))
         assert.equal("decode", problem.kind, body)
         assert.equal(0, observations.count(server, "POST"), body)
         is_account(problem, "", "1-10", "")
      end
   end)

   it("where a request takes effect late and rows are there twice", function()
      serve({ "late" })
      local problem = failure(observations.rows(20), { batch_size = 10, concurrency = 1, ordered = false })
      assert.matches("10 rows are there twice", problem.message, 1, true)
      assert.equal(1, #problem.twice)
      assert.equal(10, problem.twice[1].last - problem.twice[1].first + 1)
      is_account(problem, "1-20", "", "")
      assert.equal("rows_twice", problem.code)
      for id = problem.twice[1].first, problem.twice[1].last do
         assert.equal(id, listed()[id - 1000].id)
      end
   end)

   it("where its source fails", function()
      serve()
      local rows = each(observations.rows(25))
      local calls = 0
      local problem = failure(function()
         calls = calls + 1
         return calls == 25 and error("the well is dry") or rows()
      end, { batch_size = 10 })
      assert.equal("argument", problem.kind)
      assert.matches("the source function failed: .*the well is dry", problem.message)
      is_account(problem, "1-20", "21-", "")
   end)

   it("where its source fails, which can go on later", function()
      serve()
      local rows, calls = observations.rows(25), 0
      local next_row = each(rows)
      local function source()
         calls = calls + 1
         return calls == 25 and error("the well is dry") or next_row()
      end
      local problem = failure(source, { batch_size = 10 })
      assert.equal(5, upload(source, { resume = problem.resume }).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("where its client is closed", function()
      serve({ [2] = "stall after" })
      local other = clients.open(server.url)
      local problem
      promptic.run(function()
         local task = promptic.spawn(other.upload_observations, other, "e", observations.rows(30), {
            batch_size = 10,
            concurrency = 1, ordered = false,
         })
         while #held() < 20 do
            promptic.sleep(0.01)
         end
         other:close()
         problem = clients.failure(task.await, task)
      end)
      assert.equal("cancelled", problem.kind)
      is_account(problem, "1-10", "21-30", "11-20")
   end)
end)

describe("the value to go on from, as " .. room .. ",", function()
   local ROWS = 100

   -- Rows 1 to 30 are in, so are 31 to 40, which nobody knows, and 41 to 50 are not; then it ends, and the
   -- platform's rows can be listed no more.
   local function interrupted(source)
      local faults = { [4] = "reset after", [5] = "reset before", [6] = "403" }
      serve(faults, { lists = 1 })
      return failure(source, { batch_size = 10, concurrency = 1, ordered = false })
   end

   local function heal(faults)
      serve(faults, { keep = true })
   end

   local function go_on(source, value)
      heal()
      return upload(source, { resume = value, batch_size = 7 })
   end

   local rows = observations.rows(ROWS)

   it("sends the missing rows and no others", function()
      local problem = interrupted(rows)
      is_account(problem, "1-30", "51-100", "31-50")
      local result = go_on(rows, problem.resume)
      assert.equal(70, result.sent)
      assert.same(observations.texts(rows), held())
   end)

   it("can be kept as JSON", function()
      local problem = interrupted(rows)
      local value = promptic.json.decode(promptic.json.encode(problem.resume))
      assert.equal(70, go_on(rows, value).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("works with the rows from another kind of source", function()
      local problem = interrupted(rows)
      assert.equal(70, go_on(each(rows), problem.resume).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("lets a function go on where it stopped", function()
      local source = each(rows)
      local problem = interrupted(source)
      is_account(problem, "1-30", "51-", "31-50")
      assert.equal(70, go_on(source, problem.resume).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("lets a function go on that had not yet come to rows which were sent before", function()
      local options = { batch_size = 10, concurrency = 1, ordered = false }
      serve({ "reset before", [3] = "403" })
      local problem = failure(rows, options)
      is_account(problem, "11-20", "1-10, 21-100", "")
      heal{ [4] = "403" }
      local source = each(rows)
      options.resume = promptic.json.decode(promptic.json.encode(problem.resume))
      problem = failure(source, options)
      is_account(problem, "11-20", "1-10, 21-", "")
      assert.equal(90, go_on(source, problem.resume).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("works where nothing was looked at yet", function()
      local list = observations.rows(10)
      list[1].expected = nil
      serve()
      local problem = failure(list)
      is_account(problem, "", "1-10", "")
      assert.equal(0, observations.count(server, "GET") + observations.count(server, "POST"))
      assert.equal(9, upload(list, { resume = problem.resume, on_bad_row = "skip" }).sent)
      assert.equal(9, #held())
   end)

   it("works again after another failure", function()
      local problem = interrupted(rows)
      heal{ [9] = "403" }
      problem = failure(rows, { resume = problem.resume, batch_size = 10, concurrency = 1, ordered = false })
      is_account(problem, "1-40, 51-70", "41-50, 71-100", "")
      assert.equal(40, go_on(rows, problem.resume).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("cannot be used twice", function()
      local problem = interrupted(rows)
      go_on(rows, problem.resume)
      local posts = observations.count(server, "POST")
      local again = failure(rows, { resume = problem.resume })
      assert.equal("argument", again.kind)
      assert.matches(("has 70 new %s, of which at most 20 can be"):format(room), again.message, 1, true)
      assert.equal(posts, observations.count(server, "POST"))
   end)

   it("notices one row more than was in doubt", function()
      local problem = interrupted(rows) -- of the 20 in doubt 10 are there
      heal()
      upload(observations.rows(11))
      local again = failure(rows, { resume = problem.resume })
      assert.equal("wrong_resume", again.code)
      assert.matches(("has 21 new %s, of which at most 20 can be"):format(room), again.message, 1, true)
   end)

   it("reads another function than before from its beginning", function()
      local source, is_over = each(rows), false
      local problem = interrupted(function()
         assert(not is_over, "the earlier function goes on")
         return source()
      end)
      is_over = true
      assert.equal(70, go_on(each(rows), problem.resume).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("lets a function go on once", function()
      local source = each(rows)
      local problem = interrupted(source)
      go_on(source, problem.resume)
      local posts = observations.count(server, "POST")
      assert.equal("wrong_resume", failure(source, { resume = problem.resume }).code)
      assert.equal(posts, observations.count(server, "POST"))
   end)

   it("reports rows in doubt again if the platform cannot list them", function()
      local problem = interrupted(rows)
      serve(nil, { keep = true, lists = 1 })
      local again = failure(rows, { resume = problem.resume })
      assert.equal(404, again.status_code)
      is_account(again, "1-30", "51-100", "31-50")
      assert.equal(70, go_on(rows, again.resume).sent)
      assert.same(observations.texts(rows), held())
   end)

   it("keeps a bad row to be read again", function()
      serve()
      local list = observations.rows(30)
      list[17].expected = nil
      for _, source in ipairs{ list, each(list) } do
         serve()
         local problem = failure(source, { batch_size = 10, concurrency = 1, ordered = false })
         is_account(problem, "1-10", type(source) == "table" and "11-30" or "11-", "")
         local again = failure(source, { resume = problem.resume, batch_size = 10 })
         assert.equal(17, again.row)
         local result = upload(source, { resume = again.resume, on_bad_row = "skip" })
         assert.equal(17, result.skipped[1].row)
         table.remove(list, 17)
         assert.same(observations.texts(list), held())
         table.insert(list, 17, { variables = { text = "row 17" } })
      end
   end)

   it("says which rows were skipped before", function()
      local list = observations.rows(30)
      list[5].expected = nil
      serve({ [2] = "403" })
      local problem = failure(list, { batch_size = 10, concurrency = 1, ordered = false, on_bad_row = "skip" })
      is_account(problem, "1-4, 6-11", "12-30", "")
      assert.equal(5, problem.skipped[1].row)
      local result = upload(list, { resume = problem.resume, on_bad_row = "skip" })
      assert.equal(19, result.sent)
      assert.equal(1, #result.skipped)
      assert.equal(29, #held())
   end)

   it("notices that the source has changed", function()
      local problem = interrupted(rows)
      local other = observations.rows(ROWS)
      other[12].expected = "something else"
      heal()
      local again = failure(other, { resume = problem.resume })
      assert.matches("the source has changed: rows 1 to 30 differ", again.message, 1, true)
      again = failure(observations.rows(20), { resume = problem.resume })
      assert.matches("the source has 20 rows, but row 21 was sent", again.message, 1, true)
   end)

   it("is for the same experiment", function()
      local problem = interrupted(rows)
      local other = clients.failure(client.upload_observations, client, "other", rows, { resume = problem.resume })
      assert.matches("it belongs to another experiment, e", other.message, 1, true)
   end)

   for name, value in pairs{
      ["no text"] = { experiment_id = "e", sent = 5 },
      ["no spans"] = { experiment_id = "e", sent = "everything" },
      ["no end"] = { experiment_id = "e", unknown = "1-" },
      ["backwards"] = { experiment_id = "e", sent = "9-1:0" },
      ["too large"] = { experiment_id = "e", sent = "1-9223372036854775807:0" },
   } do
      it("is checked: " .. name, function()
         local problem = failure(rows, { resume = value })
         assert.equal("argument", problem.kind)
         assert.matches("not the field resume of an upload's error", problem.message, 1, true)
      end)

   it("ends with ranges that overlap, however large they are", function()
      serve()
      local resume = { experiment_id = "e", room = room, dataset_id = room == "cases" and "d" or nil, unknown = "",
         sent = "1-4000000000000000000:0,5-5:0,7-4000000000000000000:0" }
      local problem = failure(observations.rows(3), { resume = resume })
      assert.matches("the source has 3 rows, but row 4 was sent", problem.message, 1, true)
      assert.equal(0, observations.count(server, "POST"))
   end)
   end
end)

end
