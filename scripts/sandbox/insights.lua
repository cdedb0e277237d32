--[[
What the spans of an agent's traces show. Nothing here is guessed: each figure is a count or a sum over the
spans, by these rules (tests recompute them).

   tool_errors         a tool whose calls failed. errorRate = failed calls / calls of the tool.
                       high from 0.5, medium from 0.2, else low
   tool_loop           a tool called at least 3 times with the same input in one trace.
                       high from 5 calls, else medium
   wasted_tokens       tokens of failed spans, and for each repeated call of a loop (all but the first) those
                       of the call and of the last span before it that has tokens, since that one asked
                       for the call; each span once. By share of all tokens: high from 0.3, medium
                       from 0.1, else low
   cost_concentration  among at least two steps with a cost, one that has half of it or more; a step is a
                       span name with its model. high from 80 %, else medium
   unused_tool         a tool on offer in a trace (gen_ai.tool.definitions) and called in none.
                       medium where it was on offer in 10 traces or more, else low

A call of a tool is a span with gen_ai.tool.name, or named "execute_tool NAME". stepIndex counts a trace's
spans from 0 in the order of their start. frequency is the share of the traces that are affected, and
affectedRunIds their database ids. Findings come in the order of severity, then frequency, then title.
]]
local json = require "promptic.json"

local insights = {}

local LOOP_CALLS = 3

local function severity(value, high, medium)
   return value >= high and "high" or value >= medium and "medium" or "low"
end

local function percent(share)
   return ("%.0f %%"):format(share * 100)
end

local function round(value)
   return math.floor(value * 1e6 + 0.5) / 1e6
end

