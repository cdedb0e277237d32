--- Whether the sandbox's scores are true: every reported number is computed again here, from an iteration's
-- prompt and the experiment's observations alone, by code that shares nothing with the sandbox's. The rules
-- are those at the top of scripts/sandbox/scoring.lua and scripts/sandbox/prompts.lua.
local json = require("promptic").json
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

---------------------------------------------------------------- the rules, once more

local function round(x)
   return tonumber(("%.6f"):format(x + 1e-12))
end

local function is_array(value)
   return getmetatable(value) == getmetatable(json.array{})
end

local function text_of(value)
   if type(value) == "string" then return value end
   if type(value) ~= "table" then return json.encode(value) end
   local parts, names = {}, {}
   if is_array(value) then
      for i, element in ipairs(value) do parts[i] = text_of(element) end
   else
      for name in pairs(value) do table.insert(names, name) end
      table.sort(names)
      for _, name in ipairs(names) do table.insert(parts, name .. ": " .. text_of(value[name])) end
   end
   return table.concat(parts, "\n")
end

local function input_of(variables)
   local names = 0
   for _ in pairs(variables) do names = names + 1 end
   local _, only = next(variables)
   return names == 1 and text_of(only) or text_of(variables)
end

local function words(text)
   local found, word = {}, ""
   for place = 1, #text + 1 do
      local byte = text:byte(place)
      if byte and byte >= 65 and byte <= 90 then byte = byte + 32 end
      if byte and (byte >= 97 and byte <= 122 or byte >= 48 and byte <= 57 or byte >= 128) then
         word = word .. string.char(byte)
      elseif word ~= "" then
         table.insert(found, word)
         word = ""
      end
   end
   return found
end

local function bag_of(text)
   local bag = {}
   for _, word in ipairs(words(text)) do bag[word] = (bag[word] or 0) + 1 end
   return bag
end

local function unescaped(text)
   local out, place = "", 1
   while place <= #text do
      local pair = text:sub(place, place + 1)
      local meant = ({ ["\\n"] = "\n", ["\\r"] = "\r", ["\\\\"] = "\\" })[pair]
      out = out .. (meant or text:sub(place, place))
      place = place + (meant and 2 or 1)
   end
   return out
end

local function examples_in(prompt)
   local lines, examples = {}, {}
   for line in (prompt .. "\n"):gmatch("([^\n]*)\n") do table.insert(lines, line) end
   for i = 1, #lines - 1 do
      if lines[i]:sub(1, 7) == "Input: " and lines[i + 1]:sub(1, 8) == "Output: " then
         local input, output = lines[i]:sub(8), lines[i + 1]:sub(9)
         table.insert(examples, { input = unescaped(input), output = unescaped(output) })
      end
   end
   return examples
end

-- The cosine of two bags of words, each word with a weight.
local function cosine(a, b, weight)
   local dot, aa, bb = 0, 0, 0
   for word, n in pairs(a) do
      aa = aa + (n * weight(word)) ^ 2
      dot = dot + n * (b[word] or 0) * weight(word) ^ 2
   end
   for word, n in pairs(b) do bb = bb + (n * weight(word)) ^ 2 end
   return aa * bb == 0 and 0 or dot / math.sqrt(aa * bb)
end

