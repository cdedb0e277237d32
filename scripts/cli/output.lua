--- Where the command writes: data to stdout, all else to stderr.
local style = require "promptic.cli.style"
local terminal = require "promptic.terminal"

local output = {}

--- Raised where stdout is closed: `promptic ... | head` has seen enough, which is no failure.
output.CLOSED = setmetatable({}, { __tostring = function() return "standard output is closed" end })

local EPIPE = 32

local function check(written, message, code)
   if written then return end
   if code == EPIPE then error(output.CLOSED, 0) end
   require("promptic.cli.failure").raise("cannot write: " .. message)
end

--- Writes to stdout, at once; raises CLOSED, or a failure such as a full disk.
function output.write(text)
   check(io.stdout:write(text))
   check(io.stdout:flush())
end

--- Writes data to stdout: exactly these bytes to a file or a program. At a terminal, without what that would obey,
-- and with a newline at the end.
function output.data(bytes)
   if not terminal.is_terminal "stdout" then return output.write(bytes) end
   local text = terminal.clean(bytes)
   output.write(text:find "\n$" and text or text .. "\n")
end

--- Writes the data to the file that an option -o names; "-" is stdout.
function output.save(path, bytes)
   if path == "-" then return output.write(bytes) end
   require("promptic").write_file(path, bytes)
end

--- Says which file has the data, and its size.
function output.wrote(context, path, what)
   if path == "-" then return end
   path = terminal.clean(path, true)
   context:note(what and ("Wrote %s to %s."):format(what, path) or "Wrote " .. path)
end

-- A line broken at spaces as the terminal's width asks; one that begins with a space is to be copied, and stays.
local function broken(line, width)
   if not width or #line < width or line:find "^ " then return { line } end
   return require("promptic.cli.table").wrap(line, math.max(width, 20))
end

--- Writes a text to stderr, with a newline at its end and without what a terminal would obey: names in it may be a
-- server's. layout: `before` goes before its first line and takes so many `columns`; `indent` goes before the
-- others; `paint` is a function that colours a line.
function output.note(text, layout)
   text, layout = terminal.clean(text), layout or {}
   local width = terminal.width "stderr"
   local before, indent = layout.before or "", layout.indent or ""
   local room = width and width - math.max(layout.columns or 0, #indent)
   for line in (text .. "\n"):gmatch "([^\n]*)\n" do
      for _, part in ipairs(broken(line, room)) do
         io.stderr:write(before, layout.paint and part ~= "" and layout.paint(part) or part, "\n")
         before = indent
      end
   end
end

--- How many columns there are: COLUMNS where it is set, the terminal's width, and no end where the output goes
-- to a file or a program.
function output.room()
   local asked = math.tointeger(tonumber(os.getenv "COLUMNS" or ""))
   if asked and asked > 0 then return math.max(asked, 20) end
   local width = terminal.width "stdout"
   return width and math.max(width, 20) or math.huge
end

--- A painter for stdout; see style.lua.
function output.painter()
   return style.painter "stdout"
end

return output
