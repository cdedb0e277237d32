-- noise.lua - how large a gain of a score has to be to count as more than chance.
-- Baked into the module; runs in Lua 5.1 to 5.4. Computes only; no call is made here.
local math, pairs = math, pairs

local noise = {}

-- Of a standard normal variable: the value that is exceeded with this probability, 0 < tail <= 0.5. P. J. Acklam's
-- rational approximation of the inverse of the normal distribution, relative error below 1.2e-9.
local A = { -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716,
   2.506628277459239 }
local B = { -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1 }
local C = { -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
   2.938163982698783 }
local D = { 0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1 }
local CENTRAL = 0.02425

local function polynomial(coefficients, x)
   local sum = 0
   for index = 1, #coefficients do
      sum = sum * x + coefficients[index]
   end
   return sum
end

local function exceeded_with(tail)
   if tail < CENTRAL then
      local q = math.sqrt(-2 * math.log(tail))
      return -polynomial(C, q) / polynomial(D, q)
   end
   local q = 0.5 - tail
   return q * polynomial(A, q * q) / polynomial(B, q * q)
end

-- The best of k alternatives is compared, so each may exceed its noise by chance with a k-th of this (Bonferroni).
local ERROR_RATE = 0.05

--- Whether `after` is better than `before` by more than noise: scores from 0 to 1 on the same `rows` rows, where
-- `after` is the best of `others` alternatives. A score of 0 or 1 on few rows is no certainty: both are drawn towards
-- a half, as if two further rows had been half right (Agresti and Coull, 1998).
function noise.is_exceeded(before, after, rows, others)
   local n = rows + 2
   before, after = (before * rows + 1) / n, (after * rows + 1) / n
   local spread = math.sqrt((before * (1 - before) + after * (1 - after)) / n)
   return after - before > exceeded_with(ERROR_RATE / math.max(others, 1)) * spread
end

--- The smallest gain over `before` that exceeds the noise, to a thousandth; nil if even a score of 1 does not.
function noise.smallest_gain(before, rows, others)
   for thousandths = 1, math.floor((1 - before) * 1000 + 0.5) do
      if noise.is_exceeded(before, before + thousandths / 1000, rows, others) then
         return thousandths / 1000
      end
   end
end

--- How many rows of equal weight tell as much as these: for macro F1, a mean over labels, labels of few rows count
-- for as much as others, so n = L^2 / sum(1 / rows of a label). `counts`: rows by label.
function noise.rows_of_macro(counts)
   local labels, sum = 0, 0
   for _, rows in pairs(counts) do
      labels, sum = labels + 1, sum + 1 / rows
   end
   return labels > 0 and labels * labels / sum or 0
end

return noise
