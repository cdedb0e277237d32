-- promptic.json as a whole: arrays, round trips, and what must depend neither on the locale nor on lua-cjson.
-- Tags: luas valgrind
local json = require "promptic.json"
local locale = require "spec.support.locale"
local child = require "spec.support.child"
local cjson = require "cjson"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local values = require "spec.support.json_values"

local null = json.null
local assert_same = values.assert_same
local array_metatable = getmetatable(json.array {})

describe("promptic.array", function()
   it("marks the table that it is given, or a new one", function()
      local list = { 1 }
      assert.equal(list, json.array(list))
      assert.equal("[1]", json.encode(list))
      assert.equal("[]", json.encode(json.array()))
      assert.equal("[]", json.encode(json.array(nil)))
      assert.equal(array_metatable, getmetatable(json.decode "[]"))
   end)

   it("takes nothing but a table", function()
      assert.has_error(function()
         json.array(5)
      end, "bad argument #1 to 'array' (list: table expected, got number)")
   end)

   it("leaves decoded objects without a metatable", function()
      assert.is_nil(getmetatable(json.decode "{}"))
   end)
end)

-- A generator of its own, so that every Lua sees the same documents.
local function generator(seed)
   return function(low, high)
      seed = (seed * 16807) % 2147483647
      return low + seed % (high - low + 1)
   end
end