-- Puts together a finding; affected is a set of traces as { [trace] = true }.
local function finding(all, affected, fields)
   local trace_ids = json.array {}
   for _, trace in ipairs(all) do
      if affected[trace] then trace_ids[#trace_ids + 1] = trace.id end
      all.pause()
   end
   fields.affectedRunIds = trace_ids
   fields.frequency = round(#trace_ids / #all)
   return fields
end

-- Names in the order of their first span, each with what `visit` gathered about it.
local function gather(all, visit)
   local order, by_name = {}, {}
   local function entry(name, fresh)
      if not by_name[name] then
         by_name[name] = fresh
         fresh.name = name
         order[#order + 1] = fresh
      end
      return by_name[name]
   end
   for _, trace in ipairs(all) do
      for index, span in ipairs(trace.spans) do visit(entry, trace, span, index) end
      all.pause()
   end
   return order
end

---------------------------------------------------------------- tools

local function tool_errors(all, add)
   local tools = gather(all, function(entry, trace, span)
      if not span.tool then return end
      local tool = entry(span.tool, { calls = 0, errors = 0, affected = {} })
      tool.calls = tool.calls + 1
      if span.status == "error" then
         tool.errors = tool.errors + 1
         tool.affected[trace] = true
         tool.message = tool.message or span.statusMessage
      end
   end)
   for _, tool in ipairs(tools) do
      local rate = tool.errors / tool.calls
      if tool.errors > 0 then
         add(finding(all, tool.affected, {
            type = "tool_errors", severity = severity(rate, 0.5, 0.2),
            title = ("Tool '%s' fails in %s of its calls"):format(tool.name, percent(rate)),
            description = ("%d of %d calls of '%s' ended with an error%s."):format(tool.errors, tool.calls,
               tool.name, tool.message and (", such as: " .. tool.message) or ""),
            details = { toolName = tool.name, errorRate = round(rate), calls = tool.calls,
               errors = tool.errors },
            suggestedFix = "Check the arguments that the agent passes, and state in the tool's description "
               .. "what they must be; handle the error so that the agent can go on.",
         }))
      end
   end
end

-- Calls of a trace that repeat each other: lists of span indexes, three or longer.
local function loops_of(trace)
   local order, by_call = {}, {}
   for index, span in ipairs(trace.spans) do
      if span.tool and span.input then
         local call = span.tool .. "\0" .. span.input
         if not by_call[call] then
            by_call[call] = { tool = span.tool }
            order[#order + 1] = by_call[call]
         end
         table.insert(by_call[call], index)
      end
   end
   local loops = {}
   for _, calls in ipairs(order) do
      if #calls >= LOOP_CALLS then loops[#loops + 1] = calls end
   end
   return loops
end

-- Marks the spans whose tokens a loop wasted.
local function mark_loop(trace, calls, wasted)
   for place = 2, #calls do
      wasted[trace.spans[calls[place]]] = true
      for index = calls[place] - 1, calls[place - 1] + 1, -1 do
         local span = trace.spans[index]
         if span.tokens then
            wasted[span] = true
            break
         end
      end
   end
end

local function tokens_of(marked)
   local tokens = 0
   for span in pairs(marked) do tokens = tokens + (span.tokens or 0) end
   return tokens
end

local function tool_loops(all, add)
   local order, by_tool = {}, {}
   for _, trace in ipairs(all) do
      for _, calls in ipairs(loops_of(trace)) do
         local tool = by_tool[calls.tool]
         if not tool then
            tool = { name = calls.tool, most = 0, step = calls[1] - 1, affected = {}, wasted = {} }
            by_tool[calls.tool] = tool
            order[#order + 1] = tool
         end
         tool.most = math.max(tool.most, #calls)
         tool.affected[trace] = true
         mark_loop(trace, calls, tool.wasted)
      end
      all.pause()
   end
   for _, tool in ipairs(order) do
      add(finding(all, tool.affected, {
         type = "tool_loop", severity = tool.most >= 5 and "high" or "medium",
         title = ("Tool '%s' is called again and again"):format(tool.name),
         description = ("'%s' was called up to %d times with the same input in one run."):format(tool.name,
            tool.most),
         details = { toolName = tool.name, repeats = tool.most, stepIndex = tool.step,
            tokensWasted = tokens_of(tool.wasted) },
         suggestedFix = "Give the agent the result of its earlier call, or stop it after the second one.",
      }))
   end
end

local function unused_tools(all, add)
   local called = {}
   local offered = gather(all, function(entry, trace, span)
      if span.tool then called[span.tool] = true end
      for _, name in ipairs(span.tools or {}) do
         local tool = entry(name, { count = 0, affected = {} })
         if not tool.affected[trace] then tool.count = tool.count + 1 end
         tool.affected[trace] = true
      end
   end)
   for _, tool in ipairs(offered) do
      if not called[tool.name] then
         add(finding(all, tool.affected, {
            type = "unused_tool", severity = tool.count >= 10 and "medium" or "low",
            title = ("Tool '%s' is never called"):format(tool.name),
            description = ("'%s' was on offer in %d of %d runs and called in none."):format(tool.name,
               tool.count, #all),
            details = { toolName = tool.name, usageRate = 0, offered = tool.count },
            suggestedFix = "Take it away where it is not needed (its definition costs tokens in every call), "
               .. "or describe better what it is for.",
         }))
      end
   end
end

---------------------------------------------------------------- tokens and cost

local function wasted_tokens(all, add)
   local wasted, affected, total = {}, {}, 0
   for _, trace in ipairs(all) do
      local marked = {}
      for _, calls in ipairs(loops_of(trace)) do mark_loop(trace, calls, marked) end
      for _, span in ipairs(trace.spans) do
         total = total + (span.tokens or 0)
         if span.status == "error" then marked[span] = true end
      end
      if tokens_of(marked) > 0 then affected[trace] = true end
      for span in pairs(marked) do wasted[span] = true end
      all.pause()
   end
   local tokens = tokens_of(wasted)
   if tokens == 0 then return end
   local share = tokens / total
   add(finding(all, affected, {
      type = "wasted_tokens", severity = severity(share, 0.3, 0.1),
      title = ("%s of all tokens are wasted"):format(percent(share)),
      description = ("%d of %d tokens went into steps that failed or repeated an earlier one."):format(tokens,
         total),
      details = { tokensWasted = tokens, totalTokens = total, share = round(share) },
      suggestedFix = "Start with the tools that fail or loop: their repeated attempts cost most.",
   }))
end

local function cost_concentration(all, add)
   local total = 0
   local steps = gather(all, function(entry, trace, span, index)
      if not span.cost or span.cost <= 0 then return end
      local step = entry(span.name .. "\0" .. (span.model or ""), { cost = 0, index = index - 1, span = span,
         affected = {} })
      step.cost, total = step.cost + span.cost, total + span.cost
      step.affected[trace] = true
   end)
   for _, step in ipairs(steps) do
      local share = step.cost / total
      if #steps > 1 and share >= 0.5 then
         local model = step.span.model
         add(finding(all, step.affected, {
            type = "cost_concentration", severity = share >= 0.8 and "high" or "medium",
            title = ("Step '%s' makes %s of the cost"):format(step.span.name, percent(share)),
            description = ("'%s'%s cost %.6f of %.6f USD."):format(step.span.name,
               model and (" on " .. model) or "", step.cost, total),
            details = { stepName = step.span.name, model = model, stepIndex = step.index,
               costPercentage = round(share * 100), costUsd = step.cost },
            suggestedFix = "Try a smaller model for this step, or a shorter context.",
         }))
      end
   end
end

---------------------------------------------------------------- the whole

local rank = { high = 1, medium = 2, low = 3 }

local function sorted(list)
   table.sort(list, function(a, b)
      if a.severity ~= b.severity then return rank[a.severity] < rank[b.severity] end
      if a.frequency ~= b.frequency then return a.frequency > b.frequency end
      return a.title < b.title
   end)
   return list
end

local function meta_of(all, analyzed_at)
   local meta = { totalRuns = #all, totalTokens = 0, totalCostUsd = 0, averageDurationMs = 0, errorRate = 0,
      analyzedAt = analyzed_at }
   local timed, duration, errors = 0, 0, 0
   for _, trace in ipairs(all) do
      meta.totalTokens = meta.totalTokens + (trace.totalTokens or 0)
      meta.totalCostUsd = meta.totalCostUsd + (trace.totalCostUsd or 0)
      if trace.end_ns then
         timed, duration = timed + 1, duration + (trace.end_ns - trace.start_ns) / 1e6
      end
      if trace.status == "error" then errors = errors + 1 end
      all.pause()
   end
   if timed > 0 then meta.averageDurationMs = duration / timed end
   if #all > 0 then meta.errorRate = round(errors / #all) end
   return meta
end

--- The insights and totals of traces, each
--    { id, totalTokens, totalCostUsd, start_ns, end_ns, status, spans }
-- and each span
--    { name, model, status, statusMessage, input, tool, tools (a list), tokens, cost }
-- where tokens and cost are what it adds to the trace's totals (nil: nothing). pause() is called at every trace
-- and may yield: there can be tens of thousands.
function insights.analyse(all, analyzed_at, pause)
   all.pause = pause
   local found = json.array {}
   local function add(insight) found[#found + 1] = insight end
   tool_errors(all, add)
   tool_loops(all, add)
   wasted_tokens(all, add)
   cost_concentration(all, add)
   unused_tools(all, add)
   return { insights = sorted(found), meta = meta_of(all, analyzed_at) }
end

return insights
