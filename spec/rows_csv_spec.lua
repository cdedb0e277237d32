--- Which observations a .csv file holds (RFC 4180), and what is wrong with one, in which line.
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local promptic = require "promptic"
local scripted = require "spec.support.scripted"

local server, client, folder, path

setup(function()
   server = scripted.start()
   client = clients.open(server.url)
   folder = process.folder()
   path = folder .. "/rows.csv"
end)

teardown(function()
   client:close()
   server:stop()
   process.remove(folder)
end)

before_each(function()
   server:reset()
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
      }, (sent("subject,expected,split,text\nHi,spam,train,1\n,,eval,two words\n ,x,,3\n")))
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
      { "empty quotes", 'a,expected\n"",""\n', "=" },
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
         local body = server:requests()[2].body
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
      { "without the column", "a,b\n1,2\n", 1, 'there is no column "expected"' },
      { "for another column", "a,expected\n1,2\n", 1, 'there is no column "label"', { expected_column = "label" } },
      { "for a column that comes twice", "a,b,a,expected\n", 1, 'column "a" is there twice' },
      { "for a column without a name", "a,,expected\n", 1, "column 2 has no name" },
      { "for a name that is not UTF-8", "a\255,expected\n", 1, "the name of column 1 is not UTF-8" },
      { "as UTF-16", "\255\254a\0,\0", 1, "not UTF-8" },
      { "for too few fields", "a,expected\n1,x\n\n2\n", 4, "1 fields where the header has 2" },
      { "for too many fields", "a,expected\n1,x,\n", 2, "3 fields where the header has 2" },
      { "for bytes that are not UTF-8", "a,expected\nok,x\nb\195,y\n", 3, 'column "a" is not UTF-8 (at byte 2)' },
      { "for a split that is none", "a,expected,split\n1,x,test\n", 2, "split: 'test' is not one of train, eval" },
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
         assert.equal(0, server:count())
      end)
   end

   it("for a record that is longer than any can be", function()
      process.write_file(path, 'a,expected\n1,x\n"' .. ("x\n"):rep(9 * 1024 * 1024))
      local problem = clients.failure(client.upload_observations, client, "e", path, { on_bad_row = "skip" })
      assert.matches(":3: it is longer than 16 MiB", problem.message, 1, true)
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
