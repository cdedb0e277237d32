-- Mutates JSON documents: no text may crash the decoder, what decodes must encode to what decodes equal, and lua-cjson
-- and node's JSON.parse (where it is installed) must agree on what is JSON and what its value is.
-- Usage, from the top of the tree: lua spec/fuzz/json_fuzz.lua [SEED [COUNT]]
local json = require "promptic.json"
local cjson = require "cjson"
local values = require "spec.support.json_values"

local seed = tonumber(arg[1]) or 1
local count = tonumber(arg[2]) or 100000

-- Park and Miller's generator: the same documents in every Lua.
local state = seed % 2147483646 + 1
local function random(low, high)
   state = (state * 16807) % 2147483647
   return low + state % (high - low + 1)
end

local documents = {
   [[{"a":null,"b":[1,2.0,-0.0,1e3,null],"c":{"d":"x\u00e9\ud83d\ude00\n","e":[]},"f":true}]],
   [==[[[],{},[[{"a":[{}]}]],"",0,-1,12345678901234567890,0.1,5e-324,1.7976931348623157e308]]==],
   [[{"":{"\u0000":1,"\"\\\/\b\f\n\r\t":2},"a":1,"a":{"a":null},"a":[1,{"a":2.5}]}]],
   "[9007199254740993,1700000000123456789,9223372036854775807,-9223372036854775808,9.5e18,1e-5,120e-2]",
   '{"text":"plain é€\240\159\152\128 \255","list":["a","b",null,false,true,[null]]}',
   "  [ 1 , { \"a\" : [ ] , \"b\" : null } ]\r\n\t",
   "null", "-0", '"\\u0041"', "1e400",
}

local pieces = {
   "{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "\\ud83d", "\\ude00", "null", "true", "false", "0", "1",
   "-", ".", "e", "E+", "99999999999999999999", "1e308", '"a"', '"a":', "[]", "{}", " ", "\0", "\n", "\255",
   "NaN", "inf", "0x1", "/", "é", ("["):rep(60), ('{"a":'):rep(60), ("0"):rep(60),
}

local function mutate(text)
   for _ = 1, random(1, random(1, 6)) do
      local at = random(0, #text)
      local head, tail = text:sub(1, at), text:sub(at + 1)
      local way = random(1, 6)
      if way == 1 then
         text = head .. string.char(random(0, 255)) .. tail:sub(2)
      elseif way == 2 then
         text = head .. tail:sub(random(1, 8))
      elseif way == 3 then
         text = head .. pieces[random(1, #pieces)] .. tail
      elseif way == 4 then
         text = head .. tail:sub(1, random(1, 20)) .. tail
      elseif way == 5 then
         local other = documents[random(1, #documents)]
         text = head .. other:sub(random(1, #other)) .. tail
      else
         text = head .. pieces[random(1, #pieces)] .. tail:sub(random(1, 4))
      end
   end
   return text
end

local oracle = cjson.new()
oracle.decode_invalid_numbers(false)

-- Values as lua-cjson gives them: numbers are doubles, arrays have no mark.
local function plain(value)
   if type(value) == "number" then return value + 0.0 end
   if type(value) ~= "table" then return value end
   local copy = {}
   for key, member in pairs(value) do copy[key] = plain(member) end
   return copy
end

-- lua-cjson takes what is no JSON (leading zeros, control characters), and refuses or leaves what is replaced here.
local function check_oracle(text, value)
   if text:find("^\239\187\191") or text:find("\\u[dD][89a-fA-F]") or text:find("[\128-\255]") then return end
   local fine, other = pcall(oracle.decode, text)
   assert(fine, other)
   if other == cjson.null then other = nil end
   local ours = json.decode(text, { nulls = value ~= nil })
   assert(values.same(plain(ours), plain(other)), "lua-cjson reads it differently")
end

local node
local found = os.execute("command -v node >/dev/null 2>&1")
if found == true or found == 0 then
   node = assert(io.popen("node spec/fuzz/json_node.js", "w"))
else
   print "node is not installed: JSON.parse is not asked"
end

local function hex(text)
   return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function check(text)
   local decoded, value = pcall(json.decode, text)
   if node then
      node:write(hex(text), " ", decoded and hex(json.encode(value)) or "-", "\n")
   end
   if not decoded then
      assert(type(value) == "string" and value:find("^bad argument #1 to "), value)
      return false
   end
   check_oracle(text, value)
   -- 1.00000000000000000001 is the float 1.0 first, and the integer 1 from then on.
   local back = json.decode(json.encode(value))
   assert(values.same(value, back, true), "reads back differently")
   assert(values.same(back, json.decode(json.encode(back))), "does not settle")
   return true
end

local good = 0
for i = 1, count do
   local text = mutate(documents[random(1, #documents)])
   local done, message = pcall(check, text)
   if not done then
      error(("seed %d, document %d: %s\n%q"):format(seed, i, tostring(message), text), 0)
   end
   good = good + (message and 1 or 0)
end
if node then
   local fine = node:close()
   assert(fine == true or fine == 0, "see above")
end
print(("seed %d: %d documents, %d of them JSON, no complaint"):format(seed, count, good))
