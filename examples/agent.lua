-- An agent in CI: a loop with two tools over a server that speaks OpenAI's protocol, traced, evaluated, and gated.
--
--    export MODEL_URL=http://127.0.0.1:8000/v1 MODEL_NAME=small    MODEL_KEY, if the server wants one
--    build/promptic-lua --sandbox examples/agent.lua
--
-- It ends with exit code 1 if fewer than 80 % of the questions get the right answer.

local promptic = require "promptic"
local json = promptic.json

local URL = assert(os.getenv "MODEL_URL", "MODEL_URL is not set")
local MODEL, KEY = os.getenv "MODEL_NAME", os.getenv "MODEL_KEY"
local MOST_TURNS, LEAST_RIGHT = 6, 0.8

local CASES = {
   { question = "Where is order 17?", right = "lost" },
   { question = "Order 17 never came, I want my money back.", right = "refunded" },
   { question = "Where is order 99?", right = "no order 99" },
}

local orders = { ["17"] = "lost on the way", ["18"] = "delivered" }
local tools = {
   find_order = function(order) return orders[order] or "there is no order " .. order end,
   refund = function(order) return orders[order] and "refunded" or "there is no order " .. order end,
}
local ORDER = { type = "object", properties = { order = { type = "string" } }, required = { "order" } }
local DEFINITIONS = {}
for name, text in pairs{ find_order = "Says where an order is.", refund = "Gives the money back." } do
   local definition = { name = name, description = text, parameters = ORDER }
   table.insert(DEFINITIONS, { type = "function", ["function"] = definition })
end

local client <close> = promptic.client{ strict = true }
local component = client:ensure_component("order-desk")
local tracer <close> = promptic.tracer(client, { component = "order-desk", environment = "ci" })

local function ask_model(messages)
   return tracer:span("chat", function(span)
      local response = promptic.http("POST", URL .. "/chat/completions", {
         json = { model = MODEL, messages = messages, tools = DEFINITIONS }, timeout = 120,
         headers = { Authorization = KEY and "Bearer " .. KEY, traceparent = span:traceparent() },
      })
      assert(response.status == 200, ("the model's server answered %d: %s"):format(response.status, response.body))
      local choice, usage = response.json.choices[1], response.json.usage or {}
      span:model{ model = MODEL, input = messages, output = { choice.message }, tools = DEFINITIONS,
         input_tokens = usage.prompt_tokens, output_tokens = usage.completion_tokens }
      return choice.message
   end)
end

local function call_tool(call)
   local name = call["function"].name
   return tracer:span("execute_tool " .. name, function(span)
      local fine, arguments = pcall(json.decode, call["function"].arguments)
      local result = fine and tools[name] and tools[name](tostring(arguments.order)) or "no such tool"
      span:tool{ name = name, id = call.id, arguments = arguments, result = result }
      return { role = "tool", tool_call_id = call.id, content = result }
   end)
end

local function answer(question)
   return tracer:span("invoke_agent order-desk", { input = question }, function(span)
      local messages = { { role = "system", content = "You work for a shop." }, { role = "user", content = question } }
      for _ = 1, MOST_TURNS do
         local message = ask_model(messages)
         table.insert(messages, message)
         if not message.tool_calls then return span:set("output", message.content) and message.content end
         for _, call in ipairs(message.tool_calls) do table.insert(messages, call_tool(call)) end
      end
      error(("no answer after %d turns"):format(MOST_TURNS))
   end)
end

-- All questions at once; one that fails is an answer that is not right.
local began, right = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 1), 0
local answers = promptic.map(CASES, function(case) return select(2, pcall(answer, case.question)) end)
for index, case in ipairs(CASES) do
   local is_right = tostring(answers[index]):find(case.right, 1, true) ~= nil
   right = right + (is_right and 1 or 0)
   print(("%-6s %s  %s"):format(is_right and "right" or "WRONG", case.question, answers[index]))
end
print(("%d spans sent: %s"):format(tracer.stats.made, tracer:flush(30)))

-- Older platforms judge the traces as well.
local ids = {}
for trace in client:each_trace{ ai_component = "order-desk", start_after = began } do table.insert(ids, trace.id) end
local dataset = client:create_dataset(component.id, "ci " .. began, { trace_ids = ids })
local has_runs, run = pcall(client.create_run, client, component.id, dataset.id, { name = "ci", trace_ids = ids })
if has_runs then
   local evaluation = client:create_evaluation(component.id, dataset.id, { run_id = run.id })
   evaluation = client:wait_for_evaluation(component.id, evaluation.id, { poll_interval = 0.1 })
   for _, insight in ipairs(evaluation.results.insights) do print(insight.severity, insight.title) end
elseif run.status_code ~= 404 then
   error(run, 0)
end
if right / #CASES < LEAST_RIGHT then os.exit(1, true) end
