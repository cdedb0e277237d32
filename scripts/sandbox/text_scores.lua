--- Scores of a predicted text against the expected one, by their tokens (scoring.lua says what those are).
local text_scores = {}

--- The tokens of a text, in order.
function text_scores.tokens(text)
   local tokens = {}
   for token in text:lower():gmatch "[a-z0-9\128-\255]+" do tokens[#tokens + 1] = token end
   return tokens
end

--- Counts of tokens, and the distinct ones in order of appearance: sums go in that order, so that they
-- come out the same to the last bit every time (pairs() has no fixed order).
function text_scores.count(tokens)
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

--- The length of the vector of these counts, each times weight(token).
function text_scores.norm(counts, distinct, weight)
   local sum = 0
   for _, token in ipairs(distinct) do
      local value = counts[token] * weight(token)
      sum = sum + value * value
   end
   return math.sqrt(sum)
end

--- F1 of the tokens of two texts.
function text_scores.f1(prediction, expected)
   local left, right = text_scores.tokens(prediction), text_scores.tokens(expected)
   if #left + #right == 0 then return 1 end
   local counts, common = text_scores.count(left), 0
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
function text_scores.cosine(prediction, expected)
   local left, left_distinct = text_scores.count(text_scores.tokens(prediction))
   local right, right_distinct = text_scores.count(text_scores.tokens(expected))
   if #left_distinct == 0 or #right_distinct == 0 then
      return #left_distinct == #right_distinct and 1 or 0
   end
   local dot = 0
   for _, token in ipairs(left_distinct) do dot = dot + left[token] * (right[token] or 0) end
   return dot / (text_scores.norm(left, left_distinct, one) * text_scores.norm(right, right_distinct, one))
end

return text_scores
