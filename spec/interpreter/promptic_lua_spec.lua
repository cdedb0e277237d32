-- What promptic-lua adds to lua. That it is lua is held in interpreter_spec.lua.
local interpreter = require "spec.support.interpreter"
local process = require "spec.support.process"

local STOCK, OURS = interpreter.STOCK, interpreter.OURS
local environment = interpreter.environment

describe("promptic-lua", function()
   local function ours(row)
      return interpreter.run(OURS, row)
   end

   it("has promptic as a global and as modules", function()
      local result = ours{ "-E", "-e", [[
         assert(promptic == require "promptic" and promptic == package.loaded.promptic)
         for _, name in ipairs{ "workspace", "components", "experiments", "observations", "evaluators",
            "iterations", "deployments", "traces", "datasets", "runs", "annotations", "evaluations",
            "json" } do
            assert(promptic[name] == require("promptic." .. name), name)
         end
         print(promptic.version, require("cjson")._VERSION, require("cjson.safe").decode("["))
      ]] }
      assert.same({ 0, "" }, { result.code, result.stderr })
      assert.matches("^%d+%.%d+%.%d+%s+2%.%S+%s+nil%s", result.stdout)
   end)

   -- The names of lua-cjson's tools, which a newer lua-cjson has as well, of libpromptic and of the bindings.
   local BESIDE = [[
#include <lauxlib.h>
int strbuf_new(void); int fpconv_init(void); int promptic_step(void); int luaopen_promptic(void);
int strbuf_new(void) { return 1; }
int fpconv_init(void) { return 2; }
int promptic_step(void) { return 3; }
int luaopen_promptic(void) { return 4; }
int luaopen_beside(lua_State *L);
int luaopen_beside(lua_State *L) {
    lua_createtable(L, 4, 0);
    int found[] = {strbuf_new(), fpconv_init(), promptic_step(), luaopen_promptic()};
    for (int index = 0; index < 4; index++) {
        lua_pushinteger(L, found[index]);
        lua_rawseti(L, -2, index + 1);
    }
    return 1;
}
]]

   it("lends C modules Lua's functions, and none of its own", function()
      local place = process.folder()
      process.write_file(place .. "/beside.c", BESIDE)
      local compile = "cc -shared -fPIC $(.ci/lua-flags lua5.4) -o '%s/beside.so' '%s/beside.c'"
      local built = process.run{ "sh", "-c", compile:format(place, place) }
      assert.same({ 0, "" }, { built.code, built.stderr })
      local result = ours{ "-E", "-e", ([[
         require("cjson").encode{ 1.5 }
         print(table.unpack(assert(package.loadlib(%q, "luaopen_beside"))()))
      ]]):format(place .. "/beside.so") }
      process.remove(place)
      assert.same({ 0, "", "1\t2\t3\t4\n" }, { result.code, result.stderr, result.stdout })
   end)

   it("lets nothing in the current folder take their place", function()
      local place = process.folder()
      assert(os.execute(("cd %s && mkdir -p promptic/sandbox cjson"):format(process.quote(place))))
      for _, name in ipairs{ "promptic", "cjson", "cjson/safe", "promptic/init", "promptic/json",
         "promptic/runs", "promptic/httpd", "promptic/sandbox", "promptic/sandbox/store", "script" } do
         process.write_file(("%s/%s.lua"):format(place, name), name == "script" and [[
            for _, module in ipairs{ "promptic", "cjson", "cjson.safe", "promptic.json", "promptic.runs",
               "promptic.sandbox", "promptic.httpd" } do
               require(module)
            end
            print(promptic.version)
         ]] or "error 'the wrong file'")
      end
      for _, script in ipairs{ "script.lua", place .. "/script.lua" } do
         local result = process.run{ OURS, script, cwd = place, env = environment() }
         assert.same({ 0, "" }, { result.code, result.stderr })
         assert.matches("^%d+%.%d+%.%d+\n$", result.stdout)
      end
      process.remove(place)
   end)

   describe("looks beside the script", function()
      local place

      setup(function()
         place = process.folder()
         assert(os.execute(("cd %s && mkdir -p 'a b/c' other && ln -s '../a b/script.lua' other/linked")
            :format(process.quote(place))))
         process.write_file(place .. "/a b/script.lua", "print(require 'mine', require 'c', package.path)")
         process.write_file(place .. "/a b/mine.lua", "return 'beside'")
         process.write_file(place .. "/a b/c/init.lua", "return 'folder'")
         process.write_file(place .. "/mine.lua", "return 'wrong'")
      end)

      teardown(function()
         process.remove(place)
      end)

      local function looks(script, cwd)
         local result = process.run{ OURS, script, cwd = place .. (cwd or ""), env = environment() }
         assert.same({ 0, "" }, { result.code, result.stderr })
         return result.stdout
      end

      it("wherever it is", function()
         assert.matches("beside\tfolder\ta b/?.lua;a b/?/init.lua;/", looks("a b/script.lua"), 1, true)
         assert.matches("beside\tfolder\t./?.lua;./?/init.lua;/", looks("script.lua", "/a b"), 1, true)
         assert.matches("beside\tfolder\t" .. place .. "/a b/?.lua;", looks(place .. "/a b/script.lua"),
            1, true)
         assert.matches("beside\tfolder\t../a b/?.lua;", looks("../a b/script.lua", "/other"), 1, true)
      end)

      it("and not beside a link to it", function()
         assert.matches("^beside\tfolder\t", looks("other/linked"))
      end)

      it("for what -l and -e want too", function()
         local result = process.run{ OURS, "-l", "mine", "-e", "print(mine)", "a b/script.lua", cwd = place,
            env = environment{ LUA_INIT = "package.path = '?.none;' .. package.path" } }
         assert.matches("^beside\nbeside\tfolder\ta b/", result.stdout)
      end)

      it("and says where it cannot", function()
         assert(os.execute(("cd %s && cp -r 'a b' 'a;b'"):format(process.quote(place))))
         local result = process.run{ OURS, "a;b/script.lua", cwd = place, env = environment() }
         assert.matches("package.path has no way to write a folder", result.stderr, 1, true)
      end)

      it("and nowhere else without a script's file", function()
         local rows = { { "-e", "print(package.path)" }, { "-", stdin = "print(package.path)" },
            { stdin = "print(package.path)" }, { "--", stdin = "print(package.path)" } }
         for _, row in ipairs(rows) do
            assert.same(interpreter.run(STOCK, row), ours(row))
         end
      end)
   end)

   it("reports an error of the platform with a traceback", function()
      local result = ours{ "-e", [[
         local client = promptic.client{ endpoint = "http://127.0.0.1:1", api_key = "pk-secret",
            max_retries = 0 }
         client:list_components()
      ]] }
      assert.equal(1, result.code)
      assert.matches("^PROGRAM: connection: [^\n]+\nstack traceback:\n", result.stderr)
      assert.matches("(command line):3: in main chunk", result.stderr, 1, true)
      assert.not_matches("pk-secret", result.stderr, 1, true)
   end)

   it("works as a copy in another folder", function()
      local place = process.folder()
      assert(os.execute(("cp %s %s/copy"):format(process.quote(OURS), process.quote(place))))
      local result = process.run{ "./copy", "-e", "print(promptic.version, pcall(require, 'promptic.httpd'))",
         cwd = place, env = environment() }
      assert.same({ 0, "" }, { result.code, result.stderr })
      assert.matches("^%d+%.%d+%.%d+\tfalse\t", result.stdout)
      assert.matches("the sandbox's HTTP server is not beside promptic-lua:", result.stdout, 1, true)
      assert.matches("no file '" .. place .. "/lib/promptic/httpd.so'", result.stdout, 1, true)
      process.remove(place)
   end)

   it("tells its version", function()
      local result = ours{ "--version" }
      local version = result.stdout:match("^promptic%-lua (%d+%.%d+%.%d+) %(Lua 5%.4%.%d+%)\n$")
      assert.is_string(version, result.stdout)
      assert.same({ 0, "" }, { result.code, result.stderr })
      local banner, second = ours{ "-v" }.stdout:match("^(Lua 5%.4%.%d+  Copyright[^\n]+)\n([^\n]+)\n$")
      assert.is_string(banner)
      assert.equal("promptic-lua " .. version, second)
   end)

   it("teaches with --help", function()
      local result = ours{ "--help" }
      assert.same({ 0, "" }, { result.code, result.stderr })
      for _, word in ipairs{ "usage: PROGRAM [options] [script [args]]", "-e stat", "--sandbox",
         "--pace SECONDS", "--db FILE", "--run mod", "PROMPTIC_API_KEY", "Examples:" } do
         assert.matches(word, result.stdout, 1, true)
      end
      for line in result.stdout:gmatch("[^\n]+") do
         assert.is_true(#line <= 100, line)
      end
   end)

   it("refuses options of its own that make no sense", function()
      local rows = {
         { "'--pace' belongs to '--sandbox'", "--pace", "1", "quiet.lua" },
         { "'--db' belongs to '--sandbox'", "--db=x", "quiet.lua" },
         { "'--pace' needs argument", "--sandbox", "--pace" },
         { "'--db' needs argument", "--sandbox", "--db", "-e" },
         { "'--run' needs argument", "--run" },
         { "unrecognized option '--sandbox=1'", "--sandbox=1" },
         { "unrecognized option '--sand'", "--sand" },
         { "unrecognized option '--versions'", "--versions" },
      }
      for _, row in ipairs(rows) do
         local result = ours{ table.unpack(row, 2) }
         assert.same({ 1, "" }, { result.code, result.stdout })
         assert.equal("PROGRAM: " .. row[1], result.stderr:match("^[^\n]*"))
         assert.matches("\nusage: PROGRAM [options]", result.stderr, 1, true)
      end
   end)

   it("runs a module that is built in", function()
      local result = ours{ "--run", "promptic.sandbox", "--help" }
      assert.same({ 0, "" }, { result.code, result.stderr })
      assert.matches("--stop-on-eof", result.stdout, 1, true)
      result = ours{ "--run", "promptic.nothing" }
      assert.equal(1, result.code)
      assert.equal("PROGRAM: no module 'promptic.nothing' is built in\n", result.stderr)
   end)
end)
