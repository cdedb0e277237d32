--- Traces: listed, read and counted. ingest.lua takes them in.
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local traces = {
   handlers = {},
   parts = { "ingest" },
   tables = {
      -- Traces belong to the workspace and outlive the component that they name. input, output: of the root.
      [[trace (id TEXT PRIMARY KEY, traceId TEXT NOT NULL, workspaceId OF(workspace),
      aiComponentId TEXT REFERENCES component ON DELETE SET NULL, name TEXT, sessionId TEXT, userId TEXT,
      metadata TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER, totalTokens INTEGER,
      totalCostUsd REAL, status TEXT NOT NULL, tags TEXT NOT NULL, input TEXT, output TEXT,
      service TEXT, environment TEXT, createdAt TEXT NOT NULL, UNIQUE (workspaceId, traceId))]],
      -- tool: the one that was called; tools: the names of those on offer.
      [[span (id TEXT PRIMARY KEY, spanId TEXT NOT NULL, traceId TEXT NOT NULL,
      traceDbId OF(trace), parentSpanId TEXT, name TEXT NOT NULL, kind TEXT NOT NULL,
      start_ns INTEGER NOT NULL, end_ns INTEGER, status TEXT NOT NULL, statusMessage TEXT, input TEXT,
      output TEXT, metadata TEXT NOT NULL, model TEXT, provider TEXT, inputTokens INTEGER,
      outputTokens INTEGER, totalTokens INTEGER, costUsd REAL, modelParameters TEXT, tool TEXT, tools TEXT,
      createdAt TEXT NOT NULL, UNIQUE (traceDbId, spanId))]],
      [[event (id INTEGER PRIMARY KEY AUTOINCREMENT, spanDbId OF(span),
      name TEXT NOT NULL, timestamp TEXT NOT NULL, body TEXT)]],
   },
   indexes = { "trace_start ON trace (workspaceId, start_ns)", "trace_component ON trace (aiComponentId)",
      "event_span ON event (spanDbId)" },
   kinds = { trace = { from = "trace t", workspace = "t.workspaceId", parents = {}, also = "t.traceId" } },
}
local handlers = traces.handlers

---------------------------------------------------------------- shapes

local trace_item = shapes.new { "id", "traceId", "name", "status", "totalTokens", "totalCostUsd", "componentName",
   "aiComponentId" }

--- A trace's row as lists show it.
function traces.item(row)
   return shapes.timed(trace_item(row), row)
end

local trace_shape = shapes.new({ "id", "traceId", "workspaceId", "aiComponentId", "name", "sessionId", "userId",
   "metadata", "totalTokens", "totalCostUsd", "status", "tags", "createdAt" }, { "metadata", "tags" })

local span_shape = shapes.new({ "id", "spanId", "traceId", "traceDbId", "parentSpanId", "name", "kind", "status",
   "statusMessage", "input", "output", "metadata", "model", "provider", "inputTokens", "outputTokens",
   "totalTokens", "costUsd", "modelParameters", "createdAt" }, { "metadata", "modelParameters" })

local event_shape = shapes.new({ "id", "spanDbId", "name", "timestamp", "body" }, { "body" })

---------------------------------------------------------------- spans

