--[[
promptic.report: an experiment's data and figures, as a page or as data.

   local report = require "promptic.report"
   promptic.write_file("report.html", report.html(client, experiment_id))
   local found = report.collect(client,
      experiment_id)     -- experiment, component, iterations, best, first, evaluators,
                                                            -- rows

A page is one HTML file that needs no network and runs no script.
]]
local promptic = require "promptic"

local report = {}

-- Results of several calls at one time, by their names; each call is { name, method, arguments... }.
local function answers_of(context, calls)
   local answers = promptic.map(calls, function(entry)
      return context:call(table.unpack(entry, 2)) or promptic.null
   end)
   local named = {}
   for place, entry in ipairs(calls) do named[entry[1]] = answers[place] end
   return named
end

--- Everything the page shows. context:call(method, ...) does the calls. Requests nothing that cannot exist, so that no
-- failure has to be ignored.
function report.collect_by(context, id)
   local found = answers_of(context, {
      { "experiment", "get_experiment", id },
      { "iterations", "list_iterations", id },
      { "evaluators", "list_evaluators", id },
   })
   for _, name in ipairs { "iterations", "evaluators" } do found[name] = found[name].data or {} end
   found.rows, found.rows_name = require("promptic.cli.training").rows(context, found.experiment)
   table.sort(found.iterations, function(a, b) return a.iterationNumber < b.iterationNumber end)
   local calls = { { "component", "get_component", found.experiment.aiComponentId } }
   if found.iterations[1] then
      calls[2] = { "best", "get_best_iteration", id }
      calls[3] = { "first", "get_iteration", id, found.iterations[1].id }
   end
   for name, answer in pairs(answers_of(context, calls)) do found[name] = answer end
   return found
end

--- The page of what collect_by has found.
function report.render(found)
   return require("promptic.cli.picture.page").render(found)
end

local Caller = {}
Caller.__index = Caller

function Caller:call(method, ...)
   return self.client[method](self.client, ...)
end

--- What is known of an experiment. Raises what the calls raise.
function report.collect(client, experiment_id)
   return report.collect_by(setmetatable({ client = client }, Caller), experiment_id)
end

--- The page about an experiment, a text.
function report.html(client, experiment_id)
   return report.render(report.collect(client, experiment_id))
end

return report
