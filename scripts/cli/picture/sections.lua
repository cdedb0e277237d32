--- The sections of an experiment's page below the chart.
local diff = require "promptic.cli.picture.diff"
local html = require "promptic.cli.picture.html"
local prompt_text = require "promptic.cli.picture.prompt_text"
local summary = require "promptic.cli.picture.summary"

local sections = {}

local function section(title, ...)
   return html("section", html("h2", title), ...)
end

local function note(...)
   return html("p", { class = "note" }, ...)
end

local function plural(count, one, many)
   return ("%s %s"):format(summary.count(count), count == 1 and one or many)
end

-- A bar for a share of 1; what lies outside is cut off.
local function bar(share, class)
   local percent = ("%.1f"):format(math.max(0, math.min(1, share)) * 100)
   return html("i", { class = class, style = ("width:%s%%"):format(percent) })
end

---------------------------------------------------------------- best prompt

local SIGNS = { added = "+", removed = "−", kept = " " }
local ELEMENTS = { added = "ins", removed = "del", kept = "span" }

local function diff_lines(lines)
   local pieces = {}
   for place, line in ipairs(lines) do
      pieces[place] = html("div", { class = line.kind },
         html("span", { class = "sign", ["aria-hidden"] = "true" }, SIGNS[line.kind]),
         -- an empty line is to be as high as any other
         html(ELEMENTS[line.kind], line.text == "" and html("br") or line.text))
   end
   return html("div", { class = "diff" }, pieces)
end

local function against(report)
   local initial = prompt_text.of_messages(report.experiment.initialPromptMessages)
   if initial then return initial, "the initial prompt" end
   return report.first.prompt, ("the prompt of iteration %d"):format(report.first.iterationNumber)
end

function sections.prompt(report)
   local best = report.best
   if not best then return nil end
   local before, called = against(report)
   local lines, added, removed = diff.of(before, best.prompt)
   local words
   if added + removed == 0 then
      words = ("Iteration %d is the best: %s, unchanged."):format(best.iterationNumber, called)
      if best.id == report.first.id and called ~= "the initial prompt" then
         words = "The first iteration is the best; the experiment has no initial prompt to compare it with."
      end
   else
      words = ("Iteration %d is the best. Against %s, %s added and %s removed."):format(best.iterationNumber,
         called, plural(added, "line is", "lines are"), removed == 0 and "none" or summary.count(removed))
   end
   return section("Best prompt",
      html("p", { class = "lead" }, words), diff_lines(lines),
      added + removed > 0 and html("details", html("summary", "Best prompt alone, to be copied"),
         html("pre", best.prompt)))
end

---------------------------------------------------------------- evaluators

local function scores_by_evaluator(iteration)
   local by_id = {}
   for _, score in ipairs(iteration.scores or {}) do by_id[score.evaluatorId] = score end
   return by_id
end

local function number_text(value)
   return ("%.6g"):format(value)
end

