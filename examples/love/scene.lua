-- scene.lua - draws the orbits on the left, a card for each experiment, the frame times below.
local scene = { HISTORY = 300 } -- frames in the graph

local graphics = love.graphics
local font, tails = {}, {}
local texts = {} -- by font, those of this frame

local function rgb(code)
   return { tonumber(code:sub(1, 2), 16) / 255, tonumber(code:sub(3, 4), 16) / 255, tonumber(code:sub(5, 6), 16) / 255 }
end

local BACKGROUND, CARD, TRACK = rgb"0e1117", rgb"161b24", rgb"252c3a"
local TEXT, MUTED, GOOD, BAD = rgb"e9edf5", rgb"8b95a9", rgb"9ece6a", rgb"f7768e"
local COLORS = { rgb"7aa2f7", rgb"7dcfff", rgb"9ece6a", rgb"e0af68", rgb"bb9af7" }

local CENTER_X, CENTER_Y = 320, 376
local INNER, RING = 96, 33 -- the first orbit's radius, the distance of two
local CARDS_X, CARDS_Y, CARD_WIDTH, CARD_HEIGHT, CARD_GAP = 640, 104, 600, 76, 12
local GRAPH_X, GRAPH_Y, GRAPH_HEIGHT = 640, 572, 84
local GRAPH_SECONDS = 1 / 20 -- the graph's height

local function paint(color, alpha)
   graphics.setColor(color[1], color[2], color[3], alpha or 1)
end

-- Shapes that are filled have hard edges; a smooth line around them takes these away.
local function disc(x, y, radius)
   graphics.setLineWidth(1)
   graphics.circle("fill", x, y, radius)
   graphics.circle("line", x, y, radius)
end

local function box(x, y, width, height, round)
   graphics.setLineWidth(1)
   graphics.rectangle("fill", x, y, width, height, round, round)
   graphics.rectangle("line", x, y, width, height, round, round)
end

