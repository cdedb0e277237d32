--- Draws the scores of an experiment's iterations with characters.
local canvas = require "promptic.cli.picture.canvas"
local layout = require "promptic.cli.table"
local scale = require "promptic.cli.picture.scale"
local scores = require "promptic.cli.picture.scores"
local terminal = require "promptic.terminal"

local picture = {}

-- Where the output goes to no terminal.
local WIDTH = 80

-- No more columns for an iteration than this: few of them do not get clearer by being far apart.
local COLUMNS_EACH, LEAST_COLUMNS = 16, 32

-- Markers of single iterations, if there are this many columns for each.
local MARKED_FROM = 3

local UTF8 = {
   train = "○", held_out = "●", both = "◉", best = "★",
   vertical = "│", tick = "┤", horizontal = "─", below = "┬", corner = "└",
}
local ASCII = {
   train = "o", held_out = "*", both = "@", best = "#",
   vertical = "|", tick = "+", horizontal = "-", below = "+", corner = "+",
}

-- The two lines differ without colour as well: one is dotted.
local PENS = {
   train = { colour = "yellow", every = 3, ascii = ".", sample = "⠂⠐⠂" },
   held_out = { colour = "cyan", every = 1, ascii = "-", sample = "⠒⠒⠒" },
}

--- Whether the locale is one of UTF-8, by the variables that decide about it.
function picture.unicode()
   for _, name in ipairs { "LC_ALL", "LC_CTYPE", "LANG" } do
      local value = os.getenv(name)
      if value and value ~= "" then return value:lower():find "utf%-?8" ~= nil end
   end
   return false
end

---------------------------------------------------------------- layout

local function columns_for(room, count, labels)
   local width = room == math.huge and WIDTH or room
   local most = math.max(LEAST_COLUMNS, COLUMNS_EACH * count)
   return math.max(8, math.min(width - labels - 2, most))
end

