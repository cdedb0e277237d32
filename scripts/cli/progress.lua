--[[
Progress of work: on a terminal one line on stderr that changes (spinner, elapsed time, state), else a plain
line whenever the state changes, for logs.
]]
local promptic = require "promptic"
local failure = require "promptic.cli.failure"
local layout = require "promptic.cli.table"
local output = require "promptic.cli.output"
local style = require "promptic.cli.style"
local terminal = require "promptic.terminal"
local times = require "promptic.cli.times"

local progress = {}

local FRAMES = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" }
local FRAME_SECONDS = 0.1
local COUNT_SECONDS = 5 -- between two plain lines that count

local Line = {}
Line.__index = Line

--- A progress line. quiet: prints nothing.
function progress.line(quiet)
   return setmetatable({
      quiet = quiet, live = not quiet and terminal.is_terminal "stderr" and os.getenv "TERM" ~= "dumb",
      paint = style.painter "stderr", started = promptic.now(), frame = 0,
   }, Line)
end

function Line:elapsed()
   return promptic.now() - self.started
end

-- One column stays free: a line that fills the last one would wrap on some terminals.
local function draw(self)
   local text = ("%s  %s"):format(times.clock(self:elapsed()), self.text)
   local room = (terminal.width "stderr" or 80) - 3
   local frame = FRAMES[self.frame % #FRAMES + 1]
   io.stderr:write("\r\27[K", self.paint("cyan", frame), " ", (layout.fit(text, room)))
   io.stderr:flush()
   self.frame = self.frame + 1
end

--- Shows a state; the same one again only moves the spinner.
function Line:show(text)
   text = terminal.clean(text, true)
   local changed = text ~= self.text
   self.text = text
   if self.live then
      draw(self)
   elseif changed and not self.quiet then
      io.stderr:write(("%s  %s\n"):format(times.clock(self:elapsed()), text))
   end
end

--- Shows a state that changes all the time; without a terminal, once every COUNT_SECONDS.
function Line:count(text)
   if not self.live and self:elapsed() < (self.next_count or COUNT_SECONDS) then return end
   self.next_count = self:elapsed() + COUNT_SECONDS
   self:show(text)
end

-- Turns the spinner for as long as this task lives.
function Line:spin()
   while true do
      promptic.sleep(FRAME_SECONDS)
      if self.text then draw(self) end
   end
end

--- Prints a text above the line; nil: none.
function Line:print(text)
   if self.quiet or not text then return end
   self:clear()
   output.note(text)
end

--- Takes the line away.
function Line:clear()
   if self.live then
      io.stderr:write("\r\27[K")
      io.stderr:flush()
   end
end

local function run(line, settings)
   local spinner = line.live and promptic.spawn(line.spin, line)
   local state, first = nil, true
   local answer = settings.wait {
      max_wait = settings.max_wait or math.huge,
      on_update = function(seen)
         state = settings.describe(seen)
         if first and settings.note then line:print(settings.note(seen)) end
         first = false
         line:show(state)
      end,
      on_problem = function(problem) line:show(("%s  (no answer: %s)"):format(state, tostring(problem))) end,
   }
   if spinner then spinner:cancel() end
   return answer
end

-- A string gets a traceback, except the end that was asked for.
local function traced(err)
   if type(err) == "string" and not failure.is_interrupt(err) then return debug.traceback(err, 2) end
   return err
end

--[[
Waits until work is done while a line shows its state; returns what the last poll returned. settings:
   wait      function(options) -> response: a method wait_for_... of the client, with these options
   describe  function(response) -> the line's text, called after each poll
   note      function(response) -> a text to print after the first poll, or nil
   quiet     no line
   max_wait  seconds; nil for ever
   on_interrupt   what to say about work that goes on without us
]]
function progress.watch(settings)
   local line = progress.line(settings.quiet)
   local done, result = xpcall(promptic.run, traced, run, line, settings)
   line:clear()
   if done then return result end
   if failure.is_interrupt(result) then
      failure.raise("interrupted", { code = 130, hint = settings.on_interrupt })
   elseif promptic.is_error(result) and result.code == "max_wait" then
      failure.raise(("not finished after %g s: %s"):format(settings.max_wait, line.text or "its status is unknown"),
         { hint = settings.on_interrupt })
   end
   error(result, 0)
end

return progress
