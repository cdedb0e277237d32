--[[
Tool-selection experiments: which tool answers a query? The sandbox plays the model by the rules of
scoring.lua, over a prompt that stands for all that a model would be given:

   the system prompt, if there is one, and an empty line
   for each tool an example (prompts.lua): input "name: description", output the name
   behind the mark the queries that the iteration chose as examples, with the tool that is right

The prediction for a query is the tool of the most similar example; no tool (the empty text) where nothing is
similar at all. What an iteration shows as toolDescriptions is the same by tool: the person's own description,
then a line "Query: " with the text of each example query of the tool. Example queries that no tool is right
for go into selectionSystemPrompt likewise, and only where optimizeSystemPrompt asks for it.

The evaluator toolSelection is the share of right selections. Iterations are those of optimizer.lua.
]]
local cases = require "promptic.sandbox.dataset_cases"
local evaluators = require "promptic.sandbox.evaluators"
local experiments = require "promptic.sandbox.experiments"
local failure = require "promptic.sandbox.failure"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local models = require "promptic.sandbox.models"
local prompts = require "promptic.sandbox.prompts"
local times = require "promptic.sandbox.times"
local validate = require "promptic.sandbox.validate"

local tool_selection = { handlers = {} }

--- Words that mean no tool, in either case, beside the empty text.
local no_tool = {}
for _, word in ipairs { "", "none", "no tool", "no-tool", "no_tool", "no tool call", "no-tool-call", "no_tool_call",
   "no tools", "no_tools", "n/a", "na", "-", "__no_tool__" } do
   no_tool[word] = true
end

local function is_no_tool(name)
   return no_tool[name:lower()] == true
end

---------------------------------------------------------------- the prompt

--- The prompt that stands for these tools ({ name, description } each) and a system prompt (nil: none).
function tool_selection.prompt(tools, system_prompt)
   local examples = {}
   for i, tool in ipairs(tools) do
      examples[i] = prompts.example_text { input = tool.name .. ": " .. tool.description, output = tool.name }
   end
   local text = table.concat(examples, "\n\n")
   return system_prompt and system_prompt .. "\n\n" .. text or text
end

-- A text with lines for example queries behind it.
local function with_queries(text, queries)
   local lines = { text }
   for _, query in ipairs(queries) do lines[#lines + 1] = "Query: " .. prompts.escape(query) end
   return table.concat(lines, "\n")
end

--- What an iteration that chose these examples shows: the description of each tool by name, and the system
-- prompt (nil where it is not optimised). experiment is its row.
function tool_selection.optimised(experiment, examples)
   local by_tool, none, descriptions = {}, {}, {}
   for _, example in ipairs(examples) do
      local list = example.output == "" and none or by_tool[example.output] or {}
      if example.output ~= "" then by_tool[example.output] = list end
      list[#list + 1] = example.input
   end
   for _, tool in ipairs(json.decode(experiment.tools)) do
      descriptions[tool.name] = with_queries(tool.description, by_tool[tool.name] or {})
   end
   if experiment.optimizeSystemPrompt ~= 1 then return descriptions, nil end
   local system_prompt = experiment.systemPrompt or ""
   if #none == 0 then return descriptions, system_prompt end
   return descriptions, with_queries(system_prompt .. "\nCall no tool for:", none)
end

--- The rows of the pool that examples may come from: those without a tool only where they have a place.
function tool_selection.pool(experiment, rows)
   if experiment.optimizeSystemPrompt == 1 then return rows end
   local pool = {}
   for _, row in ipairs(rows) do
      if row.expected ~= "" then pool[#pool + 1] = row end
   end
   return pool
end

---------------------------------------------------------------- create

local function check_tools(tools)
   local known = {}
   for i, tool in ipairs(tools) do
      local path = ("tools[%d].name"):format(i - 1)
      if is_no_tool(tool.name) then failure.at(path, "The name of a tool must not mean no tool") end
      if known[tool.name] then failure.at(path, "Names of tools must be unique") end
      known[tool.name] = true
   end
   return known
end

-- The dataset cases of the test cases; a word for no tool becomes the empty text.
local function cases_of(test_cases, known)
   local list = {}
   for i, case in ipairs(test_cases) do
      local tool = is_no_tool(case.expectedTool) and "" or case.expectedTool
      if tool ~= "" and not known[tool] then
         failure.at(("testCases[%d].expectedTool"):format(i - 1), "expectedTool is none of the tools")
      end
      list[i] = { inputPayload = { query = case.query }, expectedPayload = tool }
   end
   return list
end

function tool_selection.handlers.create_tool_selection_experiment(sandbox, input)
   local body = input.body
   local list = cases_of(body.testCases, check_tools(body.tools))
   lookup.find(sandbox, "component", body.aiComponentId)
   local settings = validate.hyperparameters { epochs = body.epochs, trainSplitRatio = body.trainSplitRatio }
   local row = experiments.insert(sandbox, {
      aiComponentId = body.aiComponentId, name = body.name, description = body.description,
      targetModel = body.targetModel or models.DEFAULT, provider = "openai", taskType = "toolSelection",
      optimizer = "prompticV2", promptFormat = "single", hyperparameters = json.encode(settings),
      tools = json.encode(body.tools), systemPrompt = body.systemPrompt,
      optimizeSystemPrompt = body.optimizeSystemPrompt,
      initial_prompt = tool_selection.prompt(body.tools, body.systemPrompt),
   })
   cases.insert(sandbox.store, row.datasetId, list)
   evaluators.insert(sandbox.store, row.id, { name = "Tool selection", type = "toolSelection", scaleMin = 0,
      scaleMax = 1, weight = 1 }, times.now())
   return 201, experiments.shape(sandbox, row)
end

return tool_selection
