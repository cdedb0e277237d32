--[[
Long lists, read and answered a page after another, so that other requests are served in between: a body that
does not fit into a page is a function that gives it piece by piece (see httpd_stream.c).
]]
local pages = {}

--- How many rows are read in one go.
pages.SIZE = 500

local MOST_AT_ONCE = 256 * 1024 -- bytes of a body that is sent as one text

--- Reads the rows of a statement: each call of the result gives the next page, {} at the end. The statement has
-- a column `place` by which it is ordered, and ends with "... > ? ORDER BY ... LIMIT ?"; the arguments are those
-- before. map makes what is wanted of a row, nil: the row itself.
function pages.rows(store, sql, map, ...)
   local place, arguments = -1, table.pack(...)
   return function()
      arguments[arguments.n + 1], arguments[arguments.n + 2] = place, pages.SIZE
      local rows = store:all(sql, nil, table.unpack(arguments, 1, arguments.n + 2))
      for i, row in ipairs(rows) do
         place = row.place
         row.place = nil
         rows[i] = map and map(row) or row
      end
      return rows
   end
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
