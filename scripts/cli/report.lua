--- promptic experiments report: a page about an experiment, in one file.
local output = require "promptic.cli.output"
local pages = require "promptic.report"

local function run(context, values)
   local report = pages.collect_by(context, values.experiment_id)
   if values.offline and report.best then
      report.offline = require("promptic.cli.picture.offline").compute(report.best.prompt, report)
   end
   local text = pages.render(report)
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
