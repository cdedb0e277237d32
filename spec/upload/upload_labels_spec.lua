--- Notes on labels and columns that look alike and are not the same, before anything is sent.
-- Tags: luas
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)
local _, file = process.shared_folder()

-- What an upload notes, all of it before its first POST.
local function notes(source, options)
   local list = {}
   server:reset()
   observations.serve(server, nil, { room = "cases" })
   options = options or {}
   function options.on_warning(text)
      assert.equal(0, observations.count(server, "POST"))
      list[#list + 1] = text
   end
   pcall(client.upload_observations, client, "e", source, options)
   return list
end

local function csv(...)
   local lines = { "text,expected" }
   for index, label in ipairs{ ... } do lines[index + 1] = ("row %d,%s"):format(index, label) end
   return file("labels.csv", table.concat(lines, "\n"))
end

describe("labels are noted", function()
   local CASES = {
      { { "Spam", "spam", "ham" }, 'labels "Spam" (row 1) and "spam" (row 2) differ in case only' },
      { { "\195\137T\195\137", "\195\169t\195\169" },
         'labels "\195\137T\195\137" (row 1) and "\195\169t\195\169" (row 2) differ in case only' },
      { { "caf\195\169", "cafe\204\129" },
         'labels "caf\195\169" (row 1) and "cafe\\u0301" (row 2) differ in how accents '
         .. "are encoded (NFC and NFD)" },
      { { "\237\149\156", "\225\132\146\225\133\161\225\134\171" }, "how accents are encoded" },
      { { "ham", "ham\226\128\139" },
         'label "ham\\u200B" (row 2) holds a zero width space (U+200B), unlike "ham" (row 1)' },
      { { "a b", "a\194\160b" }, "holds a no-break space (U+00A0)" },
      { { "spam", "ham " }, 'label "ham " (row 2) ends in a space' },
   }
   for _, case in ipairs(CASES) do
      it("where they are alike: " .. case[2]:gsub("[^%w ]", ""), function()
         local found = notes(csv(table.unpack(case[1])))
         assert.equal(1, #found, table.concat(found, "\n"))
         assert.matches(case[2], found[1], 1, true)
      end)
   end

   it("not where they differ", function()
      assert.same({}, notes(csv("schon", "sch\195\182n", "a b", "ab", "1", "2", "yes", "no")))
   end)

   it("wherever they are in the file, and in a list", function()
      local labels, rows = {}, {}
      for index = 1, 3000 do labels[index] = index == 2900 and "Ham" or index % 2 == 0 and "ham" or "spam" end
      for index, label in ipairs(labels) do rows[index] = { variables = { n = index }, expected = label } end
      local note = { 'labels "ham" (row 2) and "Ham" (row 2900) differ in case only' }
      assert.same(note, notes(csv(table.unpack(labels))))
      assert.same(note, notes(rows))
      assert.same({ 'labels "a" (row 1) and "A" (row 2) differ in case only' },
         notes(file("a.jsonl", '{"q":1,"expected":"a"}\n{"q":2,"expected":"\\u0041"}\n{"q":3,"expected":["A"]}')))
   end)

   it("before the batch that has them, where the source can be read once only", function()
      local index = 0
      local found = notes(function()
         index = index + 1
         return ({ { variables = {}, expected = "a" }, { variables = {}, expected = "A" } })[index]
      end)
      assert.equal(1, #found)
   end)

   it("not where answers are texts of their own", function()
      local answers = {}
      for index = 1, 100 do answers[index] = "Answer " .. index end
      answers[100] = "answer 1"
      assert.same({}, notes(csv(table.unpack(answers))))
   end)
end)

describe("columns are noted", function()
   it("that are alike or hold invisible characters", function()
      assert.same({ 'columns "text" and "Text" differ in case only' }, notes(file("c.csv",
         "text,Text,expected\na,b,c\n")))
      assert.same({ 'column "expected\\u200B" holds a zero width space (U+200B)' },
         notes(file("c.csv", "text,expected\226\128\139\na,c\n")))
   end)
end)

describe("without on_warning notes", function()
   it("go to the client's log", function()
      observations.serve(server, nil, { room = "cases" })
      local lines = {}
      local logging = clients.open(server.url, { log = function(level, text)
         if level == "warning" then lines[#lines + 1] = text end
      end })
      logging:upload_observations("e", csv("Spam", "spam"))
      logging:close()
      assert.same({ 'labels "Spam" (row 1) and "spam" (row 2) differ in case only' }, lines)
   end)
end)
