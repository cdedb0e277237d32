--[[
Scoring, so that anybody can recompute every score from an iteration's prompt and the experiment's
observations (spec/sandbox_scoring_spec.lua does). This is a stand-in for a language model and no
likeness of one: it knows nothing but the examples it finds in the prompt.

TOKENS of a text: ASCII letters folded to lower case, then the maximal runs of ASCII letters, ASCII
digits and bytes from 128 up.

PREDICTION for an input text, from the examples of the prompt (prompts.lua says how to find them):
   N = how many examples; df(t) = how many examples have token t in their input
   idf(t) = ln((1 + N) / (1 + df(t))) + 1
   the vector of a text: for each token t, its count in the text times idf(t)
   similarity = the cosine of the input's and the example's vector; 0 where one has no tokens
The prediction is the output of the most similar example. Similarities are compared after rounding to
9 decimals; among equals the earliest in the prompt wins. An example whose input is exactly the input
text is passed over, so no observation is ever answered by itself. Without an example that is left the
prediction is the empty text.

EVALUATORS give 0 .. 1 over pairs of prediction and expected text (no pairs: 0):
   f1, where the task is classification: macro F1. For each label that occurs among the expected texts
      F1 = 2 TP / (2 TP + FP + FN), where a prediction counts when it equals the label byte by byte; then
      the plain mean over these labels.
   f1, other tasks: the mean over pairs of the F1 of tokens: with c = the size of the common multiset of
      tokens, 2 c / (tokens of the prediction + tokens of expected); 1 where neither has tokens.
   similarity: the mean over pairs of the cosine of the token counts (no idf); 1 where neither has
      tokens, 0 where one has none.
   structuredOutput: the mean over pairs of the share of equal fields: both texts read as JSON objects, the
      fields are the names in either of them, equal means the same JSON value (numbers by value, null
      like an absent field); 1 where neither has fields. Where one is no JSON object: 1 if the texts
      are the same, else 0.

SCORES are rounded to 6 decimals, half up. score = that of the evaluator; rawScore =
scaleMin + score * (scaleMax - scaleMin), rounded too. The overall score of a set of observations is
sum(weight * score) / sum(weight) of the rounded scores, rounded.

Which observations: with trainSplitRatio overallNormalizedScore is over those whose split is train and
evalNormalizedScore over those whose split is eval; without it overallNormalizedScore is over all and
evalNormalizedScore is null. The scores by evaluator belong to overallNormalizedScore.
]]
local json = require "promptic.json"
local prompts = require "promptic.sandbox.prompts"

local scoring = {}

--- Rounds to 6 decimals.
function scoring.round(value)
   return math.floor(value * 1e6 + 0.5) / 1e6
end

