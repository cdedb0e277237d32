--- recompute.lua - every score of a sandbox's experiment once more, from an iteration's prompt and the rows
-- alone, by code that shares nothing with the sandbox's. The rules are those at the top of scoring.lua,
-- structured.lua, tool_selection.lua, training.lua and prompts.lua in scripts/sandbox.
--
--    local iterations, rows, experiment = recompute.check(server, id)   -- runs it, compares all it reports
--    recompute.examples(prompt)                                         -- a list of { input, output }
local assert = require "luassert"
local json = require("promptic").json

local recompute = {}


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

-- What predicts by a prompt: a function from an input to an output. In tool selection nothing similar means no tool.
local function predictor(prompt, task)
   local least = task == "toolSelection" and 1 or 0
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
         if example.input ~= input and similarity >= least and similarity > best then
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
   for _, pair in ipairs(pairs_) do labels[pair[1]], labels[pair[2]] = true, true end
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
   -- an integer as its digits: a float would round what is past 2^53
   if type(value) == "number" then
      return ("%.17g"):format(math.abs(value) < 2 ^ 53 and value or 0) .. tostring(math.tointeger(value) or value)
   end
   if type(value) ~= "table" then return json.encode(value) end
   local parts = {}
   for key, member in pairs(value) do
      table.insert(parts, (is_array(value) and ("%09d"):format(key) or key) .. "=" .. canonical(member))
   end
   table.sort(parts)
   return (is_array(value) and "[" or "{") .. table.concat(parts, ",") .. "}"
end

-- 1 where two numbers differ by at most a millionth of the larger.
local function near(a, b)
   local scale = math.max(math.abs(a), math.abs(b), 1)
   return math.abs(a - b) / scale <= 1e-6 and 1 or 0
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

-- The methods of a structuredOutput config, over two values that are there.
local function array_similarity(predicted, expected)
   if not is_array(predicted) or not is_array(expected) then return 0 end
   local left, sum = { table.unpack(predicted) }, 0
   for _, wanted in ipairs(expected) do
      local best, at = -1, nil
      for i, element in ipairs(left) do
         local score = token_cosine(text_of(element), text_of(wanted))
         if score > best then best, at = score, i end
      end
      if at then
         sum = sum + best
         table.remove(left, at)
      end
   end
   local longer = math.max(#predicted, #expected)
   return longer == 0 and 1 or sum / longer
end

local function is_same(predicted, expected)
   return canonical(predicted) == canonical(expected) and 1 or 0
end

local METHODS = {
   exact = is_same, array_exact = is_same, array_similarity = array_similarity,
   embedding = function(predicted, expected) return token_cosine(text_of(predicted), text_of(expected)) end,
   contains = function(predicted, expected)
      return text_of(predicted):find(text_of(expected), 1, true) and 1 or 0
   end,
   tolerance = function(predicted, expected)
      local numbers = type(predicted) == "number" and type(expected) == "number"
      return (numbers and near or is_same)(predicted, expected)
   end,
}

local DEFAULTS = { string = "embedding", boolean = "exact", integer = "exact", number = "tolerance",
   object = "inside", array = "array_similarity" }

local structured_value

local function structured_fields(config, schema, path, predicted, expected)
   local names, sum, weights = {}, 0, 0
   for _, object in ipairs{ predicted, expected } do
      for name in pairs(object) do names[name] = true end
   end
   for name in pairs(names) do
      local at = path .. name
      local field = (config.fields or {})[at] or {}
      if field.include ~= false then
         local inner = schema and schema.properties and schema.properties[name]
         local score = structured_value(config, inner, at, field, predicted[name], expected[name])
         sum, weights = sum + score * (field.weight or 1), weights + (field.weight or 1)
      end
   end
   return weights == 0 and 1 or sum / weights
end

function structured_value(config, schema, at, field, predicted, expected)
   if predicted == nil or expected == nil then return 0 end
   local method = field.method or field.array_strategy and "array_" .. field.array_strategy or field.strategy
   if not method and schema and (schema.enum or schema.type) then
      method = schema.enum and "exact" or DEFAULTS[schema.type]
   elseif not method then
      method = "exact"
      for name in pairs(config.fields or {}) do
         local both = type(predicted) == "table" and type(expected) == "table"
         if name:find(at .. ".", 1, true) == 1 and both then method = "inside" end
      end
   end
   if method ~= "inside" then return METHODS[method](predicted, expected) end
   return structured_fields(config, schema, at .. ".", predicted, expected)
end

local function structured(config, predicted, expected)
   local read, left = pcall(json.decode, predicted)
   if not read or type(left) ~= "table" or is_array(left) then return predicted == expected and 1 or 0 end
   return structured_fields(config, config.schema_definition, "", left, json.decode(expected))
end

local function score_of(evaluator, task, pairs_)
   if evaluator.type == "f1" and task == "classification" then return round(macro_f1(pairs_)) end
   local function is_right(predicted, expected) return predicted:lower() == expected:lower() and 1 or 0 end
   local of_pair = { f1 = token_f1, similarity = token_cosine, structuredOutput = equal_fields,
      toolSelection = is_right }
   if evaluator.config and evaluator.type == "structuredOutput" then
      return round(mean(pairs_, function(predicted, expected)
         return structured(evaluator.config, predicted, expected)
      end))
   end
   return round(mean(pairs_, of_pair[evaluator.type]))
end

-- The overall score of a prompt over observations, and each evaluator's.
local function measure(prompt, observations, evaluators, task)
   local predict, pairs_, scores = predictor(prompt, task), {}, {}
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

local function close(expected, reported, what)
   local message = ("%s: %.9f here, %.9f reported"):format(what, expected, reported)
   assert.is_true(math.abs(expected - reported) < 1e-9, message)
end

-- The rows that an experiment trains on: the cases of its dataset by idx, those without one last.
local function rows_of(server, experiment)
   local at = "/components/" .. experiment.aiComponentId .. "/datasets/" .. experiment.datasetId
   local cases, rows = server:ok("GET", at .. "/cases").data, {}
   table.sort(cases, function(a, b)
      local place_a, place_b = a.idx or math.huge, b.idx or math.huge
      if place_a ~= place_b then return place_a < place_b end
      return a.id < b.id
   end)
   for i, case in ipairs(cases) do
      local expected = case.expectedPayload
      if type(expected) == "table" and expected.value ~= nil then expected = expected.value end
      if expected == nil then expected = "" end
      if type(expected) ~= "string" then expected = json.encode(expected) end
      rows[i] = { variables = case.inputPayload, expected = expected, split = case.split }
   end
   return rows
end

--- Runs a pending experiment and compares all that it reports; returns its iterations with scores, its rows,
-- and the experiment.
function recompute.check(server, id)
   local path = "/experiments/" .. id
   local done = server:finish(id)
   assert.equal("completed", done.experimentStatus, done.errorMessage)
   local observations = rows_of(server, done)
   local evaluators = server:ok("GET", path .. "/evaluators").data
   local ratio, options = done.hyperparameters.trainSplitRatio, { task = done.taskType }
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

recompute.examples, recompute.input_of = examples_in, input_of

return recompute
