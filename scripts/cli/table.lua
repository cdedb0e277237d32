--[[
Tables for people: as wide as they need to be, or as the terminal is.

A column is { "NAME", key = "name" }, with

   as         the form of its values (see values.lua)
   value      function(row), where it is more than a field
   least      columns it can be narrowed to, where its form permits that; 10
   optional   true: left out where the table would be too wide, from the right; "last": only after those that
              are true. 'get' and --json always show it

Where even the narrowest form is too wide, each row becomes a block of lines, so that narrow terminals can be
read as well and ids stay whole.
]]
local terminal = require "promptic.terminal"
local values = require "promptic.cli.values"

local layout = {}

local GAP = 2
local LEAST = 10

local columns_of, cut, clean = terminal.columns, terminal.cut, terminal.clean

--- The text in so many columns, with "…" where it had to be cut.
function layout.fit(text, room)
   local width = columns_of(text)
   if width <= room then return text, width end
   if room <= 0 then return "", 0 end
   local beginning = cut(text, room - 1):gsub("%s+$", "")
   return beginning .. "…", columns_of(beginning) + 1
end

--- The text as lines of so many columns at most, broken at spaces if there are some.
function layout.wrap(text, room)
   local lines = {}
   for line in (text .. "\n"):gmatch "([^\n]*)\n" do
      while columns_of(line) > room do
         local beginning, _, rest = cut(line, room)
         if not rest:find "^ " then
            local space = beginning:find " [^ ]*$"
            if space and beginning:sub(1, space):find "%S" then
               beginning, rest = beginning:sub(1, space - 1), beginning:sub(space + 1) .. rest
            end
         end
         if beginning == "" then break end -- not even one wide character fits
         lines[#lines + 1] = (beginning:gsub(" +$", ""))
         line = rest:gsub("^ +", "")
      end
      lines[#lines + 1] = line
   end
   return lines
end

-- The cells of all rows as text, and the natural width of each column.
local function render(columns, rows, exact)
   local cells, widths = {}, {}
   for place, column in ipairs(columns) do widths[place] = columns_of(column[1]) end
   for number, row in ipairs(rows) do
      cells[number] = {}
      for place, column in ipairs(columns) do
         local text, form, absent = values.render(column, row, exact)
         text = clean(text, true)
         cells[number][place] = { text = text, absent = absent, colour = form.colour and form.colour(text) }
         widths[place] = math.max(widths[place], columns_of(text))
      end
   end
   return cells, widths
end

local function least_width(column, natural)
   if values.forms[column.as or "text"].whole then return natural end
   return math.min(natural, math.max(column.least or LEAST, columns_of(column[1])))
end

local function total(widths, kept)
   local sum, count = 0, 0
   for place in pairs(kept) do
      sum, count = sum + widths[place], count + 1
   end
   return sum + GAP * (count - 1)
end

-- Leaves out optional columns from the right until the rest can be made to fit. Returns the columns that are
-- kept and their least widths, or nil where they do not fit all the same.
local function choose(columns, natural, room)
   local kept, least = {}, {}
   for place, column in ipairs(columns) do
      kept[place], least[place] = true, least_width(column, natural[place])
   end
   for _, rank in ipairs { true, "last" } do
      for place = #columns, 1, -1 do
         if total(least, kept) <= room then break end
         if columns[place].optional == rank then kept[place] = nil end
      end
   end
   if total(least, kept) > room then return nil end
   return kept, least
end

-- Shortens the widest column until the table fits.
local function shrink(natural, kept, least, room)
   local widths = table.move(natural, 1, #natural, 1, {})
   local over = total(widths, kept) - room
   while over > 0 do
      local widest
      for place in pairs(kept) do
         if widths[place] > least[place] and (not widest or widths[place] > widths[widest]
            or widths[place] == widths[widest] and place > widest) then
            widest = place
         end
      end
      widths[widest], over = widths[widest] - 1, over - 1
   end
   return widths
end

local function line_of(columns, kept, widths, cell_at)
   local pieces, last = {}, 0
   for place in ipairs(columns) do
      if kept[place] then last = place end
   end
   for place, column in ipairs(columns) do
      if kept[place] then
         local text, painted = cell_at(place)
         local shown, width = layout.fit(text, widths[place])
         local space = (" "):rep(widths[place] - width)
         local right = values.forms[column.as or "text"].right
         local cell = painted(shown)
         if right then cell = space .. cell elseif place < last then cell = cell .. space end
         pieces[#pieces + 1] = cell
      end
   end
   return table.concat(pieces, (" "):rep(GAP))
end

local function as_table(columns, cells, kept, widths, paint)
   local lines = { line_of(columns, kept, widths, function(place)
      return columns[place][1], function(text) return paint("bold", text) end
   end) }
   for _, row in ipairs(cells) do
      lines[#lines + 1] = line_of(columns, kept, widths, function(place)
         local cell = row[place]
         return cell.text, function(text) return paint(cell.absent and "dim" or cell.colour, text) end
      end)
   end
   return lines
end

--- A label and its value, the value in the same line if there is room, else below, indented.
function layout.field(lines, label, label_width, text, room, decorate)
   local start = "  " .. label .. (" "):rep(label_width - columns_of(label) + GAP)
   local indent = columns_of(start)
   if indent + columns_of(text) > room and (indent > room // 2 or not text:find " ") then
      lines[#lines + 1] = (start:gsub(" +$", ""))
      for _, line in ipairs(layout.wrap(text, math.max(room - 4, 1))) do
         lines[#lines + 1] = (columns_of(line) + 4 <= room and "    " or "") .. decorate(line)
      end
      return
   end
   for number, line in ipairs(layout.wrap(text, math.max(room - indent, 1))) do
      lines[#lines + 1] = (number == 1 and start or (" "):rep(indent)) .. decorate(line)
   end
end

local function as_blocks(columns, cells, room, paint)
   local lines, label_width = {}, 0
   for _, column in ipairs(columns) do label_width = math.max(label_width, columns_of(column[1])) end
   for number, row in ipairs(cells) do
      if number > 1 then lines[#lines + 1] = "" end
      -- the id is what a next command needs: the block's heading, whole, in a line of its own, which a terminal
      -- that is too narrow even for that breaks without tearing it apart
      local heading_room = values.forms[columns[1].as or "text"].whole and math.huge or room
      for _, line in ipairs(layout.wrap(row[1].text, heading_room)) do lines[#lines + 1] = paint("bold", line) end
      for place = 2, #columns do
         local cell = row[place]
         if not cell.absent then
            layout.field(lines, columns[place][1]:lower(), label_width, cell.text, room,
               function(text) return paint(cell.colour, text) end)
         end
      end
   end
   return lines
end

--- Lines for the rows. room: how many columns there are, math.huge for any number; paint: see style.lua.
function layout.render(columns, rows, settings)
   local cells, natural = render(columns, rows, settings.exact)
   local kept, least = choose(columns, natural, settings.room)
   if not kept then return as_blocks(columns, cells, settings.room, settings.paint) end
   return as_table(columns, cells, kept, shrink(natural, kept, least, settings.room), settings.paint)
end

return layout
