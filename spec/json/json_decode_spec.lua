-- promptic.json.decode: what it makes of a text, and what it refuses.
-- Tags: luas valgrind
local json = require "promptic.json"
local values = require "spec.support.json_values"

local array, null = json.array, json.null
local assert_same, nested, unpack = values.assert_same, values.nested, values.unpack

local function run(row)
   local name, text, expected, refusal = unpack(row, 1, 4)
   it(name, function()
      local done, value = pcall(json.decode, text)
      if refusal then
         assert.is_false(done)
         assert.truthy(value:match("^bad argument #1 to '[%w_.?]+' %(.*%)$"), value)
         if type(refusal) == "string" then
            assert.truthy(value:find(refusal, 1, true), value)
         end
      else
         assert.is_true(done, value)
         assert_same(expected, value)
      end
   end)
end

describe("promptic.json.decode", function()
   -- name, text, value, refusal (true: any message)
   local rows = {
      { "null", "null", nil },
      { "true", " true ", true },
      { "false", "\t\r\nfalse", false },
      { "an integer", "5", 5 },
      { "1.0", "1.0", 1 },
      { "1e3", "1e3", 1000 },
      { "1E+2", "1E+2", 100 },
      { "1.5e1", "1.5e1", 15 },
      { "1200e-2", "1200e-2", 12 },
      { "0.00001e5", "0.00001e5", 1 },
      { "120e-2", "120e-2", 1.2 },
      { "zero", "0", 0 },
      { "0.000", "0.000", 0 },
      { "0e999", "0e999", 0 },
      { "-17", "-17", -17 },
      { "-0.0", "-0.0", -1 / (1 / 0) },
      { "-0", "-0", -1 / (1 / 0) },
      { "-0e5", "-0e5", -1 / (1 / 0) },
      { "0.1", "0.1", 0.1 },
      { "0.1 + 0.2", "0.30000000000000004", 0.1 + 0.2 },
      { "123456789012345", "123456789012345", 123456789012345 },
      { "1700000000123456", "1700000000123456", 1700000000123456 },
      { "2^63", "9223372036854775808", 2 ^ 63 },
      { "below -2^63", "-9223372036854775809", -2 ^ 63 },
      { "20 digits", "99999999999999999999", 1e20 },
      { "2^64 as an array's element", "[18446744073709551616]", array { 2 ^ 64 } },
      { "1e19", "1e19", 1e19 },
      { "1e300", "1e300", 1e300 },
      { "the largest double", "1.7976931348623157e308", 1.7976931348623157e308 },
      { "the smallest double", "5e-324", 2 ^ -1074 },
      { "underflow", "1e-400", 0.0 },
      { "a tie that a digit far away breaks",
         "9007199254740993." .. ("0"):rep(900) .. "1", 9007199254740994.0 },
      { "ties between two doubles, to the even one", "[4503599627370496.5,4503599627370497.5,4503599627370498.5]",
         array { 4503599627370496.0, 4503599627370498.0, 4503599627370498.0 } },
      { "just above and below a tie", "[4503599627370496.501,4503599627370497.499]",
         array { 4503599627370497.0, 4503599627370497.0 } },
      { "above a tie by less than 64 bits show", "[9270595702759.442383,65603757.84319642559]",
         array { tonumber "9270595702759.442383", tonumber "65603757.84319642559" } },
      { "a long fraction", "0.5" .. ("0"):rep(1000), 0.5 },
      { "a long run of zeros before the exponent", "0." .. ("0"):rep(400) .. "1e401", 1 },
      { "a huge exponent made up for", "1" .. ("0"):rep(400) .. "e-400", 1 },
      { "an empty string", '""', "" },
      { "escapes", [["\"\\\/\b\f\n\r\t"]], '"\\/\b\f\n\r\t' },
      { "unicode escapes", [["\u0000\u0041\u00e9\u20AC\ud83d\ude00"]], "\0Aé€\240\159\152\128" },
      { "a byte order mark", "\239\187\191 [1]", array { 1 } },
      { "a byte that is not UTF-8", '"a\255b"', "a\239\191\189b" },
      { "a sequence that breaks off", '["\226\130","\226\130x","\240\159\152"]',
         array { "\239\191\189", "\239\191\189x", "\239\191\189" } },
      { "overlong forms and surrogates as bytes", '"\192\128\237\160\128"', ("\239\191\189"):rep(5) },
      { "beyond U+10FFFF", '"\244\144\128\128"', ("\239\191\189"):rep(4) },
      { "a key that is not UTF-8", '{"\255":1}', { ["\239\191\189"] = 1 } },
      { "a lone high surrogate", [["cut \ud83d"]], "cut \239\191\189" },
      { "a lone low surrogate", [["\ude00 x"]], "\239\191\189 x" },
      { "a high surrogate before another character", [["\ud83d\u0041\ud83d\n\ud83dx"]],
         "\239\191\189A\239\191\189\n\239\191\189x" },
      { "a high surrogate before what follows the low ones", [["\ud83d\ue000"]], "\239\191\189\238\128\128" },
      { "two high surrogates and a low one", [["\ud83d\ud83d\ude00"]], "\239\191\189\240\159\152\128" },
      { "an empty array", "[]", array {} },
      { "an empty array with a space", "[ ]", array {} },
      { "an empty object", "{}", {} },
      { "an empty object with a space", "{ }", {} },
      { "nested empties", '[[],{},[{"a":[]}]]', array { array {}, {}, array { { a = array {} } } } },
      { "nulls in an array", "[null,1,null]", array { null, 1, null } },
      { "nulls in an object", '{"a":null,"b":1,"c":null}', { b = 1 } },
      { "an object of nulls", '{"a":null}', {} },
      { "nulls further down", '[{"a":null,"b":[null]}]', array { { b = array { null } } } },
      { "space everywhere", ' { "a" : [ 1 , 2 ] , "b" : { } } ', { a = array { 1, 2 }, b = {} } },
      { "numbers behind strings", '{"a":"1","b":1,"c":["2",2]}', { a = "1", b = 1, c = array { "2", 2 } } },
      { "an empty key", '{"":1}', { [""] = 1 } },
      { "keys with escapes", [[{"a\u0000b":1,"\ud83d\ude00":null,"\"\\\/\b\f\n\r\t":[],"\u00e9\u20ac":2.0}]],
         { ["a\0b"] = 1, ['"\\/\b\f\n\r\t'] = array {}, ["é€"] = 2 } },
      { "a number, then a string of one key", '{"a":1,"a":"x"}', { a = "x" } },
      { "a string, then a number", '{"a":"x","a":1}', { a = 1 } },
      { "an integer, then a float", '{"a":1,"a":2.5}', { a = 2.5 } },
      { "a float, then an integer", '{"a":2.5,"a":1}', { a = 1 } },
      { "a value, then null", '{"a":1,"a":null}', {} },
      { "null, then a value", '{"a":null,"a":1}', { a = 1 } },
      { "null twice", '{"a":null,"a":null}', {} },
      { "an array, then an object", '{"a":[1],"a":{"b":1}}', { a = { b = 1 } } },
      { "an object, then an array", '{"a":{"b":1},"a":[2]}', { a = array { 2 } } },
      { "an object, then a number", '{"a":{"b":1},"a":2}', { a = 2 } },
      { "different members", '{"a":{"b":1,"c":1},"a":{"c":0.5}}', { a = { c = 0.5 } } },
      { "one key in two spellings", [[{"a":{"b":1},"\u0061":[0.5]}]], { a = array { 0.5 } } },

      { "nothing", "", nil, "unexpected end of the text at character 1" },
      { "space only", "  ", nil, "unexpected end of the text at character 3" },
      { "an open array", "[1", nil, "unexpected end of the text at character 3" },
      { "an open object", '{"a":1', nil, "unexpected end of the text at character 7" },
      { "an open string", '"abc', nil, "unexpected end of the text at character 5" },
      { "a comma too many", "[1,]", nil, "expected a value at character 4" },
      { "a comma too many in an object", '{"a":1,}', nil, "expected a key at character 8" },
      { "no comma", "[1 2]", nil, "expected a comma or a bracket at character 4" },
      { "no colon", '{"a" 1}', nil, "expected a colon at character 6" },
      { "a number as a key", "{1:2}", nil, "expected a key at character 2" },
      { "something behind", "[1] x", nil, "expected the end at character 5" },
      { "a second value", "1 2", nil, "expected the end at character 3" },
      { "a NUL behind", "[1]\0", nil, "expected the end at character 4" },
      { "text behind a NUL", "[1]\0[2]", nil, "expected the end at character 4" },
      { "NaN", "NaN", nil, "expected a value at character 1" },
      { "nan in an array", "[nan]", nil, true },
      { "-nan", "[-nan]", nil, true },
      { "Infinity", "Infinity", nil, true },
      { "-inf", "-inf", nil, true },
      { "hex", "0x10", nil, true },
      { "-hex", "[-0x10]", nil, true },
      { "a leading zero", "01", nil, "invalid number at character 1" },
      { "a leading zero after the sign", "[-01]", nil, true },
      { "a leading plus", "+1", nil, "expected a value at character 1" },
      { "no digit before the point", "[.5]", nil, true },
      { "no digit between sign and point", "[-.5]", nil, "invalid number at character 2" },
      { "no digit behind the point", "[1.]", nil, "invalid number at character 2" },
      { "no digit between point and exponent", "[1.e5]", nil, "invalid number at character 2" },
      { "no digit in the exponent", "[1e]", nil, true },
      { "only a sign", "[-]", nil, true },
      { "1e400", "[1e400]", nil, "number out of range at character 2" },
      { "a long number out of range", ("9"):rep(400), nil, "number out of range at character 1" },
      { "a tab in a string", '["a\tb"]', nil, "control character in a string at character 4" },
      { "a line feed in a key", '{"a\n":1}', nil, "control character in a string at character 4" },
      { "a NUL in a string", '"a\0b"', nil, "control character in a string at character 3" },
      { "an unknown escape", [["\x41"]], nil, "invalid escape at character 2" },
      { "a cut unicode escape", [["\u12"]], nil, "invalid escape at character 2" },
      { "single quotes", "'a'", nil, true },
      { "a comment", "[1/*x*/]", nil, true },
      { "upper case", "TRUE", nil, true },
      { "a cut word", "tru", nil, "unexpected end of the text at character 4" },
      { "a longer word", "truely", nil, "expected the end at character 5" },
      { "two byte order marks", "\239\187\191\239\187\1911", nil, "expected a value at character 2" },
      { "a byte order mark that is cut", "\239\187", nil, "expected a value at character 1" },
      { "a byte order mark behind a value", "1\239\187\191", nil, "expected the end at character 2" },
      { "UTF-16", "[\0001\0]\0", nil, true },
      { "1001 levels", nested(1001, "[", "]"), nil, "nested deeper than 1000 arrays and objects at character 1001" },
      { "a place behind characters of several bytes", '["é€\240\159\152\128",x]', nil,
         "expected a value at character 8" },
      { "a number of a length that nobody means", ("1"):rep(70000), nil,
         "number of more than 65536 characters at character 1" },
   }
   for _, row in ipairs(rows) do
      run(row)
   end

   it("reads integers exactly", function()
      if not values.has_integers then
         return pending("no integers in this Lua")
      end
      local list = json.decode("[9007199254740993,1700000000123456789,"
         .. "9223372036854775807,-9223372036854775808,9.223372036854775807e18,-92233720368547758080e-1]")
      local expected = array {
         math.tointeger(2 ^ 53) + 1, 1700000000123456789, math.maxinteger, math.mininteger,
         math.maxinteger, math.mininteger,
      }
      assert_same(expected, list)
   end)

   it("takes 1000 levels and refuses 1001", function()
      for _, pair in ipairs { { "[", "]" }, { '{"k":', "}" } } do
         local text = nested(999, pair[1], pair[2], pair[1] == "[" and "[]" or "{}")
         assert.equal(text, json.encode(json.decode(text)))
         assert.has_error(function()
            json.decode(nested(1000, pair[1], pair[2], "[]"))
         end)
      end
   end)

   it("needs a string", function()
      assert.has_error(function()
         json.decode {}
      end, "bad argument #1 to 'decode' (text: string expected, got table)")
   end)

   it("refuses what it would replace, where it is to be strict", function()
      for text, refusal in pairs{
         ['["é\255"]'] = "text that is not UTF-8 at character 4",
         ['{"\237\160\128":1}'] = "text that is not UTF-8 at character 3",
         [ [["x\ud83d"]] ] = "half of a surrogate pair at character 3",
         [ [["\ude00"]] ] = "half of a surrogate pair at character 2",
         [ [["\ud83d\u0041"]] ] = "half of a surrogate pair at character 2",
      } do
         local done, message = pcall(json.decode, text, { strict = true })
         assert.is_false(done)
         assert.truthy(message:find(refusal, 1, true), message)
         assert.is_true(pcall(json.decode, text, { strict = false }))
      end
      assert.equal("é\240\159\152\128", json.decode([["é\ud83d\ude00"]], { strict = true }))
   end)

   it("keeps nulls of objects, where it is to", function()
      local keep = { nulls = true }
      assert_same({ a = null, b = array { null, { c = null } } }, json.decode('{"a":null,"b":[null,{"c":null}]}', keep))
      assert_same({ a = null }, json.decode('{"a":1,"a":null}', keep))
      assert_same({ a = 1 }, json.decode('{"a":null,"a":1}', keep))
      assert.equal(null, json.decode("null", keep))
   end)

   it("takes no other options", function()
      for _, row in ipairs {
         { { strcit = true }, "unknown option 'strcit', did you mean 'strict'?" },
         { { true }, "options have names, this one has a number as its key" },
         { { nulls = 1 }, "option 'nulls': boolean expected, got number" },
         { "strict", "table of options expected, got string" },
      } do
         local done, message = pcall(json.decode, "1", row[1])
         assert.is_false(done)
         assert.truthy(message:find("bad argument #2 to", 1, true), message)
         assert.truthy(message:find(row[2], 1, true), message)
      end
   end)

   -- Nulls, and keys that come again, before and after a table is made of what waits on the stack.
   it("takes the last of equal keys, however many members there are", function()
      for count = 1, 100 do
         local members, expected = {}, {}
         for index = 1, count do
            members[index] = ('"k%d":%d'):format(index, index)
            expected["k" .. index] = index
         end
         local text = table.concat(members, ",")
         expected.k1 = nil
         assert_same(expected, json.decode('{' .. text .. ',"k1":null}'))
         expected.k1 = "x"
         assert_same(expected, json.decode('{' .. text .. ',"n":null,"k1":"x"}'))
         expected["k" .. count] = array { 2 }
         assert_same(expected, json.decode('{"k' .. count .. '":{"a":null},' .. text .. ',"k1":"x","k'
            .. count .. '":[2]}'))
      end
   end)

   it("makes arrays of any length", function()
      for _, count in ipairs { 1, 63, 64, 65, 127, 128, 129, 5000 } do
         local list, expected = {}, {}
         for index = 1, count do
            list[index] = index % 7 == 0 and "null" or tostring(index)
            expected[index] = index % 7 == 0 and null or index
         end
         local text = "[" .. table.concat(list, ",") .. "]"
         assert_same(array(expected), json.decode(text))
         assert_same(array { expected[1], array(expected), { a = array(expected) } },
            json.decode(("[%s,%s,{\"a\":%s}]"):format(list[1], text, text)))
      end
   end)

   it("keeps what lies around deep tables", function()
      local text = "1"
      for level = 1, 400 do
         local format = level % 2 == 0 and '[%d,null,%s,"x"]' or '{"a":%d,"b":%s,"c":"y"}'
         text = format:format(level, text)
      end
      local value = json.decode(text)
      for level = 400, 1, -1 do
         if level % 2 == 0 then
            assert.equal(level, value[1])
            assert.equal(null, value[2])
            assert.equal("x", value[4])
            value = value[3]
         else
            assert.equal(level, value.a)
            assert.equal("y", value.c)
            value = value.b
         end
      end
      assert.equal(1, value)
   end)
end)