-- Notes how many spans of the trace a span is inside of, and likewise its parents.
local function note_depth(span, by_id, depths)
   local chain = {}
   while span and not depths[span] do
      depths[span] = 0 -- for spans that are each other's parents
      chain[#chain + 1] = span
      span = by_id[span.parentSpanId]
   end
   local depth = span and depths[span] or -1
   for i = #chain, 1, -1 do
      depth = depth + 1
      depths[chain[i]] = depth
   end
end

-- The spans of a trace by their start; where that is the same (clocks count milliseconds in some languages, and
-- children are sent first), parents before their children, then by end. Also by their spanId.
local function ordered(store, trace_id, columns)
   local spans = store:all("SELECT " .. columns .. ", start_ns, end_ns FROM span WHERE traceDbId = ? ORDER BY rowid",
      nil, trace_id)
   local by_id, depths, places = {}, {}, {}
   for place, span in ipairs(spans) do by_id[span.spanId], places[span] = span, place end
   for _, span in ipairs(spans) do note_depth(span, by_id, depths) end
   table.sort(spans, function(a, b)
      if a.start_ns ~= b.start_ns then return a.start_ns < b.start_ns end
      if depths[a] ~= depths[b] then return depths[a] < depths[b] end
      if a.end_ns ~= b.end_ns then return (a.end_ns or math.maxinteger) < (b.end_ns or math.maxinteger) end
      return places[a] < places[b]
   end)
   return spans, by_id
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
-- and these totals (nil: no span has any). columns: the columns to read, nil for all.
function traces.spans(store, trace_id, columns)
   local spans, by_id = ordered(store, trace_id, columns or "*")
   for _, span in ipairs(spans) do span.is_root = not by_id[span.parentSpanId] end
   local tokens = count_once(spans, by_id, "totalTokens", "tokens")
   return spans, tokens, count_once(spans, by_id, "costUsd", "cost")
end

---------------------------------------------------------------- reading

-- What a list shows of a trace.
traces.COLUMNS = "t.*, (SELECT name FROM component WHERE id = t.aiComponentId) AS componentName"

local function time_of(text)
   return text and times.ns_of_iso(text)
end

-- The conditions for a list, and their values: the workspace of the request, and what its query asks for.
local function filters_of(sandbox, input)
   local where, values = " WHERE t.workspaceId = ?", { sandbox.workspace_id }
   local function filter(condition, value)
      if value == nil then return end
      where, values[#values + 1] = where .. " AND " .. condition, value
   end
   filter("t.status = ?", input.status)
   filter("t.start_ns > ?", time_of(input.start_after))
   filter("t.start_ns < ?", time_of(input.start_before))
   filter("t.service = ?", input.service)
   filter("t.environment = ?", input.environment)
   filter("? IN (t.aiComponentId, (SELECT name FROM component WHERE id = t.aiComponentId))", input.ai_component)
   return where, values
end

function handlers.list_traces(sandbox, input)
   local where, values = filters_of(sandbox, input)
   local total = sandbox.store:value("SELECT count(*) FROM trace t" .. where, table.unpack(values))
   values[#values + 1], values[#values + 2] = input.limit, input.offset
   local page = sandbox.store:all("SELECT " .. traces.COLUMNS .. " FROM trace t" .. where
      .. " ORDER BY start_ns DESC, rowid DESC LIMIT ? OFFSET ?", traces.item, table.unpack(values))
   return 200, { traces = json.array(page), total = total }
end

function handlers.get_trace(sandbox, input)
   local row = input.trace
   local object = shapes.timed(trace_shape(row), row)
   local by_id = {}
   object.spans = json.array((ordered(sandbox.store, row.id, "*")))
   for i, span in ipairs(object.spans) do
      span = shapes.timed(span_shape(span), span)
      object.spans[i] = span
      span.events = json.array {}
      by_id[span.id] = span
   end
   local events = sandbox.store:all([[SELECT event.* FROM event JOIN span ON span.id = spanDbId
      WHERE traceDbId = ? ORDER BY event.id]], event_shape, row.id)
   for _, event in ipairs(events) do table.insert(by_id[event.spanDbId].events, event) end
   return 200, object
end

function handlers.get_stats(sandbox, input)
   -- a hundred years are enough, and their nanoseconds still fit
   local days = math.min(input.days_back, 36500)
   local where, values = filters_of(sandbox, input)
   values[#values + 1] = times.now_ns() - days * 86400 * 1000000000
   return 200, sandbox.store:one([[SELECT count(*) AS totalTraces,
      coalesce(sum(totalTokens), 0) AS totalTokens, total(totalCostUsd) AS totalCostUsd,
      coalesce(avg(status = 'error'), 0.0) AS errorRate
      FROM trace t]] .. where .. " AND t.start_ns >= ?", table.unpack(values))
end

return traces
