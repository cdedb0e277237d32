--- promptic.rows: the rows of a file as uploads read them, and the options that say what its columns are, which uploads
-- take as well. What files may hold is in rows_csv_spec and rows_json_spec.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)
local _, file = process.shared_folder()

-- All rows, each with its line, as JSON.
local function all(path, options)
   local list = {}
   for row, line in promptic.rows(path, options) do
      local names = {}
      for name, value in pairs(row.variables) do names[#names + 1] = name .. "=" .. tostring(value) end
      table.sort(names)
      list[#list + 1] = ("%d %s %s %s"):format(line, table.concat(names, ","), tostring(row.expected),
         tostring(row.split))
   end
   return list
end

local CSV = "subject,body,label,part,idx\nhi,there,ham,train,9\n\nwin,\"now\n!\",spam,,8\n"

describe("promptic.rows", function()
   it("gives each row with its line, of any format", function()
      local rows = { "2 a=x y nil", "3 a=z w eval" }
      assert.same(rows, all(file("a.csv", "a,expected,split\nx,y,\nz,w,eval\n")))
      assert.same(rows, all(file("a.tsv", "a\texpected\tsplit\nx\ty\t\nz\tw\teval\n")))
      assert.same(rows, all(file("a.jsonl",
         '\n{"a":"x","expected":"y"}\n{"variables":{"a":"z"},"expected":"w","split":"eval"}')))
      assert.same(rows, all(file("a.json", '[\n{"a":"x","expected":"y"},\n{"a":"z","expected":"w","split":"eval"}]')))
      assert.same(rows, all(file("a.txt", "a;expected;split\nx;y;\nz;w;eval\n"), { format = "csv", separator = ";" }))
      assert.same({}, all(file("none.json", " [ ] ")))
   end)

   it("takes answers, splits and variables from the columns that it is told", function()
      local path = file("b.csv", CSV)
      assert.same({ "2 body=there,subject=hi ham train", "4 body=now\n!,subject=win spam nil" },
         all(path, { label_column = "label", split_column = "part" }))
      assert.same({ "2 body=there ham nil", "4 body=now\n! spam nil" },
         all(path, { label_column = "label", variables = { "body" } }))
      assert.same({ "2 label=ham,text=there hi nil", "4 label=spam,text=now\n! win nil" },
         all(path, { expected_column = "subject", variables = { text = "body", label = "label" } }))
   end)

   it("takes them from members of JSON, too", function()
      local path = file("b.jsonl",
         '{"q":"a","label":5,"x":1,"part":"eval"}\n{"variables":{"q":"b","x":2},"label":"c"}\n')
      local options = { label_column = "label", split_column = "part", variables = { question = "q" } }
      assert.same({ "1 question=a 5 eval", "2 question=b c nil" }, all(path, options))
      options.variables = nil
      assert.same({ "1 q=a,x=1 5 eval", "2 q=b,x=2 c nil" }, all(path, options))
      path = file("b.json", '[{"q":"a","label":"y"},{"label":"z"}]')
      local problem = clients.failure(all, path, { label_column = "label", variables = { "q" } })
      assert.matches('b.json:1: "q" is missing', problem.message, 1, true)
   end)

   it("skips columns without a name if the variables are listed, as the index of pandas", function()
      local path = file("pandas.csv", ",a,expected,\n0,x,y,z\n")
      assert.same({ "2 a=x y nil" }, all(path, { variables = { "a" } }))
      assert.same({ "no_name", "column 1 has no name" },
         { clients.failure(all, path).code, clients.failure(all, path).reason })
   end)

   it("keeps an answer's JSON value, and rows with an empty one where it is told", function()
      local row = promptic.rows(file("c.jsonl", '{"q":1,"expected":{"a":[1,2]}}'))()
      assert.same({ 1, 2 }, row.expected.a)
      local path = file("d.csv", "a,expected\nx,\ny,z\n")
      assert.equal("expected is empty", clients.failure(all, path).reason)
      assert.same({ "3 a=y z nil" }, all(path, { on_empty = "skip" }))
      assert.equal(2, #all(path, { on_empty = "keep" }))
   end)

   it("raises at a row that cannot be used, with its place, and can go on", function()
      local path = file("bad.csv", "a,expected\nx,y\nonly\nz,w\n")
      local iterator = promptic.rows(path)
      assert.equal("x", iterator().variables.a)
      local problem = clients.failure(iterator)
      assert.same({ "argument", path, 3, 2 }, { problem.kind, problem.file, problem.line, problem.row })
      assert.equal("z", iterator().variables.a)
      assert.is_nil(iterator())
      assert.is_nil(iterator())
   end)

   it("names the missing part", function()
      local path = file("e.csv", CSV)
      for _, case in ipairs{
         { { label_column = "labl" }, 'there is no column "labl", did you mean "label"?' },
         { { label_column = "label", split_column = "prt" }, 'there is no column "prt", did you mean "part"?' },
         { { label_column = "label", variables = { "bdy" } }, 'there is no column "bdy", did you mean "body"?' },
      } do
         assert.matches(case[2], clients.failure(all, path, case[1]).message, 1, true)
      end
      path = file("e.jsonl", '{"variables":{"a":1},"expected":"x"}')
      assert.matches("unknown field 'expected'$", clients.failure(all, path, { label_column = "label" }).message)
   end)

   it("checks its arguments", function()
      local path = file("f.csv", CSV)
      for _, case in ipairs{
         { "rows.txt", nil, "'rows.txt' ends in none of .csv, .tsv, .jsonl, .ndjson, .json: give "
            .. "the option 'format'" },
         { "-", nil, "give the option 'format'" }, { "/nowhere/a.csv", nil, "No such file" }, { 5, nil,
            "string expected" },
         { path, { format = "xls" }, "'xls' is not one of csv, tsv" }, { path, { variables = { 5 } },
            "names of columns" },
         { path, { variables = { a = "" } }, "names of columns" },
         { path, { label_column = "a", expected_column = "a" }, "also given as 'label_column'" },
         { path, { variables = { "body", "body" } }, "'body' is there twice" },
         { path, { label_column = "part", split_column = "part" }, "'part' is the label_column" },
         { path, { split_column = "expected" }, "'expected' is the label_column" },
         { path, { seperator = ";" }, "did you mean 'separator'?" },
         { path, { format = "json", separator = ";" }, "the source is not a .csv file" },
      } do
         clients.refused(function() promptic.rows(case[1], case[2]) end, case[3])
      end
   end)

   it("feeds an upload", function()
      observations.serve(server)
      local path = file("g.csv", "text,label\nrow 1,a\nrow 2,b\n")
      assert.equal(2, client:upload_observations("e", promptic.rows(path, { label_column = "label" })).sent)
      assert.same({ "row 1 -> a", "row 2 -> b" }, observations.texts(client:list_observations("e").data))
   end)
end)

describe("uploads take the same options", function()
   it("of a file", function()
      observations.serve(server)
      local path = file("h.csv", "body,label\nrow 1,a\n")
      client:upload_observations("e", path, { label_column = "label", variables = { text = "body" } })
      client:upload_observations("e", file("h.jsonl", '{"body":"row 2","label":"b"}'),
         { label_column = "label", variables = { text = "body" } })
      client:upload_observations("e", file("h", "text|expected\nrow 3|c\n"), { format = "csv", separator = "|" })
      assert.same({ "row 1 -> a", "row 2 -> b", "row 3 -> c" }, observations.texts(client:list_observations("e").data))
   end)

   it("and of nothing else", function()
      for _, name in ipairs{ "format", "label_column", "split_column", "separator" } do
         clients.refused(function() client:upload_observations("e", {}, { [name] = name == "format" and "csv"
            or "x" }) end,
            ("option '%s': the source is not a file"):format(name))
      end
      clients.refused(function() client:upload_observations("e", {}, { variables = { "a" } }) end,
         "the source is not a file")
   end)
end)
