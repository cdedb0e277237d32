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

--- Writes a line to stderr.
function output.note(text)
   io.stderr:write(text, "\n")
end

--- How many columns there are: COLUMNS where it is set, the terminal's width, and no end where the output
-- goes
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
