--- Questions to the person at the terminal, asked on stderr.
local failure = require "promptic.cli.failure"
local style = require "promptic.cli.style"
local terminal = require "promptic.terminal"

local ask = {}

--- Whether there is a terminal to ask at.
function ask.possible()
   return terminal.is_terminal "stdin" and terminal.is_terminal "stderr"
end

-- The text of a prompt, with its colour between the marks that the line editor needs.
local function label_of(text)
   return (style.painter "stderr"("bold", terminal.clean(text, true)):gsub("\27%[[%d;]*m", "\1%0\2"))
end

local function say(text)
   io.stderr:write(text, "\n")
end

local function trim(text)
   return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

-- Arrow keys of a terminal without an editor, escape sequences of a paste: no name may hold them.
local function has_control(text)
   return text:find "[%c\127]" ~= nil or text:find "\194[\128-\159]" ~= nil
end

-- The answer: one line or, if several are allowed, a paste of many.
local function read(prompt, several)
   ask.used = true
   while true do
      local line, why = terminal.read_line(prompt)
      if why == "interrupted" then failure.interrupt() end
      if not line then
         say ""
         failure.raise("no answer was given", { code = 1 })
      end
      line = trim(line:gsub("\r\n?", "\n"))
      if not has_control(several and line:gsub("[\n\t]", " ") or line) then return line end
      say(line:find "\n" and "One line, please." or "It holds a control character: type it again.")
   end
end

--- Called when the command has ended: pasted text that was not read must not become a command of the shell.
function ask.finish()
   if ask.used then terminal.discard() end
end

--- Yes or no; an empty answer means no.
function ask.confirm(question)
   return read(terminal.clean(question, true) .. " [y/N] "):lower():find "^ye?s?$" ~= nil
end

--- A line of text; asked again until there is one, unless there is a default.
function ask.text(label, default)
   local shown = default and default ~= "" and (" [%s]"):format(terminal.clean(default, true)) or ""
   while true do
      local line = read(label_of(label) .. shown .. ": ")
      if line ~= "" then return line end
      if default then return default end
   end
end

---------------------------------------------------------------- texts of many lines

local function editor()
   for _, name in ipairs { "VISUAL", "EDITOR" } do
      local command = os.getenv(name)
      if command and command:find "%S" then return command end
   end
end

-- The text from the editor; nil and the reason if there is none.
local function edit(command)
   local path = os.tmpname() -- readable by its owner alone
   local done = os.execute(("%s '%s' >&2"):format(command, path:gsub("'", "'\\''")))
   local file = done and io.open(path, "rb")
   local text = file and file:read "a"
   if file then file:close() end
   os.remove(path)
   if not text then return nil, "The editor has failed." end
   text = text:gsub("\r\n?", "\n"):gsub("%s+$", "")
   if has_control(text:gsub("[\n\t]", " ")) then return nil, "The text holds control characters." end
   return text
end

--- A text that may have several lines: pasted, or written in $VISUAL or $EDITOR. "" for an empty answer.
function ask.long_text(label)
   local command = editor()
   local prompt = label_of(label) .. (command and " (empty: none, e: in the editor): " or " (empty: none): ")
   while true do
      local answer = read(prompt, true)
      if answer ~= "e" or not command then return answer end
      local text, problem = edit(command)
      if text then return text end
      say(problem)
   end
end

---------------------------------------------------------------- choices

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
   say(style.painter "stderr"("bold", label))
   for number, choice in ipairs(choices) do
      say(("  %2d  %s"):format(number, terminal.clean(choice[2] or choice[1], true)))
   end
   while true do
      local line = read(("1 to %d [1]: "):format(#choices))
      if line == "" then return choices[1][1] end
      local found = meant(line, choices)
      if #found == 1 then return found[1][1] end
      say(#found == 0 and "No such choice: type its number or its first letters."
         or "Several choices begin so: type more letters or the number.")
   end
end

---------------------------------------------------------------- secrets

--- A line that is not shown while it is typed, for a secret; nil where nothing was typed.
function ask.secret(prompt)
   ask.used = true
   local line = terminal.read_secret(prompt)
   return line and line ~= "" and line or nil
end

return ask
