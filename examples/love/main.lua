-- A LÖVE 11 game that watches experiments while it draws: one promptic.step(0) a frame, no threads, no stalls.
--
--    make luajit                                        builds the module for LÖVE's Lua: build/luajit/promptic.so
--    export LUA_CPATH='build/luajit/?.so;;'
--    love examples/love                                 with PROMPTIC_API_KEY; or, on this machine alone:
--    build/promptic-lua --sandbox --pace 1 -e 'os.execute("love examples/love")'
--
-- It prints a line every 30 frames. With --screenshot FILE it writes a picture once each experiment is half way
-- through, and ends when they have ended, with the exit status 1 where one failed.

package.path = love.filesystem.getSource() .. "/../?.lua;" .. package.path -- examples/lib

local promptic = require "promptic"
local watch = require "watch"
local scene = require "scene"

local FRAME_SECONDS = 1 / 60
local WARM_UP = 30 -- frames until fonts and shaders are loaded; they are not measured
local REPORT = 30 -- frames from one line to the next

local options = {}
local frames = { count = 0, tasks = 0, longest = 0, longest_step = 0, times = {}, steps = {} }
local started, next_frame

-- What a step may cost is the point, so both are kept: the whole frame, and the step in it.
local function measure(frame, step)
   frames.count = frames.count + 1
   if frames.count > WARM_UP then
      frames.longest = math.max(frames.longest, frame)
      frames.longest_step = math.max(frames.longest_step, step)
   end
   local at = frames.count % scene.HISTORY + 1
   frames.times[at], frames.steps[at], frames.last = frame, step, at
end

local function report()
   print(("frame %d: %d tasks, %d answers, %d iterations, %d of %d completed"):format(frames.count, frames.tasks,
      watch.answers, watch.iterations(), watch.completed(), #watch.experiments))
end

local function save(image)
   local file = assert(io.open(options.screenshot, "wb"))
   file:write(image:encode("png"):getString())
   file:close()
   options.screenshot, options.saved = nil, true
end

function love.load(arguments)
   io.stdout:setvbuf("line")
   for index = 1, #arguments - 1 do
      local name = arguments[index]:match("^%-%-(%a+)$")
      if name then
         options[name] = arguments[index + 1]
      end
   end
   scene.load()
   watch.start(love.filesystem.getSource() .. "/../tickets.csv")
   started = love.timer.getTime()
   next_frame = started
end

function love.update(dt)
   local before = love.timer.getTime()
   watch.frame()
   frames.tasks = promptic.step(0)
   measure(dt, love.timer.getTime() - before)
   if frames.count % REPORT == 0 then
      report()
   end
   if options.saved and watch.is_over() then
      love.event.quit(watch.completed() == #watch.experiments and 0 or 1)
   end
end

function love.draw()
   local now = love.timer.getTime()
   scene.draw(now - started, watch, frames)
   if options.screenshot and (watch.is_half_way() or watch.is_over()) then
      love.graphics.captureScreenshot(save)
   end
   -- Where nothing waits for the screen, this keeps to 60 frames a second.
   next_frame = math.max(next_frame + FRAME_SECONDS, now)
   love.timer.sleep(math.max(0, next_frame - love.timer.getTime()))
end

function love.keypressed(key)
   if key == "escape" then
      love.event.quit()
   end
end

function love.quit()
   report()
   print(("%.1f seconds, longest frame %.1f ms, longest step %.1f ms"):format(
      love.timer.getTime() - started, frames.longest * 1000, frames.longest_step * 1000))
   watch.stop()
end
