--- SIGINT, SIGTERM and SIGHUP: what they raise in a script, how the process ends, and as process 1.
local interpreter = require "spec.support.interpreter"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local OURS = interpreter.OURS

describe("signals", function()
   local folder

   before_each(function() folder = process.folder() end)
   after_each(function() process.remove(folder) end)

   -- Runs a script in promptic-lua, and sends it the signal once it has printed "ready". `launch` is a line of the
   -- shell that ends by running "$@". A result's code of 128 and more is that of a shell: the process ended by a
   -- signal.
   local function run(signal, source, launch)
      process.write_file(folder .. "/script.lua", source)
      local result = process.run{ "bash", "-c", ([[
         set -m # so that nothing is ignored in the background
         rm -f ready pid && mkfifo ready
         (%s) >ready &
         exec 3<ready
         read -r line <&3
         case $line in ready | "promptic sandbox: "*) ;; *) echo "not ready: $line" ;; esac
         pid=$(cat pid 2>/dev/null || echo $!)
         kill -%s $pid
         cat <&3
         wait $!]]):format(launch or 'exec "$@"', signal), "bash", OURS, folder .. "/script.lua",
         cwd = folder, env = interpreter.environment() }
      result.stderr = result.stderr:gsub("%[1%]+[^\n]*\n", "") -- what the shell says of its job
      return result
   end

   local READY = "print 'ready' io.stdout:flush() "
   local CODES = { INT = 130, TERM = 143, HUP = 129 }

   for signal, code in pairs(CODES) do
      it(("SIG%s ends a script with %d, closes what it has open and flushes what it wrote"):format(signal, code),
         function()
            for _, wait in ipairs{ "promptic.sleep(60)", "local late = os.time() + 60 while os.time() < late do end",
               "promptic.run(function() promptic.sleep(60) end)" } do
               local result = run(signal, [[
                  local closed <close> = setmetatable({}, { __close = function(_, err)
                     print("closed", tostring(err):match "^[^\n]*")
                  end })
                  setmetatable({}, { __gc = function() io.write "collected" end }) ]] .. READY .. wait)
               assert.equal(code, result.code)
               assert.equal("closed\tinterrupted!\ncollected", result.stdout)
               assert.matches("^%S+: interrupted!\nstack traceback:", result.stderr)
            end
         end)

      it(("SIG%s closes what tasks have open"):format(signal), function()
         local result = run(signal, [[
            promptic.run(function()
               promptic.spawn(function()
                  local closed <close> = setmetatable({}, { __close = function() print "closed" end })
                  promptic.sleep(60)
               end)
               promptic.sleep(0.001) ]] .. READY .. [[
               promptic.sleep(60)
            end)]])
         assert.equal(code, result.code)
         assert.equal("closed\n", result.stdout)
      end)

      it(("SIG%s that was ignored at the start stays ignored"):format(signal), function()
         local result = run(signal, READY .. [[
            for _ = 1, 100 do promptic.sleep(0.001) end
            print "done"]], ("trap '' %s; exec \"$@\""):format(signal))
         assert.same({ 0, "done\n", "" }, { result.code, result.stdout, result.stderr })
      end)

      it(("SIG%s ends process 1 with %d"):format(signal, code), function()
         if process.run{ "unshare", "-rpf", "true" }.code ~= 0 then return pending("needs a pid namespace") end
         local launch = [[set -m; rm -f pid; unshare -rpf "$@" & unshare=$!
            until pgrep -P $unshare >found; do :; done; mv found pid; wait $unshare]]
         for _, caught in ipairs{ "promptic.sleep(60)", "promptic.sleep(0) while true do end" } do
            local result = run(signal, [[
               local closed <close> = setmetatable({}, { __close = function() print "closed" end })
               while not io.open "pid" do promptic.sleep(0.001) end
            ]] .. READY .. caught, launch)
            assert.equal(code, result.code)
            assert.equal("closed\n", result.stdout)
         end
      end)
   end

   for _, signal in ipairs{ "TERM", "HUP" } do
      it(("SIG%s ends a script that catches it, however that goes on"):format(signal), function()
         local caught = [[
            print(pcall(function() ]] .. READY .. [[ promptic.sleep(60) end)) ]]
         for _, rest in ipairs{ "", "os.exit(5)", "os.exit(true, true)", "error 'something else'" } do
            local result = run(signal, caught .. rest)
            assert.equal(CODES[signal], result.code)
            assert.equal("false\tinterrupted!\n", result.stdout)
         end
      end)

      it(("SIG%s ends a script that catches everything for ever"):format(signal), function()
         local result = run(signal, READY .. "while true do pcall(promptic.sleep, 60) end")
         assert.equal(CODES[signal], result.code)
      end)
   end

   it("Ctrl-C may be caught for good", function()
      local result = run("INT", [[
         local _, err = pcall(function() ]] .. READY .. [[ promptic.sleep(60) end)
         print(err.kind, tostring(err), promptic.is_error(err))
         os.exit(5)]])
      assert.same({ 5, "interrupted\tinterrupted!\ttrue\n" }, { result.code, result.stdout })
   end)

   it("a second one ends a script whose unwinding does not end", function()
      local result = run("TERM", [[
         local closed <close> = setmetatable({}, { __close = function()
            os.execute("kill -TERM $PPID")
            while true do end
         end })
      ]] .. READY .. "promptic.sleep(60)")
      assert.equal(143, result.code)
   end)

   it("end an upload with an account of its rows, also inside of promptic.run", function()
      local server = sandbox.start{ pace = 0 }
      finally(function() server:stop() end)
      for _, call in ipairs{ "%s", "promptic.run(function() %s end)",
         "promptic.run(function() promptic.spawn(function() %s end):await() end)" } do
         local experiment = server:experiment()
         local result = run("TERM", [[
            local client = promptic.client{ endpoint = "]] .. server.url .. [[", api_key = "]] .. server.key .. [[" }
            local function source()
               local number = 0
               return function()
                  number = number + 1
                  if number == 25 then ]] .. READY .. [[ promptic.sleep(60) end
                  return { variables = { n = number }, expected = "x" }
               end
            end
            local fine, err = pcall(function() ]] .. call:format(
               [[client:upload_observations("%s", source(), { batch_size = 10, concurrency = 1 })]]
            ):format(experiment) .. [[ end)
            print(fine, err, err.kind, err.resume and err.resume.experiment_id == "]] .. experiment .. [[",
               #err.rows.unsent > 0,
               err.message:match "^interrupted! %(.*rows .*%)$" ~= nil)]])
         assert.equal(143, result.code)
         assert.equal("false\tinterrupted!\tinterrupted\ttrue\ttrue\ttrue\n", result.stdout)
      end
   end)

   for signal, code in pairs(CODES) do
      it(("SIG%s ends the sandbox and the command"):format(signal), function()
         local command = process.quote(process.run{ "pwd" }.stdout:match "^[^\n]*" .. "/scripts/promptic")
         for _, words in ipairs{ "--run promptic.sandbox", command .. " sandbox" } do
            local result = run(signal, "", 'exec "$1" ' .. words)
            assert.same({ code, "" }, { result.code, result.stdout })
         end
      end)
   end

   it("end the sandbox that --sandbox has started along with the script", function()
      local result = run("TERM",
         "print(os.getenv 'PROMPTIC_ENDPOINT' and 'ready') io.stdout:flush() promptic.sleep(60)",
         'exec "$1" --sandbox "$2"')
      assert.equal(143, result.code)
      assert.equal("", result.stdout)
   end)
end)
