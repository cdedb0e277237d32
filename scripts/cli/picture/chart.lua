--- The scores of an experiment's iterations as a chart in SVG. Its colours and strokes are in style.lua.
local html = require "promptic.cli.picture.html"
local scale = require "promptic.cli.picture.scale"
local scores = require "promptic.cli.picture.scores"

local chart = {}

-- Distances from the edges of the picture to the axes.
local LEFT, RIGHT, TOP, BOTTOM = 40, 16, 28, 40

-- Iterations have markers where they are this far apart.
local MARKED_FROM = 12

local STAR = "M0-8 2.1-2.9 7.6-2.5 3.4 1.1 4.7 6.5 0 3.6-4.7 6.5-3.4 1.1-7.6-2.5-2.1-2.9Z"

local function round(value)
   return ("%.1f"):format(value):gsub("%.0$", "")
end

local function plan(series, width, height)
   local points = series.points
   local axis = scale.vertical(series.low or 0, series.high or 1, 5)
   local first, last = points[1].number, points[#points].number
   local left, right = LEFT + 14, width - RIGHT - 14
   local frame = { axis = axis, width = width, height = height, first = first, last = last }
   function frame.x(number)
      if first == last then return (left + right) / 2 end
      return left + (right - left) * (number - first) / (last - first)
   end
   function frame.y(score)
      return TOP + (height - TOP - BOTTOM) * (1 - scale.share(axis, score))
   end
   frame.each = first == last and right - left or (right - left) / (last - first)
   return frame
end

local function grid(frame)
   local pieces = {}
   for tick = 0, frame.axis.intervals do
      local y = frame.y(frame.axis.low + tick * frame.axis.step)
      pieces[#pieces + 1] = html("path", {
         class = tick == 0 and "axis" or "grid",
         d = ("M%s %sH%s"):format(LEFT, round(y), frame.width - RIGHT),
      })
      pieces[#pieces + 1] = html("text", { x = LEFT - 8, y = round(y + 4), ["text-anchor"] = "end" },
         scale.label(frame.axis, tick))
   end
   return pieces
end

local function numbers(frame, points)
   local all, pieces = {}, {}
   for place, point in ipairs(points) do all[place] = point.number end
   local room = 14 + 7 * #tostring(frame.last)
   for _, number in ipairs(scale.labelled(all, frame.x, room)) do
      pieces[#pieces + 1] = html("text", {
         x = round(frame.x(number)), y = frame.height - BOTTOM + 18, ["text-anchor"] = "middle",
      }, number)
   end
   pieces[#pieces + 1] = html("text", {
      class = "name", x = round((LEFT + frame.width - RIGHT) / 2), y = frame.height - 4,
      ["text-anchor"] = "middle",
   }, "iteration")
   return pieces
end

-- A line, interrupted where a score is missing.
local function line(frame, points, name)
   local steps, connected = {}, false
   for _, point in ipairs(points) do
      local score = point[name]
      if score then
         steps[#steps + 1] = ("%s%s %s"):format(connected and "L" or "M", round(frame.x(point.number)),
            round(frame.y(score)))
      end
      connected = score ~= nil
   end
   return html("path", { class = "line " .. name, d = table.concat(steps) })
end

local function marker(frame, points, place, name)
   local point = points[place]
   if not point[name] then return nil end
   local before, after = points[place - 1], points[place + 1]
   local alone = not (before and before[name]) and not (after and after[name])
   if frame.each < MARKED_FROM and not alone then return nil end
   local x, y = frame.x(point.number), frame.y(point[name])
   if name == "train" then
      return html("rect", {
         class = "mark train", x = round(x - 3.5), y = round(y - 3.5), width = 7, height = 7,
      })
   end
   return html("circle", { class = "mark held_out", cx = round(x), cy = round(y), r = 4.5 })
end

