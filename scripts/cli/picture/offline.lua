--[[
What the sandbox's offline model answers to an experiment's rows with a prompt, and which answers are
wrong. It says nothing about what a language model would answer: only an experiment that ran in the sandbox is
explained by it, which the scores, computed again, show.
]]
local prompts = require "promptic.sandbox.prompts"
local scoring = require "promptic.sandbox.scoring"
local training = require "promptic.cli.training"

local offline = {}

local function meters_of(evaluators, task_type)
   local meters, unknown = {}, false
   for _, evaluator in ipairs(evaluators) do
      local meter = scoring.meter(evaluator.type, task_type)
      if meter then meters[#meters + 1] = { meter = meter, weight = evaluator.weight } else unknown = true end
   end
   return meters, unknown
end

-- The score of a set of answers; nil where an evaluator is a language model, or there are none.
local function overall(answers, evaluators, task_type)
   local meters, unknown = meters_of(evaluators, task_type)
   if unknown or #meters == 0 then return nil end
   local list = {}
   for place, entry in ipairs(meters) do
      for _, answer in ipairs(answers) do entry.meter.add(answer.predicted, answer.expected) end
      list[place] = { score = scoring.round(entry.meter.score()), weight = entry.weight }
   end
   return scoring.overall(list)
end

-- The least score that an evaluator gives to the one answer.
local function score_of(answer, evaluators, task_type)
   local least
   for _, entry in ipairs((meters_of(evaluators, task_type))) do
      entry.meter.add(answer.predicted, answer.expected)
      least = math.min(least or 1, entry.meter.score())
   end
   return least or (answer.predicted == answer.expected and 1 or 0)
end

local function answer_all(prompt, rows)
   local model, answers = scoring.model(prompt), {}
   for place, row in ipairs(rows) do
      local input = prompts.input_text(row.variables or {})
      answers[place] = {
         idx = row.idx or place - 1, split = row.split, input = input, expected = training.expected_text(row),
         predicted = model:predict(input),
      }
   end
   return answers
end

local function select_split(answers, split)
   local selected = {}
   for _, answer in ipairs(answers) do
      if answer.split == split then selected[#selected + 1] = answer end
   end
   return selected
end

--- { wrong = { { idx, split, input, expected, predicted, score }, ... } (held-out ones first),
-- total = how many were answered, split = whether there are held-out ones,
-- train, held_out = the scores computed again }
function offline.compute(prompt, report)
   local task_type, evaluators = report.experiment.taskType, report.evaluators
   local answers = answer_all(prompt, report.rows)
   local split = (report.experiment.hyperparameters or {}).trainSplitRatio ~= nil
   local result = { wrong = {}, total = #answers, split = split }
   result.train = overall(split and select_split(answers, "train") or answers, evaluators, task_type)
   result.held_out = split and overall(select_split(answers, "eval"), evaluators, task_type) or nil
   for _, answer in ipairs(answers) do
      answer.score = score_of(answer, evaluators, task_type)
      answer.held_out = split and answer.split == "eval"
      if answer.score < 1 - 1e-9 then result.wrong[#result.wrong + 1] = answer end
   end
   table.sort(result.wrong, function(a, b)
      if a.held_out ~= b.held_out then return a.held_out end
      return a.idx < b.idx
   end)
   return result
end

return offline