local function random_string(random)
   local pieces = {
      "a", "Z", "0", " ", "\n", "\0", '"', "\\", "/", "é", "€", "\240\159\152\128", "\127", "\31",
   }
   local text = {}
   for i = 1, random(0, 12) do
      text[i] = pieces[random(1, #pieces)]
   end
   return table.concat(text)
end

local function random_number(random)
   local shape = random(1, 5)
   if shape == 1 then
      return random(0, 2000) - 1000
   elseif shape == 2 then
      return random(1, 2 ^ 31 - 2) * 4194304 + random(0, 4194303)
   elseif shape == 3 then
      return (random(1, 2 ^ 31 - 2) / 2147483648 + random(1, 9)) * 2.0 ^ (random(1, 1900) - 1000)
   elseif shape == 4 then
      return random(1, 99999) / 1000 + 0.0005
   end
   return -1 / (1 / 0)
end

local function random_value(random, depth)
   local shape = random(1, depth > 5 and 5 or 8)
   if shape == 1 then
      return random(1, 2) == 1
   elseif shape <= 3 then
      return random_number(random)
   elseif shape <= 5 then
      return random_string(random)
   elseif shape == 6 then
      local list = json.array()
      for i = 1, random(0, 8) do
         list[i] = random(1, 6) == 1 and null or random_value(random, depth + 1)
      end
      return list
   end
   local object = {}
   for _ = 1, random(0, 8) do
      object[random_string(random)] = random_value(random, depth + 1)
   end
   return object
end

describe("round trips", function()
   it("give random documents back equal", function()
      for seed = 1, 2000 do
         local value = random_value(generator(seed), 1)
         local text = json.encode(value)
         local back = json.decode(text)
         -- An integral float comes back as the integer that equals it, so the second round is exact.
         assert_same(back, json.decode(json.encode(back)))
         assert.same(value, back, text)
      end
   end)

   it("give doubles back equal", function()
      local random = generator(42)
      for _ = 1, 20000 do
         local mantissa = random(1, 2 ^ 31 - 2) * 4194304 + random(0, 4194303)
         local number = mantissa * 2.0 ^ (random(0, 2000) - 1060)
         if number < 1 / 0 then
            assert.is_true(json.decode(json.encode(number)) == number, string.format("%.17g", number))
         end
      end
   end)

   it("give doubles around the limits of integers back equal", function()
      for power = 50, 66 do
         for step = -40, 40 do
            local number = 2.0 ^ power + step * 2.0 ^ (power - 52)
            assert.is_true(json.decode(json.encode(number)) == number, string.format("%.17g", number))
            assert.is_true(json.decode(json.encode(-number)) == -number, string.format("%.17g", -number))
         end
      end
   end)

   -- Lua reads numbers by the C library's strtod, which rounds correctly.
   it("are rounded as Lua rounds them", function()
      local random = generator(5)
      local function digits(count)
         local list = {}
         for index = 1, count do list[index] = random(0, 9) end
         return table.concat(list)
      end
      for _ = 1, 20000 do
         local text = random(1, 9) .. digits(random(0, 20)) .. "." .. digits(random(1, 20))
         if random(1, 3) == 1 then
            text = "0." .. digits(random(1, 25))
         end
         if random(1, 4) == 1 then
            text = text .. "e" .. random(-300, 250)
         end
         if json.decode(text) ~= tonumber(text) then
            assert.equal(("%.17g"):format(tonumber(text)), ("%.17g"):format(json.decode(text)), text)
         end
         local number = tonumber(text)
         local written = json.encode(number)
         if tonumber(written) ~= number or number % 1 ~= 0 and #written > #("%.17g"):format(number) then
            assert.equal(("%.17g"):format(number), written)
         end
      end
   end)

   it("keep what the wire sent", function()
      for _, text in ipairs {
         "[]", "{}", "[[],{},[[]]]", "[null]", "[1,2.5,-0.0]", '{"a":[]}',
         "[123456789012345,0.30000000000000004]", [["\u0000\"\\/é"]],
      } do
         assert.equal(text, json.encode(json.decode(text)))
      end
   end)
end)

describe("the locale", function()
   it("has no say in numbers", function()
      local folder = process.folder()
      finally(function()
         process.remove(folder)
      end)
      if not locale.comma(folder) then
         return pending("this system's localedef makes no locale")
      end
      local said = child.lua([[
         local json = require "promptic.json"
         assert(os.setlocale("comma", "numeric"))
         print(json.encode{ 0.5, 1e-5, 0.1 + 0.2 })
         print(json.encode(json.decode "[0.5,2.0,0.30000000000000004]"), (pcall(json.decode, "[0,5.]")))
         os.setlocale("C", "numeric")
         print(json.encode(json.decode "[0.5,5]"))
      ]], {}, { LOCPATH = folder })
      assert.equal("[0.5,1e-05,0.30000000000000004]\n[0.5,2,0.30000000000000004]\tfalse\n[0.5,5]\n", said)
   end)
end)

describe("a host's cjson", function()
   it("keeps its settings, and they do not matter here", function()
      local depth, precision = cjson.decode_max_depth(), cjson.encode_number_precision()
      local invalid = cjson.decode_invalid_numbers()
      cjson.decode_max_depth(3)
      cjson.encode_number_precision(3)
      cjson.decode_invalid_numbers(true)
      local refused = pcall(json.decode, "[nan]")
      local deep = pcall(json.decode, "[[[[[]]]]]")
      local number = json.encode(0.123456789)
      local kept = pcall(cjson.decode, "[nan]") and not pcall(cjson.decode, "[[[[]]]]")
      local rounded = cjson.encode { 0.123456789 }
      cjson.decode_max_depth(depth)
      cjson.encode_number_precision(precision)
      cjson.decode_invalid_numbers(invalid)
      assert.is_false(refused)
      assert.is_true(deep)
      assert.equal("0.123456789", number)
      assert.is_true(kept)
      assert.equal("[0.123]", rounded)
   end)
end)

describe("a Lua without cjson", function()
   it("loads the module and makes calls", function()
      local server = scripted.start()
      finally(function() server:stop() end)
      server:reply{ body = '{"id":"c-1","list":[1,null]}' }
      local said = child.lua([[
         local searchers = package.searchers or package.loaders
         table.insert(searchers, 1, function(name)
            if name:find("^cjson") then error("there is no cjson here") end
         end)
         for name in pairs(package.loaded) do
            if name:find("^cjson") then package.loaded[name] = nil end
         end
         assert(not pcall(require, "cjson"))
         local promptic = require "promptic"
         require = nil
         local client = promptic.client{ endpoint = ..., api_key = "key", config_file = "" }
         print(promptic.json.encode(client:create_component("name", { description = "d" }).list))
         client:close()
      ]], { server.url })
      assert.equal("[1,null]\n", said)
      assert.equal('{"name":"name","description":"d"}', server:requests()[1].body)
   end)
end)
