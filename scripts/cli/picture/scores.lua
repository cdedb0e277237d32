--[[
The scores of an experiment's iterations, as a picture needs them:

   points    in the order of the iterations: { number =, id =, train =, held_out =, tokens =, best = true }
   best      the point that the platform calls the best, or nil if there is none
   held_out  whether any iteration has a score on held-out rows
   low, high the least and the greatest score; nil if there is none
]]
local scores = {}

local function number_or_nil(value)
   -- a NaN has no place in a picture either
   return type(value) == "number" and value == value and math.abs(value) < math.huge and value or nil
end

local function point_of(iteration, best_id)
   return {
      number = iteration.iterationNumber, id = iteration.id, tokens = iteration.promptTokens,
      train = number_or_nil(iteration.overallNormalizedScore),
      held_out = number_or_nil(iteration.evalNormalizedScore),
      best = rawget(iteration, "best") == true or (best_id ~= nil and iteration.id == best_id),
   }
end

--- The score that decides about a point: that of the held-out rows if there are some.
function scores.decisive(point)
   return point.held_out or point.train
end

--- What a list of iterations and the best one's id make; without the id, an iteration may say `best` itself.
function scores.of(iterations, best_id)
   local result = { points = {}, held_out = false }
   for place, iteration in ipairs(iterations) do
      local point = point_of(iteration, best_id)
      result.points[place] = point
      if point.best then result.best = point end
      if point.held_out then result.held_out = true end
      for _, name in ipairs { "train", "held_out" } do
         local score = point[name]
         if score and (not result.low or score < result.low) then result.low = score end
         if score and (not result.high or score > result.high) then result.high = score end
      end
   end
   table.sort(result.points, function(a, b) return a.number < b.number end)
   return result
end

return scores
