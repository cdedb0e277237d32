--[[
The search for a better prompt: which labelled examples to put behind the instruction. It is the
sandbox's own, small and deterministic (the same observations give the same prompts on every run and
after every restart), and no likeness of Promptic's optimizers: the experiment's `optimizer` is stored
and has no influence, and neither has enableCot, since the offline model does not think.

An experiment has `epochs` (3) iterations, each with at most `numFewShots` (8) examples:

   1   the initial prompt as it is, to know where things start
   2   the first examples, in turn from each label
   3   central ones: those most like the other observations of their label
   4   spread ones: a central one, then always the one least like those already taken
   5.. the best so far on the train split, with a quarter of its examples replaced: out go those that
       led to most mistakes, in come observations it gets wrong; if there is none, one goes out

"Label" is the expected text where the task is classification or tool selection; other tasks have a single
group. The person's own prompt stands before the examples, unchanged; examples that an earlier experiment
chose (continueFromOptimized) stand in the first iteration only.
]]
local prompts = require "promptic.sandbox.prompts"
local scoring = require "promptic.sandbox.scoring"

local optimizer = {}

-- Tasks whose expected text is a label.
local labelled = { classification = true, toolSelection = true }

-- Comparing candidates costs candidates times taken; a larger pool is thinned to this evenly.
local MOST_CANDIDATES = 2000

local function nothing() end

---------------------------------------------------------------- the split

