--[[
OpenTelemetry's OTLP/HTTP in its JSON form (otlp_protobuf.lua makes it of the other one), read into
plain spans: what the GenAI conventions (and their older spellings, and OpenInference's) say about models,
tokens, input and output gets a field of its own; every other attribute stays in `metadata`, those too
that are read for values without a field of their own: its tool, its component, its dataset.
]]
local json = require "promptic.json"

local otlp = {}

-- Attributes by what they mean here; the first that is there counts.
local names = {
   model = { "gen_ai.request.model", "gen_ai.response.model", "llm.model_name" },
   provider = { "gen_ai.provider.name", "gen_ai.system", "llm.provider" },
   input_tokens = { "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt" },
   output_tokens = { "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
      "llm.token_count.completion" },
   total_tokens = { "gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total" },
   cost = { "gen_ai.usage.cost", "gen_ai.usage.cost_usd", "gen_ai.usage.total_cost", "llm.cost.total",
      "promptic.cost_usd", "cost_usd" },
   input = { "promptic.input", "input.value", "gen_ai.tool.call.arguments", "gen_ai.input.messages",
      "gen_ai.prompt", "traceloop.entity.input", "input" },
   output = { "promptic.output", "output.value", "gen_ai.tool.call.result", "gen_ai.output.messages",
      "gen_ai.completion", "traceloop.entity.output", "output" },
   tool = { "gen_ai.tool.name", "tool.name" },
   tools = { "gen_ai.tool.definitions", "gen_ai.request.tools", "llm.tools", "promptic.tools" },
   component = { "promptic.ai_component", "promptic.component", "promptic.component_id",
      "promptic.component.id", "promptic.component.name" },
   dataset = { "promptic.dataset" },
   dataset_id = { "promptic.dataset.id" },
   run = { "promptic.run", "promptic.run.id" },
   session = { "session.id", "gen_ai.conversation.id" },
   user = { "user.id", "enduser.id" },
   tags = { "promptic.tags", "tags" },
}

-- Those of a span's fields, where the attribute does not stay in metadata.
local fields = { model = true, provider = true, input_tokens = true, output_tokens = true, total_tokens = true,
   cost = true, input = true, output = true }

local measures = { input_tokens = true, output_tokens = true, total_tokens = true, cost = true }

-- Of tokens or of dollars in one span. What is more, or less than nothing, was not measured, and sums of such
-- numbers would overflow.
local MOST = 1e12

local kinds = { [0] = "unspecified", "internal", "server", "client", "producer", "consumer" }

---------------------------------------------------------------- values

local function list_of(value)
   return type(value) == "table" and value or {}
end

local any_value, attributes_of

-- The number that a number or its text is; nil for what has no JSON form, such as "Infinity".
local function finite(value)
   local number = tonumber(value)
   return number and number - number == 0 and number or nil
end

local function of_type(wanted)
   return function(value)
      if type(value) == wanted then return value end
      return nil
   end
end

-- The forms of an AnyValue; 64-bit integers come as strings in OTLP's JSON.
local forms = {
   stringValue = of_type "string", bytesValue = of_type "string", boolValue = of_type "boolean",
   intValue = function(value) return math.tointeger(tonumber(value)) end,
   doubleValue = finite,
   kvlistValue = function(value) return attributes_of(list_of(value).values) end,
   arrayValue = function(value)
      local array = json.array {}
      for i, element in ipairs(list_of(list_of(value).values)) do
         local member = any_value(element)
         array[i] = member == nil and json.null or member
      end
      return array
   end,
}

-- An AnyValue as a Lua value; nil where it holds none. What has the wrong type becomes text, so that it is
-- not lost.
function any_value(value)
   for form, content in pairs(list_of(value)) do
      if forms[form] and content ~= json.null then
         local read = forms[form](content)
         if read == nil then return json.encode(content) end
         return read
      end
   end
   return nil
end

function attributes_of(list)
   local attributes = {}
   for _, pair in ipairs(list_of(list)) do
      if type(pair) == "table" and type(pair.key) == "string" then
         attributes[pair.key] = any_value(pair.value)
      end
   end
   return attributes
end

local function nanoseconds(value)
   return (type(value) == "string" or type(value) == "number") and math.tointeger(tonumber(value)) or nil
end

local function hex_id(value, length)
   if type(value) ~= "string" or #value ~= length or value:find "%X" or not value:find "[^0]" then
      return nil
   end
   return value:lower()
end

local function text_of(value)
   if value == nil or type(value) == "string" then return value end
   return json.encode(value)
end

---------------------------------------------------------------- spans

-- An amount of tokens (whole ones) or of money; nil for what cannot be one.
local function amount(meaning, value)
   local number = finite(value)
   if not number or number < 0 or number > MOST then return nil end
   return meaning == "cost" and number or math.tointeger(math.floor(number + 0.5))
end

-- The value of the first spelling that is there, by meaning. What becomes a field of a span is taken out of the
-- attributes; amounts that cannot be stay there. in_span is false for a resource, which has no such fields.
local function take(attributes, in_span)
   local taken = {}
   for meaning, spellings in pairs(names) do
      for _, name in ipairs(spellings) do
         local value = attributes[name]
         if measures[meaning] then value = amount(meaning, value) end
         if value ~= nil then
            taken[meaning] = value
            if in_span and fields[meaning] then attributes[name] = nil end
            break
         end
      end
   end
   return taken
end

-- Settings of the model call, such as gen_ai.request.temperature.
local function take_parameters(attributes)
   local parameters = {}
   for name, value in pairs(attributes) do
      local setting = name:match "^gen_ai%.request%.(.+)$"
      if setting then parameters[setting] = value end
   end
   for setting in pairs(parameters) do attributes["gen_ai.request." .. setting] = nil end
   return next(parameters) and parameters or nil
end

local function tool_name(definition)
   if type(definition) == "string" then
      local read, value = pcall(json.decode, definition)
      if not read or type(value) ~= "table" then return definition end
      definition = value
   end
   if type(definition) ~= "table" then return nil end
   local inner = type(definition["function"]) == "table" and definition["function"] or definition
   return type(inner.name) == "string" and inner.name or nil
end

-- The names of the tools on offer, from an array (or its JSON text) of names or of definitions.
local function tool_names(value)
   if type(value) == "string" then
      local read, decoded = pcall(json.decode, value)
      value = read and decoded or { value }
   end
   if type(value) ~= "table" then return nil end
   local found = json.array {}
   for _, definition in ipairs(value) do found[#found + 1] = tool_name(definition) end
   return #found > 0 and found or nil
end

local function strings_of(value)
   local strings = {}
   for _, element in ipairs(type(value) == "table" and value or { value }) do
      strings[#strings + 1] = type(element) == "string" and element or nil
   end
   return strings
end

local function status_of(status)
   status = list_of(status)
   local failed = status.code == 2 or status.code == "STATUS_CODE_ERROR" or status.code == "2"
   return failed and "error" or "ok", type(status.message) == "string" and status.message or nil
end

local function kind_of(kind)
   if type(kind) == "string" then return (kind:gsub("^SPAN_KIND_", ""):lower()) end
   return kinds[kind] or "unspecified"
end

local function events_of(list)
   local events = {}
   for i, event in ipairs(list_of(list)) do
      event = list_of(event)
      local body = attributes_of(event.attributes)
      events[i] = {
         name = type(event.name) == "string" and event.name or "",
         ns = nanoseconds(event.timeUnixNano) or 0, body = next(body) and body or nil,
      }
   end
   return events
end

local function total_tokens(values)
   if values.total_tokens or not (values.input_tokens or values.output_tokens) then
      return values.total_tokens
   end
   return (values.input_tokens or 0) + (values.output_tokens or 0)
end

-- The tool that a span ran: by attribute, or by the conventions' span name "execute_tool NAME".
local function tool_of(values, span)
   return values.tool or type(span.name) == "string" and span.name:match "^execute_tool (.+)$" or nil
end

-- A span in our terms, or nil and the problem.
local function read_span(span, resource)
   span = list_of(span)
   local trace_id, span_id = hex_id(span.traceId, 32), hex_id(span.spanId, 16)
   if not trace_id then return nil, "traceId: must be 32 hex digits" end
   if not span_id then return nil, "spanId: must be 16 hex digits" end
   local start_ns, end_ns = nanoseconds(span.startTimeUnixNano), nanoseconds(span.endTimeUnixNano)
   if not start_ns or start_ns <= 0 then return nil, "startTimeUnixNano: must be nanoseconds since 1970" end
   local attributes = attributes_of(span.attributes)
   local values = take(attributes, true)
   local function either(meaning) return values[meaning] or resource.values[meaning] end
   local status, message = status_of(span.status)
   return {
      trace_id = trace_id, span_id = span_id, parent = hex_id(span.parentSpanId, 16),
      name = type(span.name) == "string" and span.name or "", kind = kind_of(span.kind),
      start_ns = start_ns, end_ns = end_ns and end_ns >= start_ns and end_ns or nil,
      status = status, status_message = message, events = events_of(span.events),
      input = text_of(values.input), output = text_of(values.output),
      model = text_of(values.model), provider = text_of(values.provider),
      input_tokens = values.input_tokens, output_tokens = values.output_tokens,
      total_tokens = total_tokens(values), cost = values.cost,
      parameters = take_parameters(attributes), tool = text_of(tool_of(values, span)),
      tools = tool_names(values.tools), metadata = attributes, resource = resource.rest,
      component = text_of(either "component"), dataset = text_of(either "dataset"),
      dataset_id = text_of(either "dataset_id"),
      run = text_of(either "run"), session = text_of(either "session"), user = text_of(either "user"),
      tags = strings_of(either "tags"),
   }
end

--- The spans of a decoded request; and how many could not be read, and why the first could not.
function otlp.spans(request)
   local spans, rejected, reason = {}, 0, nil
   for _, of_resource in ipairs(list_of(request.resourceSpans)) do
      local resource = { rest = attributes_of(list_of(list_of(of_resource).resource).attributes) }
      resource.values = take(resource.rest, false)
      for _, of_scope in ipairs(list_of(list_of(of_resource).scopeSpans)) do
         for _, raw in ipairs(list_of(list_of(of_scope).spans)) do
            local span, problem = read_span(raw, resource)
            spans[#spans + 1] = span
            if not span then
               rejected, reason = rejected + 1, reason or problem
            end
         end
      end
   end
   return spans, rejected, reason
end

return otlp
