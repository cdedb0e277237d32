--- promptic experiments report: a page about an experiment, in one file.
local promptic = require "promptic"
local output = require "promptic.cli.output"

-- The responses of several calls at one time, by their names; each is { name, method, arguments... }.
local function answers_of(context, calls)
   local answers = promptic.map(calls, function(entry)
      return context:call(table.unpack(entry, 2)) or promptic.null
   end)
   local named = {}
   for place, entry in ipairs(calls) do named[entry[1]] = answers[place] end
   return named
end

-- Everything the page shows. Requests nothing that cannot exist, so that no failure has to be ignored.
local function collect(context, id)
   local report = answers_of(context, {
      { "experiment", "get_experiment", id },
      { "iterations", "list_iterations", id },
      { "evaluators", "list_evaluators", id },
   })
   for _, name in ipairs { "iterations", "evaluators" } do report[name] = report[name].data or {} end
   report.rows, report.rows_name = require("promptic.cli.training").rows(context, report.experiment)
   table.sort(report.iterations, function(a, b) return a.iterationNumber < b.iterationNumber end)
   local calls = { { "component", "get_component", report.experiment.aiComponentId } }
   if report.iterations[1] then
      calls[2] = { "best", "get_best_iteration", id }
      calls[3] = { "first", "get_iteration", id, report.iterations[1].id }
   end
   for name, answer in pairs(answers_of(context, calls)) do report[name] = answer end
   return report
end

local function run(context, values)
   local report = collect(context, values.experiment_id)
   if values.offline and report.best then
      report.offline = require("promptic.cli.picture.offline").compute(report.best.prompt, report)
   end
   local text = require("promptic.cli.picture.page").render(report)
   local path = values.output or ("experiment-%s.html"):format(report.experiment.id:gsub("[^%w._-]", "_"))
   output.save(path, text)
   output.wrote(context, path)
end

return {
   method = "get_experiment", arguments = { "experiment_id" }, run = run,
   summary = "Write a page about an experiment: scores, the best prompt, what changed.",
   options = {
      { "output", flag = "-o --output", label = "FILE",
         summary = "the page; experiment-ID.html where it is left out, - for standard output" },
      { "offline", switch = true,
         summary = "list the rows that the sandbox's offline model gets wrong with the best prompt" },
   },
   notes = "The page is one HTML file that needs no network and runs no script. A file of that name is "
      .. "replaced.\n\nThe platform does not report predictions for single rows. --offline "
      .. "computes it with the model of the sandbox, which explains experiments that ran there only.",
   examples = "promptic experiments report EXPERIMENT -o report.html",
}
