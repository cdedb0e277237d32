-- promptic.json.encode: what it writes, and what it refuses, with the place.
-- Tags: luas valgrind
local json = require "promptic.json"
local cjson = require "cjson"
local values = require "spec.support.json_values"

local null, unpack = json.null, values.unpack

-- A table that contains itself, `steps` down.
local function cycle()
   local outer = {}
   outer.a = { b = { outer } }
   return outer
end

local function deep_table(levels)
   local root = {}
   local inner = root
   for _ = 2, levels do
      inner.k = {}
      inner = inner.k
   end
   return root
end

local function run(row)
   local name, value, expected, refusal = unpack(row, 1, 4)
   it(name, function()
      local done, text = pcall(json.encode, value)
      if refusal then
         assert.is_false(done)
         assert.equal(refusal, text:match("^bad argument #1 to '[%w_.?]+' %((.*)%)$"))
      else
         assert.is_true(done, text)
         assert.equal(expected, text)
      end
   end)
end

describe("promptic.json.encode", function()
   -- name, value, text, refusal
   local rows = {
      { "nil", nil, "null" },
      { "true", true, "true" },
      { "false", false, "false" },
      { "null", null, "null" },
      { "cjson's null", cjson.null, "null" },
      { "zero", 0, "0" },
      { "a negative integer", -17, "-17" },
      { "an integer of 15 digits", 123456789012345, "123456789012345" },
      { "microseconds", 1700000000123456, "1700000000123456" },
      { "2^53", 9007199254740992, "9007199254740992" },
      { "a float with an integral value", 3.0, "3" },
      { "2^60, all digits", 2 ^ 60, "1152921504606846976" },
      { "-2^63", -2 ^ 63, "-9223372036854775808" },
      { "2^63", 2 ^ 63, "9.223372036854776e+18" },
      { "negative zero", -1 / (1 / 0), "-0.0" },
      { "0.1", 0.1, "0.1" },
      { "0.1 + 0.2", 0.1 + 0.2, "0.30000000000000004" },
      { "1/3", 1 / 3, "0.3333333333333333" },
      { "the smallest double", 2 ^ -1074, "5e-324" },
      { "the largest double", 1.7976931348623157e308, "1.7976931348623157e+308" },
      { "1e100", 1e100, "1e+100" },
      { "an empty string", "", '""' },
      { "the escapes that have names", '"\\\b\f\n\r\t', [["\"\\\b\f\n\r\t"]] },
      { "the other control characters", "\0\1\31", [["\u0000\u0001\u001f"]] },
      { "what needs no escape", "/\127'<>&", "\"/\127'<>&\"" },
      { "escapes between plain runs", "a\nb\nc", [["a\nb\nc"]] },
      { "UTF-8 of every length", "é€\240\159\152\128", '"é€\240\159\152\128"' },
      { "the ends of UTF-8's ranges", "\194\128\223\191\224\160\128\237\159\191\238\128\128\239\191\191"
         .. "\240\144\128\128\244\143\191\191", "\"\194\128\223\191\224\160\128\237\159\191\238\128\128"
         .. "\239\191\191\240\144\128\128\244\143\191\191\"" },
      { "an empty table", {}, "{}" },
      { "an empty array", json.array {}, "[]" },
      { "an array", { 1, "a", true, null }, '[1,"a",true,null]' },
      { "a marked array", json.array { 1, 2 }, "[1,2]" },
      { "an object", { key = "value" }, '{"key":"value"}' },
      { "an empty key", { [""] = 1 }, '{"":1}' },
      { "a key with escapes", { ['a"\0'] = 1 }, [[{"a\"\u0000":1}]] },
      { "nested empties", { { {} }, json.array { json.array() } }, "[[{}],[[]]]" },
      { "a table twice, but not within itself", (function()
         local t = { 1 }
         return { t, t }
      end)(), "[[1],[1]]" },
      { "metamethods are not asked", setmetatable({ a = 1 }, {
         __index = error, __len = error, __pairs = error, __tostring = error,
      }), '{"a":1}' },

      { "NaN", 0 / 0, nil, "value: NaN has no JSON form" },
      { "infinity", 1 / 0, nil, "value: infinity has no JSON form" },
      { "-infinity", { x = -1 / 0 }, nil, "value.x: -infinity has no JSON form" },
      { "a place", { observations = { {}, {}, { variables = { x = 0 / 0 } } } }, nil,
         "value.observations[3].variables.x: NaN has no JSON form" },
      { "a place with an odd key", { ["odd key"] = { ['q"\\'] = { print } } }, nil,
         [[value["odd key"]["q\"\\"][1]: a function has no JSON form]] },
      { "a place with unprintable keys", { ["\1\127"] = { ["1a"] = { [""] = print } } }, nil,
         [[value["\001\127"]["1a"][""]: a function has no JSON form]] },
      { "a place with a long key", { [("k"):rep(200)] = print }, nil,
         'value["' .. ("k"):rep(64) .. '..."]: a function has no JSON form' },
      { "a userdata", { io.stdout }, nil, "value[1]: a userdata has no JSON form" },
      { "a thread", { coroutine.create(function() end) }, nil, "value[1]: a thread has no JSON form" },
      { "a cycle", cycle(), nil, "value.a.b[1]: a table that contains itself has no JSON form" },
      { "a mixed table", { v = { 1, 2, x = 3 } }, nil, 'value.v: mixes array elements with the key "x"' },
      { "a mixed sparse table", { [7] = 1, x = 3 }, nil, 'value: mixes array elements with the key "x"' },
      { "a marked table with a name", { json.array { x = 3 } }, nil,
         'value[1]: is marked as an array and has the key "x"' },
      { "a marked table with elements and a name", json.array { 1, ["a\255"] = 3 }, nil,
         [[value: is marked as an array and has the key "a\255"]] },
      { "a hole", { a = { 1, nil, 3 } }, nil,
         "value.a[2]: missing, while [3] is there; a sparse array has no JSON form" },
      { "an array that starts at 5", { [5] = 1 }, nil,
         "value[1]: missing, while [5] is there; a sparse array has no JSON form" },
      { "a marked array with a hole", json.array { nil, 2 }, nil,
         "value[1]: missing, while [2] is there; a sparse array has no JSON form" },
      { "an index 0", { [0] = 1, 1 }, nil, "value: the number 0 as a key has no JSON form" },
      { "a negative index", { [-1] = 1 }, nil, "value: the number -1 as a key has no JSON form" },
      { "a fraction as a key", { [1.5] = 1 }, nil, "value: the number 1.5 as a key has no JSON form" },
      { "a boolean as a key", { a = { [true] = 1 } }, nil, "value.a: a boolean as a key has no JSON form" },
      { "a table as a key", { [{}] = 1 }, nil, "value: a table as a key has no JSON form" },
      { "1001 levels", deep_table(1001), nil, "value" .. (".k"):rep(16) .. "..." .. (".k"):rep(8)
         .. ": nested deeper than 1000 tables" },
   }
   for _, row in ipairs(rows) do
      run(row)
   end

   local not_utf8 = {
      { "a lone continuation byte", "a\128", 2 },
      { "two bytes cut", "ab\195", 3 },
      { "three bytes cut", "\226\130", 1 },
      { "four bytes cut", "\240\159\152", 1 },
      { "a sequence that a letter ends", "\226\130a", 1 },
      { "overlong in two bytes", "\192\128", 1 },
      { "overlong in two bytes, C1", "\193\191", 1 },
      { "overlong in three bytes", "\224\159\191", 1 },
      { "overlong in four bytes", "\240\143\191\191", 1 },
      { "the first surrogate", "\237\160\128", 1 },
      { "the last surrogate", "é\237\191\191", 3 },
      { "U+110000", "\244\144\128\128", 1 },
      { "F5", "\245\128\128\128", 1 },
      { "FF after an escape", "\n\255", 2 },
   }
   for _, row in ipairs(not_utf8) do
      local name, text, byte = unpack(row)
      local at = ("is not UTF-8 (at byte %d)"):format(byte)
      run { name, { text }, nil, "value[1]: the string " .. at }
      it(name .. " in a key", function()
         local done, message = pcall(json.encode, { [text] = 1 })
         assert.is_false(done)
         assert.truthy(message:find("]: the key " .. at, 1, true), message)
         assert.truthy(pcall(json.encode, message), "the message itself is UTF-8")
      end)
   end

   it("writes the extremes of integers", function()
      if not values.has_integers then
         return pending("no integers in this Lua")
      end
      assert.equal("[9223372036854775807,-9223372036854775808]",
         json.encode { math.maxinteger, math.mininteger })
      assert.equal("9007199254740993", json.encode(math.tointeger(2 ^ 53) + 1))
   end)

   it("takes 1000 levels", function()
      assert.equal(values.nested(999, '{"k":', "}", "{}"), json.encode(deep_table(1000)))
   end)

   it("takes long arrays that grew in the hash part", function()
      local list, expected = {}, {}
      for i = 1000, 1, -1 do
         list[i], expected[i] = i, tostring(i)
      end
      assert.equal("[" .. table.concat(expected, ",") .. "]", json.encode(list))
   end)

   it("needs an argument", function()
      assert.has_error(function()
         json.encode()
      end, "bad argument #1 to 'encode' (value: value expected, got no value)")
   end)

   it("escapes what has to be, wherever it stands in a string", function()
      local named = { [8] = "\\b", [9] = "\\t", [10] = "\\n", [12] = "\\f", [13] = "\\r", [34] = '\\"', [92] = "\\\\" }
      for byte = 0, 127 do
         local escaped = named[byte] or byte < 32 and ("\\u%04x"):format(byte) or string.char(byte)
         for before = 0, 17 do
            for after = 0, 9 do
               local text = ("x"):rep(before) .. string.char(byte) .. ("y"):rep(after)
               local expected = '"' .. ("x"):rep(before) .. escaped .. ("y"):rep(after) .. '"'
               if json.encode(text) ~= expected then
                  assert.equal(expected, json.encode(text))
               end
            end
         end
      end
      for byte = 128, 255 do
         for before = 0, 17 do
            assert.is_false((pcall(json.encode, ("x"):rep(before) .. string.char(byte) .. ("y"):rep(9))))
         end
      end
   end)
end)

