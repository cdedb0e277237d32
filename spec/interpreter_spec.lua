-- promptic-lua against stock Lua: the same command lines give the same output and exit codes. What promptic-lua
-- adds is at the end, and in sandbox_option_spec.lua.
local process = require "spec.support.process"

local STOCK = os.getenv("PROMPTIC_SERVER_LUA") or "lua5.4"

local function absolute(path)
   if path:sub(1, 1) == "/" then
      return path
   end
   local pipe = assert(io.popen("pwd"))
   local here = pipe:read("l")
   pipe:close()
   return here .. "/" .. path
end

local OURS = absolute(os.getenv("PROMPTIC_LUA") or "build/promptic-lua")

-- Nothing of the environment that either program reads. readline asks what terminal there is.
local function environment(extra)
   local all = { TERM = "dumb" }
   for _, name in ipairs{ "LUA_INIT", "LUA_INIT_5_4", "LUA_PATH", "LUA_PATH_5_4", "LUA_CPATH", "LUA_CPATH_5_4" } do
      all[name] = false
   end
   for name, value in pairs(extra or {}) do
      all[name] = value
   end
   return all
end

local FILES = {
   ["arguments.lua"] = [[
      local lowest = 0
      while arg[lowest - 1] do lowest = lowest - 1 end
      for index = lowest, #arg do
         print(index, (arg[index]:gsub("^.*/", "")))
      end
      print("...", ...)
   ]],
   ["shebang"] = "#!/usr/bin/env lua\nprint('shebang', ...)\nerror('line 3')\n",
   ["module.lua"] = "print('module', ...)\nreturn { answer = 42 }\n",
   ["nested.lua"] = "local function inner() error('deep') end\nlocal function outer() inner() end\nouter()\n",
   ["syntax.lua"] = "local x = = 1\n",
   ["quiet.lua"] = "",
   ["-"] = "print('a file called -', ...)\n",
   ["init.lua"] = "print('init file', ...)\n",
   ["state.lua"] = [[
      print(collectgarbage("incremental"), collectgarbage("isrunning"), warn, jit)
      print(getmetatable(_G), debug.gethook(), select("#", ...))
   ]],
}

local folder

setup(function()
   folder = process.folder()
   for name, content in pairs(FILES) do
      process.write_file(folder .. "/" .. name, content)
   end
   assert(os.execute("chmod +x " .. process.quote(folder .. "/shebang")))
end)

teardown(function()
   process.remove(folder)
end)

