--- Axes: which part of the numbers a picture shows, and where it says which.
local scale = {}

-- Scores that lie nearer together than this are drawn as near as they are.
local LEAST_SPAN = 0.1

-- Steps that people count in.
local MANTISSAS = { 1, 2, 5, 10 }

local function nice_step(span, most)
   local magnitude = 10.0 ^ math.floor(math.log(span / most, 10))
   for _, mantissa in ipairs(MANTISSAS) do
      -- the span is a sum of steps up to rounding
      if span / (mantissa * magnitude) <= most + 1e-9 then return mantissa * magnitude end
   end
   return 10 * magnitude
end

local function widen(low, high)
   if high - low >= LEAST_SPAN then return low, high end
   local middle, within = (low + high) / 2, low >= 0 and high <= 1
   low, high = middle - LEAST_SPAN / 2, middle + LEAST_SPAN / 2
   -- normalized scores: an axis does not promise what cannot be
   if within and low < 0 then low, high = 0, LEAST_SPAN end
   if within and high > 1 then low, high = 1 - LEAST_SPAN, 1 end
   return low, high
end

--- A vertical axis for numbers from low to high, with so many intervals at most:
-- { low, high, step, intervals, decimals }, low and high being at ticks.
function scale.vertical(low, high, most)
   low, high = widen(low, high)
   local step = nice_step(high - low, most)
   -- rounding up and down at both ends may add an interval
   local first, last
   repeat
      first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
      if last - first > most then step = nice_step(step * most * 1.01, most) end
   until last - first <= most
   return {
      low = first * step, high = last * step, step = step, intervals = last - first,
      decimals = math.max(1, math.ceil(-math.log(step, 10) - 1e-9)),
   }
end

--- The tick's text; ticks are counted from 0, at the low end.
function scale.label(axis, tick)
   local value = axis.low + tick * axis.step
   if math.abs(value) < axis.step / 1000 then value = 0 end -- no "-0.0"
   return ("%." .. axis.decimals .. "f"):format(value)
end

--- The share of the axis below the value: 0 at its low end, 1 at its high end.
function scale.share(axis, value)
   return (value - axis.low) / (axis.high - axis.low)
end

-- 1, 2, 5, 10, 20, 50, ...
local function next_step(step)
   local leading = step
   while leading >= 10 do leading = leading // 10 end
   return leading == 2 and step // 2 * 5 or step * 2
end

--- Which of the ascending whole numbers get a label, so that their places (place_of) are at least `room` apart:
-- the first, and those that a round step divides.
function scale.labelled(numbers, place_of, room)
   local step, gap = 1, math.huge
   for index = 2, #numbers do gap = math.min(gap, place_of(numbers[index]) - place_of(numbers[index - 1])) end
   while gap * step < room and step < numbers[#numbers] do step = next_step(step) end
   local labelled = {}
   for index, number in ipairs(numbers) do
      local last = labelled[#labelled]
      local fits = not last or place_of(number) - place_of(last) >= room
      if number % step == 0 and not fits and #labelled == 1 and last % step ~= 0 then
         labelled[1] = number -- the first of all gives way to a round one
      elseif (index == 1 or number % step == 0) and fits then
         labelled[#labelled + 1] = number
      end
   end
   return labelled
end

return scale