local function evaluator_row(score, evaluator, before)
   local facts = { score.evaluatorType }
   if evaluator then
      facts[#facts + 1] = "weight " .. number_text(evaluator.weight)
      if evaluator.scaleMin ~= 0 or evaluator.scaleMax ~= 1 then
         facts[#facts + 1] = ("%s on its scale of %s to %s"):format(number_text(score.rawScore),
            number_text(evaluator.scaleMin), number_text(evaluator.scaleMax))
      end
   end
   return html("li",
      html("span", { class = "who" },
         html("b", score.evaluatorName), html("small", table.concat(facts, " · "))),
      html("span", { class = "bars" },
         html("span", { class = "track" }, bar(score.score, "now")),
         before and html("span", { class = "track thin" }, bar(before.score, "before"))),
      html("span", { class = "value" }, html("b", summary.score(score.score)),
         before and html("small", summary.score(before.score))))
end

function sections.evaluators(report)
   local best, first = report.best, report.first
   if not best or #(best.scores or {}) == 0 then return nil end
   local known, earlier, rows = {}, best.id ~= first.id and scores_by_evaluator(first) or {}, {}
   for _, evaluator in ipairs(report.evaluators) do known[evaluator.id] = evaluator end
   for place, score in ipairs(best.scores) do
      rows[place] = evaluator_row(score, known[score.evaluatorId], earlier[score.evaluatorId])
   end
   return section("Scores by evaluator",
      next(earlier) and html("p", { class = "legend" },
         html("span", html("i", { class = "swatch now" }), "best prompt"),
         html("span", html("i", { class = "swatch before" }), summary.baseline(report))),
      html("ul", { class = "evaluators" }, rows))
end

---------------------------------------------------------------- iterations

local function score_cell(value, name)
   if not value then return html("td", { class = "number" }, "–") end
   return html("td", { class = "number" },
      html("span", { class = "meter", ["aria-hidden"] = "true" }, bar(value, name)),
      html("span", { class = "score" }, summary.score(value)))
end

local function iteration_row(point, series, created)
   return html("tr", { class = point.best and "best" },
      html("th", { scope = "row" }, point.number, point.best and html("span", { class = "badge" }, "★ best")),
      series.held_out and score_cell(point.held_out, "held_out"),
      score_cell(point.train, "train"),
      html("td", { class = "number" }, point.tokens and summary.count(point.tokens) or "–"),
      html("td", { class = "when" }, summary.time(created)))
end

function sections.iterations(series, report)
   if #series.points == 0 then return nil end
   local rows = {}
   for place, point in ipairs(series.points) do
      rows[place] = iteration_row(point, series, report.iterations[place].createdAt)
   end
   local function column(words, class) return html("th", { scope = "col", class = class }, words) end
   return section("Iterations", html("table", { class = "iterations" },
      html("thead", html("tr", column "Iteration", series.held_out and column("Held out", "number"),
         column(series.held_out and "Train" or "Score", "number"),
         column("Prompt tokens", "number"), column("Tried", "when"))),
      html("tbody", rows)))
end

---------------------------------------------------------------- remaining mistakes

local TITLE = "What the best prompt still gets wrong"

-- More of them than anybody reads make the page slow.
local MOST_SHOWN = 200

local function caveat(report)
   local computed, best = report.offline, report.best
   local agree = computed.train == best.overallNormalizedScore
      and (not computed.split or computed.held_out == best.evalNormalizedScore)
   local text = "Computed on this machine with the offline model of the sandbox, which answers with the most "
      .. "similar example of the prompt. "
   if agree then
      return note(html("strong", "Not the platform's words. "), text, "The scores of its answers are exactly "
         .. "those reported for this iteration, as it is with an experiment that ran in the sandbox.")
   end
   return html("p", { class = "problem" },
      html("strong", "These are not the answers behind the scores above. "), text,
      ("The scores of its answers differ from the reported ones: what %s answered is not known."):format(
         report.experiment.targetModel))
end

local function confusions(wrong)
   local counts, list = {}, {}
   for _, answer in ipairs(wrong) do
      local key = answer.expected .. "\0" .. answer.predicted
      if not counts[key] then
         counts[key] = {
            expected = answer.expected, predicted = answer.predicted, count = 0, place = #list,
         }
         list[#list + 1] = counts[key]
      end
      counts[key].count = counts[key].count + 1
   end
   table.sort(list, function(a, b)
      if a.count ~= b.count then return a.count > b.count end
      return a.place < b.place
   end)
   local pieces = {}
   for place = 1, math.min(#list, 8) do
      local entry = list[place]
      pieces[place] = html("li", html("b", entry.count .. "×"), " ", html("span", entry.expected), " → ",
         html("span", entry.predicted == "" and "nothing" or entry.predicted))
   end
   return html("ul", { class = "confusions" }, pieces)
end

local function wrong_row(answer, split, classes)
   return html("tr",
      html("th", { scope = "row" }, answer.idx,
         split and html("span", { class = "badge" }, answer.held_out and "held out" or "train")),
      html("td", { class = "input" }, answer.input),
      html("td", { ["data-label"] = "Expected" }, answer.expected),
      html("td", { ["data-label"] = "Answered" }, answer.predicted == "" and html("em", "nothing")
         or answer.predicted),
      not classes and html("td", { ["data-label"] = "Score", class = "number" }, summary.score(answer.score)))
end

local function wrong_table(report)
   local computed = report.offline
   local rows, classes = {}, report.experiment.taskType == "classification"
   for place = 1, math.min(#computed.wrong, MOST_SHOWN) do
      rows[place] = wrong_row(computed.wrong[place], computed.split, classes)
   end
   local function column(words, class) return html("th", { scope = "col", class = class }, words) end
   return {
      html("p", { class = "lead" }, ("%s of %s."):format(summary.count(#computed.wrong),
         plural(computed.total, "row", "rows"))),
      #rows > 0 and {
         classes and confusions(computed.wrong),
         html("table", { class = "wrong" },
            html("thead", html("tr",
               column "Row", column "Input", column "Expected", column "Answered",
               not classes and column("Score", "number"))),
            html("tbody", rows)),
      },
      #computed.wrong > MOST_SHOWN and note(("%s more are not listed."):format(
         summary.count(#computed.wrong - MOST_SHOWN))),
   }
end

function sections.wrong(report)
   if not report.best then return nil end
   if report.offline then return section(TITLE, caveat(report), wrong_table(report)) end
   return section(TITLE, note("Not known: the platform reports the scores of an iteration, not what the model "
      .. "answered to single rows."))
end

return sections