--- "Iteration 3: held-out 0.810, train 0.778 (best)"
function chart.words(point)
   local words = {}
   if point.held_out then words[#words + 1] = ("held-out %.3f"):format(point.held_out) end
   if point.train then words[#words + 1] = ("train %.3f"):format(point.train) end
   if #words == 0 then words[1] = "no score" end
   local best = point.best and " (best)" or ""
   return ("Iteration %d: %s%s"):format(point.number, table.concat(words, ", "), best)
end

-- A strip over the whole height that shows a guide and the scores while the pointer is in it.
local function strip(frame, point)
   local x, width = frame.x(point.number), math.max(math.min(frame.each, 80), 2)
   return html("g", { class = "strip" },
      html("title", chart.words(point)),
      html("rect", {
         x = round(x - width / 2), y = TOP, width = round(width), height = frame.height - TOP - BOTTOM,
      }),
      html("path", { d = ("M%s %sV%s"):format(round(x), TOP, frame.height - BOTTOM) }))
end

-- How far above the star its label stands: above the best's other score as well where that is so near that the
-- label would hide it.
local HIDDEN_FROM, HIDDEN_TO = 5, 34

local function label_distance(frame, best, score)
   local other = score == best.held_out and best.train or nil
   local away = other and frame.y(score) - frame.y(other) or 0
   return away >= HIDDEN_FROM and away <= HIDDEN_TO and away + 12 or 14
end

local function best_mark(frame, best)
   local score = scores.decisive(best)
   if not score then return nil end
   local x, y = frame.x(best.number), frame.y(score)
   local near_end = x > frame.width - RIGHT - 60
   local near_start = x < LEFT + 60
   local anchor = near_end and "end" or near_start and "start" or "middle"
   return html("g", { class = "best", transform = ("translate(%s %s)"):format(round(x), round(y)) },
      html("path", { d = STAR }),
      html("text", {
         x = near_end and 8 or near_start and -8 or 0, y = round(-label_distance(frame, best, score)),
         ["text-anchor"] = anchor,
      }, ("best %.3f"):format(score)))
end

--- An SVG element of the series (see scores.lua). name makes the ids of the page unique.
function chart.draw(series, settings)
   local frame = plan(series, settings.width, settings.height)
   local points, name = series.points, settings.name
   local marks, strips = {}, {}
   for place, point in ipairs(points) do
      strips[place] = strip(frame, point)
      marks[#marks + 1] = marker(frame, points, place, "train") or nil
      marks[#marks + 1] = marker(frame, points, place, "held_out") or nil
   end
   local description = { ("%d iterations."):format(#points) }
   if series.best then description[2] = chart.words(series.best) .. "." end
   return html("svg", {
         class = "chart " .. name, viewBox = ("0 0 %d %d"):format(frame.width, frame.height), role = "img",
         ["aria-labelledby"] = ("%s-title %s-desc"):format(name, name),
      },
      html("title", { id = name .. "-title" }, "Score of each iteration"),
      html("desc", { id = name .. "-desc" }, table.concat(description, " ")),
      grid(frame), numbers(frame, points),
      strips, line(frame, points, "train"), series.held_out and line(frame, points, "held_out"), marks,
      series.best and best_mark(frame, series.best))
end

-- What a line looks like, for the legend.
local function sample(name)
   local mark = html("circle", { class = "mark held_out", cx = 15, cy = 7, r = 4.5 })
   if name == "train" then
      mark = html("rect", { class = "mark train", x = 11.5, y = 3.5, width = 7, height = 7 })
   end
   return html("svg", { class = "sample", viewBox = "0 0 30 14", ["aria-hidden"] = "true" },
      html("path", { class = "line " .. name, d = "M1 7H29" }), mark)
end

--- What the lines mean.
function chart.legend(series)
   local function entry(name, words) return html("span", sample(name), words) end
   return html("p", { class = "legend" },
      series.held_out and entry("held_out", "held-out rows"),
      entry("train", series.held_out and "train rows" or "all rows"),
      series.best and html("span",
         html("svg", { class = "sample star", viewBox = "-9 -9 18 18", ["aria-hidden"] = "true" },
            html("g", { class = "best" }, html("path", { d = STAR }))), "best iteration"))
end

return chart
