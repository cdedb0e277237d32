--- Tool-selection experiments: scored by the rule at the top of scripts/sandbox/tool_selection.lua, which is
-- applied again here, to the prompt of each iteration and to what it shows as descriptions.
local recompute = require "spec.support.recompute"
local sandbox = require "spec.support.sandbox"

local server, component
setup(function() server = sandbox.start{ pace = 0, arguments = { "--gone", "gpt-0", "--gone=sandbox-large" } } end)
teardown(function() assert.equal("", server:stop()) end)
before_each(function() component = server:component() end)

local TOOLS = {
   { name = "search_flights", description = "Finds flights between two cities.", inputSchema = { type = "object" } },
   { name = "get_weather", description = "Tells the weather.\nQuery: is it windy?" },
   { name = "send_mail", description = "Sends a letter to a person" },
}

local QUERIES = {
   { query = "flights from Berlin to Rome", expectedTool = "search_flights" },
   { query = "how warm is it in Rome", expectedTool = "get_weather" },
   { query = "will it rain in Berlin", expectedTool = "get_weather" },
   { query = "write to Ada", expectedTool = "send_mail" },
   { query = "I want to fly to Oslo", expectedTool = "search_flights" },
   { query = "write a letter to Bob", expectedTool = "send_mail" },
   { query = "tell me a joke", expectedTool = "" },
   { query = "another joke please", expectedTool = "No Tool" },
}

local function create(options)
   local body = { aiComponentId = component, tools = TOOLS, testCases = QUERIES, toolSource = "manual",
      optimizeSystemPrompt = false }
   for name, value in pairs(options or {}) do body[name] = value end
   local answer = server:post("/experiments/tool-selection", body)
   assert.equal(201, answer.status, answer.text)
   return answer.json
end

-- The example queries that a text shows, after what the person wrote.
local function added(text, own)
   assert.equal(own, text:sub(1, #own))
   local queries = {}
   for query in text:sub(#own + 1):gmatch "\nQuery: ([^\n]*)" do queries[#queries + 1] = query end
   return queries
end

-- Every example behind the tools in the prompt stands under its tool in the descriptions, and nothing else does.
local function check_descriptions(iteration, own_system_prompt)
   local examples, by_tool = recompute.examples(iteration.prompt), { [""] = {} }
   for i, tool in ipairs(TOOLS) do
      assert.same({ input = tool.name .. ": " .. tool.description, output = tool.name }, examples[i])
      by_tool[tool.name] = {}
   end
   for i = #TOOLS + 1, #examples do table.insert(by_tool[examples[i].output], examples[i].input) end
   for _, tool in ipairs(TOOLS) do
      assert.same(by_tool[tool.name], added(iteration.toolDescriptions[tool.name], tool.description))
   end
   if own_system_prompt then
      assert.same(by_tool[""], added(iteration.selectionSystemPrompt, own_system_prompt))
   else
      assert.is_nil(iteration.selectionSystemPrompt)
      assert.same({}, by_tool[""])
   end
end

describe("a tool-selection experiment", function()
   it("is made with its dataset, cases and evaluator", function()
      local made = create{ name = "n", systemPrompt = "You book trips.", trainSplitRatio = 0.5, epochs = 2 }
      assert.same({ "pending", "toolSelection", "n", "You book trips.", false, 2, 0.5 },
         { made.experimentStatus, made.taskType, made.name, made.systemPrompt, made.optimizeSystemPrompt,
            made.hyperparameters.epochs, made.hyperparameters.trainSplitRatio })
      local cases = server:ok("GET", ("/components/%s/datasets/%s/cases"):format(component, made.datasetId)).data
      assert.same({ 8, { query = "how warm is it in Rome" }, "get_weather", "" },
         { #cases, cases[2].inputPayload, cases[2].expectedPayload, cases[8].expectedPayload })
      local evaluators = server:ok("GET", "/experiments/" .. made.id .. "/evaluators").data
      assert.same({ 1, "toolSelection", 0, 1 },
         { #evaluators, evaluators[1].type, evaluators[1].scaleMin, evaluators[1].scaleMax })
   end)

   it("is scored by the stated rule", function()
      local made = create{ epochs = 5 }
      local iterations = recompute.check(server, made.id)
      assert.equal(5, #iterations)
      for _, iteration in ipairs(iterations) do check_descriptions(iteration) end
      -- by hand: "to" leads the flight to Oslo to send_mail, and "a" the first joke; the other six are right
      assert.equal(0.75, iterations[1].overallNormalizedScore)
   end)

   it("takes a tool's name in any case", function()
      local made = create{ epochs = 1 }
      local at = ("/components/%s/datasets/%s/cases"):format(component, made.datasetId)
      for _, case in ipairs(server:ok("GET", at).data) do
         server:ok("PATCH", at .. "/" .. case.id, { expectedPayload = case.expectedPayload:upper() })
      end
      assert.equal(0.75, recompute.check(server, made.id)[1].overallNormalizedScore)
   end)

   it("with a part held out and a system prompt to optimise shows what it chose", function()
      local made = create{ systemPrompt = "Choose well.", optimizeSystemPrompt = true, trainSplitRatio = 0.7 }
      local iterations, _, done = recompute.check(server, made.id)
      for _, iteration in ipairs(iterations) do check_descriptions(iteration, "Choose well.") end
      local best = server:ok("GET", "/experiments/" .. made.id .. "/iterations/best")
      assert.equal(best.selectionSystemPrompt, done.optimizedSystemPrompt)
   end)

   it("can be copied and run again with the same outcome", function()
      local made = create{ epochs = 3 }
      local first = recompute.check(server, made.id)
      local copy = server:ok("POST", "/experiments/" .. made.id .. "/duplicate", "{}")
      assert.same({ "toolSelection", false }, { copy.taskType, copy.modelUnavailable })
      local second = recompute.check(server, copy.id)
      for i, iteration in ipairs(first) do
         assert.same({ iteration.prompt, iteration.overallNormalizedScore, iteration.toolDescriptions },
            { second[i].prompt, second[i].overallNormalizedScore, second[i].toolDescriptions })
      end
   end)

   it("needs unique tools", function()
      local answer = server:post("/experiments/tool-selection", { aiComponentId = component,
         tools = { TOOLS[1], TOOLS[1] }, testCases = QUERIES, toolSource = "mcp", optimizeSystemPrompt = false })
      assert.same({ 400, "Names of tools must be unique" }, { answer.status, answer.json.error })
   end)
end)

describe("models", function()
   it("are listed without those that are gone", function()
      local ids = {}
      for _, model in ipairs(server:ok("GET", "/models").data) do ids[model.id] = model end
      assert.is_nil(ids["sandbox-large"])
      assert.same({ "Sandbox small", "openai", false }, { ids["sandbox-small"].name, ids["sandbox-small"].group,
         ids["sandbox-small"].judgeEligible })
   end)

   it("that are gone are shown by copies and fail experiments", function()
      local made = create{ targetModel = "gpt-0" }
      for _, body in ipairs{ "{}", '{"initialPromptOverride": "x"}' } do
         assert.is_true(server:ok("POST", "/experiments/" .. made.id .. "/duplicate", body).modelUnavailable)
      end
      local failed = server:finish(made.id)
      assert.same({ "failed", "SANDBOX_MODEL_UNAVAILABLE", "the model gpt-0 can no longer be used" },
         { failed.experimentStatus, failed.errorCode, failed.errorMessage })
   end)
end)