local function run(program, row)
   local command = { program, stdin = row.stdin, env = environment(row.env), cwd = folder }
   table.move(row, 2, #row, 2, command)
   local result = process.run(command)
   for _, stream in ipairs{ "stdout", "stderr" } do
      result[stream] = result[stream]:gsub(program:gsub("%p", "%%%0"), "PROGRAM"):gsub("0x%x+", "ADDRESS")
   end
   return result
end

-- Both results, ours without its own line after Lua's banner.
local function both(row)
   local stock, ours = run(STOCK, row), run(OURS, row)
   ours.stdout = ours.stdout:gsub("(PUC%-Rio\n)promptic%-lua %S+\n", "%1")
   return stock, ours
end

local function describe_rows(title, rows)
   describe(title, function()
      for _, row in ipairs(rows) do
         it("as lua does: " .. row[1], function()
            local stock, ours = both(row)
            assert.same(stock, ours)
            assert.equal(row.code or 0, ours.code)
         end)
      end
   end)
end

describe_rows("promptic-lua runs scripts", {
   { "a file", "quiet.lua" },
   { "a file with arguments", "arguments.lua", "a", "", "-e", "b c", "--sandbox" },
   { "options before the file", "-W", "-e", "x = 1", "-l", "module", "arguments.lua", "a" },
   { "from stdin", stdin = "print('in', ...)" },
   { "from stdin, empty" },
   { "from stdin, named", "-", "a", "b", stdin = "print(arg[0], ...)" },
   { "from stdin, which then fails", stdin = "error('x')" },
   { "from stdin, named, which then fails", "-", stdin = "error('x')", code = 1 },
   { "from stdin, with a syntax error", "-", stdin = "x = = 1", code = 1 },
   { "from stdin after options", "-e", "x = 'set'", "-", stdin = "print(x)" },
   { "not from stdin after -e", "-e", "print(1)", stdin = "print(2)" },
   { "and leave stdin to them", "-e", "print(io.read('n', 'l', 'a'))", stdin = "12 rest\nmore" },
   { "called -", "--", "-", "a" },
   { "after --", "--", "arguments.lua", "-e" },
   { "with -- and nothing more", "--", stdin = "print('in')" },
   { "with a shebang", "shebang", "a", code = 1 },
   { "that are missing", "missing.lua", code = 1 },
   { "that are folders", ".", code = 1 },
   { "with a syntax error", "syntax.lua", code = 1 },
   { "in a state like that of lua", "state.lua" },
   { "with an arg that is no table", "-e", "arg = 1", "quiet.lua", code = 1 },
   { "with another arg", "-e", "arg = { 'x', 'y' }", "-", stdin = "print(...)" },
})

describe_rows("promptic-lua takes options", {
   { "-e", "-e", "print(1)", "-eprint(2)" },
   { "-e with a syntax error", "-e", "x = = 1", code = 1 },
   { "-e that fails, before the script", "-e", "error('x')", "arguments.lua", code = 1 },
   { "-e and arg", "-e", "print(arg[0] == arg[-1], arg[0], arg[1], #arg)" },
   { "-l", "-l", "module", "-e", "print(module.answer)" },
   { "-l, joined", "-lmodule", "-e", "print(module.answer)" },
   { "-l with another name", "-l", "m=module", "-e", "print(m.answer, module)" },
   { "-l of a missing module", "-l", "missing", code = 1 },
   { "-l of a module that fails", "-l", "syntax", code = 1 },
   { "-v", "-v" },
   { "-v, and no script from stdin", "-v", stdin = "print(1)" },
   { "-v -", "-v", "-", stdin = "print(1)" },
   { "-v and a script", "-v", "arguments.lua" },
   { "-v -e", "-v", "-e", "print(1)" },
   { "-W", "-W", "-e", "warn('careful')" },
   { "no -W", "-e", "warn('careful')" },
   { "-W after the warning", "-e", "warn('careful')", "-W", "-e", "warn('@off', 'x')" },
   { "-E", "-E", "-e", "print(x, package.path)", env = { LUA_INIT = "x = 1", LUA_PATH = "?.x" } },
   { "LUA_PATH", "-e", "print(package.path, package.cpath)", env = { LUA_PATH = "?.x;;", LUA_CPATH = "?.y" } },
   { "LUA_INIT", "-e", "print(x)", env = { LUA_INIT = "x = 1" } },
   { "LUA_INIT with a file", "-e", "", env = { LUA_INIT = "@init.lua" } },
   { "LUA_INIT with a missing file", "-e", "print(1)", env = { LUA_INIT = "@missing.lua" }, code = 1 },
   { "LUA_INIT that fails", "-e", "print(1)", env = { LUA_INIT = "error('init')" }, code = 1 },
   { "LUA_INIT with a syntax error", "-v", env = { LUA_INIT = "= 1" }, code = 1 },
   { "LUA_INIT and arg", "a.lua", env = { LUA_INIT = "print(arg[0], arg[-1])" }, code = 1 },
   { "LUA_INIT_5_4 before LUA_INIT", "-e", "print(x)", env = { LUA_INIT = "x = 1", LUA_INIT_5_4 = "x = 2" } },
})

describe_rows("promptic-lua ends", {
   { "with os.exit()", "-e", "os.exit()" },
   { "with os.exit(true)", "-e", "os.exit(true)" },
   { "with os.exit(false)", "-e", "os.exit(false)", code = 1 },
   { "with os.exit(7)", "-e", "os.exit(7)", code = 7 },
   { "with os.exit(256 + 3)", "-e", "os.exit(256 + 3)", code = 3 },
   { "closing the state", "-e", "local x <close> = setmetatable({}, { __close = function() print('closed') end })"
      .. " setmetatable({}, { __gc = function() print('gone') end }) os.exit(3, true)", code = 3 },
   { "without closing the state", "-e", "setmetatable({}, { __gc = function() print('gone') end }) os.exit(3)", code = 3 },
   { "closing the state by itself", "-e", "setmetatable({}, { __gc = function() print('gone') end })" },
   { "by a signal", "-e", "io.write('x'):flush() os.execute('kill -TERM $PPID')", code = nil },
})

local tell = "setmetatable({}, { __tostring = function() return 'told' end })"

describe_rows("promptic-lua reports", {
   { "a message", "-e", "error('x')", code = 1 },
   { "a message without a place", "-e", "error('x', 0)", code = 1 },
   { "a number", "-e", "error(12)", code = 1 },
   { "nil", "-e", "error()", code = 1 },
   { "false", "-e", "error(false)", code = 1 },
   { "a table", "-e", "error({ message = 'x' })", code = 1 },
   { "a function", "-e", "error(print)", code = 1 },
   { "an object with __tostring", "-e", "error(" .. tell .. ")", code = 1 },
   { "an object with __tostring, from a file's depth", "-e", "told = " .. tell, "-e",
      "local function f() error(told) end f()", code = 1 },
   { "an object with __name", "-e", "error(setmetatable({}, { __name = 'Thing' }))", code = 1 },
   { "an object whose __tostring gives no string", "-e",
      "error(setmetatable({}, { __tostring = function() return 1 end }))", code = 1 },
   { "an object whose __tostring fails", "-e",
      "error(setmetatable({}, { __tostring = function() error('in') end }))", code = 1 },
   { "a userdata", "-e", "error(io.stdout)", code = 1 },
   { "the way there", "nested.lua", code = 1 },
   { "an error in a module", "-e", "require 'nested'", code = 1 },
   { "an error in a coroutine", "-e", "coroutine.wrap(function() error('x') end)()", code = 1 },
   { "a stack overflow", "-e", "local function f() return 1 + f() end f()", code = 1 },
   { "an error with an empty message", "-e", "error('')", code = 1 },
   { "an error in a <close>", "-e",
      "local x <close> = setmetatable({}, { __close = function() error('closing') end }) error('x')", code = 1 },
   { "an error while the state closes", "-W", "-e", "setmetatable({}, { __gc = function() error('gc') end })" },
})

describe("promptic-lua refuses", function()
   local rows = {
      { "an unknown letter", "-x" },
      { "letters in one", "-vi" },
      { "-e with nothing", "-e" },
      { "-l with nothing", "-l" },
      { "-e with an option", "-e", "-v" },
      { "an unknown word", "--wrong" },
      { "an unknown option after known ones", "-e", "print(1)", "-v", "-z", "arguments.lua" },
   }
   for _, row in ipairs(rows) do
      it("as lua does: " .. row[1], function()
         local stock, ours = both(row)
         assert.same({ 1, stock.code, stock.stdout }, { ours.code, ours.code, ours.stdout })
         assert.equal(stock.stderr, ours.stderr:sub(1, #stock.stderr))
         assert.matches("^  %-%-sandbox ", ours.stderr:sub(#stock.stderr + 1))
      end)
   end
end)

describe("promptic-lua -i", function()
   local function session(...)
      return table.concat({ ... }, "\n") .. "\n"
   end
   local rows = {
      { "nothing", stdin = "" },
      { "expressions", stdin = session("1 + 1", "'a', nil, 2", "nil", "", "= 3, 4", "(function() end)()") },
      { "statements", stdin = session("x = 1", "local y = 2", "y", "x", "for i = 1, 2 do print(i) end") },
      { "statements over lines", stdin = session("for i = 1, 2 do", "print(", "i)", "end", "x = [[a", "", "b]]", "x") },
      { "errors", stdin = session("error('x')", "x = = 1", "error()", "error({})", "error(" .. tell .. ")", "1", ")") },
      { "no line end at the end", stdin = "1\n2" },
      { "long lines", stdin = session(("x = 'aaaaaaaaaaaaaaaaaaaa'"), "#(" .. ("'a'..."):rep(5):sub(1, -3) .. ")") },
      { "prompts", stdin = session("_PROMPT, _PROMPT2 = 'one: ', 'two: '", "x =", "1", "_PROMPT = setmetatable({}, "
         .. "{ __tostring = function() return '% ' end })", "x", "_PROMPT = nil", "x", "print(") .. "1)" },
      { "another print", stdin = session("print = nil", "1", "print = function() error('no', 0) end", "1", "x = 1") },
      { "print of what cannot be printed", stdin = session("setmetatable({}, { __tostring = error })", "1") },
      { "os.exit", stdin = session("1", "os.exit(4)", "2"), code = 4 },
      { "a script before", "arguments.lua", "a", stdin = session("#arg", "...") },
      { "a script that fails before", "nested.lua", stdin = "1\n", code = 1 },
      { "-e before", "-e", "x = 1", stdin = "x\n" },
      { "warnings", stdin = session("warn('@on')", "warn('x')") },
   }
   for _, row in ipairs(rows) do
      it("behaves as lua's on " .. row[1], function()
         local command = { row[1], "-i", stdin = row.stdin }
         table.move(row, 2, #row, 3, command)
         local stock, ours = both(command)
         assert.same(stock, ours)
         assert.equal(row.code or 0, ours.code)
      end)
   end

   it("tells what a statement lacks that never ended", function()
      local ours = run(OURS, { "", "-i", stdin = "for i = 1, 2 do\n" })
      assert.equal("stdin:1: 'end' expected near <eof>\n", ours.stderr)
      assert.equal(0, ours.code)
   end)

   it("takes lines longer than any buffer", function()
      local ours = run(OURS, { "", "-i", stdin = "#'" .. ("a"):rep(100000) .. "'\n" })
      assert.matches("\n100000\n> \n$", ours.stdout)
   end)
end)

describe("promptic-lua and Ctrl-C", function()
   -- Interrupts the program once it says that it is ready.
   local SCRIPT = [[
      mkfifo ready
      "$1" -e "$2" >ready &
      read line <ready
      kill -INT $!
      wait $!
   ]]

   local function interrupt(program, source)
      local command = { "sh", "-c", SCRIPT, "sh", program, source, env = environment(), cwd = process.folder() }
      local result = process.run(command)
      process.remove(command.cwd)
      return result
   end

   for _, program in ipairs{ STOCK, OURS } do
      it("end a busy script with an error: " .. program:gsub("^.*/", ""), function()
         local result = interrupt(program, "print('ready') io.stdout:flush() while true do end")
         assert.equal(1, result.code)
         assert.matches("interrupted!\nstack traceback:", result.stderr, 1, true)
      end)

      it("let a script go on that catches it: " .. program:gsub("^.*/", ""), function()
         local result = interrupt(program, [[
            local _, problem = pcall(function()
               print("ready")
               io.stdout:flush()
               while true do end
            end)
            io.stderr:write(problem)
            os.exit(5)
         ]])
         assert.equal(5, result.code)
         assert.matches("interrupted!$", result.stderr)
      end)
   end

   it("end a script that sleeps", function()
      local result = interrupt(OURS, "print('ready') io.stdout:flush() promptic.sleep(60)")
      assert.equal(1, result.code)
      assert.matches("interrupted!\nstack traceback:", result.stderr, 1, true)
   end)
end)

-- ------------------------------------------------------------------------------------------- what is ours

describe("promptic-lua", function()
   local function ours(row)
      return run(OURS, { "", table.unpack(row), stdin = row.stdin, env = row.env })
   end

   it("has promptic as a global and as modules", function()
      local result = ours{ "-E", "-e", [[
         assert(promptic == require "promptic" and promptic == package.loaded.promptic)
         for _, name in ipairs{ "workspace", "components", "experiments", "observations", "evaluators",
            "iterations", "deployments", "traces", "datasets", "runs", "annotations", "evaluations", "json" } do
            assert(promptic[name] == require("promptic." .. name), name)
         end
         print(promptic.version, require("cjson")._VERSION, require("cjson.safe")._NAME)
      ]] }
      assert.same({ 0, "" }, { result.code, result.stderr })
      assert.matches("^%d+%.%d+%.%d+%s+2%.%S+%s+cjson%.safe\n$", result.stdout)
   end)

   it("lets nothing in the current folder take their place", function()
      local place = process.folder()
      assert(os.execute("mkdir -p " .. process.quote(place) .. "/promptic/sandbox " .. process.quote(place) .. "/cjson"))
      for _, name in ipairs{ "promptic", "cjson", "cjson/safe", "promptic/init", "promptic/json", "promptic/runs",
         "promptic/httpd", "promptic/sandbox", "promptic/sandbox/store", "script" } do
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
         assert.matches("beside\tfolder\t" .. place .. "/a b/?.lua;", looks(place .. "/a b/script.lua"), 1, true)
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
         local rows = { { "", "-e", "print(package.path)" }, { "", "-", stdin = "print(package.path)" },
            { "", stdin = "print(package.path)" }, { "", "--", stdin = "print(package.path)" } }
         for _, row in ipairs(rows) do
            assert.same(run(STOCK, row), run(OURS, row))
         end
      end)
   end)

   it("reports an error of the platform with a traceback", function()
      local result = ours{ "-e", [[
         local client = promptic.client{ endpoint = "http://127.0.0.1:1", api_key = "pk-secret", max_retries = 0 }
         client:list_components()
      ]] }
      assert.equal(1, result.code)
      assert.matches("^PROGRAM: connection: [^\n]+\nstack traceback:\n", result.stderr)
      assert.matches("(command line):2: in main chunk", result.stderr, 1, true)
      assert.not_matches("pk-secret", result.stderr, 1, true)
   end)

   it("works as a copy in another folder", function()
      local place = process.folder()
      assert(os.execute(("cp %s %s/copy"):format(process.quote(OURS), process.quote(place))))
      local result = process.run{ "./copy", "-e", "print(promptic.version, pcall(require, 'promptic.httpd'))",
         cwd = place, env = environment() }
      assert.same({ 0, "" }, { result.code, result.stderr })
      assert.matches("^%d+%.%d+%.%d+\tfalse\tthe sandbox's HTTP server is not beside promptic%-lua:", result.stdout)
      assert.matches("no file '" .. place .. "/promptic/httpd.so'", result.stdout, 1, true)
      process.remove(place)
   end)

   it("tells its version", function()
      local result = ours{ "--version" }
      local version = result.stdout:match("^promptic%-lua (%d+%.%d+%.%d+) %(Lua 5%.4%.%d+%)\n$")
      assert.is_string(version, result.stdout)
      assert.same({ 0, "" }, { result.code, result.stderr })
      local lines = ours{ "-v" }.stdout
      assert.matches("^Lua 5%.4%.%d+  Copyright[^\n]+\npromptic%-lua " .. version:gsub("%.", "%%.") .. "\n$", lines)
   end)

   it("teaches with --help", function()
      local result = ours{ "--help" }
      assert.same({ 0, "" }, { result.code, result.stderr })
      for _, word in ipairs{ "usage: PROGRAM [options] [script [args]]", "-e stat", "--sandbox", "--pace SECONDS",
         "--db FILE", "--run mod", "PROMPTIC_API_KEY", "Examples:" } do
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
      assert.same({ 1, "PROGRAM: no module 'promptic.nothing' is built in\n" }, { result.code, result.stderr })
   end)
end)
