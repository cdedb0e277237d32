--- What the groups about agents share.
local agents = {}

--- The component, which all of them take with a flag.
agents.component = { "component_id", required = true }

--- Traces in a dataset or a run.
agents.trace_columns = {
   { "TRACE", key = "id", as = "id" },
   { "NAME", key = "name" },
   { "STATUS", key = "status", as = "status" },
   { "DURATION", key = "durationMs", as = "duration", optional = true },
   { "TOKENS", key = "totalTokens", as = "integer", optional = true },
   { "COST", key = "totalCostUsd", as = "cost", optional = true },
   { "STARTED", key = "startTime", as = "time", optional = true },
}

return agents
