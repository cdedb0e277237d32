--- Which observations a .csv file holds (RFC 4180), and what is wrong with one, in which line.
-- Tags: luas
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local promptic = require "promptic"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)
local folder = process.shared_folder()
local path = folder .. "/rows.csv"

before_each(function()
   observations.accept(server)
end)

-- The rows that are sent for a file with this content, in their order.
local function sent(content, options)
   process.write_file(path, content)
   options = options or {}
   options.concurrency = 1
   local result = client:upload_observations("e", path, options)
   local rows = {}
   for _, request in ipairs(server:requests()) do
      for _, row in ipairs(request.method == "POST" and promptic.json.decode(request.body) or {}) do
         rows[#rows + 1] = row
      end
   end
   return rows, result
end

-- The values of the column `a`, each followed by expected: "1=x 2=y"
local function text_of(rows)
   local list = {}
   for index, row in ipairs(rows) do
      list[index] = tostring(row.variables.a) .. "=" .. row.expected
   end
   return table.concat(list, " ")
end

describe("a .csv file", function()
   it("gives an observation a record, its columns as variables", function()
      assert.same({
         { variables = { subject = "Hi", text = "1" }, expected = "spam", split = "train" },
         { variables = { subject = "", text = "two words" }, expected = "", split = "eval" },
         { variables = { subject = " ", text = "3" }, expected = "x" },
      }, (sent("subject,expected,split,text\nHi,spam,train,1\n,,eval,two words\n ,x,,3\n", { on_empty = "keep" })))
   end)

   -- what it is about, the file, what comes of it
   local ROWS = {
      { "lines that end with CRLF", "a,expected\r\n1,x\r\n2,y\r\n", "1=x 2=y" },
      { "no newline at the end", "a,expected\n1,x\n2,y", "1=x 2=y" },
      { "CRLF and no newline at the end", "a,expected\r\n1,x\r\n2,y\r", "1=x 2=y" },
      { "an empty last field", "expected,a\nx,\ny,", "=x =y" },
      { "a byte order mark", "\239\187\191a,expected\n1,x\n", "1=x" },
      { "a byte order mark and quotes", '\239\187\191"a",expected\n1,x\n', "1=x" },
      { "quotes", '"a","expected"\n"1","x"\n"2",y\n', "1=x 2=y" },
      { "commas in quotes", 'a,expected\n"1,2",x\n', "1,2=x" },
      { "doubled quotes", 'a,expected\n"say ""hi""",""""\n', 'say "hi"="' },
      { "nothing but doubled quotes", 'a,expected\n"""""",x\n', '""=x' },
      { "empty quotes", 'a,expected\n"",x\n', "=x" },
      { "newlines in quotes", 'a,expected\n"1\n2\r\n\n3",x\n', "1\n2\r\n\n3=x" },
      { "quotes in the header", '"a","ex""pected",expected\n1,2,x\n', "1=x" },
      { "spaces, which are kept", "a,expected\n 1 , x\n", " 1 = x" },
      { "empty lines", "a,expected\n\n1,x\n\r\n\n2,y\n\n", "1=x 2=y" },
      { "empty lines before the header", "\r\n\na,expected\n1,x\n", "1=x" },
      { "one column", "expected\nx\n\ny\n", "nil=x nil=y" },
      { "a header alone", "a,expected\n", "" },
      { "a header without a newline", "a,expected", "" },
      { "characters beyond ASCII", "ä,a,expected\n1,€ 𝄞,ü\n", "€ 𝄞=ü" },
      { "what JSON has to escape", 'a,expected\n"\\ / \t \1 \127",\\n\n', "\\ / \t \1 \127=\\n" },
      { "a NUL", "a,expected\n1\0002,x\n", "1\0002=x" },
      { "lines of commas, as spreadsheets leave them", "a,expected\r\n1,x\r\n,\r\n,\r\n2,y\r\n", "1=x 2=y" },
      { "lines of commas and spaces at its beginning and end", " ,\t\na,expected\n1,x\n, ,,\n  \n,", "1=x" },
      { "columns at its right without a name", "a,expected,,\n1,x,,\n,,,\n2,y,,\n", "1=x 2=y" },
      { "a line that says the separator", "sep=;\r\na;expected\r\n1,5;x\r\n", "1,5=x" },
      { "a byte order mark and such a line", "\239\187\191sep=\t\na\texpected\n1\tx\n", "1=x" },
      { "a column sep=", "sep=a,a,expected\n1,2,x\n", "2=x" },
   }
   for _, row in ipairs(ROWS) do
      it("may have " .. row[1], function()
         assert.equal(row[3], text_of((sent(row[2]))))
      end)
   end

   it("names the right answers as the caller says", function()
      local rows = sent("a,label,expected\n1,x,y\n", { expected_column = "label" })
      assert.same({ { variables = { a = "1", expected = "y" }, expected = "x" } }, rows)
      rows = sent('"a ""label""",a\nz,1\n', { expected_column = 'a "label"' })
      assert.same({ variables = { a = "1" }, expected = "z" }, rows[#rows])
   end)

   it("may have another separator", function()
      for _, separator in ipairs{ ";", "\t", "|", ":" } do
         local content = ("a,expected\r\n1,x\r\n\"win, now\",spam\r\n,\r\n"):gsub(",", separator)
         local rows = sent(content, { separator = separator })
         assert.equal(("1=x win, now=spam"):gsub(",", separator), text_of{ rows[#rows - 1], rows[#rows] })
      end
   end)

   it("is split at the separator that is given, whatever its first line says", function()
      assert.equal("1;5=x", text_of(sent("sep=;\r\na,expected\r\n1;5,x\r\n", { separator = "," })))
   end)

   it("that is named .tsv has tabs", function()
      local other = folder .. "/rows.tsv"
      process.write_file(other, "a\texpected\n1,2\tx\n")
      client:upload_observations("e", other)
      assert.equal('[{"variables":{"a":"1,2"},"expected":"x"}]', server:requests()[3].body)
   end)

   it("may have a column idx, which is the row's number and no variable", function()
      assert.same({ { variables = { a = "1" }, expected = "x" } }, (sent("idx,a,expected\n0,1,x\n")))
   end)

   it("may have very many columns, in linear time", function()
      local names, values = {}, {}
      for index = 1, 80000 do
         names[index], values[index] = "column" .. index, "v" .. index
      end
      local rows = sent(("%s,expected\n%s,x\n"):format(table.concat(names, ","), table.concat(values, ",")))
      assert.equal("v80000", rows[1].variables.column80000)
      names[80000] = "column7"
      process.write_file(path, table.concat(names, ",") .. ",expected\n")
      local problem = clients.failure(client.upload_observations, client, "e", path)
      assert.equal('column "column7" is there twice', problem.reason)
   end)

   it("is told by its name, whatever its case", function()
      local other = folder .. "/ROWS.CSV"
      process.write_file(other, "a,expected\n1,x\n")
      assert.equal(1, client:upload_observations("e", other).sent)
   end)

   it("may be longer than the window onto it, and so may its fields", function()
      local content, wanted = { "a,expected" }, {}
      for index = 1, 40 do
         local text = (("%d\n\"ü\","):format(index)):rep(index * 100)
         content[index + 1] = '"' .. text:gsub('"', '""') .. '",' .. index
         wanted[index] = { variables = { a = text }, expected = tostring(index) }
      end
      local text = table.concat(content, "\r\n")
      assert.is_true(#text > 3 * 128 * 1024)
      assert.same(wanted, (sent(text, { batch_bytes = 50000 })))
   end)

   it("is read the same wherever the window ends", function()
      -- records of 127 KiB and more put the window's end at each byte of what follows
      for length = 128 * 1024 - 40, 128 * 1024 do
         server:reset()
         server:route[[
            local _, request = ...
            kept = request.method == "POST" and request.body:sub(-90) or rawget(_G, "kept")
            return { status = 200, body = request.method == "GET" and '{"data":[]}' or
               '{"data":[{"id":1},{"id":2},{"id":3}]}' }
         ]]
         process.write_file(path, "a,expected\r\n" .. ("x"):rep(length) .. ',1\r\n"say ""hi""\r\n€",2\r\n3,"4"\r\n')
         client:upload_observations("e", path)
         local body = server:requests()[3].body
         assert.equal([[{"variables":{"a":"say \"hi\"\r\n€"},"expected":"2"},]]
            .. [[{"variables":{"a":"3"},"expected":"4"}]], body:match("%b{},%b{}%]$"):sub(1, -2), length)
      end
   end)
end)

describe("a .csv file is refused", function()
   -- what is wrong, the file, the line, the message
   local ROWS = {
      { "without a header", "", 1, "the header is missing" },
      { "with nothing but empty lines", "\n\r\n", 3, "the header is missing" },
      { "without the column", "a,b\n1,2\n", 1, 'there is no column "expected": the columns are "a", "b"' },
      { "for the column's case", "Message,Expected\nhello,ham\n", 1,
         'there is no column "expected", did you mean "Expected"? The columns are "Message", "Expected"' },
      { "for spaces around the column", "a, expected \n1,x\n", 1, 'did you mean " expected "?' },
      { "for a letter of the column", "a,exepcted\n1,x\n", 1, 'did you mean "exepcted"?' },
      { "for the case of split", "Message,expected,Split\nhello,ham,train\n", 1,
         'column "Split": did you mean "split"?' },
      { "for the case of idx", "IDX,a,expected\n1,1,x\n", 1, 'column "IDX": did you mean "idx"?' },
      { "for a second answer", "a,expected,Expected\n1,x,y\n", 1, 'column "Expected": did you mean "expected"?' },
      { "for semicolons", 'message;expected\r\nhello;ham\r\n"win; now";spam\r\n', 1,
         "there is no column \"expected\": the separator looks like ';'" },
      { "for semicolons and a comma", '"a,b";"Expected"\n', 1, "the separator looks like ';'" },
      { "for tabs", "message\texpected\nhello\tham\n", 1, "the separator looks like a tab" },
      { "for commas where there should be semicolons", "a,expected\n1,x\n", 1, "the separator looks like ','",
         { separator = ";" } },
      { "for a value below no name", "a,expected,\n1,x,\n2,y,z\n", 3, "column 3 has a value and no name" },
      { "for an empty answer", "message,expected\nhello,\nwin,spam\n", 2, "expected is empty" },
      { "for an answer of spaces", "a,expected\n1,x\n2, \t\n", 3, "expected is empty" },
      { "for an empty answer in quotes", 'a,expected\n"",""\n', 2, "expected is empty" },
      { "for line ends of the old Macintosh", "a,expected\r1,x\r2,y\r", 1,
         "the header ends with a carriage return alone" },
      { "as UTF-16 without a mark", "a\0,\0e\0", 1, "the file is UTF-16, not UTF-8" },
      { "as UTF-16 of the other order", "\254\255\0a\0,", 1, "the file is UTF-16, not UTF-8" },
      { "as a spreadsheet itself", "PK\3\4\20\0\6\0", 1, "export the table as CSV" },
      { "as a spreadsheet of an older Office", "\208\207\17\224\161\177", 1, "export the table as CSV" },
      { "as Parquet", "PAR1\21\4\21", 1, "a Parquet file: export the table as CSV" },
      { "as gzip", "\31\139\8\0\0\0\0\0", 1, "compressed by gzip: decompress it first" },
      { "as zstd", "\40\181\47\253\4\0", 1, "compressed by zstd: decompress it first" },
      { "as xz", "\253" .. "7zXZ\0", 1, "compressed by xz: decompress it first" },
      { "as bzip2", "BZh91AY&SY", 1, "compressed by bzip2: decompress it first" },
      { "as Latin-1", "a,expected\ncaf\233,x\n", 2, 'column "a" is not UTF-8 (at byte 4): save the file as UTF-8' },
      { "for another column", "a,expected\n1,2\n", 1, 'there is no column "label"', { expected_column = "label" } },
      { "for a column that comes twice", "a,b,a,expected\n", 1, 'column "a" is there twice' },
      { "for a column without a name", "a,,expected\n", 1, "column 2 has no name" },
      { "for a name that is not UTF-8", "a\255,expected\n", 1, "the name of column 1 is not UTF-8" },
      { "as UTF-16", "\255\254a\0,\0", 1, "not UTF-8" },
      { "for too few fields", "a,expected\n1,x\n\n2\n", 4, "1 fields where the header has 2" },
      { "for too many fields", "a,expected\n1,x,\n", 2, "3 fields where the header has 2" },
      { "for bytes that are not UTF-8", "a,expected\nok,x\nb\195,y\n", 3, 'column "a" is not UTF-8 (at byte 2)' },
      { "for a split that is none", "a,expected,split\n1,x,test\n", 2, "split: 'test' is not one of train, eval" },
      { "for a split that a terminal would obey", "a,expected,split\n1,x,\27[2J\226\128\174test\n", 2,
         "split: ' [2J test' is not one of train, eval" },
      { "for a quote inside a field", 'a,expected\n1"2,x\n', 2, "a quote inside a field" },
      { "for text after a quote", 'a,expected\n"1" ,x\n', 2, "text after a closing quote" },
      { "for a quote that is never closed", 'a,expected\n1,x\n"2,y\n3,z\n', 3, "a quote that is never closed" },
      { "for a lone carriage return", "a,expected\n1,x\ry,2\n", 2, "a carriage return outside of quotes" },
      { "for a field past newlines", 'a,expected\n"1\n\n2",x\n3\n', 5, "1 fields" },
      { "for a quote in the header", 'a,"expected\n', 1, "a quote that is never closed" },
   }
   for _, row in ipairs(ROWS) do
      it(row[1], function()
         process.write_file(path, row[2])
         local problem = clients.failure(client.upload_observations, client, "e", path, row[5])
         assert.equal("argument", problem.kind)
         assert.matches(("%s:%d: "):format(path, row[3]), problem.message, 1, true)
         assert.matches(row[4], problem.reason, 1, true)
         assert.equal(row[3], problem.line)
         assert.equal(0, observations.count(server, "POST"))
      end)
   end

   it("for a lone carriage return, wherever the window ends", function()
      -- the records of 128 KiB put each byte of the second one at the window's end
      for length = 128 * 1024 - 24, 128 * 1024 - 10 do
         process.write_file(path, "a,expected\n" .. ("x"):rep(length) .. ",1\n2,y\rz,3\n")
         local problem = clients.failure(client.upload_observations, client, "e", path)
         assert.equal("3: a carriage return outside of quotes", problem.line .. ": " .. problem.reason)
      end
   end)

   it("for a record that is longer than any can be", function()
      process.write_file(path, 'a,expected\n1,x\n"' .. ("x\n"):rep(9 * 1024 * 1024))
      local problem = clients.failure(client.upload_observations, client, "e", path, { on_bad_row = "skip" })
      assert.matches(":3: it is longer than 16 MiB", problem.message, 1, true)
   end)
end)

describe("a row of a .csv file without an answer", function()
   local FILE = "message,expected\nhello,\nwin,spam\nfoo,\nbar,\n,\n"

   it("is collected with its line where it is to be skipped", function()
      local rows, result = sent(FILE, { on_empty = "skip" })
      assert.same({ { variables = { message = "win" }, expected = "spam" } }, rows)
      local told = {}
      for index, problem in ipairs(result.skipped) do
         told[index] = ("%d:%d:%s"):format(problem.row, problem.line, problem.reason)
      end
      assert.same({ "1:2:expected is empty", "3:4:expected is empty", "4:5:expected is empty" }, told)
   end)

   it("is a bad row like others where bad rows are skipped", function()
      local rows, result = sent(FILE, { on_bad_row = "skip" })
      assert.equal(1, #rows)
      assert.equal(3, #result.skipped)
   end)

   it("ends the upload where only those are skipped and another row is bad", function()
      process.write_file(path, "a,expected\n1,\n2,x,y\n")
      local problem = clients.failure(client.upload_observations, client, "e", path, { on_empty = "skip" })
      assert.equal(3, problem.line)
      assert.equal(2, problem.skipped[1].line)
   end)

   it("is a row where it is kept", function()
      local rows = sent(FILE, { on_empty = "keep" })
      assert.equal(4, #rows)
      assert.same({ variables = { message = "bar" }, expected = "" }, rows[4])
   end)
end)

describe("bad rows of a .csv file that are skipped", function()
   -- the file, what is sent, the lines of what is not
   local ROWS = {
      { "a,expected\n1,x\n2\n3,y\n4,z,\n", "1=x 3=y", "3 5" },
      { 'a,expected\n1"1,x\n2,y\n"3"3,"a,b\n4,z\n', "2=y 4=z", "2 4" },
      { 'a,expected\n"1,x\n2,y\n"3",z\n4,w\n', "4=w", "2" },
      { "a,expected\n1\255,x\n2,\254\n3,z\n", "3=z", "2 3" },
      { "a,expected,split\n1,x,nope\n2,y,eval\n", "2=y", "2" },
      { 'a,expected\n"1\n1",x,\n2,y\n', "2=y", "2" },
   }
   it("can be no record whose quote is never closed: nobody knows what belongs to it", function()
      process.write_file(path, 'a,expected\n1,x\n"2,y\n3,z\n')
      local problem = clients.failure(client.upload_observations, client, "e", path, { on_bad_row = "skip" })
      assert.matches(":3: a quote that is never closed", problem.message, 1, true)
   end)

   it("name the line of the fault where it is another one", function()
      local _, result = sent('a,expected\n"1,x\n2,y\n"3",z\n', { on_bad_row = "skip" })
      assert.equal("text after a closing quote in line 4", result.skipped[1].reason)
      assert.equal(2, result.skipped[1].line)
   end)

   for index, row in ipairs(ROWS) do
      it("do not harm the others: " .. index, function()
         local rows, result = sent(row[1], { on_bad_row = "skip" })
         local lines = {}
         for number, problem in ipairs(result.skipped) do
            lines[number] = problem.line
         end
         assert.equal(row[2], text_of(rows))
         assert.equal(row[3], table.concat(lines, " "))
      end)
   end
end)
