-- Reads CSV as RFC 4180 describes it: the first record names the columns; a field in double
-- quotes may hold commas, line breaks and doubled quotes. Lines end in LF or CRLF; UTF-8 passes
-- through, a byte order mark is dropped. An empty line holds one empty field, as in the RFC.
local csv = {}

-- The field that begins at `position`, and the position after it.
local function field(text, position)
   if text:sub(position, position) ~= '"' then
      local stop = text:find('[,"\r\n]', position) or #text + 1
      return text:sub(position, stop - 1), stop
   end
   local close = position
   repeat
      close = text:find('"', close + 1, true)
      local doubled = close and text:sub(close + 1, close + 1) == '"'
      if doubled then close = close + 1 end
   until not doubled
   if not close then return nil, "a quote is never closed" end
   return text:sub(position + 1, close - 1):gsub('""', '"'), close + 1
end

-- The record that begins at `position`, a list of strings, and the position after its line break.
local function record(text, position)
   local fields = {}
   while true do
      local value, stop = field(text, position)
      if not value then return nil, stop end
      table.insert(fields, value)
      if text:sub(stop, stop) ~= "," then
         local _, line_end = text:find("^\r?\n", stop)
         if not line_end and stop <= #text then
            return nil, ("a comma or a line break is missing before %q"):format(text:sub(stop, stop))
         end
         return fields, (line_end or stop) + 1
      end
      position = stop + 1
   end
end

-- csv.parse(text) -> a list of rows, each a table by column name. Raises where the text is not CSV.
function csv.parse(text)
   local rows, columns = {}, nil
   local position = text:find("^\xEF\xBB\xBF") and 4 or 1
   while position <= #text do
      local fields, next_position = record(text, position)
      local number = #rows + (columns and 2 or 1)
      if not fields then error(("CSV record %d: %s"):format(number, next_position), 0) end
      if not columns then
         columns = fields
      elseif #fields ~= #columns then
         error(("CSV record %d: %d fields, the header has %d"):format(number, #fields, #columns), 0)
      else
         local row = {}
         for index, name in ipairs(columns) do row[name] = fields[index] end
         table.insert(rows, row)
      end
      position = next_position
   end
   return rows
end

-- csv.read(path) -> the rows of a file.
function csv.read(path)
   local file <close> = assert(io.open(path, "rb"))
   return csv.parse(file:read("a"))
end

return csv
