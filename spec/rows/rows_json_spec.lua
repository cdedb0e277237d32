--- Which observations .jsonl and .json files hold, and what is wrong with one, in which line.
-- Tags: luas
local clients = require "spec.support.clients"
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)
local _, file = process.shared_folder()

before_each(function()
   observations.accept(server)
end)

-- The body that is sent for the file, nil if there is none.
local function sent(path, options)
   local result = client:upload_observations("e", path, options)
   local request
   for _, one in ipairs(server:requests()) do request = one.method == "POST" and one or request end
   return request and request.body, result
end

-- What a text of an observation becomes; the same one if there is no second text.
local OBSERVATIONS = {
   { '{"variables":{"a":"x"},"expected":"y"}' },
   { '{"variables":{"a":1,"b":[true,null,{"c":-1.5e-3}]},"expected":"y","split":"train"}' },
   { '{"variables":{},"expected":"-","split":"eval"}' },
   { '{"variables":{"a":123456789012345678901234567890,"b":0.1,"c":1E5,"d":-0},"expected":"y"}' },
   { [[{"variables":{"a\n":"\u00e9\"\\\/\b\f\n\r\t\ud834\udd1e"},"expected":"\u0000"}]] },
   { '{"variables":{"ä":"€ 𝄞"},"expected":"ü"}' },
   { ' { "expected" : "y" , "variables" : { "a" : [ 1 , 2 ] } } ',
      '{"variables":{ "a" : [ 1 , 2 ] },"expected":"y"}' },
   { '{"split":"eval","expected":"y","variables":{"}":"{[\\""}}',
      '{"variables":{"}":"{[\\""},"expected":"y","split":"eval"}' },
   { '{"input":"x","expected":"y"}', '{"variables":{"input":"x"},"expected":"y"}' },
   { '{"input":[1],"expected":"y"}', '{"variables":{"input":[1]},"expected":"y"}' },
   { '{"input":"x","variables":{"a":1},"expected":"y"}', '{"variables":{"a":1},"expected":"y"}' },
   { '{"input":null,"expected":"y"}', '{"variables":{},"expected":"y"}' },
   { '{"variables":null,"input":"x","expected":"y","split":null}',
      '{"variables":{"input":"x"},"expected":"y"}' },
   { '{"message":"hello","expected":"ham"}', '{"variables":{"message":"hello"},"expected":"ham"}' },
   { ' { "idx" : 7, "a" : 1.5, "b":[1,{"c":null}] , "split":"train","expected":"x", "n" : null } ',
      '{"variables":{"a":1.5,"b":[1,{"c":null}],"n":null},"expected":"x","split":"train"}' },
   { '{"input":"x","tone":"kind","expected":"y"}', '{"variables":{"input":"x","tone":"kind"},"expected":"y"}' },
   { '{"variables":null,"a":1,"expected":"y","split":null}', '{"variables":{"a":1},"expected":"y"}' },
   { [[{"}\"":"{","expected":"y"}]], [[{"variables":{"}\"":"{"},"expected":"y"}]] },
   { '{"idx":3,"variables":{"a":1},"expected":"y"}', '{"variables":{"a":1},"expected":"y"}' },
   { '{"variables":{"a":' .. ("["):rep(900) .. ("]"):rep(900) .. '},"expected":"y"}' },
}

describe("a line of a .jsonl file", function()
   for index, case in ipairs(OBSERVATIONS) do
      it("is sent on: " .. index, function()
         assert.equal("[" .. (case[2] or case[1]) .. "]", sent(file("rows.jsonl", case[1] .. "\n")))
      end)
   end
end)

describe("an element of a .json file", function()
   for index, case in ipairs(OBSERVATIONS) do
      it("is sent on: " .. index, function()
         assert.equal("[" .. (case[2] or case[1]) .. "]", sent(file("rows.json", "[" .. case[1] .. "]")))
      end)
   end
end)

