-- Values of other libraries, which promptic.json.encode takes for what they are there.
-- Tags: luas
local json = require "promptic.json"
local cjson = require "cjson"
local dkjson = require "dkjson"
local lyaml = require "lyaml"
local List = require "pl.List"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local function typed(name, value)
   return setmetatable(value or {}, { __jsontype = name })
end

-- A table that is read by its metamethod only.
local function proxy(contents)
   return setmetatable({}, {
      __pairs = function()
         return next, contents, nil
      end,
   })
end

local function writer(text)
   return setmetatable({}, { __tojson = function() return text end })
end

local function nested_proxy(levels)
   local value = "x"
   for _ = 1, levels do value = proxy{ k = value } end
   return value
end

local endless = {}
setmetatable(endless, { __pairs = function() return next, { endless }, nil end })

describe("promptic.json.encode", function()
   -- what it is, the value, its text, or why it has none
   for _, row in ipairs{
      { "dkjson's null", dkjson.null, "null" },
      { "dkjson's null within", { a = { dkjson.null, 1 } }, '{"a":[null,1]}' },
      { "an empty array of dkjson's", typed("array"), "[]" },
      { "an array of dkjson's", typed("array", { 1, 2 }), "[1,2]" },
      { "an empty object of dkjson's", typed("object"), "{}" },
      { "an object of dkjson's", typed("object", { a = 1 }), '{"a":1}' },
      { "an object of dkjson's that has elements, an array there too", typed("object", { 1 }), "[1]" },
      { "what dkjson has read", dkjson.decode('{"a":[],"b":{},"c":[null]}', 1, dkjson.null), nil, nil, { "a", "[]" } },
      { "a type that JSON does not have", { typed("map") }, nil,
         'value[1]: its __jsontype is neither "array" nor "object"' },
      { "a mark that its keys contradict", typed("array", { x = 1 }), nil,
         'value: is marked as an array and has the key "x"' },
      { "its own JSON", { a = writer ' {"x":[1,null]}' }, '{"a": {"x":[1,null]}}' },
      { "its own text that is no JSON", { a = writer "{x=1}" }, nil,
         "value.a: its metamethod __tojson gives a text that is not JSON" },
      { "its own text that is not UTF-8", { a = writer '"\255"' }, nil,
         "value.a: its metamethod __tojson gives a text that is not JSON" },
      { "no JSON of its own", { writer(nil) }, nil, "value[1]: its metamethod __tojson gives a nil" },
      { "lyaml's null", { a = lyaml.null }, '{"a":null}' },
      { "lyaml's null within", lyaml.load "[~, 1]", "[null,1]" },
      { "a List", List{ 1, "a" }, '[1,"a"]' },
      { "an empty List", { a = List{} }, '{"a":[]}' },
      { "a List with a key", (function()
         local list = List{ 1 }
         list.x = 2
         return list
      end)(), nil, 'value: is marked as an array and has the key "x"' },
      { "lua-cjson's null", { a = cjson.null }, '{"a":null}' },
      { "an object behind __pairs", proxy{ a = 1 }, '{"a":1}' },
      { "an array behind __pairs", { proxy{ 1, 2, 3 } }, "[[1,2,3]]" },
      { "nothing behind __pairs", proxy{}, "{}" },
      { "proxies within each other", proxy{ proxy{ a = proxy{ 1 } } }, '[{"a":[1]}]' },
      { "a bad value behind __pairs", { l = proxy{ a = 0 / 0 } }, nil, "value.l.a: NaN has no JSON form" },
      { "keys of two kinds behind __pairs", proxy{ 1, a = 2 }, nil, 'value: mixes array elements with the key "a"' },
      { "a proxy that holds itself", endless, nil, "value[1]: a table that contains itself has no JSON form" },
      { "1001 proxies", nested_proxy(1001), nil, "value" .. (".k"):rep(16) .. "..." .. (".k"):rep(8)
         .. ": nested deeper than 1000 tables" },
      { "a class of its own, with fields", setmetatable({ a = 1 }, { __index = { b = 2 } }), '{"a":1}' },
      { "an odd metatable", setmetatable({ 1 }, setmetatable({}, { __index = error })), "[1]" },
   } do
      local name, value, text, refusal, member = unpack(row, 1, 5)
      it("takes " .. name, function()
         local done, result = pcall(json.encode, value)
         if refusal then
            assert.is_false(done)
            assert.equal(refusal, result:match("^bad argument #1 to '[%w_.?]+' %((.*)%)$"))
         elseif member then
            assert.equal('"' .. member[1] .. '":' .. member[2], result:match('"a":%b[]'))
            assert.truthy(result:find('"b":{}', 1, true), result)
            assert.truthy(result:find('"c":[null]', 1, true), result)
         else
            assert.equal(text, result)
         end
      end)
   end

   it("raises what metamethods raise, and works on", function()
      local problem = {}
      local raising = setmetatable({}, { __pairs = function() error(problem) end })
      local writing = setmetatable({}, { __tojson = function() error(problem) end })
      for _, value in ipairs{ raising, { a = { raising } }, writing } do
         local done, message = pcall(json.encode, value)
         assert.is_false(done)
         assert.equal(problem, message)
         assert.equal('{"a":[1]}', json.encode{ a = { 1 } })
      end
   end)

   it("can be called by metamethods", function()
      local value = setmetatable({}, { __tojson = function() return json.encode{ inner = { 1 } } end })
      assert.equal('[{"inner":[1]},2]', json.encode{ value, 2 })
   end)
end)

