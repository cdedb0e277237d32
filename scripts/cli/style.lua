--- Colour, if the output is a terminal with colours and NO_COLOR is not set.
local terminal = require "promptic.terminal"

local style = {}

local CODES = { bold = "1", dim = "2", red = "31", green = "32", yellow = "33", blue = "34", cyan = "36" }

local STATUS = {
   completed = "green", ok = "green", positive = "green", deployed = "green", active = "green",
   failed = "red", error = "red", negative = "red", high = "red",
   running = "cyan", scheduled = "blue", pending = "yellow", medium = "yellow", low = "dim", none = "dim",
}

--- Whether output to this stream may be coloured.
function style.allowed(stream)
   local refused = os.getenv "NO_COLOR"
   return (refused == nil or refused == "") and os.getenv "TERM" ~= "dumb" and terminal.is_terminal(stream)
end

--- A function that paints a text in a colour by name, or leaves it as it is.
function style.painter(stream)
   if not style.allowed(stream) then
      return function(_, text) return text end
   end
   return function(name, text)
      local code = CODES[name]
      return code and text ~= "" and ("\27[%sm%s\27[0m"):format(code, text) or text
   end
end

--- The colour of a status, or nil.
function style.of_status(word)
   return STATUS[word]
end

return style