--- The tokens of a text, in order.
function scoring.tokens(text)
   local tokens = {}
   for token in text:lower():gmatch "[a-z0-9\128-\255]+" do tokens[#tokens + 1] = token end
   return tokens
end

-- Counts of tokens, and the distinct ones in order of appearance: sums go in that order, so that they
-- come out the same to the last bit every time (pairs() has no fixed order).
local function count(tokens)
   local counts, distinct = {}, {}
   for _, token in ipairs(tokens) do
      if not counts[token] then
         counts[token] = 0
         distinct[#distinct + 1] = token
      end
      counts[token] = counts[token] + 1
   end
   return counts, distinct
end

local function norm(counts, distinct, weight)
   local sum = 0
   for _, token in ipairs(distinct) do
      local value = counts[token] * weight(token)
      sum = sum + value * value
   end
   return math.sqrt(sum)
end

---------------------------------------------------------------- the offline model

local Index = {}
Index.__index = Index

--- A TF-IDF index over texts. Also what the optimizer uses to tell which observations are alike.
function scoring.index(texts)
   local index = setmetatable({ size = #texts, frequency = {}, postings = {}, norms = {} }, Index)
   local documents = {}
   for i, text in ipairs(texts) do
      local counts, distinct = count(scoring.tokens(text))
      documents[i] = { counts = counts, distinct = distinct }
      for _, token in ipairs(distinct) do index.frequency[token] = (index.frequency[token] or 0) + 1 end
   end
   local function idf(token) return index:idf(token) end
   for i, document in ipairs(documents) do
      index.norms[i] = norm(document.counts, document.distinct, idf)
      for _, token in ipairs(document.distinct) do
         local posting = index.postings[token] or { ids = {}, values = {} }
         index.postings[token] = posting
         posting.ids[#posting.ids + 1] = i
         posting.values[#posting.values + 1] = document.counts[token] * idf(token)
      end
   end
   return index
end

function Index:idf(token)
   return math.log((1 + self.size) / (1 + (self.frequency[token] or 0))) + 1
end

--- The similarities of a text to each text of the index.
function Index:similarities(text)
   local counts, distinct = count(scoring.tokens(text))
   local sums = {}
   for i = 1, self.size do sums[i] = 0 end
   local squares = 0
   for _, token in ipairs(distinct) do
      local value = counts[token] * self:idf(token)
      squares = squares + value * value
      local posting = self.postings[token]
      if posting then
         local ids, values = posting.ids, posting.values
         for k = 1, #ids do sums[ids[k]] = sums[ids[k]] + value * values[k] end
      end
   end
   local length = math.sqrt(squares)
   for i = 1, self.size do
      if sums[i] > 0 then sums[i] = sums[i] / (length * self.norms[i]) end
   end
   return sums
end

local Model = {}
Model.__index = Model

--- The model that a prompt makes: its examples, ready to be compared with.
function scoring.model(prompt)
   local examples = prompts.examples(prompt)
   local inputs = {}
   for i, example in ipairs(examples) do inputs[i] = example.input end
   return setmetatable({ examples = examples, index = scoring.index(inputs) }, Model)
end

--- The prediction for an input text, and the number of the example it comes from (nil: none).
function Model:predict(input)
   local similarities = self.index:similarities(input)
   local best, best_similarity
   for i, example in ipairs(self.examples) do
      local similarity = math.floor(similarities[i] * 1e9 + 0.5)
      if example.input ~= input and (not best or similarity > best_similarity) then
         best, best_similarity = i, similarity
      end
   end
   return best and self.examples[best].output or "", best
end

---------------------------------------------------------------- evaluators

-- A meter takes pairs one by one, so that scoring many observations can be done in slices.

local function mean_meter(of_pair)
   local meter = { sum = 0, count = 0 }
   function meter.add(prediction, expected)
      meter.sum = meter.sum + of_pair(prediction, expected)
      meter.count = meter.count + 1
   end
   function meter.score()
      return meter.count == 0 and 0 or meter.sum / meter.count
   end
   return meter
end

local function macro_f1_meter()
   local labels, by_label = {}, {}
   local predicted = {}
   local meter = {}
   function meter.add(prediction, expected)
      local label = by_label[expected]
      if not label then
         label = { name = expected, support = 0, hits = 0 }
         by_label[expected] = label
         labels[#labels + 1] = label
      end
      label.support = label.support + 1
      predicted[prediction] = (predicted[prediction] or 0) + 1
      if prediction == expected then label.hits = label.hits + 1 end
   end
   function meter.score()
      local sum = 0
      for _, label in ipairs(labels) do
         -- TP + FP is how often it was predicted, TP + FN how often it was expected
         sum = sum + 2 * label.hits / ((predicted[label.name] or 0) + label.support)
      end
      return #labels == 0 and 0 or sum / #labels
   end
   return meter
end

--- F1 of the tokens of two texts.
function scoring.token_f1(prediction, expected)
   local left, right = scoring.tokens(prediction), scoring.tokens(expected)
   if #left + #right == 0 then return 1 end
   local counts, common = count(left), 0
   for _, token in ipairs(right) do
      local left_over = counts[token] or 0
      if left_over > 0 then
         common = common + 1
         counts[token] = left_over - 1
      end
   end
   return 2 * common / (#left + #right)
end

local function one() return 1 end

--- The cosine of the token counts of two texts.
function scoring.cosine(prediction, expected)
   local left, left_distinct = count(scoring.tokens(prediction))
   local right, right_distinct = count(scoring.tokens(expected))
   if #left_distinct == 0 or #right_distinct == 0 then
      return #left_distinct == #right_distinct and 1 or 0
   end
   local dot = 0
   for _, token in ipairs(left_distinct) do dot = dot + left[token] * (right[token] or 0) end
   return dot / (norm(left, left_distinct, one) * norm(right, right_distinct, one))
end

local array_metatable = getmetatable(json.array {})

local function same(a, b)
   if a == b then return true end
   if type(a) ~= "table" or type(b) ~= "table" then return false end
   if getmetatable(a) ~= getmetatable(b) then return false end
   for key, value in pairs(a) do
      if not same(value, b[key]) then return false end
   end
   for key in pairs(b) do
      if a[key] == nil then return false end
   end
   return true
end

local function object_of(text)
   local read, value = pcall(json.decode, text)
   if read and type(value) == "table" and getmetatable(value) ~= array_metatable then return value end
   return nil
end

--- The share of equal fields of two JSON objects.
function scoring.equal_fields(prediction, expected)
   local left, right = object_of(prediction), object_of(expected)
   if not left or not right then return prediction == expected and 1 or 0 end
   local fields, equal = 0, 0
   for name, value in pairs(right) do
      fields = fields + 1
      if same(value, left[name]) then equal = equal + 1 end
   end
   for name in pairs(left) do
      if right[name] == nil then fields = fields + 1 end
   end
   return fields == 0 and 1 or equal / fields
end

--- What measures an evaluator's type; nil where that takes a language model as judge.
function scoring.meter(evaluator_type, task_type)
   if evaluator_type == "f1" then
      return task_type == "classification" and macro_f1_meter() or mean_meter(scoring.token_f1)
   elseif evaluator_type == "similarity" then
      return mean_meter(scoring.cosine)
   elseif evaluator_type == "structuredOutput" then
      return mean_meter(scoring.equal_fields)
   end
   return nil
end

--- The weighted mean of scores: a list of { score, weight }.
function scoring.overall(scores)
   local sum, weights = 0, 0
   for _, entry in ipairs(scores) do
      sum = sum + entry.weight * entry.score
      weights = weights + entry.weight
   end
   return weights == 0 and 0 or scoring.round(sum / weights)
end

return scoring
