--- The game in examples/love, played in LÖVE on a screen that nobody sees (Xvfb), beside a sandbox: that it draws on
-- whatever the network does, and what its picture shows. Pending where one of the three is not there.
-- Tags: heavy
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local BUILD = os.getenv("BUILD") or "build"
local MODULE = BUILD .. "/luajit"
local WIDTH, HEIGHT = 1280, 720 -- of the window
local REPORTS = 300 -- of the game, some minutes; what has not happened by then never will
local COLOURS = { "7aa2f7", "7dcfff", "9ece6a", "e0af68", "bb9af7" } -- of the experiments, the innermost ring first

local function shell(line, ...)
   return process.run{ "sh", "-c", line:format(...) }
end

-- Why the game can not be played here; nil where it can.
local function missing()
   for _, name in ipairs{ "love", "Xvfb" } do
      if shell("command -v %s", name).code ~= 0 then
         return name .. " is not installed: .ci/deps love"
      end
   end
   if not shell("love --version").stdout:find("^LOVE 11%.") then
      return "this is not LÖVE 11"
   elseif shell(".ci/lua-flags luajit").code ~= 0 then
      return "LuaJIT's headers are not installed: .ci/deps luajit"
   end
end

describe("a game in LÖVE #hosts", function()
   local unplayable = missing()
   local folder, server

   -- Starts a program whose process id is its first line of output, and which is ended by that.
   local function start(name, command, ...)
      local errors = ("%s/%s.errors"):format(folder, name)
      local pipe = assert(io.popen(("echo $$; exec 2>'%s'; exec "):format(errors) .. command:format(...)))
      return { pipe = pipe, pid = pipe:read("*l"), errors = errors }
   end

   local function stop(program)
      shell("kill %s", program.pid)
      program.pipe:close()
   end

   -- A screen of a free number, which Xvfb chooses and writes once it is ready. It ends with the game.
   local function open_screen()
      local screen = start("screen", "Xvfb -displayfd 1 -terminate -screen 0 %dx%dx24 -nolisten tcp", WIDTH, HEIGHT)
      screen.number = screen.pipe:read("*l")
      return assert(screen.number and screen, "Xvfb does not start: " .. process.read_file(screen.errors))
   end

   local function play(key)
      local screen = open_screen()
      local game = start("game", "env -u WAYLAND_DISPLAY DISPLAY=:%s HOME='%s' XDG_RUNTIME_DIR='%s' "
         .. "PROMPTIC_ENDPOINT=%s PROMPTIC_API_KEY=%s LUA_CPATH='%s/?.so;;' love examples/love "
         .. "--screenshot '%s/picture.png'",
         screen.number, folder, folder, server.url, key, MODULE, folder)
      finally(function()
         shell("kill -CONT %s", server.pid)
         if not game.ended then
            stop(game)
         end
         stop(screen)
      end)
      return game
   end

   -- One of the lines that the game prints, as numbers; nil at its end.
   local function report(game)
      local line = game.pipe:read("*l")
      local names = { "frame", "tasks", "answers", "iterations", "completed", "of" }
      local numbers = {}
      for number in (line or ""):gmatch("%d+") do
         numbers[#numbers + 1] = tonumber(number)
      end
      if line and line:find("^frame %d+: ") then
         local told = { line = line }
         for index, name in ipairs(names) do
            told[name] = numbers[index]
         end
         return told
      end
   end

   -- Plays it until the reports are as is_so(report, the one before) wants them.
   local function play_until(game, is_so)
      local told, before
      for _ = 1, REPORTS do
         before, told = told, assert(report(game), "the game has ended")
         if is_so(told, before) then
            return told
         end
      end
      error("in vain: " .. told.line)
   end

   -- Plays it to its end; the last report, and the exit status.
   local function play_on(game)
      local last
      for told in function() return report(game) end do
         assert.is_true(not last or told.frame > last.frame)
         last = told
      end
      local _, how, code = game.pipe:close()
      game.ended = true
      assert.equal("exit", how)
      return last, code, process.read_file(game.errors)
   end

   -- The colours of a part of the picture, each with the number of its pixels.
   local function colours(left, top, width, height)
      local result = process.run{ "love", "spec/support/picture", folder .. "/picture.png", left, top, width, height }
      assert.equal("", result.stderr)
      local across, down, rest = result.stdout:match("^(%d+)\t(%d+)\n(.*)")
      assert.same({ WIDTH, HEIGHT }, { tonumber(across), tonumber(down) })
      local counts = { different = 0 }
      for name, count in rest:gmatch("(%x+)\t(%d+)\n") do
         counts[name], counts.different = tonumber(count), counts.different + 1
      end
      return counts
   end

   setup(function()
      if not unplayable then
         local built = shell("exec 2>&1; make luajit BUILD='%s'", BUILD)
         assert.equal(0, built.code, built.stdout)
         folder = process.folder()
         server = sandbox.start{ pace = 1 }
      end
   end)

   teardown(function()
      if server then
         server:stop()
      end
      if folder then
         process.remove(folder)
      end
   end)

   -- A server that the system has stopped answers nothing: what a frame waited for would not come.
   it("draws on while its server is silent, and watches its experiments to their end", function()
      if unplayable then
         return pending(unplayable)
      end
      local game = play(server.key)
      local told = play_until(game, function(now) return now.iterations > 0 end)
      assert.is_true(told.completed < told.of)

      assert.equal(0, shell("kill -STOP %s", server.pid).code)
      local same = 0 -- reports in a row without a new answer
      told = play_until(game, function(now, before)
         same = before and now.answers == before.answers and same + 1 or 0
         return same == 3
      end)
      assert.is_true(told.completed < told.of)
      assert.equal(told.of - told.completed, told.tasks) -- each of which waits for an answer
      assert.equal(0, shell("kill -CONT %s", server.pid).code)

      local last, code, errors = play_on(game)
      assert.equal("", errors)
      assert.equal(0, code)
      assert.same({ 5, 5, 30 }, { last.completed, last.of, last.iterations })
      assert.is_true(last.answers > told.answers)

      assert.equal("\137PNG\r\n\26\n", process.read_file(folder .. "/picture.png"):sub(1, 8))
      local orbits, graph = colours(60, 110, 520, 540), colours(640, 572, 600, 84)
      assert.is_true(orbits.different > 500, orbits.different) -- smooth lines and comets' tails
      for index, colour in ipairs(COLOURS) do
         assert.is_true((orbits[colour] or 0) > 20, colour) -- its comet
         local bars = colours(940, 104 + (index - 1) * 88, 140, 76)
         assert.is_true((bars[colour] or 0) > 20, colour) -- its best score
      end
      assert.is_true((graph.e0af68 or 0) > 20) -- steps
   end)

   it("names the fault, and fails", function()
      if unplayable then
         return pending(unplayable)
      end
      local game = play("a-wrong-key")
      local last, code = play_on(game)
      assert.same({ 0, 0 }, { last.tasks, last.completed })
      assert.equal(1, code)
      assert.is_true((colours(640, 40, 600, 26).f7768e or 0) > 20) -- in red, where the title is
   end)
end)