describe("a style of encode:", function()
   local function encode(value, style)
      return json.encode(value, style)
   end

   it("sort_keys writes members in the order of their bytes, at every level", function()
      local value = { b = 1, a = { z = 1, ["ä"] = 2, Z = 3, [""] = 4, ["z\0"] = 5 }, ab = { { d = 1, c = 2 } } }
      for _ = 1, 3 do
         assert.equal('{"a":{"":4,"Z":3,"z":1,"z\\u0000":5,"ä":2},"ab":[{"c":2,"d":1}],"b":1}',
            encode(value, { sort_keys = true }))
      end
      local many, names = {}, {}
      for index = 1, 1000 do
         names[index] = ("k%d"):format((index * 7919) % 100003)
         many[names[index]] = index
      end
      table.sort(names)
      local written, index = encode(many, { sort_keys = true }), 0
      for name in written:gmatch '"(k%d+)":' do
         index = index + 1
         assert.equal(names[index], name)
      end
      assert.equal(1000, index)
   end)

   it("indent puts each member on a line of its own, and leaves empty tables whole", function()
      local value = { a = { 1, { b = json.array{}, c = {} } } }
      assert.equal('{\n  "a": [\n    1,\n    {\n      "b": [],\n      "c": {}\n    }\n  ]\n}',
         encode(value, { indent = 2, sort_keys = true }))
      assert.equal("[\n 1\n]", encode({ 1 }, { indent = 1 }))
      assert.equal("[]", encode(json.array{}, { indent = 2 }))
      assert.equal("1", encode(1, { indent = 2 }))
      assert.equal("[1]", encode({ 1 }, { indent = 0 }))
      local backwards = {}
      for index = 3, 1, -1 do backwards[index] = index end
      assert.equal("[\n 1,\n 2,\n 3\n]", encode(backwards, { indent = 1 }))
   end)

   it("is read back equal, in every style", function()
      local value = json.decode '{"x":[{"y":[[],{}]},"t",1.5,true],"n":{"m":{"l":"\\n"}}}'
      for _, style in ipairs{ {}, { sort_keys = true }, { indent = 3 }, { sort_keys = true, indent = 16 } } do
         assert.same(value, json.decode(encode(value, style)))
      end
   end)

   it("refuses the same values with the same places", function()
      local loop = {}
      loop.a = { loop }
      local refused = { { a = 1, [1] = 2 }, { x = { [{}] = 1 } }, { x = { y = print } }, { x = "\255" },
         { ["\255"] = 1 }, loop }
      for _, value in ipairs(refused) do
         local _, plain = pcall(encode, value)
         local fine, styled = pcall(encode, value, { sort_keys = true, indent = 2 })
         assert.is_false(fine)
         assert.equal(plain, styled)
      end
   end)

   it("is checked as every option is", function()
      for _, style in ipairs{ { indent = 17 }, { indent = -1 }, { indent = "x" }, { sort_keys = 1 },
         { sort = true } } do
         assert.is_false(pcall(encode, 1, style))
      end
   end)
end)
