--- .ci/symbol-circles, which `make check-core` runs: files that need each other are found by their symbols, and a
--- circle is named and an error.
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
