--- What promptic observations add makes of files as spreadsheets, notebooks and people write them.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

describe("promptic observations add --from-file", function()
   local server, promptic, folder

   setup(function()
      server = sandbox.start{ pace = 0 }
      promptic = command.new(server)
      folder = process.folder()
   end)

   teardown(function()
      server:stop()
      process.remove(folder)
   end)

   -- Adds a file of this content; what the command says, and what the experiment holds then:
   -- "message=hello ham", in the order of the rows.
   local function add(name, content, ...)
      local id, path = server:experiment{ observations = {} }, folder .. "/" .. name
      process.write_file(path, content)
      local result = promptic{ "observations", "add", id, "--from-file", path, ... }
      local held = {}
      for index, row in ipairs(server:ok("GET", "/experiments/" .. id .. "/observations").data) do
         local pieces = {}
         for key, value in pairs(row.variables) do pieces[#pieces + 1] = key .. "=" .. tostring(value) end
         table.sort(pieces)
         held[index] = table.concat(pieces, ",") .. " " .. row.expected
      end
      return result, table.concat(held, "; "), path
   end

   -- the file, its content, what the experiment holds, further words
   local TAKEN = {
      { "excel_blank_rows.csv", "message,expected\r\nhello,ham\r\n,\r\n,\r\nwin,spam\r\n",
         "message=hello ham; message=win spam" },
      { "idx.csv", "idx,message,expected\n0,hello,ham\n1,win,spam\n", "message=hello ham; message=win spam" },
      { "flat.jsonl", '{"message":"hello","expected":"ham"}\n', "message=hello ham" },
      { "flat.ndjson", '{"idx":0,"message":"hello","expected":"ham"}\n', "message=hello ham" },
      { "semicolon.csv", 'message;expected\r\nhello;ham\r\n"win; now";spam\r\n',
         "message=hello ham; message=win; now spam", "--separator", ";" },
      { "tabs.csv", "message\texpected\nhello\tham\n", "message=hello ham", "--separator", "tab" },
      { "label.csv", "message,label\nhello,ham\n", "message=hello ham", "--expected-column", "label" },
      { "columns.csv", "message,label,part\nhello,ham,train\n", "message=hello ham", "--label-column", "label",
         "--split-column", "part" },
      { "pandas.csv", ",message,expected\n0,hello,ham\n1,win,spam\n", "message=hello ham; message=win spam",
         "--variable", "message" },
      { "renamed.csv", "Text,expected,note,\nhello,ham,mine,x\n", "message=hello ham", "--variable", "message=Text" },
      { "renamed.jsonl", '{"Text":"hello","expected":"ham","note":1}\n', "message=hello ham",
         "--variable", "message=Text" },
      { "rows", "message,expected\nhello,ham\n", "message=hello ham", "--format", "csv" },
      { "empty_expected.csv", "message,expected\nhello,\nwin,spam\n", "message=hello ; message=win spam",
         "--on-empty", "keep" },
   }
   for _, row in ipairs(TAKEN) do
      it("takes " .. row[1], function()
         local result, held = add(row[1], row[2], table.unpack(row, 4))
         assert.same({ 0, "" }, { result.code, result.stderr })
         assert.equal(row[3], held)
      end)
   end

   it("says that a file has no rows", function()
      local result, held = add("header.csv", "message,expected\n")
      assert.same({ 0, "Added 0 observations.\n", "The file has no rows.\n", "" },
         { result.code, result.stdout, result.stderr, held })
   end)

   -- the file, its content, what is said after its name, further words
   local REFUSED = {
      { "empty_expected.csv", "message,expected\nhello,\nwin,spam\nfoo,\n", ":2: expected is empty (no row was added)\n"
         .. "  --on-empty skip leaves such rows out, --on-empty keep adds them as they are\n" },
      { "header_case.csv", "Message,Expected\nhello,ham\n", ':1: there is no column "expected", did you mean '
         .. '"Expected"? The columns are "Message", "Expected" (no row was added)\n'
         .. "  --label-column says which column holds the right answers\n" },
      { "header_case_split.csv", "Message,expected,Split\nhello,ham,train\n",
         ':1: column "Split": did you mean "split"? (no row was added)\n' },
      { "pandas.csv", ",message,expected\n0,hello,ham\n", ":1: column 1 has no name (no row was added)\n  --variable "
         .. "COLUMN says which column is an input; columns without a name are skipped then\n" },
      { "chat.jsonl", '{"messages":[]}\n', ":1: expected is missing (no row was added)\n"
         .. "  --label-column says which column holds the right answers\n" },
      { "one.jsonl", '{"a":1,"expected":"x"}\n{"a":2}\n', ":2: expected is missing (no row was added)\n" },
      { "variable.csv", "a,expected\n1,x\n", ':1: there is no column "text": the columns are "a", "expected" '
         .. "(no row was added)\n", "--variable", "text" },
      { "split.csv", "a,expected\n1,x\n", ':1: there is no column "part": the columns are "a", "expected" (no row was '
         .. "added)\n", "--split-column", "part" },
      { "semicolon.csv", 'message;expected\r\nhello;ham\r\n"win; now";spam\r\n', ':1: there is no column "expected": '
         .. "the separator looks like ';' (no row was added)\n"
         .. "  --separator says how fields are separated: --separator ';', or tab\n" },
   }
   for _, row in ipairs(REFUSED) do
      it("refuses " .. row[1] .. ", and says what to do", function()
         local result, held, path = add(row[1], row[2], table.unpack(row, 4))
         assert.same({ 1, "" }, { result.code, held })
         assert.equal("promptic: " .. path .. row[3], result.stderr)
      end)
   end

   it("leaves rows without an answer out where that is asked for, and says which", function()
      local result, held = add("a.csv", "message,expected\nhello,\nwin,spam\nfoo,\n", "--on-empty", "skip")
      assert.equal("message=win spam", held)
      assert.equal("Left out 2 rows without an answer (lines 2, 4).\n", result.stderr)
      assert.equal("Added 1 observation.\n", result.stdout)
      result = add("a.csv", "message,expected\nhello,\n", "--on-empty", "skip", "--json")
      assert.same({ "", { added = 0, present = 0, skipped = 1 } }, { result.stderr, result.json })
   end)
end)