local A, B = '{"variables":{"a":1},"expected":"x"}', '{"variables":{"b":2},"expected":"y"}'
local BOTH = "[" .. A .. "," .. B .. "]"

describe("a .jsonl file", function()
   it("may be called .ndjson", function()
      assert.equal("[" .. A .. "]", sent(file("rows.ndjson", A .. "\n")))
   end)

   it("may have rows without an answer, if that is said", function()
      local path = file("rows.jsonl", A .. '\n{"a":1,"expected":""}\n{"a":2,"expected":" \\n"}\n')
      local problem = clients.failure(client.upload_observations, client, "e", path)
      assert.matches(":2: expected is empty", problem.message, 1, true)
      local body, result = sent(path, { on_empty = "skip" })
      assert.equal("[" .. A .. "]", body)
      assert.same({ 2, 3 }, { result.skipped[1].line, result.skipped[2].line })
      server:reset()
      observations.accept(server)
      assert.equal(3, select(2, sent(path, { on_empty = "keep" })).sent)
   end)

   for name, content in pairs{
      ["no newline at the end"] = A .. "\n" .. B,
      ["CRLF"] = A .. "\r\n" .. B .. "\r\n",
      ["empty lines"] = "\n\r\n" .. A .. "\n \t\n\n" .. B .. "\n\n  ",
      ["a byte order mark"] = "\239\187\191" .. A .. "\n" .. B,
   } do
      it("may have " .. name, function()
         assert.equal(BOTH, sent(file("rows.jsonl", content)))
      end)
   end

   it("may have lines that are longer than the window onto it", function()
      local long = ('{"variables":{"a":"%s"},"expected":"x"}'):format(("ü"):rep(300000))
      assert.equal(("[%s,%s,%s]"):format(A, long, B), sent(file("rows.jsonl", A .. "\n" .. long .. "\n" .. B)))
   end)

   it("is told by its name, whatever its case", function()
      assert.equal(BOTH, sent(file("ROWS.JSONL", A .. "\n" .. B)))
   end)
end)

describe("a .json file", function()
   for name, content in pairs{
      ["spaces"] = "\r\n [\n\t" .. A .. "\n,\n" .. B .. "\n]\n\n",
      ["none"] = BOTH,
      ["a byte order mark"] = "\239\187\191 " .. BOTH,
   } do
      it("may have " .. name, function()
         assert.equal(BOTH, sent(file("rows.json", content)))
      end)
   end

   it("may be longer than the window onto it, which may end anywhere", function()
      local odd = [[{"variables":{"a":[-1.5e+10,true,null,"\ud834\udd1e€\\"]},"expected":"x"}]]
      for length = 128 * 1024 - 130, 128 * 1024 - 30 do
         server:reset()
         server:route[[
            local _, request = ...
            return { status = 200, body = request.method == "GET" and '{"data":[]}' or
               '{"data":[{"id":1},{"id":2},{"id":3}]}' }
         ]]
         local long = ('{"variables":{"a":"%s"},"expected":"x"}'):format(("x"):rep(length))
         local body = sent(file("rows.json", ("[%s , %s\n, %s]"):format(long, odd, B)))
         assert.is_true(("[%s,%s,%s]"):format(long, odd, B) == body, length)
      end
   end)

   it("has its rows counted however batches are cut", function()
      local rows = {}
      for index = 1, 50 do
         rows[index] = A
      end
      local path = file("rows.json", "[" .. table.concat(rows, ",\n") .. "]")
      local result = client:upload_observations("e", path, { batch_bytes = 100 })
      assert.equal(50, result.sent)
   end)
end)

