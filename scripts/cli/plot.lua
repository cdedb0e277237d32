--- promptic iterations plot: the scores of an experiment's iterations, drawn in the terminal.
local promptic = require "promptic"
local scores = require "promptic.cli.picture.scores"

local function run(context, values)
   local id = values.experiment_id
   local calls = { "list_iterations", "get_experiment" }
   local answers = promptic.map(calls, function(name) return context:call(name, id) end)
   local iterations, experiment = answers[1].data or {}, answers[2]
   -- asked, not computed: the platform decides which is the best
   local best = iterations[1] and context:call("get_best_iteration", id)
   local answer = {
      experimentId = id, name = experiment.name, experimentStatus = experiment.experimentStatus,
      iterations = promptic.array {},
   }
   for place, point in ipairs(scores.of(iterations, best and best.id).points) do
      answer.iterations[place] = {
         id = point.id, iterationNumber = point.number, best = point.best,
         overallNormalizedScore = point.train or promptic.null,
         evalNormalizedScore = point.held_out or promptic.null,
      }
   end
   return answer
end

local function draw(answer, settings)
   if #answer.iterations == 0 then
      return { "There are no iterations yet: `promptic experiments start` starts an experiment." }
   end
   return require("promptic.cli.picture.terminal").draw(answer, settings)
end

return {
   method = "list_iterations", arguments = { "experiment_id" }, run = run, show = { draw = draw },
   notes = "The train score is that on the rows the search works with, the held-out score that on "
      .. "those it never sees. A terminal without UTF-8 gets ASCII.",
}
