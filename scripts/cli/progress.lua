--[[
What is told while work goes on: on a terminal one line on stderr that changes (spinner, elapsed time, state),
else a plain line whenever the state changes, for logs.
]]
local promptic = require "promptic"
local failure = require "promptic.cli.failure"
local layout = require "promptic.cli.table"
local style = require "promptic.cli.style"
local terminal = require "promptic.terminal"
local times = require "promptic.cli.times"

local progress = {}

local FRAMES = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" }
local FRAME_SECONDS = 0.1
local COUNT_SECONDS = 5 -- between two plain lines that count

local Line = {}
Line.__index = Line

--- A progress line. quiet: says nothing at all.
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

--- Tells a state; the same one again only moves the spinner.
function Line:tell(text)
   text = terminal.clean(text, true)
   local changed = text ~= self.text
   self.text = text
   if self.live then
      draw(self)
   elseif changed and not self.quiet then
      io.stderr:write(("%s  %s\n"):format(times.clock(self:elapsed()), text))
   end
end

--- Tells a state that changes all the time; where there is no terminal, now and then.
function Line:count(text)
   if not self.live and self:elapsed() < (self.next_count or COUNT_SECONDS) then return end
   self.next_count = self:elapsed() + COUNT_SECONDS
   self:tell(text)
end

--- Waits so many seconds while the spinner turns.
function Line:wait(seconds)
   if not self.live then return promptic.sleep(seconds) end
   local stop = promptic.now() + seconds
   while true do
      local left = stop - promptic.now()
      if left <= 0 then return end
      promptic.sleep(math.min(left, FRAME_SECONDS))
      draw(self)
   end
end

--- Takes the line away.
function Line:clear()
   if self.live then
      io.stderr:write("\r\27[K")
      io.stderr:flush()
   end
end

local FIRST_INTERVAL, LONGEST_INTERVAL = 0.2, 2

--[[
Looks again and again until work is done; returns what was seen last. settings:
   look      function() -> answer, state, text: the answer, its status, and the line that tells of it
   quiet     no line
   max_wait  seconds; nil for ever
   on_interrupt   what to say about work that goes on without us
Work of a moment is seen at once, and work of hours asked for every two seconds.
]]
function progress.watch(settings)
   local line, interval = progress.line(settings.quiet), FIRST_INTERVAL
   local function loop()
      while true do
         local answer, state, text = settings.look()
         if type(state) ~= "string" then failure.raise_shape("the question for the status", "it has none") end
         line:tell(text)
         if state == "completed" or state == "failed" then return answer end
         local left = settings.max_wait and settings.max_wait - line:elapsed() or math.huge
         if left <= 0 then
            failure.raise(("not finished after %g s: %s"):format(settings.max_wait, text),
               { hint = settings.on_interrupt })
         end
         line:wait(math.min(interval, left))
         interval = math.min(interval * 1.5, LONGEST_INTERVAL)
      end
   end
   local done, result = xpcall(loop, function(err)
      if type(err) == "string" and not failure.is_interrupt(err) then return debug.traceback(err, 2) end
      return err
   end)
   line:clear()
   if done then return result end
   if failure.is_interrupt(result) then
      failure.raise("interrupted", { code = 130, hint = settings.on_interrupt })
   end
   error(result, 0)
end

return progress
