--- What the groups about agents share.
local agents = {}

--- The component, which all of them take with a flag.
agents.component = { "component_id", required = true }

--- Traces in a dataset or a run.
agents.trace_columns = {
   { "TRACE", key = "traceId", as = "id" },
   { "NAME", key = "name" },
   { "STATUS", key = "status", as = "status" },
   { "DURATION", key = "durationMs", as = "duration", optional = true },
   { "TOKENS", key = "totalTokens", as = "integer", optional = true },
   { "COST", key = "totalCostUsd", as = "cost", optional = true },
   { "STARTED", key = "startTime", as = "time", optional = true },
}

-- The text in a value of messages, as OpenTelemetry records them: [{"role":..., "parts":[{"content":...}]}].
local function text_in(value, pieces)
   if type(value) ~= "table" then return pieces end
   local content = value.content or value.text
   if type(content) == "string" then
      pieces[#pieces + 1] = content
   else
      text_in(content, pieces)
      text_in(value.parts, pieces)
      for _, element in ipairs(value) do text_in(element, pieces) end
   end
   return pieces
end

--- A column's value: the text of the messages in the field `name`, else the field as it is.
function agents.said(name)
   return function(row)
      local value = row[name]
      if type(value) == "string" and value:find "^%s*[%[{]" then
         local read, messages = pcall(require("promptic").json.decode, value)
         local pieces = read and text_in(messages, {}) or {}
         if #pieces > 0 then return table.concat(pieces, " / ") end
      end
      return value
   end
end

return agents
