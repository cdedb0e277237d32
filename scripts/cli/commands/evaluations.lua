--- promptic evaluations
local agents = require "promptic.cli.agents"

local show = {
   {
      title = function(evaluation) return evaluation.name or "Evaluation" end,
      fields = {
         { "id", key = "id", as = "id" },
         { "status", key = "status", as = "status" },
         { "dataset", key = "datasetId", as = "id" },
         { "run", key = "runId", as = "id" },
         { "created", key = "createdAt", as = "time" },
         { "completed", key = "completedAt", as = "time" },
      },
   },
   {
      heading = "Totals", of = function(evaluation) return evaluation.results and evaluation.results.meta end,
      fields = {
         { "traces", key = "totalRuns", as = "integer" },
         { "tokens", key = "totalTokens", as = "integer" },
         { "cost", key = "totalCostUsd", as = "cost" },
         { "average duration", key = "averageDurationMs", as = "duration" },
         { "error rate", key = "errorRate", as = "percent" },
      },
   },
   {
      each = "results.insights", title = function(insight) return insight.title end,
      fields = {
         { "severity", key = "severity", as = "status" },
         { "affects", key = "frequency", as = "share" },
         { "finding", key = "description" },
         { "advice", key = "suggestedFix" },
      },
   },
   {
      line = function(evaluation)
         local results = evaluation.results
         return results and #results.insights == 0 and "Nothing was found." or nil
      end,
   },
}

local function run(context, values)
   local progress = require "promptic.cli.progress"
   local evaluation = context:call("create_evaluation", values.component_id, values.dataset_id,
      { name = values.name, run_id = values.run_id })
   local again = ("promptic evaluations get %s --component %s"):format(evaluation.id, values.component_id)
   if values.no_wait then
      context:note("Started the evaluation. To see what it finds:\n  " .. again)
      return evaluation
   end
   evaluation = progress.watch {
      quiet = values.json, max_wait = values.timeout,
      on_interrupt = "the evaluation goes on; to see what it finds:\n  " .. again,
      wait = function(options)
         return context.client:wait_for_evaluation(values.component_id, evaluation.id, options)
      end,
      describe = function(seen) return context:accept("get_evaluation", seen).status end,
   }
   return evaluation, evaluation.status == "failed" and 1 or nil
end

return {
   section = "Older platforms", older = true,
   summary = "Findings about an agent's traces.",
   commands = {
      {
         name = "run", method = "create_evaluation", arguments = { "component_id" },
         summary = "Evaluate an agent's traces, and wait for the result.",
         options = {
            { "dataset_id", required = true }, "run_id", "name",
            { "no_wait", switch = true, summary = "do not wait" },
            { "timeout", of = "wait_for_evaluation", parameter = "max_wait", default = true,
               summary = "how long to wait at most" },
         },
         examples = "promptic evaluations run COMPONENT --dataset DATASET", run = run, times = true, show = show,
      },
      {
         name = "list", method = "list_evaluations", options = { agents.component }, times = true,
         summary = "List the evaluations of a component.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "STATUS", key = "status", as = "status" },
               {
                  "FINDINGS", as = "integer", optional = true,
                  value = function(row) return row.results and #row.results.insights end,
               },
               { "CREATED", key = "createdAt", as = "time", optional = "last" },
            },
            empty = "There are no evaluations yet: `promptic evaluations run` makes one.",
         },
      },
      {
         name = "get", method = "get_evaluation", arguments = { "evaluation_id" },
         options = { agents.component }, times = true, summary = "Show an evaluation with what it found.",
         show = show,
      },
      {
         name = "judges", method = "list_judge_results", arguments = { "evaluation_id" },
         options = { agents.component }, summary = "List what each judge of an evaluation said.",
         show = {
            list = "rows",
            columns = {
               { "JUDGE", key = "judgeName" },
               { "SCORE", key = "score", as = "score" },
               { "RATING", key = "rating", as = "status" },
               { "TRACE", key = "traceOtlpId", as = "id", optional = true },
               { "CASE", key = "datasetCaseId", as = "plain", optional = true },
               { "REASON", key = "rationale", least = 16 },
            },
            empty = "No judge has said anything.",
         },
      },
   },
}