-- Where everything goes: the axis, the canvas, and the dots of an iteration and of a score.
local function plan(series, room, unicode)
   local points = series.points
   local rows_wanted = room < 60 and 10 or 15
   local axis = scale.vertical(series.low or 0, series.high or 1, 5)
   local rows_each = math.max(2, rows_wanted // axis.intervals)
   local rows = rows_each * axis.intervals
   local labels = math.max(#scale.label(axis, 0), #scale.label(axis, axis.intervals))
   local columns = columns_for(room, #points, labels)
   local first, last = points[1].number, points[#points].number
   local frame = {
      axis = axis, rows_each = rows_each, labels = labels, unicode = unicode,
      canvas = canvas.new(columns, rows + 1, unicode),
   }
   local left, right = 2, 2 * columns - 4
   function frame.x(number)
      if first == last then return columns // 2 * 2 end
      return math.floor(left + (right - left) * (number - first) / (last - first) + 0.5)
   end
   -- a tick lies in the middle of its row
   function frame.y(score)
      return math.floor((1 - scale.share(axis, score)) * rows * 4 + 0.5) + 1
   end
   frame.marked = #points == 1 or (right - left) / 2 / (last - first) >= MARKED_FROM
   return frame
end

---------------------------------------------------------------- drawing

local function draw_line(frame, points, name)
   local pen = setmetatable({ count = 0 }, { __index = PENS[name] })
   for place = 1, #points do
      local from, to = points[place], points[place + 1]
      -- a score that is missing is a gap, and one between two gaps a dot
      if from[name] then
         if not to or not to[name] then to = from end
         local x, y = frame.x(from.number), frame.y(from[name])
         frame.canvas:line(x, y, frame.x(to.number), frame.y(to[name]), pen)
      end
   end
end

local function draw_marks(frame, points, glyphs)
   for _, point in ipairs(points) do
      local x, places = frame.x(point.number), {}
      for _, name in ipairs { "train", "held_out" } do
         local y = point[name] and frame.y(point[name])
         if y and frame.marked then
            local glyph = places[y // 4] and glyphs.both or glyphs[name]
            frame.canvas:mark(x, y, glyph, PENS[name].colour)
            frame.both = frame.both or places[y // 4]
            places[y // 4] = true
         end
      end
      local deciding = scores.decisive(point)
      if point.best and deciding then
         frame.canvas:mark(x, frame.y(deciding), glyphs.best, "green")
      end
   end
end

local function body(frame, glyphs, paint)
   local lines, axis = {}, frame.axis
   for row = 0, frame.canvas.rows - 1 do
      local is_tick = row % frame.rows_each == 0
      local label = is_tick and scale.label(axis, axis.intervals - row // frame.rows_each) or ""
      local edge = (" "):rep(frame.labels - #label) .. label .. " "
         .. (is_tick and glyphs.tick or glyphs.vertical)
      lines[#lines + 1] = paint("dim", edge) .. frame.canvas:row(row, paint)
   end
   return lines
end

local WORD = "iteration"

local function foot(frame, points, glyphs, paint)
   local numbers = {}
   for place, point in ipairs(points) do numbers[place] = point.number end
   local function column_of(number) return frame.x(number) // 2 end
   local digits = #tostring(numbers[#numbers])
   local columns, ticks, text = frame.canvas.columns, {}, ""
   for _, number in ipairs(scale.labelled(numbers, column_of, digits + 2)) do
      local column = column_of(number)
      ticks[column] = true
      local label = tostring(number)
      local start = math.max(0, math.min(column - (#label - 1) // 2, columns - #label))
      if start >= #text then text = text .. (" "):rep(start - #text) .. label end
   end
   local rule = {}
   for column = 0, columns - 1 do rule[#rule + 1] = ticks[column] and glyphs.below or glyphs.horizontal end
   local indent = (" "):rep(frame.labels + 1)
   local lines = { indent .. glyphs.corner .. table.concat(rule), indent .. " " .. text }
   local middle = indent .. " " .. (" "):rep((columns - #WORD) // 2) .. WORD
   if #text + 2 + #WORD <= columns then
      lines[2] = lines[2] .. (" "):rep(columns - #text - #WORD) .. WORD
   else
      lines[3] = middle
   end
   for place, line in ipairs(lines) do lines[place] = paint("dim", line) end
   return lines
end

local function best_words(best)
   local words = ("best: iteration %d"):format(best.number)
   if best.held_out then words = words .. (", held-out %.3f"):format(best.held_out) end
   if best.train then words = words .. (", train %.3f"):format(best.train) end
   return words
end

-- { sample, words, colour } of each entry.
local function legend_entries(frame, series, glyphs)
   local entries = {}
   local function add(name, pen, words)
      -- where iterations are not marked one by one, the line itself is shown
      local sample = glyphs[name]
      if not frame.marked then sample = frame.unicode and pen.sample or pen.ascii:rep(3) end
      entries[#entries + 1] = { sample, words, pen.colour }
   end
   add("train", PENS.train, "train")
   if series.held_out then add("held_out", PENS.held_out, "held-out") end
   if frame.both then add("both", PENS.held_out, "both") end
   if series.best then entries[#entries + 1] = { glyphs.best, best_words(series.best), "green" } end
   return entries
end

-- The entries side by side if there is room.
local function legend(frame, series, glyphs, paint, room)
   local lines, width = {}, 0
   for _, entry in ipairs(legend_entries(frame, series, glyphs)) do
      local sample, words, colour = table.unpack(entry)
      local indent = terminal.columns(sample) + 1
      local shown = paint(colour, sample) .. " "
      if #lines > 0 and width + 3 + indent + #words <= room then
         lines[#lines] = lines[#lines] .. "   " .. shown .. words
         width = width + 3 + indent + #words
      else
         for _, line in ipairs(layout.wrap(words, room - indent)) do
            lines[#lines + 1], width = shown .. line, indent + #line
            shown = (" "):rep(indent)
         end
      end
   end
   return lines
end

local function title(answer, room, paint)
   local name = terminal.clean(answer.name or ("Experiment " .. answer.experimentId), true)
   local status = ("  " .. terminal.clean(tostring(answer.experimentStatus), true))
   if terminal.columns(name) + #status > room then return paint("bold", (layout.fit(name, room))) end
   return paint("bold", name) .. paint("dim", status)
end

--- Lines of a picture of the output of `promptic iterations plot --json`. settings: room (columns, or
-- math.huge), paint; and unicode, which the locale decides where it is nil.
function picture.draw(answer, settings)
   local series = scores.of(answer.iterations)
   local unicode = settings.unicode
   if unicode == nil then unicode = picture.unicode() end
   local glyphs, paint = unicode and UTF8 or ASCII, settings.paint
   local frame = plan(series, settings.room, unicode)
   draw_line(frame, series.points, "train")
   draw_line(frame, series.points, "held_out")
   draw_marks(frame, series.points, glyphs)
   local lines = { title(answer, settings.room, paint), "" }
   local function append(more) table.move(more, 1, #more, #lines + 1, lines) end
   append(body(frame, glyphs, paint))
   append(foot(frame, series.points, glyphs, paint))
   lines[#lines + 1] = ""
   append(legend(frame, series, glyphs, paint, settings.room))
   return lines
end

return picture
