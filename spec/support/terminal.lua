--- terminal.lua - promptic-lua at a terminal, which tmux plays.
--
--    local terminal = terminal.start{ "-i", width = 80, height = 200, env = { NAME = "value" } }
--    terminal.start{ shell = true }  -- bash in its place, whose prompt is "$ " and which knows $PROGRAM
--    terminal:run("1 + 1")          -- types a statement, waits for the next prompt, returns what is between
--    terminal:type("text")          -- types and waits for nothing
--    terminal:press("C-c", "Tab")   -- keys by tmux's names
--    terminal:paste("text")         -- as a terminal pastes it: marked where the program has asked for that
--    terminal:paste("text", true)   -- as a terminal that marks no paste
--    terminal:wait("text")          -- until a line of the screen contains it; returns all of the screen
--    terminal:wait_line("> ")       -- until the last line is this one, spaces at its end aside
--    terminal.home                  -- $HOME of the program, a folder of its own
--    terminal:stop()
--
-- What has to happen is waited for by reading the screen; nothing sleeps.
local interpreter = require "spec.support.interpreter"
local process = require "spec.support.process"

local Terminal = {}
Terminal.__index = Terminal

local SECONDS = 30 -- until a spec fails instead of hanging

local function tmux(self, ...)
   local words = {}
   for index, word in ipairs{ ... } do
      words[index] = process.quote(word)
   end
   local pipe = assert(io.popen(("tmux -u -S %s -f /dev/null %s 2>&1"):format(
      process.quote(self.folder .. "/socket"), table.concat(words, " "))))
   local said = pipe:read("a")
   assert(pipe:close(), said)
   return said
end

local function command_line(row, home)
   local words = { "env" }
   local environment = interpreter.environment(row.env)
   environment.HOME, environment.TERM = home, nil
   for name, value in pairs(environment) do
      words[#words + 1] = value and process.quote(name .. "=" .. value) or "-u " .. name
   end
   table.sort(words, function(a, b) -- env, then what it removes, then what it sets
      return (a == "env" and 0 or a:find("^%-u") and 1 or 2) < (b == "env" and 0 or b:find("^%-u") and 1 or 2)
   end)
   if row.shell then
      return table.concat(words, " ") .. " HISTFILE= PS1='$ ' PROGRAM=" .. process.quote(interpreter.OURS)
         .. " bash --norc -i"
   end
   words[#words + 1] = process.quote(interpreter.OURS)
   for _, word in ipairs(row) do
      words[#words + 1] = process.quote(word)
   end
   return table.concat(words, " ") .. "; echo [exit $?]; exec cat"
end

local function start(row)
   local self = setmetatable({ folder = process.folder() }, Terminal)
   self.home = row.home or self.folder .. "/home"
   os.execute("mkdir -p " .. process.quote(self.home))
   tmux(self, "new-session", "-d", "-x", tostring(row.width or 80), "-y", tostring(row.height or 200),
      command_line(row, self.home))
   return self
end

--- The lines on the screen as one text, without the empty ones at its end. With colour: what sets it, too.
function Terminal:screen(colour)
   local said = colour and tmux(self, "capture-pane", "-p", "-e") or tmux(self, "capture-pane", "-p")
   return (said:gsub("[ \n]+$", ""))
end

local function until_true(self, what, is_there)
   local stop = os.time() + SECONDS
   repeat
      local screen = self:screen()
      if is_there(screen) then
         return screen
      end
   until os.time() > stop
   error(("the terminal never showed %q:\n%s"):format(what, self:screen()), 3)
end

function Terminal:wait(text)
   return until_true(self, text, function(screen) return screen:find(text, 1, true) end)
end

function Terminal:wait_line(text)
   local wanted = text:gsub(" +$", "")
   return until_true(self, text, function(screen) return screen:match("[^\n]*$") == wanted end)
end

function Terminal:press(...)
   tmux(self, "send-keys", ...)
end

function Terminal:type(text)
   tmux(self, "send-keys", "-l", "--", text)
end

function Terminal:paste(text, unmarked)
   tmux(self, "set-buffer", "--", text)
   if unmarked then tmux(self, "paste-buffer") else tmux(self, "paste-buffer", "-p") end
end

-- Each statement of a spec is another one: it is found again by its text.
function Terminal:run(statement)
   self:type(statement)
   self:press("Enter")
   local pattern = ">>? " .. statement:gsub("%p", "%%%0"):gsub("%s+$", "") .. "\n(.*)>$"
   local screen = until_true(self, "> " .. statement, function(screen)
      return ("\n" .. screen):match("\n" .. pattern)
   end)
   return (("\n" .. screen):match("\n" .. pattern):gsub("\n$", ""))
end

--- Presses Ctrl-D; the exit code.
function Terminal:leave()
   self:press("C-d")
   return tonumber(self:wait("[exit "):match("%[exit (%d+)%]"))
end

-- Returns once the program has ended: at the hangup it may still write to its home.
function Terminal:stop()
   local _, pid = pcall(tmux, self, "display-message", "-p", "#{pane_pid}")
   pcall(tmux, self, "kill-server")
   local stop = os.time() + SECONDS
   while tostring(pid):match("^%d+%s*$") and os.execute("kill -0 " .. pid:match("%d+") .. " 2>/dev/null") do
      assert(os.time() < stop, "the program survived its terminal")
   end
   process.remove(self.folder)
end

return { start = start }
