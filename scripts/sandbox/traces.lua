--[[
Traces: taken in as OTLP, listed, read and counted. Spans of one trace may come in several posts, in any
order; a span that comes again replaces itself, and what the trace says of itself is made anew from
all its spans each time.
]]
local bodies = require "promptic.sandbox.bodies"
local datasets = require "promptic.sandbox.datasets"
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local otlp = require "promptic.sandbox.otlp"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local traces = { handlers = {} }
local handlers = traces.handlers

---------------------------------------------------------------- taking in

-- The component that a span names, by id or by name; unknown ones are not made.
local function component_id(store, named)
   return named and store:value([[SELECT id FROM component WHERE id = ? OR name = ?
      ORDER BY id = ? DESC, rowid LIMIT 1]], named, named, named)
end

local function trace_row(sandbox, span, now)
   local store = sandbox.store
   local row = store:one("SELECT * FROM trace WHERE traceId = ?", span.trace_id)
   if row then return row end
   store:run([[INSERT INTO trace (id, traceId, workspaceId, metadata, start_ns, status, tags, createdAt)
      VALUES (?, ?, ?, '{}', ?, 'ok', '[]', ?)]], ids.uuid(), span.trace_id, sandbox.workspace_id,
      span.start_ns, now)
   return store:one("SELECT * FROM trace WHERE traceId = ?", span.trace_id)
end

local function insert_span(store, trace, span, now)
   local id = store:value("SELECT id FROM span WHERE traceDbId = ? AND spanId = ?", trace.id, span.span_id)
   if id then store:run("DELETE FROM span WHERE id = ?", id) end
   id = id or ids.uuid()
   store:run("INSERT INTO span VALUES (?" .. (", ?"):rep(23) .. ")",
      id, span.span_id, span.trace_id, trace.id, span.parent, span.name, span.kind, span.start_ns,
      span.end_ns, span.status, span.status_message, span.input, span.output, json.encode(span.metadata),
      span.model, span.provider, span.input_tokens, span.output_tokens, span.total_tokens, span.cost,
      shapes.document(span.parameters), span.tool, shapes.document(span.tools), now)
   for _, event in ipairs(span.events) do
      store:run("INSERT INTO event (spanDbId, name, timestamp, body) VALUES (?, ?, ?, ?)", id, event.name,
         times.iso_of_ns(event.ns), shapes.document(event.body))
   end
end

-- What a span says of its trace; the first to say so counts, tags add up.
local function learn(trace, span, store)
   trace.aiComponentId = trace.aiComponentId or component_id(store, span.component)
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

-- Sets `counted` to what a span adds to the trace's total of a field: nothing where it has none, and
-- nothing where it sums up what spans below it have.
local function count_once(spans, by_id, field, counted)
   local sums_up = {}
   for _, span in ipairs(spans) do
      local parent = span[field] and by_id[span.parentSpanId]
      while parent and not sums_up[parent] do
         sums_up[parent] = true
         parent = by_id[parent.parentSpanId]
      end
   end
   local total
   for _, span in ipairs(spans) do
      span[counted] = not sums_up[span] and span[field] or nil
      if span[counted] then total = (total or 0) + span[counted] end
   end
   return total
end

--- The spans of a trace by their start, with `tokens` and `cost`, what each adds to the trace's total;
-- and these totals (nil: no span has any).
function traces.spans(store, trace_id)
   local spans = store:all("SELECT * FROM span WHERE traceDbId = ? ORDER BY start_ns, rowid", nil, trace_id)
   local by_id = {}
   for _, span in ipairs(spans) do by_id[span.spanId] = span end
   for _, span in ipairs(spans) do span.is_root = not by_id[span.parentSpanId] end
   local tokens = count_once(spans, by_id, "totalTokens", "tokens")
   return spans, tokens, count_once(spans, by_id, "costUsd", "cost")
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
      start_ns = ?, end_ns = ?, totalTokens = ?, totalCostUsd = ?, status = ?, tags = ?, input = ?, output = ?
      WHERE id = ?]], trace.aiComponentId, root.name, trace.sessionId, trace.userId,
      json.encode(trace.metadata), spans[1].start_ns, end_ns, tokens, cost, status, json.encode(trace.tags),
      root.input, root.output, trace.id)