-- What predicts by a prompt: a function from an input to an output.
local function predictor(prompt)
   local examples, idfs = examples_in(prompt), {}
   for _, example in ipairs(examples) do example.bag = bag_of(example.input) end
   local function idf(word)
      if not idfs[word] then
         local documents = 0
         for _, example in ipairs(examples) do documents = documents + (example.bag[word] and 1 or 0) end
         idfs[word] = math.log((1 + #examples) / (1 + documents)) + 1
      end
      return idfs[word]
   end
   return function(input)
      local bag, best, output = bag_of(input), -1, ""
      for _, example in ipairs(examples) do
         local similarity = math.floor(cosine(bag, example.bag, idf) * 1e9 + 0.5)
         if example.input ~= input and similarity > best then
            best, output = similarity, example.output
         end
      end
      return output
   end
end

local function mean(pairs_, of_pair)
   local sum = 0
   for _, pair in ipairs(pairs_) do sum = sum + of_pair(pair[1], pair[2]) end
   return #pairs_ == 0 and 0 or sum / #pairs_
end

local function macro_f1(pairs_)
   local labels, count, sum = {}, 0, 0
   for _, pair in ipairs(pairs_) do labels[pair[2]] = true end
   for label in pairs(labels) do
      local true_positive, wrong = 0, 0
      for _, pair in ipairs(pairs_) do
         local predicted, expected = pair[1] == label, pair[2] == label
         if predicted and expected then true_positive = true_positive + 1 end
         if predicted ~= expected then wrong = wrong + 1 end
      end
      count, sum = count + 1, sum + 2 * true_positive / (2 * true_positive + wrong)
   end
   return sum / count
end

local function token_f1(predicted, expected)
   local bag, common = bag_of(predicted), 0
   for word, n in pairs(bag_of(expected)) do common = common + math.min(n, bag[word] or 0) end
   local total = #words(predicted) + #words(expected)
   return total == 0 and 1 or 2 * common / total
end

local function token_cosine(predicted, expected)
   if #words(predicted) == 0 and #words(expected) == 0 then return 1 end
   return cosine(bag_of(predicted), bag_of(expected), function() return 1 end)
end

-- JSON with sorted keys, to compare by.
local function canonical(value)
   if type(value) == "number" then return ("%.17g"):format(value) end
   if type(value) ~= "table" then return json.encode(value) end
   local parts = {}
   for key, member in pairs(value) do
      table.insert(parts, (is_array(value) and ("%09d"):format(key) or key) .. "=" .. canonical(member))
   end
   table.sort(parts)
   return (is_array(value) and "[" or "{") .. table.concat(parts, ",") .. "}"
end

local function equal_fields(predicted, expected)
   local read, left = pcall(json.decode, predicted)
   local right = json.decode(expected)
   if not read or type(left) ~= "table" then return predicted == expected and 1 or 0 end
   local names, total, equal = {}, 0, 0
   for name in pairs(left) do names[name] = true end
   for name in pairs(right) do names[name] = true end
   for name in pairs(names) do
      total = total + 1
      if left[name] ~= nil and right[name] ~= nil and canonical(left[name]) == canonical(right[name]) then
         equal = equal + 1
      end
   end
   return total == 0 and 1 or equal / total
end

local function score_of(evaluator, task, pairs_)
   if evaluator.type == "f1" and task == "classification" then return round(macro_f1(pairs_)) end
   local of_pair = { f1 = token_f1, similarity = token_cosine, structuredOutput = equal_fields }
   return round(mean(pairs_, of_pair[evaluator.type]))
end

-- The overall score of a prompt over observations, and each evaluator's.
local function measure(prompt, observations, evaluators, task)
   local predict, pairs_, scores = predictor(prompt), {}, {}
   for _, observation in ipairs(observations) do
      table.insert(pairs_, { predict(input_of(observation.variables)), observation.expected })
   end
   local weighted, weights = 0, 0
   for _, evaluator in ipairs(evaluators) do
      local score = score_of(evaluator, task, pairs_)
      scores[evaluator.id] = score
      weighted, weights = weighted + score * evaluator.weight, weights + evaluator.weight
   end
   return round(weighted / weights), scores
end

---------------------------------------------------------------- comparing

local function close(expected, reported, what)
   local message = ("%s: %.9f here, %.9f reported"):format(what, expected, reported)
   assert.is_true(math.abs(expected - reported) < 1e-9, message)
end

-- Runs an experiment and compares all that it reports; returns its iterations with scores.
local function check(options)
   local id = server:experiment(options)
   local path = "/experiments/" .. id
   local done = server:finish(id)
   assert.equal("completed", done.experimentStatus, done.errorMessage)
   local observations = server:ok("GET", path .. "/observations").data
   local evaluators = server:ok("GET", path .. "/evaluators").data
   local ratio = (options.hyperparameters or {}).trainSplitRatio
   local parts = { train = {}, eval = {} }
   for _, observation in ipairs(observations) do
      table.insert(ratio and parts[observation.split] or parts.train, observation)
   end
   local iterations = server:ok("GET", path .. "/iterations").data
   for number, listed in ipairs(iterations) do
      local iteration = server:ok("GET", path .. "/iterations/" .. listed.id)
      iterations[number] = iteration
      assert.equal(number, iteration.iterationNumber)
      local overall, scores = measure(iteration.prompt, parts.train, evaluators, options.task)
      close(overall, iteration.overallNormalizedScore, "overall of iteration " .. number)
      if ratio then
         local held_out = measure(iteration.prompt, parts.eval, evaluators, options.task)
         close(held_out, iteration.evalNormalizedScore, "eval of iteration " .. number)
      else
         assert.is_nil(iteration.evalNormalizedScore)
      end
      assert.equal(#evaluators, #iteration.scores)
      for i, entry in ipairs(iteration.scores) do
         local evaluator = evaluators[i]
         assert.same({ iteration.id, evaluator.id, evaluator.name, evaluator.type }, { entry.iterationId,
            entry.evaluatorId, entry.evaluatorName, entry.evaluatorType })
         close(scores[evaluator.id], entry.score, "score of " .. evaluator.name)
         close(round(evaluator.scaleMin + entry.score * (evaluator.scaleMax - evaluator.scaleMin)),
            entry.rawScore, "raw score of " .. evaluator.name)
      end
      assert.equal(#words(iteration.prompt), iteration.promptTokens)
   end
   local best = iterations[1]
   for _, iteration in ipairs(iterations) do
      local function rank(one) return one.evalNormalizedScore or one.overallNormalizedScore end
      if rank(iteration) > rank(best) then best = iteration end
   end
   assert.same(best, server:ok("GET", path .. "/iterations/best"))
   return iterations, observations, done
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

   it("without a ratio keeps examples to the train part, where there is one", function()
      local list = labelled(10, { "a", "b" })
      for i = 1, 4 do list[i].split = "train" end
      local iterations, rows = check{ task = "classification", observations = list,
         hyperparameters = { numFewShots = 3 } }
      local part = {}
      for _, row in ipairs(rows) do part[row.variables.text] = row.split end
      for number = 2, #iterations do
         for _, example in ipairs(examples_in(iterations[number].prompt)) do
            assert.equal("train", part[example.input])
         end
      end
   end)
end)
