--- .ci/include-circles, which `make check-core` runs: this tree has one circle, and a new one is named.
local process = require "spec.support.process"

local function circles(...)
   return process.run{ ".ci/include-circles", ... }
end

describe("include-circles", function()
   local folder

   before_each(function()
      folder = process.folder()
   end)

   after_each(function()
      process.remove(folder)
   end)

   local function module(name, ...)
      local lines = {}
      for index, other in ipairs{ ... } do
         lines[index] = ('#include "%s.h"\n'):format(other)
      end
      process.write_file(("%s/%s.h"):format(folder, name), "")
      process.write_file(("%s/%s.c"):format(folder, name), table.concat(lines))
   end

   it("finds no circle in this tree but that of the core's state machine", function()
      local result = circles()
      assert.same({ 0, "no include circle but: call client loop watch\n", "" },
         { result.code, result.stdout, result.stderr })
   end)

   it("accepts modules that include each other one way", function()
      module("a", "a", "b", "c")
      module("b", "c")
      module("c")
      assert.equal(0, circles(folder).code)
   end)

   it("names a circle of two, and one by way of others", function()
      module("a", "b")
      module("b", "a")
      local result = circles(folder)
      assert.same({ 1, "these modules include each other: a b\n" }, { result.code, result.stderr })
      module("b", "c")
      module("c", "a")
      assert.equal("these modules include each other: a b c\n", circles(folder).stderr)
   end)

   it("names one that takes in the known one", function()
      module("call", "client")
      module("client", "loop")
      module("loop", "watch")
      module("watch", "call")
      assert.equal(0, circles(folder).code)
      module("watch", "call", "text")
      module("text", "loop")
      assert.equal("these modules include each other: call client loop text watch\n", circles(folder).stderr)
   end)
end)
