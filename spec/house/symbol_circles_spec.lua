--- .ci/symbol-circles and .ci/core-drawing, which `make check-core` runs: files that need each other are found by their
--- symbols, a circle is an error; and the drawing in core/README.md is what the symbols say.
local process = require "spec.support.process"

describe("symbol-circles", function()
   local folder

   before_each(function()
      folder = process.folder()
      assert(os.execute(("mkdir -p '%s/core' '%s/bindings/rows' '%s/bindings/calls'"):format(folder, folder, folder)))
   end)

   after_each(function()
      process.remove(folder)
   end)

   -- The object of a file that defines its own name, and uses the names of others.
   local function object(path, ...)
      local function name(of) return (of:gsub("%W", "_")) end
      local lines = { ("int %s(void);"):format(name(path)) }
      local calls = {}
      for index, other in ipairs{ ... } do
         lines[#lines + 1] = ("int %s(void);"):format(name(other))
         calls[index] = (" + %s()"):format(name(other))
      end
      lines[#lines + 1] = ("int %s(void) { return 0%s; }\n"):format(name(path), table.concat(calls))
      process.write_file(folder .. "/source.c", table.concat(lines, "\n"))
      local result = process.run{ "cc", "-fvisibility=hidden", "-c", "-o", ("%s/%s.o"):format(folder, path),
         folder .. "/source.c" }
      assert(result.code == 0, result.stderr)
   end

   local function circles()
      return process.run{ ".ci/symbol-circles", folder }
   end

   it("accepts files that need each other one way", function()
      object("core/a", "core/b", "bindings/rows/c")
      object("core/b", "bindings/rows/c")
      object("bindings/rows/c")
      local result = circles()
      assert.same({ 0, "" }, { result.code, result.stderr })
      assert.matches("^circles of files by symbols: 0\n", result.stdout)
   end)

   it("names a circle of two, and one by way of others", function()
      object("core/a", "core/b")
      object("core/b", "core/a")
      local result = circles()
      assert.same({ 1, "a circle: these files need each other: core/a core/b\n" }, { result.code, result.stderr })
      assert.equal("circles of files by symbols: 1\n", result.stdout)
      object("core/b", "bindings/rows/c")
      object("bindings/rows/c", "core/a")
      assert.equal("a circle: these files need each other: bindings/rows/c core/a core/b\n", circles().stderr)
   end)

   it("names each of two circles, and not the files that only use them", function()
      object("core/call", "core/loop")
      object("core/loop", "core/call")
      object("bindings/rows/a", "bindings/rows/b", "core/call")
      object("bindings/rows/b", "bindings/rows/a")
      object("bindings/calls/task", "core/loop", "bindings/rows/a")
      local result = circles()
      assert.equal("circles of files by symbols: 2\n", result.stdout)
      assert.equal("a circle: these files need each other: bindings/rows/a bindings/rows/b\n"
         .. "a circle: these files need each other: core/call core/loop\n", result.stderr)
   end)

   it("has objects to look at", function()
      assert.equal(1, circles().code)
   end)
end)

describe("core-drawing", function()
   local folder
   local README = [[
    core/              libpromptic
      top.*  what hosts see
      low.* tool.h  what they need
    libcurl, zlib

Shared with bindings, besides the public header: %s.
]]
   local SHARED = "`" .. table.concat({ "ascii.h", "clean.h" }, "`, `") .. "`"

   before_each(function()
      folder = process.folder()
      assert(os.execute(("cd '%s' && mkdir -p obj/core obj/bindings core bindings"):format(folder)))
      for name, text in pairs{
         ["core/top.c"] = "int low(void); int top(void); int top(void) { return low(); }",
         ["core/low.c"] = "int low(void); int low(void) { return 0; }",
         ["core/top.h"] = "", ["core/low.h"] = "", ["core/tool.h"] = "", ["core/ascii.h"] = "", ["core/clean.h"] = "",
         ["bindings/use.c"] = '#include "ascii.h"\n#include "clean.h"\n',
      } do
         process.write_file(folder .. "/" .. name, text)
      end
   end)

   after_each(function()
      process.remove(folder)
   end)

   local function draw(readme)
      process.write_file(folder .. "/core/README.md", readme)
      for _, name in ipairs{ "top", "low" } do
         assert(process.run{ "cc", "-c", "-o", ("%s/obj/core/%s.o"):format(folder, name),
            ("%s/core/%s.c"):format(folder, name) }.code == 0)
      end
      return process.run{ "sh", "-c", ("here=$PWD; cd '%s' && \"$here/.ci/core-drawing\" obj"):format(folder) }
   end

   it("accepts a drawing in which each line uses those below it, and the headers that are shared", function()
      local result = draw(README:gsub("tool.h", "tool.h ascii.h clean.h"):format(SHARED))
      assert.same({ 0, "" }, { result.code, result.stderr })
   end)

   it("names files that use a line above them, files that are not drawn, and drawn ones that do not exist", function()
      local names = { ["top.*"] = "low.* none.c", ["low.*"] = "top.*" }
      local result = draw(README:gsub("%l+%.%*", names):format(SHARED))
      assert.equal(1, result.code)
      assert.matches("core/top uses core/low, which is drawn above it", result.stderr, 1, true)
      assert.matches("core/ascii.h is not in the drawing", result.stderr, 1, true)
      assert.matches("the drawing names none.c, which is not there", result.stderr, 1, true)
   end)

   it("names a header that is included and not shared, or shared and not included", function()
      local result = draw(README:gsub("tool.h", "tool.h ascii.h clean.h"):format("`ascii.h`, `low.h`"))
      assert.equal(1, result.code)
      assert.matches("bindings/ includes core/clean.h, which the page does not name as shared", result.stderr, 1, true)
      assert.matches("the page names low.h as shared, which bindings/ does not include", result.stderr, 1, true)
   end)
end)
