--- .ci/test and .ci/run, which have to notice every way in which specs can fail.
-- Tags: slow
local process = require "spec.support.process"

local folder

setup(function()
   folder = process.folder()
end)

teardown(function()
   process.remove(folder)
end)

-- One word for each kind of spec file.
local FILES = {
   passes = [[
      it("passes", function() end)
      it("passes too", function() end)
      it("waits", function() pending("a reason") end)]],
   fails = [[it("passes", function() end) it("fails", function() assert.equal(1, 2) end)]],
   raises = [[it("raises", function() error("no") end)]],
   ["does not compile"] = [[it("is cut off", function()]],
   crashes = [[it("crashes", function()
      io.write("a line without its end")
      io.flush()
      os.execute("kill -SEGV $PPID")
   end)]],
   ["crashes after a sum"] = [[it("crashes", function()
      print("7 successes / 0 failures / 0 errors / 0 pending : 0.1 seconds")
      io.flush()
      os.execute("kill -SEGV $PPID")
   end)]],
   ["ends early"] = [[it("ends early", function() os.exit(0) end)]],
   ["runs nothing"] = [[describe("nothing", function() end)]],
   hangs = [[it("hangs", function() while true do end end)]],
   ["leaves tasks to the next spec"] = [[
      local promptic = require "promptic"
      require("spec.support.driving").guard()
      it("fails and leaves tasks", function()
         for _ = 1, 100 do promptic.spawn(promptic.sleep, 3600) end
         error("no")
      end)
      it("finds none", function() assert.equal(0, promptic.step(0)) end)]],
   ["prints without a newline"] = [[it("prints", function() io.write("3 successes / 0 failures") end)]],
}

-- The exit code of .ci/test with files of these kinds, its closing line, and all that it printed.
local function run(...)
   local command = { ".ci/test", os.getenv("PROMPTIC_SERVER_LUA") or "lua5.4", env = { FILE_SECONDS = "5" } }
   for number, kind in ipairs{ ... } do
      local path = ("%s/%d_spec.lua"):format(folder, number)
      if FILES[kind] then
         process.write_file(path, FILES[kind])
      else
         os.remove(path)
      end
      command[#command + 1] = path
   end
   local result = process.run(command)
   return result.code, result.stdout:match("([^\n]*) : [%d.]+ seconds\n$"), result.stdout
end

local SUM = "%d successes / %d failures / %d errors / %d pending"

describe(".ci/test", function()
   for _, case in ipairs{
      -- kind, passed, failed, errors
      { "fails", 1, 1, 0 },
      { "raises", 0, 0, 1 },
      { "does not compile", 0, 0, 1 },
      { "crashes", 0, 0, 1 },
      { "crashes after a sum", 7, 0, 1 },
      { "ends early", 0, 0, 1 },
      { "runs nothing", 0, 0, 1 },
      { "hangs", 0, 0, 1 },
      { "is missing", 0, 0, 1 },
      { "leaves tasks to the next spec", 1, 0, 2 }, -- the error, and what was left
   } do
      local kind, passed, failed, errors = table.unpack(case)

      it("fails if a file " .. kind .. ", and counts the others", function()
         local code, sum, printed = run("passes", kind)
         assert.equal(1, code)
         assert.equal(SUM:format(2 + passed, failed, errors, 1), sum, printed)
      end)
   end

   it("passes if all files do, whatever they print", function()
      local code, sum, printed = run("passes", "prints without a newline")
      assert.equal(0, code)
      assert.equal(SUM:format(3, 0, 0, 1), sum, printed)
   end)

   it("is what runs files that are named, too, and those of a folder", function()
      local specs = folder .. "/named"
      assert(os.execute("mkdir " .. specs))
      process.write_file(specs .. "/ends_early_spec.lua", FILES["ends early"])
      for _, named in ipairs{ specs, specs .. "/ends_early_spec.lua" } do
         local result = process.run{ "make", "--no-print-directory", "test", "SPEC=" .. named, "DEPS=:",
            env = { MAKEFLAGS = false, MAKELEVEL = false, BUILD = false } }
         assert.equal(2, result.code, result.stdout)
         assert.matches(SUM:format(0, 0, 1, 0), result.stdout, 1, true)
      end
   end)

   it("reports how a file ended", function()
      local _, _, printed = run("crashes", "hangs")
      assert.matches("(ended by signal 11)", printed, 1, true)
      assert.matches("the limit is 5)", printed, 1, true)
   end)

   it("indents the output of a file that failed: what adds up closing lines counts it once", function()
      local _, _, printed = run("fails")
      local _, count = ("\n" .. printed):gsub("\n%d+ success", "")
      assert.equal(1, count)
   end)
end)

it("make test takes a list of files with newlines", function()
   local result = process.run{ ".ci/clean-env", "make", "-n", "test", "SPEC=a_spec.lua\n  b_spec.lua\n" }
   assert.matches("a_spec.lua b_spec.lua\n", result.stdout, 1, true)
end)

describe(".ci/run", function()
   -- What a stage does, as shell, and how that counts: passed, failed, skipped.
   local STAGES = {
      deps = { "printf 'no newline'; exit 1", 0, 1, 0 },
      test = { "printf 'no newline'; kill -SEGV $$", 0, 1, 0 },
      hosts = { "sleep 60", 0, 1, 0 },
      network = { "echo '3 successes / 0 failures / 0 errors / 2 pending : 1 seconds'; exit 2", 3, 1, 2 },
      lint = { "echo '0 successes / 0 failures / 0 errors / 0 pending : 1 seconds'", 0, 1, 0 },
      house = { "echo '3 successes / 1 failure / 1 error / 0 pending : 1 seconds'; exit 1", 3, 2, 0 },
      symbols = { "echo '3 successes / 0 failures / 0 errors / 0 pending : 1 seconds'", 3, 0, 0 },
      contract = { "setsid sleep 20 & exit 0", 1, 0, 0 },
      fuzz = { "exit 0", 1, 0, 0 },
   }

   -- Runs it with this piece of shell as make, which finds the target in $target.
   local function stages(source)
      local make = folder .. "/make"
      process.write_file(make, [[
#!/bin/sh
target=all
for word; do case $word in -*) ;; *) target=$word && break ;; esac; done
]] .. source)
      assert(os.execute("chmod +x " .. make))
      local result = process.run{ ".ci/run", env = { MAKE = make, STAGE_SECONDS = "3" } }
      return result.code, result.stdout:match("([^\n]*)\n$"), result.stdout
   end

   it("exits with 0 if every stage passes", function()
      local code, last, printed = stages("echo a line; exit 0")
      assert.equal(0, code)
      assert.matches("^%d+ passed, 0 failed$", last)
      assert.matches("\na line\n", printed, 1, true)
   end)

   it("counts what each stage did, and fails if one did", function()
      local source = { "case $target in" }
      for name, case in pairs(STAGES) do
         source[#source + 1] = name .. ") " .. case[1] .. " ;;"
      end
      local code, last, printed = stages(table.concat(source, "\n") .. "\nesac")
      assert.equal(1, code)
      local passed, failed, skipped = 0, 0, 0
      for name, good, bad, pending in printed:gmatch("\n=== ([%w-]+): (%d+) passed, (%d+) failed, (%d+) skipped") do
         local case = STAGES[name] or { "", 1, 0, 0 }
         assert.same({ name, case[2], case[3], case[4] }, { name, tonumber(good), tonumber(bad), tonumber(pending) })
         passed, failed, skipped = passed + good, failed + bad, skipped + pending
      end
      assert.equal(("%d passed, %d failed, %d skipped"):format(passed, failed, skipped), last)
      assert.matches("\nfailed: deps test hosts network lint house\n", printed, 1, true)
      assert.matches("ended after 3 s", printed, 1, true)
   end)
end)
