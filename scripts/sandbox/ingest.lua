--[[
Traces come in as OTLP over HTTP: JSON or protobuf, plain or gzip, and are answered in the sender's form. Spans
of one trace may come in several posts, in any order; a span that comes again replaces itself, and what the
trace says of itself is made anew from all its spans each time.

What was taken and yet lost its meaning (no such component, a dataset without one, no spans at all) is said in the
response as OTLP has it: partialSuccess with 0 rejected spans and a message.
]]
local artifacts = require "promptic.sandbox.artifacts"
local bodies = require "promptic.sandbox.bodies"
local datasets = require "promptic.sandbox.datasets"
local failure = require "promptic.sandbox.failure"
local httpd = require "promptic.httpd"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local otlp = require "promptic.sandbox.otlp"
local otlp_protobuf = require "promptic.sandbox.otlp_protobuf"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"
local traces = require "promptic.sandbox.traces"

local ingest = { handlers = {}, raw_bodies = { ingest_traces = true } }

--- The most that a compressed request holds once it is inflated: that of a plain one.
ingest.MOST_BYTES = 64 * 1024 * 1024

---------------------------------------------------------------- rows

-- The component that a span names, by id or by name; unknown ones are not made.
local function component_id(sandbox, named)
   return named and sandbox.store:value([[SELECT id FROM component WHERE workspaceId = ? AND (id = ? OR name = ?)
      ORDER BY id = ? DESC, rowid LIMIT 1]], sandbox.workspace_id, named, named, named)
end

local function trace_row(sandbox, span, now)
   local store = sandbox.store
   local function found()
      return store:one("SELECT * FROM trace WHERE workspaceId = ? AND traceId = ?", sandbox.workspace_id,
         span.trace_id)
   end
   local row = found()
   if row then return row end
   store:run([[INSERT INTO trace (id, traceId, workspaceId, metadata, start_ns, status, tags, createdAt)
      VALUES (?, ?, ?, '{}', ?, 'ok', '[]', ?)]], ids.uuid(), span.trace_id, sandbox.workspace_id,
      span.start_ns, now)
   return found()
end

local function insert_span(store, trace, span, now)
   local id = store:value("SELECT id FROM span WHERE traceDbId = ? AND spanId = ?", trace.id, span.span_id)
   if id then store:run("DELETE FROM span WHERE id = ?", id) end
   id = id or ids.uuid()
   local metadata, bodies_of_events = json.encode(span.metadata), {}
   store:run("INSERT INTO span VALUES (?" .. (", ?"):rep(23) .. ")",
      id, span.span_id, span.trace_id, trace.id, span.parent, span.name, span.kind, span.start_ns,
      span.end_ns, span.status, span.status_message, span.input, span.output, metadata,
      span.model, span.provider, span.input_tokens, span.output_tokens, span.total_tokens, span.cost,
      shapes.document(span.parameters), span.tool, shapes.document(span.tools), now)
   for i, event in ipairs(span.events) do
      bodies_of_events[i] = shapes.document(event.body) or ""
      store:run("INSERT INTO event (spanDbId, name, timestamp, body) VALUES (?, ?, ?, ?)", id, event.name,
         times.iso_of_ns(event.ns), shapes.document(event.body))
   end
   artifacts.note_uses(store, id, span.input or "", span.output or "", metadata, table.concat(bodies_of_events))
end

local function text_of(value)
   return type(value) == "string" and value or nil
end

-- What a span says of its trace; the first to say so counts, tags add up.
local function learn(sandbox, trace, span)
   trace.aiComponentId = trace.aiComponentId or component_id(sandbox, span.component)
   trace.service = trace.service or text_of(span.resource["service.name"])
   trace.environment = trace.environment or text_of(span.resource["deployment.environment.name"]
      or span.resource["deployment.environment"])
   trace.sessionId = trace.sessionId or span.session
   trace.userId = trace.userId or span.user
   for name, value in pairs(span.resource) do
      if trace.metadata[name] == nil then trace.metadata[name] = value end
   end
   for _, tag in ipairs(span.tags) do
      if not trace.tagged[tag] then
         trace.tagged[tag] = true
         table.insert(trace.tags, tag)
      end
   end
end

