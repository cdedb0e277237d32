-- promptic.json.decode: what it makes of a text, and what it refuses.
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
      { "a long fraction", "0.5" .. ("0"):rep(1000), 0.5 },
      { "a long run of zeros before the exponent", "0." .. ("0"):rep(400) .. "1e401", 1 },
      { "a huge exponent made up for", "1" .. ("0"):rep(400) .. "e-400", 1 },
      { "an empty string", '""', "" },
      { "escapes", [["\"\\\/\b\f\n\r\t"]], '"\\/\b\f\n\r\t' },
      { "unicode escapes", [["\u0000\u0041\u00e9\u20AC\ud83d\ude00"]], "\0Aé€\240\159\152\128" },
      { "invalid UTF-8 stays", '"\255"', "\255" },
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

      { "nothing", "", nil, "T_END" },
      { "space only", "  ", nil, "T_END" },
      { "an open array", "[1", nil, true },
      { "an open object", '{"a":1', nil, true },
      { "an open string", '"abc', nil, true },
      { "a comma too many", "[1,]", nil, true },
      { "a comma too many in an object", '{"a":1,}', nil, true },
      { "no comma", "[1 2]", nil, true },
      { "no colon", '{"a" 1}', nil, true },
      { "a number as a key", "{1:2}", nil, true },
      { "something behind", "[1] x", nil, true },
      { "a second value", "1 2", nil, true },
      { "a NUL behind", "[1]\0", nil, "expected the end at character 4" },
      { "text behind a NUL", "[1]\0[2]", nil, "expected the end at character 4" },
      { "NaN", "NaN", nil, true },
      { "nan in an array", "[nan]", nil, true },
      { "-nan", "[-nan]", nil, true },
      { "Infinity", "Infinity", nil, true },
      { "-inf", "-inf", nil, true },
      { "hex", "0x10", nil, true },
      { "-hex", "[-0x10]", nil, true },
      { "a leading zero", "01", nil, true },
      { "a leading zero after the sign", "[-01]", nil, true },
      { "a leading plus", "+1", nil, true },
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
      { "a NUL in a string", '"a\0b"', nil, true },
      { "an unknown escape", [["\x41"]], nil, true },
      { "a cut unicode escape", [["\u12"]], nil, true },
      { "a lone high surrogate", [["\ud83d"]], nil, true },
      { "a lone low surrogate", [["\ude00"]], nil, true },
      { "single quotes", "'a'", nil, true },
      { "a comment", "[1/*x*/]", nil, true },
      { "upper case", "TRUE", nil, true },
      { "a cut word", "tru", nil, true },
      { "a longer word", "truely", nil, true },
      { "a byte order mark", "\239\187\1911", nil, true },
      { "UTF-16", "[\0001\0]\0", nil, true },
      { "1001 levels", nested(1001, "[", "]"), nil, "nested" },
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
      end, "bad argument #1 to 'decode' (string expected, got table)")
   end)
end)
