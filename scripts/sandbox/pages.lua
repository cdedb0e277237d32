--[[
Long lists, read and answered a page after another, so that other requests are served in between: a body that
does not fit into a page is a function that gives it piece by piece (see httpd_stream.c).
]]
local pages = {}

--- How many rows are read in one go.
pages.SIZE = 500

local MOST_AT_ONCE = 256 * 1024 -- bytes of a body that is sent as one text

--- Reads rows in pages: each call of the result gives what `map` makes of the next page's rows (nil: leaves the row
-- out), {} at the end. next_page() gives the rows after those that map has seen, {} at the end.
function pages.read(next_page, map)
   return function()
      repeat
         local rows, kept = next_page(), {}
         for _, row in ipairs(rows) do kept[#kept + 1] = map(row) end
         if #kept > 0 or #rows == 0 then return kept end
      until false
   end
end

--- The same by a statement with a column `place` by which it is ordered, that ends with "... > ? ORDER BY ... LIMIT
-- ?"; the arguments are those before.
function pages.rows(store, sql, map, ...)
   local place, arguments = -1, table.pack(...)
   return pages.read(function()
      arguments[arguments.n + 1], arguments[arguments.n + 2] = place, pages.SIZE
      return store:all(sql, nil, table.unpack(arguments, 1, arguments.n + 2))
   end, function(row)
      place, row.place = row.place, nil
      return map and map(row) or row
   end)
end

-- The pieces of a body one by one, nil at the end.
local function pieces_of(parts)
   local place, separator = 1, ""
   return function()
      local part = parts[place]
      if type(part) ~= "function" then
         place, separator = place + 1, ""
         return part
      end
      local texts = part()
      if #texts == 0 then
         place = place + 1
         return ""
      end
      local text = separator .. table.concat(texts, ",")
      separator = ","
      return text
   end
end

--- A body of parts: texts as they are, and functions that give a list of JSON texts each time they are called (an
-- empty one at the end), which are put between commas. A text where it is short, else a function that gives the
-- pieces.
function pages.body(parts)
   local next_piece, begun, size = pieces_of(parts), {}, 0
   while size < MOST_AT_ONCE do
      local piece = next_piece()
      if piece == nil then return table.concat(begun) end
      begun[#begun + 1], size = piece, size + #piece
   end
   local first = table.concat(begun)
   return function()
      local piece = first or next_piece()
      first = nil
      return piece
   end
end

return pages
