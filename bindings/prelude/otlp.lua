-- otlp.lua - spans in the JSON form of OTLP (opentelemetry-proto, trace.proto; JSON as OTLP/HTTP has it).
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local getmetatable, next, pairs, pcall, tostring, type = getmetatable, next, pairs, pcall, tostring, type
local concat, floor, huge = table.concat, math.floor, math.huge
local integer_type = math.type -- luacheck: ignore 143

local library, span = import "c.library", import "span"
local json = library.promptic.json

local otlp = {}

local STATUS_ERROR = 2
local ARRAY = getmetatable(json.array{})

-- Text that can be JSON: bytes that are not UTF-8 become "?", so that one bad byte loses no span.
local function clean(text)
   if pcall(json.encode, text) then
      return text
   end
   return (text:gsub("[\128-\255]", "?"))
end

local function is_integer(value)
   if integer_type then
      return integer_type(value) == "integer"
   end
   return value == floor(value) and value > -2 ^ 53 and value < 2 ^ 53
end

local function number_value(value)
   if value ~= value or value == huge or value == -huge then
      return { stringValue = tostring(value) }
   elseif is_integer(value) then
      return { intValue = ("%d"):format(value) }
   end
   return { doubleValue = value }
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

local function any_value(value)
   local kind = type(value)
   if kind == "string" then
      return { stringValue = clean(value) }
   elseif kind == "boolean" then
      return { boolValue = value }
   elseif kind == "number" then
      return number_value(value)
   elseif kind == "table" and is_flat(value) then
      local values = json.array{}
      for index = 1, #value do
         values[index] = any_value(value[index])
      end
      return { arrayValue = { values = values } }
   end
   local fine, text = pcall(json.encode, value)
   return { stringValue = fine and text or clean(tostring(value)) }
end

-- A span's own attributes go before those of its tracer.
local function attributes_of(map, common)
   local list = json.array{}
   for key, value in next, map do
      list[#list + 1] = { key = clean(tostring(key)), value = any_value(value) }
   end
   for key, value in next, common or {} do
      if map[key] == nil then
         list[#list + 1] = { key = key, value = any_value(value) }
      end
   end
   return list
end

-- Unix time in nanoseconds. A double holds today's to a quarter of a microsecond.
local function nanoseconds(time)
   return ("%.0f"):format(floor(time * 1e6) * 1000)
end

--- The span as a table of OTLP; `common`: attributes that all spans of its tracer have.
function otlp.span(me, common)
   local parent = me.parent and span.id(me.parent) or me.remote or nil
   local events
   if me.events then
      events = json.array{}
      for index = 1, #me.events do
         local event = me.events[index]
         events[index] = { name = clean(event.name), timeUnixNano = nanoseconds(event.time),
            attributes = attributes_of(event.attributes) }
      end
   end
   return {
      traceId = span.trace_id(me.trace), spanId = span.id(me), parentSpanId = parent, name = clean(me.name),
      kind = me.kind, startTimeUnixNano = nanoseconds(me.began), endTimeUnixNano = nanoseconds(me.ended),
      attributes = attributes_of(me.attributes, common), events = events,
      status = me.failed and { code = STATUS_ERROR, message = clean(me.failed) } or nil,
   }
end

--- The body of a request without spans.
otlp.NOTHING = '{"resourceSpans":[]}'

--- The body of a request: `spans` are JSON texts; `resource` is attributes of all of them.
function otlp.request(resource, spans)
   local head = json.encode{ attributes = attributes_of(resource) }
   local scope = json.encode{ name = "promptic-lua", version = library.promptic.version }
   return ('{"resourceSpans":[{"resource":%s,"scopeSpans":[{"scope":%s,"spans":[%s]}]}]}'):format(head, scope,
      concat(spans, ","))
end

return otlp
