--- promptic-lua loads libcurl at its first use: what it forwards is what the core needs, and nothing is loaded before.
local interpreter = require "spec.support.interpreter"
local process = require "spec.support.process"

local BUILD = interpreter.OURS:match("^(.*)/promptic%-lua$")

-- The names of libcurl's functions among the symbols that nm lists with these flags.
local function names(flags, files)
   local list, seen = {}, {}
   local result = process.run{ "sh", "-c", ("nm %s %s"):format(flags, files) }
   for name in result.stdout:gmatch("%f[%w_](curl_[%w_]+)") do
      if not seen[name] then
         seen[name] = true
         list[#list + 1] = name
      end
   end
   table.sort(list)
   return list
end

describe("libcurl at its first use", function()
   it("has a function for each that the core needs, and no other", function()
      local objects = process.quote(BUILD .. "/obj")
      local needed = names("-u", objects .. "/core/*.o")
      assert.is_true(#needed > 20)
      assert.same(needed, names("--defined-only", objects .. "/bindings/interpreter/interpreter_libcurl.o"))
   end)

   it("is loaded by the first client, not by the program", function()
      local script = [[
         local function is_loaded()
            return io.open("/proc/self/maps"):read("a"):find("libcurl%.so") ~= nil
         end
         print(is_loaded())
         promptic.client{ api_key = "a-key-of-ours", config_file = "" }
         print(is_loaded())
      ]]
      assert.equal("false\ntrue\n", process.run{ interpreter.OURS, "-e", script }.stdout)
   end)

   it("is asked for by name where it is missing", function()
      local probe = "mount --bind /dev/null /dev/null"
      if process.run{ "unshare", "-m", "sh", "-c", probe }.code ~= 0 then
         return pending("there are no mount namespaces")
      end
      local hide = [[for file in $(ldconfig -p | sed -n 's/.*libcurl\.so\.4.*=> //p'); do
         mount --bind /dev/null "$file"; done; exec "$@"]]
      local command = { "unshare", "-m", "sh", "-c", hide, "sh", interpreter.OURS, "-e" }
      local function run(script)
         return process.run{ command[1], command[2], command[3], command[4], command[5], command[6], command[7],
            command[8], script }
      end
      assert.equal("42\n", run("print(42)").stdout)
      local result = run("promptic.client{ api_key = 'a-key-of-ours', config_file = '' }")
      assert.equal(1, result.code)
      assert.matches("^promptic%-lua: libcurl%.so%.4 cannot be used: .*\n  install libcurl", result.stderr)
   end)
end)
