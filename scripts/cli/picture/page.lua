--[[
The page of `promptic experiments report`, put together from its sections. report holds the platform's responses:

   experiment, component, iterations (in order), evaluators, rows (training data), rows_name ("cases", "observations")
   best, first        iterations with scores; nil where nothing has been tried
   offline            what offline.lua has computed, where that was asked for
]]
local chart = require "promptic.cli.picture.chart"
local html = require "promptic.cli.picture.html"
local sections = require "promptic.cli.picture.sections"
local scores = require "promptic.cli.picture.scores"
local summary = require "promptic.cli.picture.summary"

local page = {}

-- The browser loads nothing and runs nothing, whatever a prompt may hold.
local POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

local function head(title)
   return html("head",
      html("meta", { charset = "utf-8" }),
      html("meta", { ["http-equiv"] = "Content-Security-Policy", content = POLICY }),
      html("meta", { name = "viewport", content = "width=device-width, initial-scale=1" }),
      html("meta", { name = "color-scheme", content = "light dark" }),
      html("meta", { name = "referrer", content = "no-referrer" }),
      html("title", title),
      html("style", html.raw(require "promptic.cli.picture.style")))
end

local function scores_section(series)
   if #series.points == 0 then
      return html("section", html("h2", "Scores"),
         html("p", { class = "note" }, "No prompt has been tried yet, so there are no scores."))
   end
   return html("section",
      html("h2", "Scores"), chart.legend(series),
      -- one for each width: text that shrinks with its picture cannot be read
      html("figure", chart.draw(series, { width = 960, height = 340, name = "wide" }),
         chart.draw(series, { width = 358, height = 300, name = "narrow" })))
end

--- The page as text.
function page.render(report)
   local experiment = report.experiment
   local series = scores.of(report.iterations, report.best and report.best.id)
   local name = experiment.name or "Experiment " .. experiment.id
   local body = html("body", html("main", html.lines(
      summary.header(report, name), summary.problem(experiment), summary.tiles(report, series),
      scores_section(series), sections.prompt(report), sections.evaluators(report),
      sections.iterations(series, report), sections.wrong(report),
      html("footer", ("Made by promptic %s on "):format(require("promptic").version),
         summary.time(os.date "!%Y-%m-%dT%H:%M:%SZ"), "."))))
   local document = html("html", { lang = "en" }, head(("%s · %s"):format(name, report.component.name)), body)
   return "<!DOCTYPE html>\n" .. tostring(document) .. "\n"
end

return page
