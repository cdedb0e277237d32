-- otlp.lua - spans in the JSON form of OTLP (opentelemetry-proto, trace.proto; JSON as OTLP/HTTP has it). The text is
-- made at once: tables of OTLP's nesting would cost more.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local getmetatable, next, pairs, pcall, setmetatable = getmetatable, next, pairs, pcall, setmetatable
local tonumber, tostring, type = tonumber, tostring, type
local concat, floor, huge = table.concat, math.floor, math.huge
local integer_type = math.type -- luacheck: ignore 143

local library, span = import "c.library", import "span"
local json = library.promptic.json
local encode = json.encode

local otlp = {}

local STATUS_ERROR, INTERNAL = 2, 1
local ARRAY = getmetatable(json.array{})
local NONE = {}

-- Text that stands in JSON as it is: ASCII from space to "~" without quote and backslash, small letters first, as the
-- ranges are tried in turn.
local PLAIN = "^[_-~ #-Z%[%]!^]*$"
local MOST_SEARCHED = 200 -- bytes; longer texts are quicker quoted than searched

local function is_plain(text)
   return #text <= MOST_SEARCHED and text:find(PLAIN)
end

-- Text as JSON. Bytes that are not UTF-8 become "?", so that one bad byte loses no span.
local function quote(text)
   if is_plain(text) then
      return '"' .. text .. '"'
   end
   local fine, quoted = pcall(encode, text)
   if fine then
      return quoted
   end
   return encode((text:gsub("[\128-\255]", "?")))
end

local function is_integer(value)
   if integer_type then
      return integer_type(value) == "integer"
   end
   return value == floor(value) and value > -2 ^ 53 and value < 2 ^ 53
end

-- Where integers are a type, `..` is quicker; elsewhere it rounds.
local integer_text = integer_type and function(value) return value .. "" end
   or function(value) return ("%.0f"):format(value + 0) end -- not "-0"

local function number_text(value)
   if value ~= value or value == huge or value == -huge then
      return ('{"stringValue":"%s"}'):format(tostring(value))
   elseif is_integer(value) then
      return '{"intValue":"' .. integer_text(value) .. '"}'
   end
   return ('{"doubleValue":%s}'):format(encode(value))
end

-- Whether a table is a list of texts, numbers and booleans, which OTLP has a form for.
local function is_flat(list)
   local count = 0
   for key, value in pairs(list) do
      count = count + 1
      if type(key) ~= "number" or type(value) == "table" or type(value) == "function" then
         return false
      end
   end
   return count == #list and (count > 0 or getmetatable(list) == ARRAY)
end

local value_text

local function list_text(list)
   local values = {}
   for index = 1, #list do
      values[index] = value_text(list[index])
   end
   return ('{"arrayValue":{"values":[%s]}}'):format(concat(values, ","))
end

-- What freeze has put in the place of a table: its text.
local Frozen = {}

function value_text(value)
   local kind = type(value)
   if kind == "string" then
      return '{"stringValue":' .. quote(value) .. "}"
   elseif kind == "boolean" then
      return value and '{"boolValue":true}' or '{"boolValue":false}'
   elseif kind == "number" then
      return number_text(value)
   elseif kind == "table" and getmetatable(value) == Frozen then
      return value.text
   elseif kind == "table" and is_flat(value) then
      return list_text(value)
   end
   local fine, text = pcall(encode, value)
   return '{"stringValue":' .. quote(fine and text or tostring(value)) .. "}"
end

-- An attribute up to its value, kept for the next span: few keys come again and again.
local heads, head_count = {}, 0
local MOST_HEADS, LONGEST_KEY = 500, 100

local function head_of(key)
   local head = heads[key]
   if head then
      return head
   end
   key = tostring(key)
   head = '{"key":' .. quote(key) .. ',"value":'
   if head_count < MOST_HEADS and #key <= LONGEST_KEY then
      heads[key], head_count = head, head_count + 1
   end
   return head
end

local function attribute_text(key, value)
   if type(value) ~= "string" then
      return head_of(key) .. value_text(value) .. "}"
   elseif is_plain(value) then
      return head_of(key) .. '{"stringValue":"' .. value .. '"}}'
   end
   return head_of(key) .. '{"stringValue":' .. quote(value) .. "}}"
end

-- A span's own attributes go before those of its tracer.
local function attributes_text(map, common)
   local list, count = {}, 0
   for key, value in next, map do
      count = count + 1
      list[count] = attribute_text(key, value)
   end
   if common then
      for key, value in next, common do
         if map[key] == nil then
            count = count + 1
            list[count] = attribute_text(key, value)
         end
      end
   end
   return concat(list, ",")
end

-- Unix time in nanoseconds. A double holds today's to a quarter of a microsecond.
local function nanoseconds(time)
   return integer_text(floor(time * 1e6)) .. "000"
end

local function events_text(events)
   local list = {}
   for index = 1, #events do
      local event = events[index]
      list[index] = ('{"name":%s,"timeUnixNano":"%s","attributes":[%s]}'):format(quote(event.name),
         nanoseconds(event.time), attributes_text(event.attributes))
   end
   return ',"events":[' .. concat(list, ",") .. "]"
end

-- With the end of the span.
local function status_text(problem)
   return (',"status":{"code":%d,"message":%s}}'):format(STATUS_ERROR, quote(problem))
end

--- The span as the text of an object of OTLP; `common`: attributes that all spans of its tracer have.
function otlp.span(me, common)
   local parent = me.parent and span.id(me.parent) or me.remote
   -- One expression: what is longer in between would be copied again.
   return '{"traceId":"' .. span.trace_id(me) .. '","spanId":"' .. span.id(me)
      .. (parent and '","parentSpanId":"' .. parent or "") .. '","name":' .. quote(tostring(me.name))
      .. ',"kind":' .. (tonumber(me.kind) or INTERNAL) .. ',"startTimeUnixNano":"' .. nanoseconds(me.began)
      .. '","endTimeUnixNano":"' .. nanoseconds(me.ended)
      .. '","attributes":[' .. attributes_text(me.attributes or NONE, common) .. "]"
      .. (me.events and events_text(me.events) or "") .. (me.failed and status_text(me.failed) or "}")
end

local function freeze(map)
   for key, value in next, map do
      if type(value) == "table" then
         map[key] = setmetatable({ text = value_text(value) }, Frozen)
      end
   end
end

--- Tables among the attributes become text: what a script does to them after the span's end does not change it.
function otlp.freeze(me)
   freeze(me.attributes or NONE)
   for index = 1, me.events and #me.events or 0 do
      freeze(me.events[index].attributes)
   end
end

--- The body of a request without spans.
otlp.NOTHING = '{"resourceSpans":[]}'

--- The body of a request. `spans`: JSON texts, one at least, in a list that is used up; `resource`: attributes of all.
function otlp.request(resource, spans)
   local scope = encode{ name = "promptic-lua", version = library.promptic.version }
   -- So that what is long is copied once.
   spans[1] = ('{"resourceSpans":[{"resource":{"attributes":[%s]},"scopeSpans":[{"scope":%s,"spans":['):format(
      attributes_text(resource), scope) .. spans[1]
   spans[#spans] = spans[#spans] .. "]}]}]}"
   return concat(spans, ",")
end

return otlp
