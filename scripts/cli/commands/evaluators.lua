--- promptic evaluators
local call = require "promptic.cli.call"

local function scale(row) return ("%g to %g"):format(row.scaleMin, row.scaleMax) end

local columns = {
   { "ID", key = "id", as = "id" },
   { "NAME", key = "name" },
   { "TYPE", key = "type", least = 8 },
   { "WEIGHT", key = "weight", as = "plain" },
   { "SCALE", optional = true, value = scale },
   { "CONFIG", key = "config", optional = true },
}

return {
   section = "Prompts",
   summary = "How an experiment scores predictions.",
   commands = {
      {
         name = "list", method = "list_evaluators", arguments = { "experiment_id" },
         summary = "List the evaluators of an experiment.",
         show = {
            list = "data", columns = columns,
            empty = "There are no evaluators yet: `promptic evaluators add` adds one.",
         },
      },
      {
         name = "add", method = "create_evaluators", arguments = { "experiment_id" },
         summary = "Add an evaluator, which scores predictions.",
         notes = "f1 is for labels, similarity for free text, structuredOutput for JSON; the judges let a language "
            .. "model score.",
         options = {
            { "name", required = true }, { "type", required = true },
            { "weight", default = 1.0, required = false }, "scale_min", "scale_max", "description", "config",
         },
         examples = "promptic evaluators add EXPERIMENT -n accuracy -t f1",
         run = function(context, values)
            local evaluator = call.fields("create_evaluators", values, "item")
            return context:call("create_evaluators", values.experiment_id, { evaluator })
         end,
         show = { list = "data", columns = columns },
      },
      {
         name = "update", method = "update_evaluator", arguments = { "experiment_id", "evaluator_id" },
         summary = "Change an evaluator.",
         options = { "name", "type", "weight", "scale_min", "scale_max", "description", { "config", file = true } },
         examples = "promptic evaluators update EXPERIMENT EVALUATOR -w 2",
         run = function(context, values)
            local changes = call.fields("update_evaluator", values, "field")
            if next(changes) == nil then context:misuse "nothing to change was given" end
            return { data = { context:call("update_evaluator", values.experiment_id, values.evaluator_id, changes) } }
         end,
         show = { list = "data", columns = columns },
      },
      {
         name = "delete", method = "delete_evaluator", arguments = { "experiment_id", "evaluator_id" },
         summary = "Delete an evaluator.",
         confirm = "Delete the evaluator {evaluator_id}?", done = "Deleted the evaluator {evaluator_id}.",
      },
   },
}
