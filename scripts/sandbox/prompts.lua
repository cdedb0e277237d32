--[[
Prompts: how an observation becomes text, and how labelled examples stand in a prompt. Everything the
offline model knows is read back from the prompt's text by these rules, so scores can be recomputed
from the prompt alone.

INPUT TEXT of an observation: the text of its one variable; with several, one line "name: text" a
variable, sorted by name (byte by byte), joined by newlines. The text of a value: a string is itself,
a number or boolean as JSON writes it, an array the texts of its elements joined by newlines, an object
one line "name: text" a member, sorted the same way, joined by newlines. Null members are left out.

EXAMPLE in a prompt: a line that begins with "Input: " whose very next line begins with "Output: ";
what follows on the two lines are its input and its output. Within them a newline is written \n, a
carriage return \r and a backslash \\ (any other backslash means itself). Lines end at newlines, or at a
carriage return and a newline.

The examples that an iteration chose stand at the end, after a line "Examples:" of the sandbox's. Everything
before it is the person's own prompt, every character of it, and examples in it count like any other. Where
that ends is kept beside each prompt (own_length, in bytes), since a person may write "Examples:" as well.
]]
local json = require "promptic.json"

local prompts = {}

-- Between a person's own text and the chosen examples.
local MARK = "\n\nExamples:\n\n"

local value_text

local function lines_of(object)
   local names, lines = {}, {}
   for name, value in pairs(object) do
      if value ~= json.null then names[#names + 1] = name end
   end
   table.sort(names)
   for i, name in ipairs(names) do lines[i] = name .. ": " .. value_text(object[name]) end
   return table.concat(lines, "\n")
end

local array_metatable = getmetatable(json.array {})

function value_text(value)
   if type(value) == "string" then return value end
   if type(value) ~= "table" then return json.encode(value) end
   if getmetatable(value) ~= array_metatable then return lines_of(value) end
   local texts = {}
   for i = 1, #value do texts[i] = value_text(value[i]) end
   return table.concat(texts, "\n")
end

--- The text of a JSON value.
prompts.value_text = value_text

--- The input text of an observation's variables.
function prompts.input_text(variables)
   local name, value = next(variables)
   if name ~= nil and next(variables, name) == nil then
      return value == json.null and "" or value_text(value)
   end
   return lines_of(variables)
end

local escapes = { ["\n"] = "\\n", ["\r"] = "\\r", ["\\"] = "\\\\" }
local unescapes = { ["\\n"] = "\n", ["\\r"] = "\r", ["\\\\"] = "\\" }

--- A text as it stands in one line of a prompt.
function prompts.escape(text)
   return (text:gsub("[\n\r\\]", escapes))
end

local escape = prompts.escape

local function unescape(text)
   return (text:gsub("\\[nr\\]", unescapes))
end

--- The two lines of an example ({ input, output }).
function prompts.example_text(example)
   return "Input: " .. escape(example.input) .. "\nOutput: " .. escape(example.output)
end

--- The examples of a prompt in their order: a list of { input, output }.
function prompts.examples(prompt)
   local found, input = {}, nil
   for line in (prompt .. "\n"):gmatch "(.-)\r?\n" do
      local output = input and line:match "^Output: (.*)$"
      if output then found[#found + 1] = { input = unescape(input), output = unescape(output) } end
      input = line:match "^Input: (.*)$"
   end
   return found
end

--- A prompt of a person's own text and chosen examples ({ input, output } each).
function prompts.compose(own, examples)
   if #examples == 0 then return own end
   local texts = {}
   for i, example in ipairs(examples) do texts[i] = prompts.example_text(example) end
   return own .. MARK .. table.concat(texts, "\n\n")
end

local function distinct_outputs(observations)
   local seen, outputs = {}, {}
   for _, observation in ipairs(observations) do
      if not seen[observation.expected] then
         seen[observation.expected] = true
         outputs[#outputs + 1] = observation.expected
      end
   end
   table.sort(outputs)
   return outputs
end

--- The instruction where the experiment brings none, by its task.
function prompts.default(task_type, observations)
   if task_type == "classification" then
      local labels = distinct_outputs(observations)
      return "Classify the input. Answer with exactly one of these labels: "
         .. escape(table.concat(labels, ", ")) .. "."
   elseif task_type == "structuredOutput" then
      return "Read the input and answer with one JSON object, in the form of the examples."
   end
   return "Write the output that belongs to the input, in the manner of the examples."
end

return prompts
