-- JSON, texts that are not, and texts that are up to the reader: cases from the sections of RFC 8259. lua-cjson has to
-- accept JSON as well; it accepts more than that.
-- Tags: luas
local json = require "promptic.json"
local cjson = require "cjson"
local values = require "spec.support.json_values"

-- The characters that stand for themselves in the rows below.
local BOM, REPLACED = "\239\187\191", "\239\191\189"

local ACCEPTED = {
   ["2, white space and structure"] = {
      "1", " 1", "1 ", "\t1", "1\r\n", "\n\n1\n", "[]", "[ ]", "[\n]", "{}", "{ }", "{\t\r\n }", "[1,2]", "[ 1 , 2 ]",
      '{"a":1}', '{ "a" : 1 }', '{"a"\n:\n1\n,\n"b"\n:\n2\n}', "[[]]", "[{}]", '{"a":{}}', '{"a":[]}', "[[[[]]]]",
   },
   ["3, values"] = { "true", "false", "null", "[true,false,null]", '"text"', "0", '{"a":true,"b":false,"c":null}' },
   ["4, objects"] = {
      '{"":0}', '{"a":1,"b":2}', '{"a":1,"a":2}', '{"a":1,"a":1}', [[{"\u0061":1,"a":2}]], [[{"\u0000":1}]],
      '{"a":{"a":{"a":1}}}', [[{"\"":1,"\\":2}]],
   },
   ["5, arrays"] = { "[1]", '[1,"a",true,null,{},[]]', "[null]", "[null,null]", '[""]', "[[],[[]],[[],[]]]" },
   ["6, numbers"] = {
      "0", "-0", "-1", "10", "-10", "0.0", "-0.0", "0.5", "1.5", "10.01", "1e1", "1E1", "1e+1", "1e-1", "1E+01", "1e01",
      "0e0", "0e+1", "0E1", "0.1e1", "-0.1e-1", "1.0e00", "123456789", "1e308", "-1e308", "1e-308", "4.9e-324",
      "1e-400", "0.000000000000000000000000000000000000000000000000000000000000000000000000000001", "20e1",
      "9007199254740993", "-9223372036854775808", "18446744073709551616", ("1"):rep(300), "0." .. ("1"):rep(500),
   },
   ["7, strings"] = {
      '""', '" "', '"a"', '"/"', '"\127"', [["\""]], [["\\"]], [["\/"]], [["\b\f\n\r\t"]], [["\u0000"]], [["\u001f"]],
      [["\u0022"]], [["\u005C"]], [["\u005c"]], [["\u00e9"]], [["\u00E9"]], [["\u20ac"]], [["\uffff"]], [["\ufdd0"]],
      [["\ud834\udd1e"]], [["\uD834\uDD1E"]], [["\udbff\udfff"]], [["\u2028\u2029"]], '"é"', '"€"',
      '"\240\157\132\158"', '"\244\143\191\191"', '"\239\191\191"', '"\226\128\168"', '"[1,{}]"', [["\\u0041"]],
      [["\\\"\\"]], '"' .. ("x"):rep(10000) .. '"', '"' .. ("\\n"):rep(5000) .. '"',
   },
}

