-- bake.sh turns Lua files into C arrays and loses no byte of them.
local process = require "spec.support.process"

describe("bake.sh", function()
   local folder

   setup(function()
      folder = process.folder()
      assert(os.execute(("mkdir -p %s/a/b"):format(process.quote(folder))))
   end)

   teardown(function()
      process.remove(folder)
   end)

   local function bake(...)
      return process.run{ "sh", "bindings/bake/bake.sh", ... }
   end

   -- The rows of the list, each with the bytes that its array holds.
   local function rows(source)
      local arrays, list = {}, {}
      for number, body in source:gmatch("source_(%d+)%[%] = {(.-)};") do
         local bytes = {}
         for byte in body:gmatch("%d+") do
            bytes[#bytes + 1] = string.char(tonumber(byte))
         end
         assert.equal("\0", table.remove(bytes), "the byte that is no part of it")
         arrays[number] = table.concat(bytes)
      end
      for name, chunk, number in source:gmatch('{"([^"]+)", "([^"]+)",%s+%(const char %*%)source_(%d+)') do
         list[#list + 1] = { name, chunk, arrays[number] }
      end
      return list
   end

   it("keeps every byte, and names what it bakes", function()
      local bytes = {}
      for byte = 0, 255 do
         bytes[#bytes + 1] = string.char(byte)
      end
      local all = table.concat(bytes)
      local files = {
         ["a.lua"] = "return 1\n", ["a/b.lua"] = all, ["a/b/init.lua"] = "", ["c.lua"] = all:rep(20),
         ["d.txt"] = "no",
      }
      for path, content in pairs(files) do
         process.write_file(folder .. "/" .. path, content)
      end
      local result = bake("baked_things", folder)
      assert.same({ 0, "" }, { result.code, result.stderr })
      assert.matches("const baked_module baked_things[] = {", result.stdout, 1, true)
      assert.matches("    {NULL, NULL, NULL, 0},\n};\n$", result.stdout)
      assert.same({
         { "promptic.a", "=promptic/a.lua", files["a.lua"] },
         { "promptic.a.b", "=promptic/a/b.lua", all },
         { "promptic.a.b", "=promptic/a/b/init.lua", "" },
         { "promptic.c", "=promptic/c.lua", files["c.lua"] },
      }, rows(result.stdout))
   end)

   it("writes an empty list for an empty folder", function()
      assert(os.execute(("mkdir -p %s/none"):format(process.quote(folder))))
      local result = bake("baked_none", folder .. "/none")
      assert.same({ 0, {} }, { result.code, rows(result.stdout) })
   end)

   describe("with a compiler", function()
      local program = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")
      local compile = program:match("^(.*)/") .. "/obj/bake_compile"

      it("bakes what that Lua has compiled, with its names and lines", function()
         assert(os.execute(("mkdir -p %s/code"):format(process.quote(folder))))
         process.write_file(folder .. "/code/fails.lua", "return function()\n   error'here'\nend\n")
         local result = bake("baked_things", folder .. "/code", compile)
         assert.same({ 0, "" }, { result.code, result.stderr })
         local row = rows(result.stdout)[1]
         assert.equal("\27Lua", row[3]:sub(1, 4))
         process.write_file(folder .. "/fails.luac", row[3])
         local run = process.run{ program, "-e", ("dofile(%q)()"):format(folder .. "/fails.luac") }
         assert.equal(1, run.code)
         assert.matches("promptic/fails.lua:2: here", run.stderr, 1, true)
      end)

      it("refuses a file that is not Lua, by its name", function()
         assert(os.execute(("mkdir -p %s/broken"):format(process.quote(folder))))
         process.write_file(folder .. "/broken/half.lua", "return (\n")
         local result = bake("baked_things", folder .. "/broken", compile)
         assert.is_not.equal(0, result.code)
         assert.matches("promptic/half.lua", result.stderr, 1, true)
      end)
   end)

   it("refuses to run without a folder", function()
      assert.equal(2, bake("baked_things").code)
      local result = bake("baked_things", folder .. "/missing")
      assert.equal(1, result.code)
      assert.matches("no folder", result.stderr, 1, true)
   end)
end)
