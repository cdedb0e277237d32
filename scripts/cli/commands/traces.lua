--- promptic traces

-- The spans in the order of the tree they make, each with how deep it lies and when it began.
local function tree(trace)
   local times = require "promptic.cli.times"
   local children, known, list = {}, {}, {}
   for _, span in ipairs(trace.spans or {}) do known[span.spanId] = true end
   for _, span in ipairs(trace.spans or {}) do
      local parent = known[span.parentSpanId] and span.parentSpanId ~= span.spanId and span.parentSpanId or ""
      children[parent] = children[parent] or {}
      table.insert(children[parent], span)
   end
   local began = times.parse(trace.startTime)
   local function visit(parent, depth)
      local spans = children[parent] or {}
      children[parent] = nil -- a circle of spans ends here
      for _, span in ipairs(spans) do
         local start = times.parse(span.startTime)
         list[#list + 1] = {
            span = span, depth = depth, at = began and start and (start - began) * 1000 or nil,
            name = span.name, status = span.status, durationMs = span.durationMs, tokens = span.totalTokens,
            cost = span.costUsd, model = span.model, message = span.statusMessage,
         }
         visit(span.spanId, depth + 1)
      end
   end
   visit("", 0)
   return { spans = list }
end

local function problems(trace)
   local lines = {}
   for _, span in ipairs(trace.spans or {}) do
      if span.statusMessage then lines[#lines + 1] = { name = span.name, message = span.statusMessage } end
   end
   return lines
end

local function sent(answer)
   local spans = answer.spans == 1 and "1 span" or answer.spans .. " spans"
   if answer.rejected == 0 then return ("Sent %s."):format(spans) end
   return ("Sent %s; %d more were rejected: %s"):format(spans, answer.rejected,
      answer.message or "the platform gave no reason")
end

return {
   section = "Agents",
   summary = "What agents did, step by step.",
   commands = {
      {
         name = "list", method = "list_traces", times = true,
         options = {
            { "limit", default = 20 }, "offset", "status",
            { "ai_component", label = "COMPONENT" },
            "service", "environment",
            { "start_after", summary = "only begun after this time, or since so long ago: 2h, 7d" },
            { "start_before", summary = "only begun before this time" },
         },
         summary = "List traces, the newest first.",
         examples = "promptic traces list --status error --start-after 24h\n"
            .. "promptic traces list --start-after 2026-01-31 --start-before 2026-02-01T12:00:00Z",
         show = {
            {
               list = "traces",
               columns = {
                  { "TRACE", key = "traceId", as = "id" },
                  { "NAME", key = "name" },
                  { "STATUS", key = "status", as = "status" },
                  { "DURATION", key = "durationMs", as = "duration", optional = true },
                  { "TOKENS", key = "totalTokens", as = "integer", optional = true },
                  { "COST", key = "totalCostUsd", as = "cost", optional = true },
                  { "COMPONENT", key = "componentName", optional = true },
                  { "STARTED", key = "startTime", as = "time", optional = "last" },
                  { "DATABASE ID", key = "id", as = "id", optional = true },
               },
               empty = "There are no such traces.",
            },
            {
               line = function(answer)
                  local shown, total = #answer.traces, answer.total
                  return total and total > shown and shown > 0
                     and ("%d of %d; --limit and --offset show others."):format(shown, total) or nil
               end,
            },
         },
      },
      {
         name = "get", method = "get_trace", arguments = { "trace_id" }, times = true,
         summary = "Show a trace with its spans.",
         notes = "A trace is named by its OpenTelemetry id, which `promptic traces list` shows; its database id is "
            .. "what datasets, runs and annotations take.",
         show = {
            {
               title = function(trace) return trace.name or "Trace" end,
               fields = {
                  { "trace id", key = "traceId", as = "id" },
                  { "database id", key = "id", as = "id" },
                  { "status", key = "status", as = "status" },
                  { "component", key = "aiComponentId", as = "id" },
                  { "session", key = "sessionId" },
                  { "user", key = "userId" },
                  { "tags", value = function(trace) return table.concat(trace.tags or {}, ", ") end },
                  { "duration", key = "durationMs", as = "duration" },
                  { "tokens", key = "totalTokens", as = "integer" },
                  { "cost", key = "totalCostUsd", as = "cost" },
                  { "started", key = "startTime", as = "time" },
               },
            },
            {
               heading = "Spans", of = tree, list = "spans",
               columns = {
                  { "SPAN", value = function(row) return ("  "):rep(row.depth) .. row.name end, least = 26 },
                  { "STATUS", key = "status", as = "status" },
                  { "AT", key = "at", as = "duration", optional = true },
                  { "DURATION", key = "durationMs", as = "duration" },
                  { "TOKENS", key = "tokens", as = "integer", optional = true },
                  { "COST", key = "cost", as = "cost", optional = true },
                  { "MODEL", key = "model", optional = true },
               },
            },
            {
               heading = "Messages", of = problems, each = "",
               fields = { { "span", key = "name" }, { "message", key = "message" } },
            },
         },
      },
      {
         name = "artifacts", method = "list_trace_artifacts", arguments = { "trace_id" }, times = true,
         summary = "List the files that the spans of a trace refer to.",
         show = {
            list = "data", columns = require("promptic.cli.commands.artifacts").columns,
            empty = "The trace has no artifacts.",
         },
      },
      {
         name = "ingest", method = "ingest_traces", arguments = { { "request", label = "FILE" } },
         summary = "Send spans from a file of OTLP in JSON.",
         notes = "The file holds what an OpenTelemetry exporter posts: {\"resourceSpans\": [...]}. Its attributes name "
            .. "a component that exists (promptic.ai_component) and perhaps a dataset (promptic.dataset.id).",
         examples = "promptic traces ingest spans.json",
         show = {
            line = function(answer)
               local part = answer.partialSuccess or {}
               local rejected = math.tointeger(tonumber(part.rejectedSpans or 0)) or 0
               if rejected == 0 then return "Sent the spans." end
               return ("%d spans were rejected: %s"):format(rejected,
                  part.errorMessage or "the platform gave no reason")
            end,
         },
      },
      {
         name = "send", methods = { "ingest_traces" },
         arguments = { { "file", type = "string", label = "FILE", summary = "the file; - for standard input" } },
         summary = "Send spans from a file: OTLP in JSON, one document or one a line.",
         run = function(context, values) return require("promptic.cli.traces_send")(context, values.file) end,
         notes = "A document is what an OpenTelemetry exporter posts, {\"resourceSpans\": [...]}; a line may also be a "
            .. "span alone, as a spool of promptic.tracer holds them. A file may be compressed with gzip. "
            .. "Documents that the platform finds too large (413) are halved. All of the file is read before the first "
            .. "span is sent. A span that is sent again has the same id.",
         examples = "promptic traces send spans.jsonl\n"
            .. "promptic traces send export.json.gz\ncat spool/*.0* | promptic traces send -",
         show = { line = sent },
      },
      {
         name = "stats", method = "get_stats", options = { "days_back", "service", "environment" },
         summary = "Show totals over the traces of the last days.",
         show = {
            title = function(_, values)
               local days = values.days_back or 30
               return days == 1 and "The last day" or ("The last %d days"):format(days)
            end,
            fields = {
               { "traces", key = "totalTraces", as = "integer" },
               { "tokens", key = "totalTokens", as = "integer" },
               { "cost", key = "totalCostUsd", as = "cost" },
               { "error rate", key = "errorRate", as = "percent" },
            },
         },
      },
   },
}
