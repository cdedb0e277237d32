--- otlp.lua - OTLP requests for specs, in both forms: what JSON has as tables is encoded as protobuf by code
-- that shares nothing with the sandbox's.
--
--    otlp.span{ trace = 1, number = 2, name = "chat", attributes = {} }        -- a span of trace 1, as JSON has it
--    otlp.request({ span }, { ["service.name"] = "x" })                        -- an ExportTraceServiceRequest
--    otlp.protobuf(request)                                                    -- the same as protobuf
--    otlp.fields(text)                                     -- a message of texts and varints: { [number] = values }
local json = require("promptic").json

local otlp = {}

local SECOND = 1000000000

--- A minute ago, so that it counts for the statistics of the last days.
otlp.BEGIN = (os.time() - 60) * SECOND

local function any(value)
   if type(value) == "boolean" then return { boolValue = value } end
   if math.type(value) == "integer" then return { intValue = tostring(value) } end
   if type(value) == "number" then return { doubleValue = value } end
   if type(value) == "string" then return { stringValue = value } end
   local values = json.array{}
   for i, element in ipairs(value) do values[i] = any(element) end
   return { arrayValue = { values = values } }
end

--- Attributes as OTLP's JSON has them, sorted by name.
function otlp.attributes(map)
   local list = json.array{}
   for key, value in pairs(map or {}) do list[#list + 1] = { key = key, value = any(value) } end
   table.sort(list, function(a, b) return a.key < b.key end)
   return list
end

--- A span that starts `number` seconds after BEGIN and takes half a second.
function otlp.span(fields)
   local trace, number = fields.trace, fields.number or 1
   return {
      traceId = ("%032x"):format(trace), spanId = ("%016x"):format(trace * 1000 + number),
      name = fields.name or "step", kind = fields.kind or 1,
      startTimeUnixNano = tostring(otlp.BEGIN + number * SECOND),
      endTimeUnixNano = tostring(otlp.BEGIN + number * SECOND + SECOND // 2),
      parentSpanId = fields.parent and ("%016x"):format(trace * 1000 + fields.parent),
      status = fields.error and { code = 2, message = fields.error } or { code = 1 },
      events = fields.events, attributes = otlp.attributes(fields.attributes),
   }
end

function otlp.request(spans, resource)
   return { resourceSpans = { { resource = { attributes = otlp.attributes(resource) },
      scopeSpans = { { scope = {}, spans = json.array(spans) } } } } }
end

---------------------------------------------------------------- protobuf

local function varint(value)
   local text = ""
   while value < 0 or value > 127 do
      text, value = text .. string.char(value & 127 | 128), value >> 7
   end
   return text .. string.char(value)
end

local function bytes(number, text)
   return varint(number * 8 + 2) .. varint(#text) .. text
end

local function time(number, text)
   return varint(number * 8 + 1) .. ("<i8"):pack(math.tointeger(tonumber(text)))
end

local function raw(hex)
   return (hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function value_of(value)
   if value.stringValue then return bytes(1, value.stringValue) end
   if value.boolValue ~= nil then return varint(16) .. varint(value.boolValue and 1 or 0) end
   if value.intValue then return varint(24) .. varint(math.tointeger(tonumber(value.intValue))) end
   if value.doubleValue then return varint(33) .. ("<d"):pack(value.doubleValue) end
   local text = ""
   for _, element in ipairs(value.arrayValue.values) do text = text .. bytes(1, value_of(element)) end
   return bytes(5, text)
end

local function attributes_of(number, list)
   local text = ""
   for _, pair in ipairs(list or {}) do
      text = text .. bytes(number, bytes(1, pair.key) .. bytes(2, value_of(pair.value)))
   end
   return text
end

local function span_of(span)
   local text = bytes(1, raw(span.traceId)) .. bytes(2, raw(span.spanId)) .. bytes(3, "state")
   if span.parentSpanId then text = text .. bytes(4, raw(span.parentSpanId)) end
   text = text .. bytes(5, span.name) .. varint(48) .. varint(span.kind) .. time(7, span.startTimeUnixNano)
      .. time(8, span.endTimeUnixNano) .. attributes_of(9, span.attributes) .. varint(80) .. varint(3)
   for _, event in ipairs(span.events or {}) do
      text = text .. bytes(11, time(1, event.timeUnixNano) .. bytes(2, event.name)
         .. attributes_of(3, event.attributes))
   end
   local message = span.status.message and bytes(2, span.status.message) or ""
   text = text .. bytes(15, message .. varint(24) .. varint(span.status.code))
   return text .. varint(133) .. ("<I4"):pack(257) -- flags, which nobody reads
end

function otlp.protobuf(request)
   local text = ""
   for _, of_resource in ipairs(request.resourceSpans) do
      local inner = bytes(1, attributes_of(1, of_resource.resource.attributes))
      for _, of_scope in ipairs(of_resource.scopeSpans) do
         local spans = bytes(1, bytes(1, "scope"))
         for _, span in ipairs(of_scope.spans) do spans = spans .. bytes(2, span_of(span)) end
         inner = inner .. bytes(2, spans)
      end
      text = text .. bytes(1, inner)
   end
   return text
end

local function read_varint(text, place)
   local value, shift = 0, 0
   repeat
      local byte = text:byte(place)
      value, shift, place = value | (byte & 127) << shift, shift + 7, place + 1
   until byte < 128
   return value, place
end

--- A message of varints and texts as { [number] = { value, ... } }.
function otlp.fields(text)
   local fields, place = {}, 1
   while place <= #text do
      local key, value
      key, place = read_varint(text, place)
      value, place = read_varint(text, place)
      if key & 7 == 2 then
         value, place = text:sub(place, place + value - 1), place + value
      end
      fields[key >> 3] = fields[key >> 3] or {}
      table.insert(fields[key >> 3], value)
   end
   return fields
end

return otlp