end

local function read_request(request)
   local kind = request.headers["content-type"] or ""
   if request.headers["content-encoding"] or not kind:lower():find("application/json", 1, true) then
      failure.raise(415, "Traces come as plain OTLP/JSON here: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, "
         .. "no compression, and Content-Type: application/json")
   end
   local body = bodies.decode(request.body or "")
   if type(body) ~= "table" then failure.raise(400, "The body must be an ExportTraceServiceRequest") end
   return body
end

function handlers.ingest_traces(sandbox, input)
   local store, now = sandbox.store, times.now()
   local spans, rejected, reason = otlp.spans(read_request(input.request))
   local order, by_id = {}, {}
   for _, span in ipairs(spans) do
      local trace = by_id[span.trace_id]
      if not trace then
         trace = trace_row(sandbox, span, now)
         trace.metadata, trace.tags, trace.tagged = json.decode(trace.metadata), json.decode(trace.tags), {}
         for _, tag in ipairs(trace.tags) do trace.tagged[tag] = true end
         by_id[span.trace_id] = trace
         order[#order + 1] = trace
      end
      insert_span(store, trace, span, now)
      learn(trace, span, store)
      if span.dataset then trace.dataset, trace.run = span.dataset, span.run or trace.run end
   end
   for _, trace in ipairs(order) do
      sum_up(store, trace)
      if trace.dataset and trace.aiComponentId then datasets.collect(sandbox, trace) end
   end
   if rejected == 0 then return 200, { partialSuccess = {} } end
   -- 64-bit integers are strings in OTLP's JSON
   return 200, { partialSuccess = { rejectedSpans = tostring(rejected), errorMessage = reason } }
end

---------------------------------------------------------------- reading

-- What a list shows of a trace.
traces.COLUMNS = "t.*, (SELECT name FROM component WHERE id = t.aiComponentId) AS componentName"

local function time_filter(input, name)
   if not input[name] then return nil end
   return times.ns_of_iso(input[name]) or failure.invalid("%s: must be an ISO 8601 time", name)
end

function handlers.list_traces(sandbox, input)
   local where, values = " WHERE 1", {}
   local function filter(condition, value)
      if value == nil then return end
      where, values[#values + 1] = where .. " AND " .. condition, value
   end
   filter("status = ?", input.status)
   filter("start_ns > ?", time_filter(input, "start_after"))
   filter("start_ns < ?", time_filter(input, "start_before"))
   local total = sandbox.store:value("SELECT count(*) FROM trace t" .. where, table.unpack(values))
   values[#values + 1], values[#values + 2] = input.limit, input.offset
   local page = sandbox.store:all("SELECT " .. traces.COLUMNS .. " FROM trace t" .. where
      .. " ORDER BY start_ns DESC, rowid DESC LIMIT ? OFFSET ?", shapes.trace_item, table.unpack(values))
   return 200, { traces = json.array(page), total = total }
end

function handlers.get_trace(sandbox, input)
   local row = sandbox.store:one("SELECT * FROM trace WHERE id = ?", input.trace_id) or failure.not_found()
   local object = shapes.trace(row)
   object.spans = json.array(sandbox.store:all(
      "SELECT * FROM span WHERE traceDbId = ? ORDER BY start_ns, rowid", shapes.span, row.id))
   local by_id = {}
   for _, span in ipairs(object.spans) do
      span.events = json.array {}
      by_id[span.id] = span
   end
   local events = sandbox.store:all([[SELECT event.* FROM event JOIN span ON span.id = spanDbId
      WHERE traceDbId = ? ORDER BY event.id]], shapes.event, row.id)
   for _, event in ipairs(events) do table.insert(by_id[event.spanDbId].events, event) end
   return 200, object
end

function handlers.get_stats(sandbox, input)
   -- a hundred years are enough, and their nanoseconds still fit
   local days = math.min(input.days_back, 36500)
   return 200, sandbox.store:one([[SELECT count(*) AS totalTraces,
      coalesce(sum(totalTokens), 0) AS totalTokens, total(totalCostUsd) AS totalCostUsd,
      coalesce(avg(status = 'error'), 0.0) AS errorRate
      FROM trace WHERE start_ns >= ?]], times.now_ns() - days * 86400 * 1000000000)
end

return traces
