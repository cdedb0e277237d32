--[[
Scoring, so that anybody can recompute every score from an iteration's prompt and the experiment's
observations (spec/sandbox/sandbox_scoring_spec.lua does). This is a stand-in for a language model and no
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
text is skipped, so no observation is ever answered by itself. Without an example that is left the
prediction is the empty text; so it is in tool selection (the empty text means: no tool) where the highest
similarity rounds to 0.

EVALUATORS give 0 .. 1 over pairs of prediction and expected text (no pairs: 0):
   f1, where the task is classification: macro F1 as scikit-learn's f1_score(average="macro") defines it. For
      each label that occurs among the expected or the predicted texts F1 = 2 TP / (2 TP + FP + FN), where a
      prediction counts when it equals the label byte by byte; then the plain mean over these labels. A
      label that is only predicted scores 0 and counts.
   f1, other tasks: the mean over pairs of the F1 of tokens: with c = the size of the common multiset of
      tokens, 2 c / (tokens of the prediction + tokens of expected); 1 where neither has tokens.
   similarity: the mean over pairs of the cosine of the token counts (no idf); 1 where neither has
      tokens, 0 where one has none.
   structuredOutput: the mean over pairs of the weighted share of right fields; structured.lua has the rules.
   toolSelection: the share of pairs that are equal, whatever the case of their letters (A to Z).

SCORES are rounded to 6 decimals, half up. score = that of the evaluator; rawScore =
scaleMin + score * (scaleMax - scaleMin), rounded too. The overall score of a set of observations is
sum(weight * score) / sum(weight) of the rounded scores, rounded.

Which observations: with trainSplitRatio overallNormalizedScore is over those whose split is train and
evalNormalizedScore over those whose split is eval; without it all rows train, whatever their split says:
overallNormalizedScore is over all, and evalNormalizedScore is null. The scores by evaluator
belong to overallNormalizedScore.
]]
local prompts = require "promptic.sandbox.prompts"
local structured = require "promptic.sandbox.structured"
local text_scores = require "promptic.sandbox.text_scores"

local scoring = {}

--- Rounds to 6 decimals.
function scoring.round(value)
   return math.floor(value * 1e6 + 0.5) / 1e6
end

local count, norm = text_scores.count, text_scores.norm

scoring.tokens, scoring.cosine = text_scores.tokens, text_scores.cosine

---------------------------------------------------------------- the offline model

local Index = {}
Index.__index = Index

--- A TF-IDF index over texts. The optimizer uses it to find observations that are alike.
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

--- The model that a prompt makes in an experiment of that task: its examples, ready to be compared with.
function scoring.model(prompt, task_type)
   local examples = prompts.examples(prompt)
   local inputs = {}
   for i, example in ipairs(examples) do inputs[i] = example.input end
   return setmetatable({ examples = examples, index = scoring.index(inputs),
      least = task_type == "toolSelection" and 1 or 0 }, Model)
end

--- The prediction for an input text, and the number of the example it comes from (nil: none).
function Model:predict(input)
   local similarities = self.index:similarities(input)
   local best, best_similarity
   for i, example in ipairs(self.examples) do
      local similarity = math.floor(similarities[i] * 1e9 + 0.5)
      if example.input ~= input and similarity >= self.least and (not best or similarity > best_similarity) then
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
   local labels, by_label, meter = {}, {}, {}
   local function label_of(text)
      local label = by_label[text]
      if not label then
         label = { support = 0, predicted = 0, hits = 0 }
         by_label[text] = label
         labels[#labels + 1] = label
      end
      return label
   end
   function meter.add(prediction, expected)
      local wanted, given = label_of(expected), label_of(prediction)
      wanted.support, given.predicted = wanted.support + 1, given.predicted + 1
      if wanted == given then wanted.hits = wanted.hits + 1 end
   end
   function meter.score()
      local sum = 0
      for _, label in ipairs(labels) do
         -- TP + FP is how often it was predicted, TP + FN how often it was expected
         sum = sum + 2 * label.hits / (label.predicted + label.support)
      end
      return #labels == 0 and 0 or sum / #labels
   end
   return meter
end

-- In the C locale, as the interpreter runs, letters are A to Z.
local function is_same_name(prediction, expected)
   return prediction:lower() == expected:lower() and 1 or 0
end

--- What measures an evaluator of that type and config (nil: none) in an experiment of that task.
function scoring.meter(evaluator_type, task_type, config)
   if evaluator_type == "f1" then
      return (task_type == "classification" or task_type == "toolSelection") and macro_f1_meter()
         or mean_meter(text_scores.f1)
   elseif evaluator_type == "similarity" then
      return mean_meter(text_scores.cosine)
   elseif evaluator_type == "structuredOutput" then
      return mean_meter(structured.scorer(config))
   end
   assert(evaluator_type == "toolSelection", evaluator_type)
   return mean_meter(is_same_name)
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
