--- .ci/mutants: what it says of mutants that are killed, that survive, and that no longer apply; its closing line and
-- exit status, by which .ci/run goes.
local process = require "spec.support.process"

local LUA = os.getenv("PROMPTIC_SERVER_LUA") or "lua5.4"

local folder

before_each(function()
   folder = process.folder()
   assert(os.execute(("mkdir -p '%s/spec/mutants' '%s/build'"):format(folder, folder)))
   assert(os.execute(("cp -r .ci '%s/.ci'"):format(folder)))
   process.write_file(folder .. "/Makefile", ".NOTPARALLEL:\n%:\n\t@mkdir -p build/host && cp units build/host/units\n")
   process.write_file(folder .. "/units", "#!/bin/sh\ngrep -q 'limit = 1;' a.c\n")
   process.write_file(folder .. "/a.c", "limit = 1;\nother = 2;\nother = 2;\n")
   assert(os.execute(("chmod +x '%s/units'"):format(folder)))
end)

after_each(function()
   process.remove(folder)
end)

-- Runs the list of changes of a.c; the numbers of its closing line, its exit status and all that it printed.
local function run(changes, file)
   process.write_file(folder .. "/spec/mutants/list.lua",
      ('return { { "%s", "units", %s } }'):format(file or "a.c", changes))
   local result = process.run{ "sh", "-c",
      ("cd '%s' && LUA=%s PROGRAM=none JOBS=2 .ci/mutants build all 2>&1"):format(folder, LUA) }
   local sum = result.stdout:match("([^\n]*)\n$") or ""
   return sum:match("^(%d+ successes / %d+ failures / %d+ errors / %d+ pending) : %d+ seconds$"), result.code,
      result.stdout
end

-- `numbers` says those too that no longer apply. Nothing is built for this.
it("the list applies to the tree: each text is found once, and each spec is there", function()
   local result = process.run{ LUA, ".ci/mutants.lua", "numbers", "none" }
   assert.same({ "", 0 }, { result.stdout, result.code })
   for _, group in ipairs(dofile "spec/mutants/list.lua") do
      for index = 3, #group do
         local change, texts = group[index], {}
         for path in (change.specs or group[2]):gmatch "spec/[%w_/]+%.lua" do
            texts[#texts + 1] = assert(process.read_file(path), path)
         end
         local only = change.only or not change.specs and group.only
         if only and #texts > 0 then assert.matches(only, table.concat(texts), 1, true) end
      end
   end
end)

describe(".ci/mutants", function()
   it("counts mutants that are killed", function()
      local sum, code, text = run '{ "limit = 1", "limit = 2" }, { "limit", "most" }'
      assert.same({ "2 successes / 0 failures / 0 errors / 0 pending", 0 }, { sum, code })
      assert.matches("killed by units | mutant 1 of a.c", text, 1, true)
      assert.matches("a.c +2 of +2 killed", text)
   end)

   it("fails where one survives, unless that is explained", function()
      local sum, code, text = run '{ "limit = 1;\\n", "limit = 1;\\n\\n" }'
      assert.same({ "0 successes / 1 failures / 0 errors / 0 pending", 1 }, { sum, code })
      assert.matches("SURVIVES | mutant 1 of a.c", text, 1, true)
      sum, code = run '{ "limit = 1;\\n", "limit = 1;\\n\\n", explained = "an empty line" }, { "limit", "most" }'
      assert.same({ "1 successes / 0 failures / 0 errors / 1 pending", 0 }, { sum, code })
      sum, code = run '{ "limit", "most", explained = "wrong" }'
      assert.same({ "0 successes / 0 failures / 1 errors / 0 pending", 1 }, { sum, code })
   end)

   it("fails where one no longer applies, and tries the others", function()
      local sum, code, text = run '{ "gone", "x" }, { "other", "x" }, { "limit", "most" }'
      assert.same({ "1 successes / 0 failures / 2 errors / 0 pending", 1 }, { sum, code })
      assert.matches("DOES NOT APPLY, its text is not in the file | mutant 1 of a.c", text, 1, true)
      assert.matches("DOES NOT APPLY, its text is in the file more than once | mutant 2 of a.c", text, 1, true)
      sum, code, text = run('{ "limit", "most" }', "moved.c")
      assert.same({ "0 successes / 0 failures / 1 errors / 0 pending", 1 }, { sum, code })
      assert.matches("DOES NOT APPLY, there is no such file | mutant 1 of moved.c", text, 1, true)
   end)

   it("fails where the specs fail without a change", function()
      process.write_file(folder .. "/a.c", "limit = 3;\n")
      local sum, code, text = run '{ "limit", "most" }'
      assert.same({ "1 successes / 0 failures / 1 errors / 0 pending", 1 }, { sum, code })
      assert.matches("FAILS without a change: units", text, 1, true)
   end)
end)
