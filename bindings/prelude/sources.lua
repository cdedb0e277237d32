-- sources.lua - where the rows of an upload come from: a list, a function or a file.
-- Baked into the module; runs in Lua 5.1 to 5.4.
--
-- A source has `number`, of the row that was read last; `total`, where it is known; and fill(batch, last),
-- which puts rows up to the number `last` into the batch until that is full. It returns "full", "end", or
-- "bad" and the problem, after which it can be called again, "empty" and the problem, which is to be skipped,
-- or "broken" and the problem, after which it cannot. With back() a function's bad row is to be read again.
local import = ...

local math, type = math, type

local tasks = import "tasks"

local sources = {}

-- Seconds between two looks at a pipe, a terminal or a socket that has nothing to read yet.
local FIRST_PAUSE, MOST_PAUSE = 0.001, 0.02

local function refused(row, reason, skips, code)
   return skips and "empty" or "bad", { row = row, reason = reason, code = code, message = reason }
end

local function from_list(list)
   local source = { number = 0, total = #list }

   function source.fill(batch, last)
      local number, reason, skips, code = batch:add_list(list, source.number, math.min(last, source.total))
      source.number = number
      if reason then
         source.number = number + 1
         return refused(number + 1, reason, skips, code)
      end
      return number == source.total and number < last and "end" or "full"
   end

   return source
end

local function from_function(f)
   local source = { number = 0 }
   local held, latest -- a row that did not fit; the row that was read last

   function source.fill(batch, last)
      while source.number < last do
         latest, held = held, nil
         if latest == nil then
            latest = f()
         end
         if latest == nil then
            return "end"
         end
         local added, reason, skips, code = batch:add(latest, source.number + 1)
         if added == false then
            held = latest
            return "full"
         end
         source.number = source.number + 1
         if not added then
            return refused(source.number, reason, skips, code)
         end
      end
      return "full"
   end

   function source.back()
      held = latest
      source.number = source.number - 1
   end

   return source
end

local function from_file(reader, path)
   local source = { number = 0, path = path }

   function source.fill(batch, last)
      local what, reason, line, code = sources.read(reader, "fill", batch, last)
      source.number = reader:number()
      if what == "end" then
         reader:close()
      end
      return what, reason and {
         row = what ~= "broken" and source.number or nil,
         file = path,
         line = line,
         reason = reason,
         code = code,
         message = ("%s:%d: %s"):format(path, line, reason),
      }
   end

   return source
end

--- Calls a reader's method until the file is ready. Suspends a task, blocks elsewhere.
function sources.read(reader, method, ...)
   local pause = FIRST_PAUSE
   while true do
      local what, second, third, fourth = reader[method](reader, ...)
      if what == "turn" then
         tasks.sleep(0)
      elseif what == "wait" then
         tasks.sleep(pause)
         pause = math.min(2 * pause, MOST_PAUSE)
      else
         return what, second, third, fourth
      end
   end
end

--- The source that an upload was given; of a path, the reader that was opened.
function sources.open(given, path)
   if type(given) == "table" then
      return from_list(given)
   elseif type(given) == "function" then
      return from_function(given)
   end
   return from_file(given, path)
end

return sources
