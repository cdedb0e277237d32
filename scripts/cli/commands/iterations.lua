--- promptic iterations

-- The descriptions of tools that an iteration of a tool selection has found, by their names in order.
local function tools(iteration)
   local list = {}
   for name, description in pairs(iteration.toolDescriptions or {}) do
      list[#list + 1] = { name = name, description = description }
   end
   table.sort(list, function(a, b) return a.name < b.name end)
   return { tools = list }
end

local show = {
   {
      title = function(iteration) return "Iteration " .. iteration.iterationNumber end,
      fields = {
         { "id", key = "id", as = "plain" },
         { "train score", key = "overallNormalizedScore", as = "score" },
         { "held-out score", key = "evalNormalizedScore", as = "score" },
         { "prompt tokens", key = "promptTokens", as = "integer" },
         { "latency", key = "avgPredictionLatencyMs", as = "duration" },
         { "created", key = "createdAt", as = "time" },
      },
   },
   {
      heading = "Scores", list = "scores",
      columns = {
         { "EVALUATOR", key = "evaluatorName" },
         { "TYPE", key = "evaluatorType" },
         { "SCORE", key = "score", as = "score" },
         { "RAW", key = "rawScore", as = "score" },
      },
   },
   { heading = "Prompt", text = "prompt" },
   { heading = "System prompt", text = "selectionSystemPrompt" },
   {
      heading = "Tools", of = tools, list = "tools",
      columns = { { "TOOL", key = "name" }, { "DESCRIPTION", key = "description" } },
   },
}

return {
   section = "Prompts",
   summary = "The prompts that an experiment has tried.",
   commands = {
      {
         name = "list", method = "list_iterations", arguments = { "experiment_id" }, times = true,
         summary = "List the prompts that an experiment has tried, with their scores.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "plain" },
               { "#", key = "iterationNumber", as = "plain" },
               { "TRAIN", key = "overallNormalizedScore", as = "score" },
               { "HELD-OUT", key = "evalNormalizedScore", as = "score" },
               { "TOKENS", key = "promptTokens", as = "integer", optional = true },
               { "CREATED", key = "createdAt", as = "time", optional = true },
               { "PROMPT", key = "prompt", least = 12, optional = true },
            },
            empty = "There are no iterations yet: `promptic experiments start` starts an experiment.",
         },
      },
      {
         name = "get", method = "get_iteration", arguments = { "experiment_id", "iteration_id" },
         summary = "Show an iteration with its prompt and its score by each evaluator.", times = true, show = show,
      },
      {
         name = "best", method = "get_best_iteration", arguments = { "experiment_id" }, times = true,
         summary = "Show the iteration with the best prompt.", show = show,
         hints = { [404] = "there may be no iteration yet: `promptic experiments get {experiment_id}` shows its "
            .. "status" },
      },
      { name = "plot", summary = "Draw the scores of the iterations.", from = "promptic.cli.plot" },
   },
}