-- What is wrong, and the text that has it. In a .json file what is no JSON at all ends the reading.
local BAD = {
   { "expected an object at character 1", "5" },
   { "expected an object at character 1", "[]" },
   { "expected a key at character 2", "{5}", true },
   { "expected a key at character 17", '{"expected":"x",}', true },
   { "expected a colon at character 12", '{"expected"}', true },
   { "expected a value at character 13", '{"expected":}', true },
   { "expected a value at character 13", '{"expected":yes}', true },
   { "expected a key at character 19", '{"expected":"é€𝄞",}', true }, -- characters, not bytes
   { "expected a value at character 13", '{"expected":tru}', true },
   { "invalid number at character 19", '{"variables":{"a":01},"expected":"x"}', true },
   { "expected a value at character 19", '{"variables":{"a":+1},"expected":"x"}', true },
   { "invalid number at character 19", '{"variables":{"a":1.},"expected":"x"}', true },
   { "expected a value at character 19", '{"variables":{"a":NaN},"expected":"x"}', true },
   { "expected a comma or a brace at character 17", '{"expected":"x" "split":"eval"}', true },
   { "expected a comma or a bracket at character 22", '{"variables":{"a":[1 2]},"expected":"x"}', true },
   { "number out of range at character 19", '{"variables":{"a":1e999},"expected":"x"}', true },
   { "control character in a string at character 14", '{"expected":"\t"}', true },
   { "invalid escape at character 14", [[{"expected":"\x"}]], true },
   { "invalid escape at character 14", [[{"expected":"\u12g4"}]], true },
   { "half of a surrogate pair", [[{"expected":"\ud834x-----"}]], true },
   { "half of a surrogate pair", [[{"expected":"\udd1e"}]], true },
   { "half of a surrogate pair", [[{"expected":"\ud834\u0041"}]], true },
   { "text that is not UTF-8 at character 14", '{"expected":"\195("}', true },
   { "text that is not UTF-8", '{"expected":"\237\160\128"}', true },
   { "a member appears twice", '{"expected":"x","expected":"y"}', true },
   { "a member appears twice", '{"a":1,"a":2,"expected":"x"}', true },
   { "a member appears twice", '{"a":1,"b":2,"\\u0061":2,"expected":"x"}', true },
   { "a member appears twice", '{"expected":null,"expected":"x","a":1}', true },
   { "a member appears twice", '{"variables":{"a":1,"b":[],"a":1},"expected":"x"}', true },
   { "a member appears twice", '{"a":[{"b":{}},{"b":1,"c":2,"b":{}}],"expected":"x"}', true },
   { "nested deeper than 1000 arrays and objects", '{"variables":{"a":' .. ("["):rep(1001) .. "}", true },
   { "expected an object at character 1", "\239\187\191{}" },
   { "variables is missing", '{"expected":"x"}' },
   { "variables is missing", "{}" },
   { "variables: object expected, got an array", '{"variables":[],"expected":"x"}' },
   { "variables: object expected, got a string", '{"variables":"a","expected":"x"}' },
   { "expected is missing", '{"variables":{}}' },
   { "expected is missing", '{"variables":{},"expected":null}' },
   { "expected: string expected, got a number: observations have texts only, put the answer in quotes",
      '{"variables":{},"expected":5}' },
   { "expected: string expected, got a boolean", '{"variables":{},"expected":true}' },
   { "split: 'test' is not one of train, eval", '{"variables":{},"expected":"x","split":"test"}' },
   { "split: string expected, got an object", '{"variables":{},"expected":"x","split":{}}' },
   { "unknown field 'exepcted', did you mean 'expected'?", '{"variables":{},"exepcted":"x"}' },
   { "variables is missing", '{"idx":1,"expected":"x"}' },
   { "unknown field 'Expected', did you mean 'expected'?", '{"a":1,"Expected":"x"}' },
   { "unknown field 'Split', did you mean 'split'?", '{"a":1,"expected":"x","Split":"train"}' },
   { "unknown field ' idx', did you mean 'idx'?", '{"a":1,"expected":"x"," idx":1}' },
   { "unknown field 'varibles', did you mean 'variables'?", '{"varibles":{"a":1},"expected":"x"}' },
   { "expected is missing, did you mean 'expcted'?", '{"a":1,"expcted":"x"}' },
   { "expected is empty", '{"a":1,"expected":""}' },
   { "expected is empty", '{"variables":{},"expected":" \\t"}' },
   { "split: 'test' is not one of train, eval", '{"a":1,"expected":"x","split":"test"}' },
   { "expected: string expected, got a number", '{"a":1,"expected":5}' },
   { "unknown field 'colour'", '{"variables":{},"expected":"x","colour":"red"}' },
}