--- Decides train or eval for each observation whose split the client left open: sorted by label (then
-- idx), the n-th of them goes to train where floor(n * ratio) > floor((n - 1) * ratio), so each label
-- gets its share. At least one lands in each split where both would else not be served.
-- Takes { idx, expected, split, split_given } each and sets split.
function optimizer.split(observations, ratio, task_type)
   local open = {}
   local served = { train = false, eval = false }
   for _, observation in ipairs(observations) do
      if observation.split_given then
         served[observation.split] = true
      else
         open[#open + 1] = observation
      end
   end
   local by_label = labelled[task_type]
   table.sort(open, function(a, b)
      if by_label and a.expected ~= b.expected then return a.expected < b.expected end
      return a.idx < b.idx
   end)
   -- 0.29 * 100 is a little less than 29 in floating point
   local function floor_share(n) return math.floor(n * ratio + 1e-9) end
   for n, observation in ipairs(open) do
      observation.split = floor_share(n) > floor_share(n - 1) and "train" or "eval"
      served[observation.split] = true
   end
   if not served.train and #open > 0 then open[#open].split = "train" end
   if not served.eval and #open > 1 then open[1].split = "eval" end
end

---------------------------------------------------------------- choosing examples

-- The pool by label, labels in the order of their first observation.
local function groups_of(pool, task_type)
   local groups, by_label = {}, {}
   for _, observation in ipairs(pool) do
      local label = labelled[task_type] and observation.expected or ""
      if not by_label[label] then
         by_label[label] = {}
         groups[#groups + 1] = by_label[label]
      end
      table.insert(by_label[label], observation)
   end
   return groups
end

local function thinned(pool)
   if #pool <= MOST_CANDIDATES then return pool end
   local candidates = {}
   for i = 1, MOST_CANDIDATES do
      candidates[i] = pool[(i - 1) * #pool // MOST_CANDIDATES + 1]
   end
   return candidates
end

-- Takes from each list in turn until there are `wanted`.
local function in_turn(lists, wanted)
   local taken, place, found = {}, 1, true
   while #taken < wanted and found do
      found = false
      for _, list in ipairs(lists) do
         if list[place] and #taken < wanted then
            taken[#taken + 1] = list[place]
            found = true
         end
      end
      place = place + 1
   end
   return taken
end

local function first(search, wanted)
   return in_turn(groups_of(search.pool, search.task_type), wanted)
end

-- The members of a group, the one most like all others first.
local function by_centrality(group, pause)
   local texts = {}
   for i, observation in ipairs(group) do texts[i] = observation.input end
   local index = scoring.index(texts)
   local likeness = {}
   for _, observation in ipairs(group) do
      local sum = 0
      for _, similarity in ipairs(index:similarities(observation.input)) do sum = sum + similarity end
      likeness[observation] = math.floor(sum * 1e9 + 0.5)
      pause()
   end
   local sorted = table.move(group, 1, #group, 1, {})
   table.sort(sorted, function(a, b)
      if likeness[a] ~= likeness[b] then return likeness[a] > likeness[b] end
      return a.idx < b.idx
   end)
   return sorted
end

local function central(search, wanted)
   local lists = {}
   for i, group in ipairs(groups_of(thinned(search.pool), search.task_type)) do
      lists[i] = by_centrality(group, search.pause)
   end
   return in_turn(lists, wanted)
end

-- A group's members: the most central, then again and again the one least like those before it.
local function by_spread(group, wanted, pause)
   local texts = {}
   for i, observation in ipairs(group) do texts[i] = observation.input end
   local index = scoring.index(texts)
   local closest, taken = {}, {}
   local chosen = by_centrality(group, pause)[1]
   while chosen and #taken < wanted do
      taken[#taken + 1] = chosen
      local similarities = index:similarities(chosen.input)
      local best = nil
      for i, observation in ipairs(group) do
         local similarity = math.floor(similarities[i] * 1e9 + 0.5)
         closest[i] = math.max(closest[i] or 0, similarity)
         if observation == chosen then closest[i] = math.huge end
         if closest[i] < math.huge and (not best or closest[i] < closest[best]) then best = i end
      end
      chosen = best and group[best]
      pause()
   end
   return taken
end

local function spread(search, wanted)
   local lists = {}
   for i, group in ipairs(groups_of(thinned(search.pool), search.task_type)) do
      lists[i] = by_spread(group, wanted, search.pause)
   end
   return in_turn(lists, wanted)
end

---------------------------------------------------------------- learning from mistakes

-- How many examples a prompt has behind the person's own part.
local function chosen(search, prompt)
   return #prompts.examples(prompt:sub(#search.own + 1))
end

-- The best iteration on the train split among those that chose examples.
local function best_on_train(search)
   local best
   for _, iteration in ipairs(search.history) do
      if chosen(search, iteration.prompt) > 0 and (not best or iteration.overall > best.overall) then
         best = iteration
      end
   end
   return best
end

-- What a prompt gets wrong in the pool, worst first, and how much each of its examples is to blame.
local function mistakes_of(prompt, search)
   local model = scoring.model(prompt, search.task_type)
   local wrong, blame = {}, {}
   for i = 1, #model.examples do blame[i] = 0 end
   for _, observation in ipairs(thinned(search.pool)) do
      local prediction, from = model:predict(observation.input)
      local miss = prediction == observation.expected and 0 or 1
      if miss == 1 and not labelled[search.task_type] then
         miss = 1 - scoring.cosine(prediction, observation.expected)
      end
      if miss > 1e-9 then
         wrong[#wrong + 1] = { observation = observation, miss = math.floor(miss * 1e9 + 0.5) }
         if from then blame[from] = blame[from] + miss end
      end
      search.pause()
   end
   table.sort(wrong, function(a, b)
      if a.miss ~= b.miss then return a.miss > b.miss end
      return a.observation.idx < b.observation.idx
   end)
   return wrong, blame, model.examples
end

-- The places of the chosen examples, most blamed first; the earlier among equals.
local function most_blamed(blame, from)
   local places = {}
   for place = from, #blame do places[#places + 1] = place end
   table.sort(places, function(a, b)
      if blame[a] ~= blame[b] then return blame[a] > blame[b] end
      return a < b
   end)
   return places
end

local function improved(search, number)
   local best = best_on_train(search)
   if not best then return first(search, search.few_shots) end
   local wrong, blame, examples = mistakes_of(best.prompt, search)
   local chosen_from = #examples - chosen(search, best.prompt) + 1
   local held, candidates = {}, {}
   for i = chosen_from, #examples do held[examples[i].input] = true end
   for _, mistake in ipairs(wrong) do
      if not held[mistake.observation.input] then candidates[#candidates + 1] = mistake.observation end
   end
   -- every further try from the same best begins behind the mistakes that the last one took
   local tries = number - 1 - math.max(best.number, 4)
   local swaps = math.min(math.max(1, (#examples - chosen_from + 1) // 4), #candidates)
   local places = most_blamed(blame, chosen_from)
   for k = 1, swaps do
      local newcomer = candidates[(tries * swaps + k - 1) % #candidates + 1]
      examples[places[k]] = { input = newcomer.input, output = newcomer.expected }
   end
   -- nothing left to bring in: see whether it does better with one less
   if swaps == 0 and #places > 1 then table.remove(examples, places[tries % #places + 1]) end
   return table.move(examples, chosen_from, #examples, 1, {})
end

local strategies = { false, first, central, spread }

-- A choice is an observation, or an example that was taken over from an earlier prompt.
local function example_of(choice)
   return { input = choice.input, output = choice.output or choice.expected }
end

--- The prompt of the iteration of that number, and the examples in it ({ input, output } each) that were
-- chosen. A search is
--    task_type, few_shots
--    own       the person's own prompt, or the default one
--    initial   the prompt of the first iteration: own, and perhaps examples behind it
--    pool      observations to take examples from: { idx, input, expected } in idx order
--    history   the iterations before: { number, prompt, overall } in order
--    pause     called now and then while it computes; may yield
function optimizer.propose(search, number)
   search.pause = search.pause or nothing
   if number == 1 then return search.initial, prompts.examples(search.initial:sub(#search.own + 1)) end
   local choose = number <= #strategies and strategies[number]
   local choices = choose and choose(search, search.few_shots) or improved(search, number)
   local examples = {}
   for i = 1, math.min(#choices, search.few_shots) do examples[i] = example_of(choices[i]) end
   return prompts.compose(search.own, examples), examples
end

return optimizer
