--[[
A canvas of characters. In UTF-8 a line is drawn with the 2 x 4 dots of braille characters, in ASCII with one
character a cell. Dots are counted from 0, from the left and from the top.

   local canvas = canvas.new(columns, rows, unicode)
   canvas:line(x1, y1, x2, y2, { colour = "cyan", every = 1, ascii = "-" })
   canvas:mark(x, y, glyph, colour)
   canvas:row(number, paint)       the text of a row
]]
local canvas = {}

local Canvas = {}
Canvas.__index = Canvas

-- The bit of each dot of a braille character, by row and column.
local BITS = { [0] = { [0] = 0x01, 0x08 }, { [0] = 0x02, 0x10 }, { [0] = 0x04, 0x20 }, { [0] = 0x40, 0x80 } }

function canvas.new(columns, rows, unicode)
   return setmetatable({ columns = columns, rows = rows, unicode = unicode, cells = {} }, Canvas)
end

function Canvas:cell(x, y)
   local column, row = x // 2, y // 4
   if column < 0 or row < 0 or column >= self.columns or row >= self.rows then return nil end
   local place = row * self.columns + column
   local cell = self.cells[place] or { dots = 0 }
   self.cells[place] = cell
   return cell
end

local function dot(self, x, y, pen)
   local cell = self:cell(x, y)
   if not cell then return end
   cell.dots = cell.dots | BITS[y % 4][x % 2]
   cell.glyph, cell.colour = pen.ascii, pen.colour
end

--- A line of dots; with pen.every = n only each n-th of them is there, counted over all lines of the pen.
function Canvas:line(x1, y1, x2, y2, pen)
   local steps = math.max(math.abs(x2 - x1), math.abs(y2 - y1))
   for step = 0, steps do
      local along = steps == 0 and 0 or step / steps
      if pen.count % pen.every == 0 then
         local x, y = x1 + (x2 - x1) * along, y1 + (y2 - y1) * along
         dot(self, math.floor(x + 0.5), math.floor(y + 0.5), pen)
      end
      pen.count = pen.count + 1
   end
end

--- Puts a character where the dot is.
function Canvas:mark(x, y, glyph, colour)
   local cell = self:cell(x, y)
   if cell then cell.mark, cell.colour = glyph, colour end
end

local function glyph_of(self, cell)
   if not cell then return " " end
   if cell.mark then return cell.mark end
   return self.unicode and utf8.char(0x2800 + cell.dots) or cell.glyph
end

--- A row's text, without spaces at its end; neighbours of one colour are painted together.
function Canvas:row(row, paint)
   local pieces, run, colour, spaces = {}, "", nil, ""
   for column = 0, self.columns - 1 do
      local cell = self.cells[row * self.columns + column]
      local glyph = glyph_of(self, cell)
      if glyph == " " then
         spaces = spaces .. " "
      else
         if cell.colour ~= colour or spaces ~= "" then
            pieces[#pieces + 1] = paint(colour, run) .. spaces
            run, colour, spaces = "", cell.colour, ""
         end
         run = run .. glyph
      end
   end
   return table.concat(pieces) .. paint(colour, run)
end

return canvas
