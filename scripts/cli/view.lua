--[[
How a response is shown to a person. `show` of a command's row is a list of parts, or one of them:

   { columns = {...}, list = "data", empty = "No components yet." }     a table, of response.data
   { fields = {...}, title = function(answer, values) }                 labels and values
   { text = "prompt", heading = "Prompt" }                              a longer text as it is
   { bytes = "prompt" }                  alone: exactly these, for a file or a program (output.data)
   { line = function(answer, values) }                                  a sentence
   { draw = function(answer, settings) }                                lines of its own making
   { each = "results.insights", fields = {...}, title = ... }           fields of each of a list's rows

`none` is printed for a response that is nil; `values` are those of the command line.

A part may have `heading`, and `of` (a function from the whole response to the part's own). Parts of
which there is nothing are left out. Fields are columns (see table.lua) with a label instead of a title.
]]
local layout = require "promptic.cli.table"
local terminal = require "promptic.terminal"
local values = require "promptic.cli.values"

local view = {}

local parts = {}

-- The rows that a path names: a field, or a field of a field ("results.insights").
local function list_in(path, answer)
   for name in (path or ""):gmatch "[^.]+" do answer = type(answer) == "table" and answer[name] or nil end
   return answer or {}
end

local ORDER = { "each", "columns", "fields", "text", "line", "draw" }

function parts.columns(part, answer, settings)
   local rows = list_in(part.list, answer)
   if #rows > 0 then return layout.render(part.columns, rows, settings) end
   if not part.empty then return nil end
   return { part.empty, settings.elsewhere and settings.elsewhere() } -- it may be there, at another endpoint
end

function parts.fields(part, answer, settings)
   local lines, label_width, shown = {}, 0, {}
   for _, field in ipairs(part.fields) do
      local text, form, absent = values.render(field, answer, settings.exact)
      if not absent then
         shown[#shown + 1] = { label = field[1], text = terminal.clean(text, not field.long), form = form }
         label_width = math.max(label_width, terminal.columns(field[1]))
      end
   end
   for _, field in ipairs(shown) do
      local colour = field.form.colour and field.form.colour(field.text)
      layout.field(lines, field.label, label_width, field.text, settings.room,
         function(line) return settings.paint(colour, line) end)
   end
   local title = part.title and part.title(answer, settings.values)
   if title and title ~= "" then
      for number, line in ipairs(layout.wrap(terminal.clean(title, true), settings.room)) do
         table.insert(lines, number, settings.paint("bold", line))
      end
   end
   return lines
end

function parts.text(part, answer, settings)
   local text = answer[part.text]
   if type(text) ~= "string" or text == "" then return nil end
   return layout.wrap(terminal.clean(text), settings.room)
end

function parts.line(part, answer, settings)
   local line = part.line(answer, settings.values)
   return line and { terminal.clean(line) }
end

function parts.draw(part, answer, settings)
   return part.draw(answer, settings)
end

function parts.each(part, answer, settings)
   local lines = {}
   for number, row in ipairs(list_in(part.each, answer)) do
      if number > 1 then lines[#lines + 1] = "" end
      for _, line in ipairs(parts.fields(part, row, settings)) do lines[#lines + 1] = line end
   end
   return lines
end

local function render_part(part, answer, settings)
   if part.of then answer = part.of(answer) end
   if answer == nil then return nil end
   for _, name in ipairs(ORDER) do
      if part[name] then return parts[name](part, answer, settings) end
   end
end

--- The response as text. settings: room, paint, exact, values, elsewhere (see endpoint.lua).
function view.render(show, answer, settings)
   if answer == nil and show.none then return show.none .. "\n" end
   if #show == 0 then show = { show } end
   local blocks = {}
   for _, part in ipairs(show) do
      local lines = render_part(part, answer, settings)
      if lines and #lines > 0 then
         if part.heading then table.insert(lines, 1, settings.paint("bold", part.heading)) end
         blocks[#blocks + 1] = table.concat(lines, "\n") .. "\n"
      end
   end
   return table.concat(blocks, "\n")
end

return view
