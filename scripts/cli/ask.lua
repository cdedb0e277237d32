--- Questions to the person at the terminal, asked on stderr.
local failure = require "promptic.cli.failure"
local style = require "promptic.cli.style"
local terminal = require "promptic.terminal"

local ask = {}

--- Whether there is somebody to ask.
function ask.possible()
   return terminal.is_terminal "stdin" and terminal.is_terminal "stderr"
end

local function read(prompt)
   io.stderr:write(prompt)
   local read_well, line = pcall(io.read, "l")
   if not read_well then -- Ctrl-C
      io.stderr:write "\n"
      error(line, 0)
   elseif not line then
      io.stderr:write "\n"
      failure.raise("nothing was answered", { code = 1 })
   end
   return (line:gsub("^%s+", ""):gsub("%s+$", ""))
end

--- Yes or no, no being what an empty answer means.
function ask.confirm(question)
   return read(question .. " [y/N] "):lower():find "^ye?s?$" ~= nil
end

--- A line of text; asked again until there is one, unless there is a default.
function ask.text(label, default)
   local paint = style.painter "stderr"
   local shown = default and default ~= "" and (" [%s]"):format(default) or ""
   while true do
      local line = read(paint("bold", label) .. shown .. ": ")
      if line ~= "" then return line end
      if default then return default end
   end
end

-- The choices that an answer means: by number, by word, or by what the text begins with.
local function meant(line, choices)
   local found = {}
   for number, choice in ipairs(choices) do
      if math.tointeger(tonumber(line)) == number or choice[1] == line then return { choice } end
      if (choice[2] or ""):lower():find(line:lower(), 1, true) == 1 then found[#found + 1] = choice end
   end
   return found
end

--- One of some choices, by its number or its word; each is { value, text }. An empty answer means the first.
function ask.choice(label, choices)
   local paint = style.painter "stderr"
   io.stderr:write(paint("bold", label), "\n")
   for number, choice in ipairs(choices) do
      io.stderr:write(("  %2d  %s\n"):format(number, terminal.clean(choice[2] or choice[1], true)))
   end
   while true do
      local line = read(("1 to %d [1]: "):format(#choices))
      if line == "" then return choices[1][1] end
      local found = meant(line, choices)
      if #found == 1 then return found[1][1] end
      io.stderr:write(#found == 0 and "None of them is called so: a number, or how one begins.\n"
         or "Several begin so.\n")
   end
end

--- A line that is not shown while it is typed, for a secret; nil where nothing was typed.
function ask.secret(prompt)
   local line = terminal.read_secret(prompt)
   return line and line ~= "" and line or nil
end

return ask