-- Texts are drawn last, font by font: each change between shapes and fonts ends what LÖVE draws in one call.
local function write(text, x, y, face, color, align, width)
   local list = texts[face]
   list[#list + 1] = { text, math.floor(x), math.floor(y), width or 600, align or "left", color }
end

local function draw_texts()
   for face, list in pairs(texts) do
      graphics.setFont(face)
      for index, text in ipairs(list) do
         paint(text[6])
         graphics.printf(unpack(text, 1, 5))
         list[index] = nil
      end
   end
end

function scene.load()
   for name, size in pairs{ small = 13, normal = 16, large = 20, title = 30, huge = 46 } do
      font[name] = graphics.newFont(size)
      texts[font[name]] = {}
   end
   graphics.setBackgroundColor(BACKGROUND)
   graphics.setLineStyle("smooth")
end

-- ------------------------------------------------------------------ orbits

local function arc(radius, from, to, width)
   graphics.setLineWidth(width)
   graphics.arc("line", "open", CENTER_X, CENTER_Y, radius, from, to, 128)
   for _, angle in ipairs{ from, to } do
      disc(CENTER_X + radius * math.cos(angle), CENTER_Y + radius * math.sin(angle), width / 2 - 0.5)
   end
end

-- A comet's tail on a circle around 0, 0, which ends at the angle 0. Its edges fade, as its end does.
local function new_tail(radius)
   local length, pieces, vertices = 0.9, 40, {}
   for piece = 0, pieces do
      local angle, alpha = length * (piece / pieces - 1), 0.6 * (piece / pieces) ^ 2
      for _, edge in ipairs{ { -2.5, 0 }, { 0, alpha }, { 2.5, 0 } } do
         local at = radius + edge[1]
         vertices[#vertices + 1] = { at * math.cos(angle), at * math.sin(angle), 0, 0, 1, 1, 1, edge[2] }
      end
   end
   local map = {}
   for corner = 1, 3 * pieces do
      if corner % 3 ~= 0 then
         for _, offset in ipairs{ 0, 1, 3, 1, 3, 4 } do
            map[#map + 1] = corner + offset
         end
      end
   end
   local mesh = graphics.newMesh(vertices, "triangles", "static")
   mesh:setVertexMap(map)
   return mesh
end

-- A comet that never stops: a frame that comes late would make it jump.
local function comet(index, radius, angle, color)
   tails[index] = tails[index] or new_tail(radius)
   paint(color)
   graphics.draw(tails[index], CENTER_X, CENTER_Y, angle)
   local x, y = CENTER_X + radius * math.cos(angle), CENTER_Y + radius * math.sin(angle)
   paint(color, 0.18)
   disc(x, y, 13)
   paint(color)
   disc(x, y, 6)
   paint(TEXT)
   disc(x, y, 2.5)
end

local function draw_orbits(time, watch)
   local best
   for index, experiment in ipairs(watch.experiments) do
      local radius, color = INNER + (index - 1) * RING, COLORS[index]
      local scores = experiment.scores or {}
      paint(TRACK, 0.8)
      graphics.setLineWidth(5)
      graphics.circle("line", CENTER_X, CENTER_Y, radius, 128)
      experiment.shown = (experiment.shown or 0) + (#scores / watch.epochs - (experiment.shown or 0)) * 0.08
      if experiment.shown > 0.002 then
         paint(color, 0.85)
         arc(radius, -math.pi / 2, -math.pi / 2 + 2 * math.pi * math.min(experiment.shown, 0.9999), 5)
      end
      comet(index, radius, time * (1.5 - 0.2 * index) + index * 1.3, color)
      best = math.max(best or 0, experiment.best or 0)
   end
   local text = best > 0 and ("%.3f"):format(best) or "..."
   write(text, CENTER_X - 100, CENTER_Y - 36, font.huge, TEXT, "center", 200)
   write("best F1 so far", CENTER_X - 100, CENTER_Y + 20, font.small, MUTED, "center", 200)
end

-- ------------------------------------------------------------------ cards

local STATUS_COLORS = { completed = GOOD, failed = BAD }

local function draw_status(status, x, y, time, color)
   local chosen = STATUS_COLORS[status] or color
   local width = font.small:getWidth(status) + 34
   paint(chosen, 0.14)
   box(x, y, width, 22, 11)
   local pulse = STATUS_COLORS[status] and 1 or 0.55 + 0.45 * math.sin(time * 4)
   paint(chosen, pulse)
   disc(x + 14, y + 11, 3.5)
   write(status, x + 24, y + 3, font.small, chosen)
end

local function draw_iterations(experiment, x, y, epochs, color)
   for index = 1, epochs do
      local score, left = experiment.scores and experiment.scores[index], x + (index - 1) * 22
      if score then
         local height = 4 + 40 * score
         paint(color, score == experiment.best and 1 or 0.45)
         box(left, y + 44 - height, 13, height, 3)
      else
         paint(TRACK)
         box(left, y + 40, 13, 4, 2)
      end
   end
end

local function draw_card(index, experiment, watch, time)
   local x, y, color = CARDS_X, CARDS_Y + (index - 1) * (CARD_HEIGHT + CARD_GAP), COLORS[index]
   paint(CARD)
   box(x, y, CARD_WIDTH, CARD_HEIGHT, 10)
   paint(color)
   box(x, y + 14, 3, CARD_HEIGHT - 28, 1.5)
   write(experiment.name, x + 24, y + 12, font.large, TEXT)
   draw_status(experiment.status or "creating", x + 24, y + 43, time, color)
   write(("%d of %d"):format(#(experiment.scores or {}), watch.epochs), x + 196, y + 16, font.normal, TEXT)
   write("iterations", x + 196, y + 42, font.small, MUTED)
   draw_iterations(experiment, x + 306, y + 16, watch.epochs, color)
   if experiment.status == "failed" and experiment.message then
      write(experiment.message, x + 300, y + 14, font.small, BAD, "left", CARD_WIDTH - 316)
   else
      local best = experiment.best and ("%.3f"):format(experiment.best) or "-"
      write(best, x + 440, y + 14, font.title, TEXT, "right", 136)
      write("best", x + 440, y + 49, font.small, MUTED, "right", 136)
   end
end

-- ------------------------------------------------------------------ frame times

local function graph_y(seconds)
   return GRAPH_Y + GRAPH_HEIGHT * (1 - math.min(1, seconds / GRAPH_SECONDS))
end

local function draw_graph(frames)
   local step = CARD_WIDTH / scene.HISTORY
   paint(CARD)
   box(GRAPH_X, GRAPH_Y, CARD_WIDTH, GRAPH_HEIGHT, 10)
   for back = 0, math.min(frames.count, scene.HISTORY) - 1 do
      local at = (frames.last - back - 1) % scene.HISTORY + 1
      local x = GRAPH_X + CARD_WIDTH - (back + 1) * step
      local top = graph_y(frames.times[at])
      paint(COLORS[1], 0.35)
      graphics.rectangle("fill", x, top, step, GRAPH_Y + GRAPH_HEIGHT - top)
      paint(COLORS[4])
      top = graph_y(frames.steps[at])
      graphics.rectangle("fill", x, top, step, GRAPH_Y + GRAPH_HEIGHT - top)
   end
   paint(MUTED, 0.6)
   graphics.setLineWidth(1)
   graphics.line(GRAPH_X, graph_y(1 / 60), GRAPH_X + CARD_WIDTH, graph_y(1 / 60))
   write("1/60 s", GRAPH_X + 10, graph_y(1 / 60) - 19, font.small, MUTED)
end

local function draw_legend(frames)
   local y = GRAPH_Y + GRAPH_HEIGHT + 14
   local frame_text = ("frame, longest %.1f ms"):format(frames.longest * 1000)
   local step_text = ("promptic.step(0) in it, longest %.1f ms"):format(frames.longest_step * 1000)
   paint(COLORS[1], 0.6)
   disc(GRAPH_X + 8, y + 8, 4)
   write(frame_text, GRAPH_X + 20, y, font.small, MUTED)
   paint(COLORS[4])
   disc(GRAPH_X + 218, y + 8, 4)
   write(step_text, GRAPH_X + 230, y, font.small, MUTED)
   write(("%d frames"):format(frames.count), GRAPH_X, y, font.small, TEXT, "right", CARD_WIDTH)
end

function scene.draw(time, watch, frames)
   write("promptic in LÖVE", 40, 36, font.title, TEXT)
   write(watch.problem or "Five experiments, each watched in a task of its own.", CARDS_X, 42, font.normal,
      watch.problem and BAD or TEXT)
   write("One promptic.step(0) a frame; no thread, no callback.", CARDS_X, 66, font.small, MUTED)
   local traffic = ("%d answers, %d tasks, %d spans sent"):format(watch.answers, frames.tasks, watch.spans())
   write(traffic, CARDS_X, 66, font.small, TEXT, "right", CARD_WIDTH)
   draw_orbits(time, watch)
   for index, experiment in ipairs(watch.experiments) do
      draw_card(index, experiment, watch, time)
   end
   draw_graph(frames)
   draw_legend(frames)
   write(("%d of %d completed"):format(watch.completed(), #watch.experiments), 40, 670, font.normal, TEXT)
   write("each ring fills with its experiment's iterations", 220, 672, font.small, MUTED)
   draw_texts()
end

return scene
