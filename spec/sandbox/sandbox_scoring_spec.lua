--- Whether the sandbox's scores are true: every reported number is computed again (spec/support/recompute.lua).
-- structuredOutput with a config and tool selection are in sandbox_structured_spec and sandbox_tools_spec.
local json = require("promptic").json
local recompute = require "spec.support.recompute"
local sandbox = require "spec.support.sandbox"

local server
setup(function() server = sandbox.start{ pace = 0 } end)
teardown(function() assert.equal("", server:stop()) end)

local function read_tickets()
   local csv = dofile "examples/lib/csv.lua"
   local list = {}
   for _, row in ipairs(csv.read "examples/tickets.csv") do
      list[#list + 1] = { variables = { ticket = row.ticket }, expected = row.expected }
   end
   return list
end

local examples_in = recompute.examples

local function check(options)
   return recompute.check(server, server:experiment(options))
end

describe("the scores of the sandbox can be recomputed", function()
   it("for tickets in four classes, with a part held out", function()
      local iterations, observations = check{
         task = "classification", observations = read_tickets(), prompt = "Which team takes this ticket?",
         hyperparameters = { trainSplitRatio = 0.7, numFewShots = 12, epochs = 8 },
      }
      assert.equal(8, #iterations)
      assert.equal("Which team takes this ticket?", iterations[1].prompt)
      assert.equal(0, iterations[1].evalNormalizedScore)
      local inputs = {}
      for _, observation in ipairs(observations) do
         inputs[observation.variables.ticket] = { observation.expected, observation.split }
      end
      local prompts = {}
      for number = 2, 8 do
         local examples = examples_in(iterations[number].prompt)
         assert.equal(12, #examples)
         for _, example in ipairs(examples) do
            assert.same({ example.output, "train" }, inputs[example.input])
         end
         assert.is_nil(prompts[iterations[number].prompt])
         prompts[iterations[number].prompt] = true
         assert.is_true(iterations[number].overallNormalizedScore > 0.25) -- better than any one label
      end
   end)

   it("for texts, with several evaluators, weights and scales", function()
      local list = {}
      for i, city in ipairs{ "Köln", "Bonn", "Trier", "Mainz", "Ulm", "Jena", "Köln", "Gera" } do
         local weather = i % 2 == 0 and "rain, rain and wind" or "sun"
         list[i] = {
            variables = { city = city, day = i % 3, tags = json.array{ "a", i } },
            expected = i % 4 == 0 and "" or ("Weather in %s\non day %d: %s\\n"):format(city, i % 3, weather),
         }
      end
      local evaluators = {
         { name = "words", type = "f1", weight = 2, scaleMin = 0, scaleMax = 10 },
         { name = "likeness", type = "similarity", weight = 0.5, scaleMin = -1, scaleMax = 1 },
         { name = "unweighted", type = "similarity", weight = 0 },
      }
      check{ task = "textGeneration", observations = list, evaluators = evaluators,
         hyperparameters = { numFewShots = 3 } }
   end)

   it("for JSON objects, with a part held out", function()
      local list = {}
      for i = 1, 12 do
         local colour, size = i % 2 == 0 and "red" or "blue", i % 3
         local object = { size = size, colour = colour, tags = json.array{ i % 2 } }
         if i % 4 == 0 then object.extra = { deep = json.array{ {}, 0.5 } } end
         list[i] = {
            variables = { text = ("a %s thing of size %d"):format(colour, size) },
            expected = i == 5 and '{"size": 2.0, "tags": [1], "colour": "bl\\u0075e"}' or json.encode(object),
         }
      end
      check{ task = "structuredOutput", observations = list,
         hyperparameters = { trainSplitRatio = 0.5, numFewShots = 2 },
         evaluators = { { name = "fields", type = "structuredOutput", weight = 1 } } }
   end)

   it("for a prompt with examples of a person's own, by hand", function()
      local iterations, _, done = check{
         task = "classification", hyperparameters = { epochs = 1 },
         prompt = "Spam or ham?\n\nInput: cheap pills\nOutput: spam\nInput: lunch at noon\nOutput: ham\n",
         observations = {
            { variables = { text = "Pills! Cheap pills" }, expected = "spam" },
            -- one token of each example, and "cheap pills" is the shorter one
            { variables = { text = "cheap lunch today" }, expected = "spam" },
            { variables = { text = "at noon" }, expected = "ham" },
            -- the example that is the input itself is left out
            { variables = { text = "cheap pills" }, expected = "ham" },
            -- like none, so the first one answers: spam
            { variables = { text = "nothing like it" }, expected = "ham" },
         },
      }
      -- predictions: spam, spam, ham, ham, spam; spam: TP 2, FP 1, FN 0; ham: TP 2, FP 0, FN 1
      assert.equal(0.8, iterations[1].overallNormalizedScore)
      -- 14 tokens of the prompt 5 times, 3 + 3 + 2 + 2 + 3 of inputs, 5 of predictions
      assert.same({ 14, 88 }, { iterations[1].promptTokens, done.tokensUsed })
   end)
end)

describe("the split", function()
   local function splits(options)
      options.hyperparameters = options.hyperparameters or { trainSplitRatio = 0.75, epochs = 1 }
      local id = server:experiment(options)
      server:finish(id)
      return server:ok("GET", "/experiments/" .. id .. "/observations").data
   end

   local function labelled(count, labels)
      local list = {}
      for i = 1, count do
         list[i] = { variables = { text = "number " .. i }, expected = labels[(i - 1) % #labels + 1] }
      end
      return list
   end

   it("gives each label its share, and can be seen in the observations", function()
      local counts = {}
      for _, row in ipairs(splits{ observations = labelled(40, { "a", "b", "a", "c" }) }) do
         counts[row.expected .. " " .. row.split] = (counts[row.expected .. " " .. row.split] or 0) + 1
      end
      assert.same({ ["a train"] = 15, ["a eval"] = 5, ["b train"] = 7, ["b eval"] = 3, ["c train"] = 8,
         ["c eval"] = 2 }, counts)
   end)

   it("is the same for the same observations", function()
      local function of_run()
         local found = {}
         for i, row in ipairs(splits{ observations = labelled(30, { "a", "b" }) }) do found[i] = row.split end
         return table.concat(found, " ")
      end
      assert.equal(of_run(), of_run())
   end)

   it("leaves alone what the client has said", function()
      local list = labelled(12, { "a", "b" })
      for i = 1, 6 do list[i].split = i <= 3 and "train" or "eval" end
      local rows = splits{ observations = list }
      for i = 1, 6 do assert.equal(list[i].split, rows[i].split) end
      local train = 0
      for i = 7, 12 do train = train + (rows[i].split == "train" and 1 or 0) end
      assert.equal(4, train)
   end)

   it("serves both sides of two observations", function()
      for _, ratio in ipairs{ 0.1, 0.9 } do
         local rows = splits{ observations = labelled(2, { "a", "b" }),
            hyperparameters = { trainSplitRatio = ratio, epochs = 1 } }
         assert.not_equal(rows[1].split, rows[2].split)
      end
   end)

   it("counts for nothing without a ratio: all rows train", function()
      local list = labelled(10, { "a", "b" })
      for i = 1, 8 do list[i].split = "eval" end
      list[9].split, list[10].split = "train", "train"
      local iterations = check{ task = "classification", observations = list,
         hyperparameters = { numFewShots = 3 } }
      assert.equal(3, #iterations) -- the documented default of epochs
      assert.equal("number 1", examples_in(iterations[2].prompt)[1].input)
   end)
end)

describe("macro F1", function()
   it("counts labels that were only predicted, as scikit-learn does", function()
      local iterations = check{ task = "classification", hyperparameters = { epochs = 1 },
         prompt = "Input: cheap pills\nOutput: spam\nInput: at noon\nOutput: unsure",
         observations = {
            { variables = { text = "cheap watches" }, expected = "spam" },
            { variables = { text = "lunch at noon" }, expected = "ham" },
            { variables = { text = "noon" }, expected = "ham" },
         },
      }
      -- spam: F1 1; ham: 0; unsure, which no row expects: 0.
      -- f1_score(["spam", "ham", "ham"], ["spam", "unsure", "unsure"], average="macro") = 0.3333
      assert.equal(0.333333, iterations[1].overallNormalizedScore)
   end)
end)

describe("a person's own prompt", function()
   local CASES = "spec/fixtures/"

   local function read(name)
      local file = assert(io.open(CASES .. name, "rb"))
      local text = file:read "a"
      file:close()
      return text
   end

   local function spam()
      local csv, list = dofile "examples/lib/csv.lua", {}
      for _, row in ipairs(csv.read(CASES .. "spam.csv")) do
         list[#list + 1] = { variables = { message = row.message }, expected = row.expected }
      end
      return list
   end

   it("is kept whole where it has a line Examples: of its own, also by a copy that goes on", function()
      local own = read "prompt_with_own_examples.txt"
      local id = server:experiment{ prompt = own, observations = spam(),
         hyperparameters = { numFewShots = 4, epochs = 5 } }
      local iterations = recompute.check(server, id)
      local copy = server:ok("POST", "/experiments/" .. id .. "/duplicate", { continueFromOptimized = true })
      local continued = recompute.check(server, copy.id)
      local owned = #examples_in(own)
      for _, list in ipairs{ iterations, continued } do
         for number, iteration in ipairs(list) do
            assert.equal(own, iteration.prompt:sub(1, #own))
            -- what the first experiment chose is replaced and not added to
            assert.is_true(number == 1 or #examples_in(iteration.prompt) <= owned + 4)
         end
      end
      assert.equal(server:ok("GET", "/experiments/" .. id .. "/iterations/best").prompt, continued[1].prompt)
   end)

   it("scores the same with CRLF as with LF", function()
      local text, scores = read "prompt_crlf.txt", {}
      assert.matches("\r\n", text, 1, true)
      for i, prompt in ipairs{ text, (text:gsub("\r\n", "\n")) } do
         local id = server:experiment{ prompt = prompt, observations = spam(), hyperparameters = { epochs = 1 } }
         server:finish(id)
         local first = server:ok("GET", "/experiments/" .. id .. "/iterations/best")
         assert.equal(prompt, first.prompt)
         scores[i] = first.overallNormalizedScore
      end
      assert.is_true(scores[1] > 0.5)
      assert.equal(scores[2], scores[1])
   end)
end)
