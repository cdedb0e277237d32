-- iterate.lua - promptic.rows: the reader of uploads as an iterator.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error = error

local library, rows, sources = import "c.library", import "c.rows", import "sources"
local failure = import "failure"

local function refuse(reader, path, what, reason, line, code)
   error(failure.new{
      kind = "argument",
      code = code,
      message = ("%s:%d: %s"):format(path, line, reason),
      file = path,
      line = line,
      row = what ~= "broken" and reader:number() or nil,
      reason = reason,
   }, 0)
end

--- An iterator over the rows of a file, and the lines that they begin in.
function library.promptic.rows(...)
   local reader, settings = library.check.rows(...)
   local batch = rows.batch(1, 1, 0, settings.on_empty, false, false, true)
   local ended = false
   return function()
      while not ended do
         local what, row, line, code = sources.read(reader, "row", batch)
         if what == "row" then
            return row, line
         elseif what == "bad" or what == "broken" then
            refuse(reader, settings.path, what, row, line, code)
         elseif what == "end" then
            ended = true
            reader:close()
            batch:free()
         end
      end
   end
end
