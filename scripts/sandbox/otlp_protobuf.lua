--- OTLP's protobuf form, made into what its JSON form decodes to, which otlp.lua reads. Field numbers:
-- opentelemetry-proto, trace/v1/trace.proto, common/v1/common.proto and collector/trace/v1.
local httpd = require "promptic.httpd"

local protobuf = require "promptic.sandbox.protobuf"

local otlp_protobuf = {}

local any_value, key_value = {}, {}

local key_values = { [1] = { "values", "message", key_value, true } }

any_value[1] = { "stringValue", "string" }
any_value[2] = { "boolValue", "bool" }
any_value[3] = { "intValue", "varint" }
any_value[4] = { "doubleValue", "double" }
any_value[5] = { "arrayValue", "message", { [1] = { "values", "message", any_value, true } } }
any_value[6] = { "kvlistValue", "message", key_values }
any_value[7] = { "bytesValue", "bytes" }
key_value[1] = { "key", "string" }
key_value[2] = { "value", "message", any_value }

local function attributes(number)
   return number, { "attributes", "message", key_value, true }
end

local function fields(rows)
   local description = {}
   for i = 1, #rows, 2 do description[rows[i]] = rows[i + 1] end
   return description
end

local event = fields { 1, { "timeUnixNano", "fixed64" }, 2, { "name", "string" }, attributes(3) }

local status = fields { 2, { "message", "string" }, 3, { "code", "varint" } }

local span = fields {
   1, { "traceId", "bytes" }, 2, { "spanId", "bytes" }, 4, { "parentSpanId", "bytes" }, 5, { "name", "string" },
   6, { "kind", "varint" }, 7, { "startTimeUnixNano", "fixed64" }, 8, { "endTimeUnixNano", "fixed64" },
   11, { "events", "message", event, true }, 15, { "status", "message", status }, attributes(9),
}

local resource_spans = fields {
   1, { "resource", "message", fields { attributes(1) } },
   2, { "scopeSpans", "message", fields { 2, { "spans", "message", span, true } }, true },
}

local request = fields { 1, { "resourceSpans", "message", resource_spans, true } }

---------------------------------------------------------------- what JSON writes in another way

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(bytes)
   local padding = -#bytes % 3
   local text = (bytes .. ("\0"):rep(padding)):gsub("...", function(three)
      local bits = (">I3"):unpack(three)
      local out = ""
      for shift = 18, 0, -6 do
         local at = (bits >> shift & 63) + 1
         out = out .. ALPHABET:sub(at, at)
      end
      return out
   end)
   return text:sub(1, #text - padding) .. ("="):rep(padding)
end

local function fix_value(value)
   local number = value.doubleValue
   if number and number - number ~= 0 then
      value.doubleValue = number ~= number and "NaN" or number > 0 and "Infinity" or "-Infinity"
   end
   if value.bytesValue then value.bytesValue = base64(value.bytesValue) end
   for _, list in pairs { value.arrayValue, value.kvlistValue } do
      for _, member in ipairs(list.values or {}) do fix_value(member.key and member.value or member) end
   end
end

local function fix_attributes(owner)
   for _, pair in ipairs(owner and owner.attributes or {}) do
      if pair.value then fix_value(pair.value) end
   end
end

local function fix_span(one)
   for _, id in ipairs { "traceId", "spanId", "parentSpanId" } do one[id] = one[id] and httpd.hex(one[id]) end
   fix_attributes(one)
   for _, each in ipairs(one.events or {}) do fix_attributes(each) end
end

---------------------------------------------------------------- reading and answering

--- The request that a protobuf text is, as the JSON form has it; raises a text where it is none.
function otlp_protobuf.decode(text)
   local decoded = protobuf.decode(request, text)
   for _, of_resource in ipairs(decoded.resourceSpans or {}) do
      fix_attributes(of_resource.resource)
      for _, of_scope in ipairs(of_resource.scopeSpans or {}) do
         for _, one in ipairs(of_scope.spans or {}) do fix_span(one) end
      end
   end
   return decoded
end

--- An ExportTraceServiceResponse: empty, or with how many spans were rejected and why; a reason with none is a warning.
function otlp_protobuf.response(rejected, reason)
   if not reason then return "" end
   return protobuf.field(1, protobuf.field(1, rejected) .. protobuf.field(2, reason))
end

--- google.rpc.Status, which OTLP asks for where a request fails. code: of google.rpc.Code.
function otlp_protobuf.status(code, message)
   return protobuf.field(1, code) .. protobuf.field(2, message)
end

return otlp_protobuf
