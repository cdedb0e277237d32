--- The top of an experiment's page: what it is, how it went, and the numbers that matter.
local html = require "promptic.cli.picture.html"
local prompt_text = require "promptic.cli.picture.prompt_text"
local times = require "promptic.cli.times"

local summary = {}

local KNOWN_STATUS = { pending = true, scheduled = true, running = true, completed = true, failed = true }

--- A number with its thousands apart.
function summary.count(number)
   if math.type(number) ~= "integer" then number = math.floor(number + 0.5) end
   local sign, digits = ("%d"):format(number):match "^(%-?)(%d+)$"
   return sign .. digits:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
end

function summary.score(value)
   return type(value) == "number" and ("%.3f"):format(value) or "–"
end

--- A time to the minute, in UTC, with the exact one for machines.
function summary.time(text)
   local seconds = text and times.parse(text)
   if not seconds then return text or "–" end
   return html("time", { datetime = text }, os.date("!%Y-%m-%d %H:%M UTC", math.floor(seconds)))
end

local function duration(experiment)
   local from = experiment.startedAt and times.parse(experiment.startedAt)
   local to = experiment.endedAt and times.parse(experiment.endedAt)
   if not from or not to or to < from then return nil end
   local seconds = to - from
   if seconds < 0.1 then return nil end
   if seconds < 60 then return ("%.1f s"):format(seconds) end
   return times.clock(seconds) .. (seconds < 3600 and " min" or " h")
end

--- What the first iteration tried, in words: it need not be the initial prompt.
function summary.baseline(report)
   local initial = prompt_text.of_messages(report.experiment.initialPromptMessages)
   if initial and report.first.prompt == initial then return "initial prompt" end
   return "iteration " .. report.first.iterationNumber
end

---------------------------------------------------------------- header

-- "2025-03-01 10:00 to 10:12 UTC"
local function ran(experiment)
   local from, to = experiment.startedAt, experiment.endedAt
   if not from or not to then return from and summary.time(from) end
   local first, last = times.parse(from), times.parse(to)
   if not first or not last then return { from, " to ", to } end
   if math.floor(first) // 60 == math.floor(last) // 60 then return summary.time(to) end
   local same_day = math.floor(first) // 86400 == math.floor(last) // 86400
   return {
      html("time", { datetime = from }, os.date("!%Y-%m-%d %H:%M", math.floor(first))), " to ",
      html("time", { datetime = to }, os.date(same_day and "!%H:%M UTC" or "!%Y-%m-%d %H:%M UTC",
         math.floor(last))),
   }
end

function summary.header(report, name)
   local experiment, facts = report.experiment, {}
   local function fact(label, value)
      if value ~= nil and value ~= "" then
         facts[#facts + 1] = html("div", html("dt", label), html("dd", value))
      end
   end
   local status = tostring(experiment.experimentStatus)
   fact("Model", ("%s (%s)"):format(experiment.targetModel, experiment.provider))
   fact("Task", experiment.taskType)
   fact("Optimizer", experiment.optimizer)
   fact("Created", summary.time(experiment.createdAt))
   fact(experiment.endedAt and "Ran" or "Started", ran(experiment))
   return html("header",
      html("p", { class = "component" }, report.component.name),
      html("div", { class = "title" }, html("h1", name),
         html("span", { class = "status " .. (KNOWN_STATUS[status] and status or "") }, status)),
      html("p", { class = "id" }, "Experiment ", html("code", experiment.id)),
      experiment.description and html("p", { class = "description" }, experiment.description),
      html("dl", { class = "facts" }, facts))
end

--- What keeps the page from being the whole story, or nil.
function summary.problem(experiment)
   local status = experiment.experimentStatus
   if status == "failed" then
      local code = experiment.errorCode and (" [%s]"):format(experiment.errorCode) or ""
      return html("p", { class = "problem", role = "note" },
         html("strong", "The experiment failed" .. code .. ": "),
         experiment.errorMessage or "the platform gave no reason.")
   elseif status ~= "completed" then
      return html("p", { class = "note", role = "note" },
         ("The experiment is %s: this page shows its state when the page was made."):format(status))
   end
end

---------------------------------------------------------------- tiles

local function tile(label, value, small, class)
   return html("div", { class = class and "tile " .. class or "tile" },
      html("dt", label), html("dd", html("b", value), small and html("small", small)))
end

-- "+0.256 against the initial prompt"
local function gain(report, field)
   local best, first = report.best, report.first
   local from, to = first[field], best[field]
   if best.id == first.id or type(from) ~= "number" or type(to) ~= "number" then return nil end
   local baseline = summary.baseline(report)
   return ("%s%.3f against %s%s"):format(to >= from and "+" or "−", math.abs(to - from),
      baseline == "initial prompt" and "the " or "", baseline)
end

-- nil where the platform does not say which rows are held out.
local function split_words(rows)
   local held_out, known = 0, 0
   for _, row in ipairs(rows) do
      if row.split then known = known + 1 end
      if row.split == "eval" then held_out = held_out + 1 end
   end
   if known < #rows then return nil end
   return ("%s train, %s held out"):format(summary.count(#rows - held_out), summary.count(held_out))
end

function summary.tiles(report, series)
   local experiment, best, tiles = report.experiment, report.best, {}
   local function add(...) tiles[#tiles + 1] = tile(...) end
   if best and type(best.evalNormalizedScore) == "number" then
      add("Held-out score", summary.score(best.evalNormalizedScore), gain(report, "evalNormalizedScore"),
         "main")
   end
   if best then
      add(series.held_out and "Train score" or "Score", summary.score(best.overallNormalizedScore),
         gain(report, "overallNormalizedScore"), not series.held_out and "main" or nil)
   end
   add("Iterations", summary.count(#series.points),
      series.best and ("the best is number %d"):format(series.best.number))
   local split = (experiment.hyperparameters or {}).trainSplitRatio ~= nil
   add(report.rows_name:gsub("^%l", string.upper), summary.count(#report.rows),
      split and split_words(report.rows) or nil)
   if type(experiment.tokensUsed) == "number" then
      local took = duration(experiment)
      add("Tokens used", summary.count(experiment.tokensUsed), took and "in " .. took)
   end
   return html("dl", { class = "tiles" }, tiles)
end

return summary