-- lua-cjson of OpenResty and LuaRocks has them; Debian's has none.
describe("lua-cjson's marks", function()
   local before = {}

   setup(function()
      for name, value in pairs{ array_mt = {}, empty_array_mt = {}, empty_array = io.stdout } do
         before[name] = cjson[name] or false
         cjson[name] = cjson[name] or value
      end
   end)

   teardown(function()
      for name, value in pairs(before) do
         cjson[name] = value or nil
      end
   end)

   it("make arrays", function()
      assert.equal("[]", json.encode(setmetatable({}, cjson.array_mt)))
      assert.equal("[1]", json.encode(setmetatable({ 1 }, cjson.array_mt)))
      assert.equal("[]", json.encode(setmetatable({}, cjson.empty_array_mt)))
      assert.equal('{"a":1}', json.encode(setmetatable({ a = 1 }, cjson.empty_array_mt)))
      assert.is_false(pcall(json.encode, setmetatable({ a = 1 }, cjson.array_mt)))
   end)
end)

describe("a call", function()
   local server, client

   setup(function()
      server = scripted.start()
      client = clients.open(server.url)
   end)

   teardown(function()
      client:close()
      server:stop()
   end)

   before_each(function()
      server:reset():always{ body = '{"data":[]}' }
   end)

   local function sent(...)
      client:create_observations("e", ...)
      return server:requests()[1].body
   end

   it("sends them as what they are", function()
      assert.equal('[{"variables":{"a":[]},"expected":"x"}]',
         sent(List{ { variables = typed("object", { a = List{} }), expected = "x" } }))
   end)

   it("sends variables that only __pairs reads", function()
      assert.equal('[{"variables":{"a":1},"expected":"x"}]', sent{ { variables = proxy{ a = 1 }, expected = "x" } })
   end)

   it("refuses an array in the place of an object, and the other way round", function()
      for _, variables in ipairs{ List{}, typed("array"), json.array{}, { 1 }, proxy{ 1 } } do
         local done, problem = pcall(sent, { { variables = variables, expected = "x" } })
         assert.is_false(done)
         assert.matches("variables: an object is needed here, this is an array", tostring(problem), 1, true)
      end
      assert.equal(0, server:count())
   end)
end)
