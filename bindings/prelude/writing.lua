-- writing.lua - files that are written as a whole or not at all: promptic.write_file, and what downloads need.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local files, library, tasks = import "c.files", import "c.library", import "tasks"
local raise = import("failure").raise
local check, sleep = library.check, tasks.sleep

local writing = {}

-- Seconds until a FIFO or terminal that took no more is tried again.
local PAUSE = 0.02

local function fail(path, problem)
   raise("argument", ("cannot write '%s': %s"):format(path, problem), "not_written")
end

--- Opens the file to write; waits for the reader of a FIFO. A new file that is private is its owner's alone.
function writing.open(path, is_private)
   local file, problem = files.open(path, is_private)
   while file == false do
      sleep(PAUSE)
      file, problem = files.open(path, is_private)
   end
   return file or fail(path, problem)
end

--- Puts what was written into its place and returns how many bytes it has.
function writing.commit(file, path)
   local size, problem = file:commit()
   while size == false do
      sleep(PAUSE)
      size, problem = file:commit()
   end
   return size or fail(path, problem)
end

--- Writes a text to a file and returns how many bytes it has. An existing file is replaced as a whole.
function writing.write(path, text, is_private)
   local file = writing.open(path, is_private)
   file:add(text)
   return writing.commit(file, path)
end

function library.promptic.write_file(...)
   return writing.write(check.write_file(...))
end

return writing