-- Makes the trace's own fields anew: it begins with its earliest span and ends with its latest, has the
-- name, input and output of its root, and failed where a root failed (a tool's failure that the agent
-- coped with is none of the trace's).
local function sum_up(store, trace)
   local spans, tokens, cost = traces.spans(store, trace.id)
   local root, status, end_ns = nil, "ok", nil
   for _, span in ipairs(spans) do
      if span.end_ns and (not end_ns or span.end_ns > end_ns) then end_ns = span.end_ns end
      if span.is_root then
         root = root or span
         if span.status == "error" then status = "error" end
      end
   end
   root = root or spans[1] -- spans that are each other's parents have no root
   store:run([[UPDATE trace SET aiComponentId = ?, name = ?, sessionId = ?, userId = ?, metadata = ?,
      start_ns = ?, end_ns = ?, totalTokens = ?, totalCostUsd = ?, status = ?, tags = ?, input = ?, output = ?,
      service = ?, environment = ? WHERE id = ?]], trace.aiComponentId, root.name, trace.sessionId, trace.userId,
      json.encode(trace.metadata), spans[1].start_ns, end_ns, tokens, cost, status, json.encode(trace.tags),
      root.input, root.output, trace.service, trace.environment, trace.id)
end

---------------------------------------------------------------- the request

local JSON, PROTOBUF = "application/json", "application/x-protobuf"

-- The body as its sender meant it: nil, status and text where that cannot be undone.
local function inflate(request)
   local encoding = (request.headers["content-encoding"] or "identity"):lower()
   if encoding == "identity" then return request.body or "" end
   if encoding ~= "gzip" then return nil, 415, "Content-Encoding must be gzip or identity" end
   local text, problem = httpd.gunzip(request.body or "", ingest.MOST_BYTES)
   if text then return text end
   if problem == "too large" then
      return nil, 413, ("The inflated body is larger than %d bytes"):format(ingest.MOST_BYTES)
   end
   return nil, 400, "The body is no gzip stream: " .. problem
end

local function decode(kind, text)
   if kind == PROTOBUF then
      local read, value = pcall(otlp_protobuf.decode, text)
      return read and value or failure.invalid("The body is not protobuf: %s", value)
   end
   local body = bodies.decode(text)
   if type(body) ~= "table" then failure.invalid "The body must be an ExportTraceServiceRequest" end
   return body
end

local codes = { [400] = 3, [413] = 8, [415] = 3 } -- google.rpc.Code: INVALID_ARGUMENT, RESOURCE_EXHAUSTED

-- A refusal in the sender's form.
local function refuse(kind, status, message)
   local headers = status == 415 and { ["accept-encoding"] = "gzip, identity" } or {}
   if kind ~= PROTOBUF then return status, { error = message }, headers end
   headers["content-type"] = PROTOBUF
   return status, otlp_protobuf.status(codes[status], message), headers
end

---------------------------------------------------------------- taking in

-- Whether the dataset that a span names by id (promptic.dataset.id) is one of the workspace.
local function knows_dataset(sandbox, span, known)
   local id = span.dataset_id
   if not id then return true end
   if known[id] == nil then
      known[id] = sandbox.store:one("SELECT 1 FROM dataset WHERE id = ? AND workspaceId = ?", id,
         sandbox.workspace_id) ~= nil
   end
   return known[id]
end

local function open_trace(sandbox, span, now)
   local trace = trace_row(sandbox, span, now)
   trace.metadata, trace.tags, trace.tagged = json.decode(trace.metadata), json.decode(trace.tags), {}
   for _, tag in ipairs(trace.tags) do trace.tagged[tag] = true end
   return trace
end

local MOST_WARNINGS = 5

-- Adds a text to the warnings, each once and only so many.
local function warn(warnings, message, ...)
   local text = message:format(...)
   if warnings[text] or #warnings == MOST_WARNINGS then return end
   warnings[text], warnings[#warnings + 1] = true, text
end

-- Writes the spans; returns how many name an unknown dataset, and adds to the warnings.
local function take_in(sandbox, spans, warnings)
   local now, order, by_id, known, unknown = times.now(), {}, {}, {}, 0
   for _, span in ipairs(spans) do
      if not knows_dataset(sandbox, span, known) then
         unknown = unknown + 1
      else
         if span.component and not component_id(sandbox, span.component) then
            warn(warnings, "promptic.ai_component: there is no component '%s'", span.component)
         end
         local trace = by_id[span.trace_id]
         if not trace then
            trace = open_trace(sandbox, span, now)
            by_id[span.trace_id], order[#order + 1] = trace, trace
         end
         insert_span(sandbox.store, trace, span, now)
         learn(sandbox, trace, span)
         trace.dataset_id, trace.dataset = span.dataset_id or trace.dataset_id, span.dataset or trace.dataset
         if span.dataset_id or span.dataset then trace.run = span.run or trace.run end
      end
   end
   for _, trace in ipairs(order) do
      sum_up(sandbox.store, trace)
      if trace.dataset_id or (trace.dataset and trace.aiComponentId) then
         datasets.collect(sandbox, trace)
      elseif trace.dataset then
         warn(warnings, "promptic.dataset: '%s' needs promptic.ai_component, whose dataset it is", trace.dataset)
      end
   end
   return unknown
end

-- reason: why spans were rejected, or the warnings; nil for neither.
local function answer(kind, rejected, reason)
   if kind == PROTOBUF then
      return 200, otlp_protobuf.response(rejected, reason), { ["content-type"] = PROTOBUF }
   end
   if not reason then return 200, { partialSuccess = {} } end
   -- 64-bit integers are strings in OTLP's JSON
   return 200, { partialSuccess = { rejectedSpans = tostring(rejected), errorMessage = reason } }
end

function ingest.handlers.ingest_traces(sandbox, input)
   local request = input.request
   local kind = (request.headers["content-type"] or ""):lower():match "^%s*([^;%s]*)"
   if kind ~= JSON and kind ~= PROTOBUF then
      return refuse(kind, 415, "Traces come as OTLP: application/json or application/x-protobuf")
   end
   local text, status, problem = inflate(request)
   if not text then return refuse(kind, status, problem) end
   local decoded, body = pcall(decode, kind, text)
   if not decoded then
      if not failure.is(body) then error(body, 0) end
      return refuse(kind, body.status, body.message)
   end
   local spans, rejected, reason = otlp.spans(body)
   local warnings = {}
   local unknown = take_in(sandbox, spans, warnings)
   if unknown > 0 then reason = reason or "promptic.dataset.id: no such dataset" end
   if #spans == 0 and not reason then warn(warnings, "The request holds no spans") end
   if reason then table.insert(warnings, 1, reason) end
   return answer(kind, rejected + unknown, warnings[1] and table.concat(warnings, "; "))
end

return ingest