for _, case in ipairs(BAD) do
   local what, text, ends = case[1], case[2], case[3] or case[1]:find("^expected an object")

   describe("a file with " .. what .. ": " .. text:sub(1, 40), function()
      it("is refused as .jsonl, with its line", function()
         local path = file("rows.jsonl", "\n" .. A .. "\n\n" .. text .. "\n" .. B)
         local problem = clients.failure(client.upload_observations, client, "e", path)
         assert.equal("argument", problem.kind)
         assert.matches(path .. ":4: ", problem.message, 1, true)
         assert.matches(what, problem.reason, 1, true)
         assert.equal(2, problem.row)
         assert.equal(0, observations.count(server, "POST"))
         local body, result = sent(path, { on_bad_row = "skip" })
         assert.equal(BOTH, body)
         assert.equal(4, result.skipped[1].line)
         assert.equal(2, result.skipped[1].row)
      end)

      it("is refused as .json, with its line", function()
         local path = file("rows.json", "[\n" .. A .. ",\n\n" .. text .. ",\n" .. B .. "]")
         local problem = clients.failure(client.upload_observations, client, "e", path)
         assert.matches(path .. ":4: ", problem.message, 1, true)
         assert.matches(what, problem.reason, 1, true)
         assert.equal(0, observations.count(server, "POST"))
         if ends then
            problem = clients.failure(client.upload_observations, client, "e", path, { on_bad_row = "skip" })
            assert.matches(what, problem.reason, 1, true)
         else
            local body, result = sent(path, { on_bad_row = "skip" })
            assert.equal(BOTH, body)
            assert.equal(4, result.skipped[1].line)
         end
      end)
   end)
end

describe("a .jsonl file is refused", function()
   it("for text after the object", function()
      local problem = clients.failure(client.upload_observations, client, "e", file("rows.jsonl", A .. B))
      assert.matches(":1: not JSON: text after the object", problem.message, 1, true)
   end)

   it("for an object that does not end", function()
      local path = file("rows.jsonl", A:sub(1, -2) .. "\n" .. B)
      local problem = clients.failure(client.upload_observations, client, "e", path)
      assert.matches(":1: not JSON: unexpected end of the text at character 36", problem.message, 1, true)
   end)
end)

describe("a .json file is refused", function()
   -- what is wrong, the file, its line
   local ROWS = {
      { "an array of observations expected", "", 1 },
      { "an array of observations expected", "\n" .. A, 2 },
      { "an array of observations expected", '"x"', 1 },
      { "no comma between two elements", "[" .. A, 1 },
      { "no comma between two elements", "[" .. A .. "\n" .. B .. "]", 2 },
      { "expected a value at character 1 of the element", "[" .. A .. ",\n]", 2 },
      { "the array does not end", "[" .. A .. ",\n", 2 },
      { "the array does not end", "[", 1 },
      { "expected a value", "[," .. A .. "]", 1 },
      { "text after the array", BOTH .. "\n]", 2 },
      { "text after the array", "[]\0", 1 },
      { "unexpected end of the text", '[\n\n{"expected":"x', 3 },
   }
   for index, row in ipairs(ROWS) do
      it("for " .. row[1] .. ": " .. index, function()
         local path = file("rows.json", row[2])
         local problem = clients.failure(client.upload_observations, client, "e", path, { on_bad_row = "skip" })
         assert.matches(("%s:%d: "):format(path, row[3]), problem.message, 1, true)
         assert.matches(row[1], problem.reason, 1, true)
      end)
   end
end)