-- A text, then what the message says, as far as it matters.
local REFUSED = {
   ["2, structure"] = {
      "", " ", "[", "]", "{", "}", "[[", "[1", "[1,", "[,", "[,]", "[1,]", "[1,,2]", "[,1]", "[1 2]", "[1;2]", "[1:2]",
      "[1}", "{]", "1]", "[1]]", "{}}", "[] []", "1 1", "1,", ",1", "[1]x", "[1]\0", "\0001", "\0111\011", "\0121\012",
      "\194\1601", "1\226\128\168", "//1", "1//", "/**/1", "[1/**/]", "#1", "(1)", "<a>", "&", "*",
   },
   ["3, values"] = {
      "True", "TRUE", "tru", "truee", "nul", "nulL", "Null", "undefined", "nil", "None", "fals", "t", "n", "f", "[tru]",
      "[nul", "yes", "NaN", "nan", "Infinity", "-Infinity", "inf", "[truefalse]", "[true false]", "''", "`a`",
   },
   ["4, objects"] = {
      '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a":1,,"b":2}', '{"a" 1}', '{"a"::1}', "{:1}", "{1:1}",
      "{a:1}", "{'a':1}", "{null:1}", '{"a":1 "b":2}', '{"a":1;"b":2}', '{"a":1]', '{"a"', '{"a":', '{"a":1', '{"a',
      '{"a":1,', '{"a":1,"b"', "{[]:1}", '{{}:1}', '{"a":1}}', '{"a"=1}', '{"a",1}', '{"a","b":1}',
   },
   ["6, numbers"] = {
      "01", "00", "-01", "-00", "+1", "+0", ".1", "-.1", "1.", "-1.", "1.e1", "1e", "1e+", "1e-", "1E", "e1", "-",
      "--1", "-+1", "+-1", "1e1.5", "1e1e1", "1.1.1", "0x1", "0X1", "1a", "1_000", "1,000", "0b1", "0o7", "012", "1f",
      "1d", "- 1", "1 .5", "1. 5", "1e 5", "\239\188\145", "[-]", "[1.]", "[01]", "[1e]", "1e400", "-1e400", "[1e309]",
   },
   ["7, strings"] = {
      '"', '"a', "a", 'a"', "'a'", [["\]], [["\"]], [["\a"]], [["\x41"]], [["\0"]], [["\v"]], [["\']], [["\u"]],
      [["\u1"]], [["\u12"]], [["\u123"]], [["\u123g"]], [["\uD83"]], [["\U0041"]], [["\u 041"]], [["\u-041"]],
      [["\u{41}"]], '"\0"', '"\1"', '"\31"', '"\n"', '"\t"', '"\r"', '"a\nb"', '"\\\n"', '"a" "b"', '"a"b', '["a""b"]',
      '"\\\233"', [["\ud834\udd1"]], [["\ud834\u"]],
   },
   ["8, encoding"] = {
      "\255\254[\0]\0", "\254\255\0[\0]", "[\0]", BOM, BOM .. BOM .. "1", "1" .. BOM, "[" .. BOM .. "]", "\239\187",
      "\2551", "[\195\169]",
   },
}

-- Free by the RFC: the text, its value by default, and its value with strict = true, nil where that refuses it.
local FREE = {
   { "a byte order mark", BOM .. "[1]", "[1]", "[1]" },
   { "a byte order mark and space", BOM .. " \n1", "1", "1" },
   { "a lone high surrogate", [["\ud834"]], '"' .. REPLACED .. '"' },
   { "a lone low surrogate", [["\udd1e"]], '"' .. REPLACED .. '"' },
   { "surrogates the wrong way round", [["\udd1e\ud834"]], '"' .. REPLACED:rep(2) .. '"' },
   { "a surrogate and a letter", [["\ud834\u0061"]], '"' .. REPLACED .. 'a"' },
   { "a byte that is not UTF-8", '"\255"', '"' .. REPLACED .. '"' },
   { "a lone continuation byte", '"\128"', '"' .. REPLACED .. '"' },
   { "a character that breaks off", '"\240\157\132"', '"' .. REPLACED .. '"' },
   { "an overlong slash", '"\192\175"', '"' .. REPLACED:rep(2) .. '"' },
   { "a surrogate as bytes", '"\237\160\128"', '"' .. REPLACED:rep(3) .. '"' },
   { "a character beyond Unicode", '"\244\144\128\128"', '"' .. REPLACED:rep(4) .. '"' },
   { "a character of five bytes", '"\248\136\128\128\128"', '"' .. REPLACED:rep(5) .. '"' },
   { "a key that is not UTF-8", '{"\255":1}', '{"' .. REPLACED .. '":1}' },
   { "equal keys", '{"a":1,"b":2,"a":3,"b":null}', '{"a":3}', '{"a":3}' },
   { "a number that is too small", "[1e-999]", "[0]", "[0]" },
   { "an integer of 65 bits", "[18446744073709551616]", "[1.8446744073709552e+19]", "[1.8446744073709552e+19]" },
   { "1000 levels", values.nested(1000, "[", "]"), values.nested(1000, "[", "]"), values.nested(1000, "[", "]") },
}

local function is_accepted(text, options)
   local accepted, value = pcall(json.decode, text, options)
   return accepted, value
end

describe("JSON by RFC 8259", function()
   for section, texts in pairs(ACCEPTED) do
      it("is accepted: " .. section, function()
         for _, text in ipairs(texts) do
            local accepted, value = is_accepted(text)
            assert.is_true(accepted, text)
            assert.is_true(is_accepted(text, { strict = true }), text)
            assert.is_true(values.same(value, json.decode(json.encode(value)), true), text)
            assert.is_true(pcall(cjson.decode, text), text)
         end
      end)

      it("is refused if it is cut: " .. section, function()
         for _, text in ipairs(texts) do
            for length = 0, math.min(#text - 1, 300) do
               local part = text:sub(1, length)
               local complete = part:find("^%s*%-?[%d.eE+-]*%d%s*$") or text:sub(length + 1):find("^%s*$")
               assert.equal(complete ~= nil, (is_accepted(part)), part)
            end
         end
      end)
   end

   for section, texts in pairs(REFUSED) do
      it("is refused: " .. section, function()
         for _, text in ipairs(texts) do
            local accepted, problem = is_accepted(text)
            assert.is_false(accepted, text)
            assert.truthy(problem:find(" at character %d+%)$"), problem)
            assert.is_false(is_accepted(text, { strict = true }), text)
            assert.equal(not text:find("%S"), (is_accepted('[{"a":[' .. text .. "]}]")), text)
         end
      end)
   end

   for _, row in ipairs(FREE) do
      local name, text, expected, strict = (table.unpack or unpack)(row, 1, 4) -- luacheck: ignore 113 143
      it("is up to the reader: " .. name, function()
         assert.equal(expected, json.encode(json.decode(text)))
         local accepted, value = is_accepted(text, { strict = true })
         assert.equal(strict, accepted and json.encode(value) or nil)
      end)
   end
end)
