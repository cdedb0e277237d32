-- promptic-lua against stock Lua: the same command lines give the same output and exit codes. What it adds is
-- held in promptic_lua_spec.lua.
local interpreter = require "spec.support.interpreter"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local STOCK, OURS = interpreter.STOCK, interpreter.OURS

local FILES = {
   ["arguments.lua"] = [[
      local lowest = 0
      while arg[lowest - 1] do lowest = lowest - 1 end
      for index = lowest, #arg do
         print(index, arg[index])
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

-- What both make of a row's command line, ours without its own line after Lua's banner.
local function both(row, first)
   local command = { first, stdin = row.stdin, env = row.env, cwd = folder }
   table.move(row, 2, #row, #command + 1, command)
   local stock, ours = interpreter.run(STOCK, command), interpreter.run(OURS, command)
   ours.stdout = ours.stdout:gsub("(PUC%-Rio\n)promptic%-lua %S+\n", "%1")
   return stock, ours
end

-- Each row: a name, then the arguments. ends = false where the program does not end by itself.
local function describe_rows(title, rows)
   describe(title, function()
      for _, row in ipairs(rows) do
         it("as lua does: " .. row[1], function()
            local stock, ours = both(row)
            assert.same(stock, ours)
            assert.equal(row.ends ~= false and (row.code or 0) or nil, ours.code)
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
   { "LUA_PATH", "-e", "print(package.path)", env = { LUA_PATH = "?.x;;" } },
   { "LUA_CPATH", "-e", "print(package.cpath)", env = { LUA_CPATH = "?.y;;" } },
   { "LUA_INIT", "-e", "print(x)", env = { LUA_INIT = "x = 1" } },
   { "LUA_INIT with a file", "-e", "", env = { LUA_INIT = "@init.lua" } },
   { "LUA_INIT with a missing file", "-e", "print(1)", env = { LUA_INIT = "@missing.lua" }, code = 1 },
   { "LUA_INIT that fails", "-e", "print(1)", env = { LUA_INIT = "error('init')" }, code = 1 },
   { "LUA_INIT with a syntax error", "-v", env = { LUA_INIT = "= 1" }, code = 1 },
   { "LUA_INIT and arg", "a.lua", env = { LUA_INIT = "print(arg[0], arg[-1])" }, code = 1 },
   { "LUA_INIT_5_4 before LUA_INIT", "-e", "print(x)", env = { LUA_INIT = "x", LUA_INIT_5_4 = "x = 2" } },
})

local CLOSE = "setmetatable({}, { __gc = function() print('collected') end })"

describe_rows("promptic-lua ends", {
   { "with os.exit()", "-e", "os.exit()" },
   { "with os.exit(true)", "-e", "os.exit(true)" },
   { "with os.exit(false)", "-e", "os.exit(false)", code = 1 },
   { "with os.exit(7)", "-e", "os.exit(7)", code = 7 },
   { "with os.exit(256 + 3)", "-e", "os.exit(256 + 3)", code = 3 },
   { "closing the state", "-e", CLOSE, "-e", "os.exit(3, true)", code = 3 },
   { "without closing the state", "-e", CLOSE, "-e", "os.exit(3)", code = 3 },
   { "closing the state by itself", "-e", CLOSE },
   { "leaving blocks with the state", "-e", "local x <close> = setmetatable({}, { __close = print })"
      .. " os.exit(3, true)",
      code = 3 },
   { "by a signal", "-e", "io.write('x'):flush() os.execute('kill -USR1 $PPID')", ends = false },
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
      "local x <close> = setmetatable({}, { __close = function() error('closing') end }) error('x')",
      code = 1 },
   { "an error while the state closes", "-W", "-e",
      "setmetatable({}, { __gc = function() error('gc') end })" },
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
      { "statements over lines",
         stdin = session("for i = 1, 2 do", "print(", "i)", "end", "x = [[a", "", "b]]", "x") },
      { "errors", stdin = session("error('x')", "x = = 1", "error()", "error({})",
         "error(" .. tell .. ")", "1", ")") },
      { "no line end at the end", stdin = "1\n2" },
      { "prompts", stdin = session("_PROMPT, _PROMPT2 = 'one: ', 'two: '", "x =", "1",
         "_PROMPT = " .. tell, "x", "_PROMPT = nil", "x", "print(", "1)") },
      { "another print",
         stdin = session("print = nil", "1", "print = function() error('no', 0) end", "1", "x = 1") },
      { "print of what cannot be printed", stdin = session("setmetatable({}, { __tostring = error })", "1") },
      { "os.exit", stdin = session("1", "os.exit(4)", "2"), code = 4 },
      { "a script before", "arguments.lua", "a", stdin = session("#arg", "...") },
      { "a script that fails before", "nested.lua", stdin = "1\n", code = 1 },
      { "-e before", "-e", "x = 1", stdin = "x\n" },
      { "warnings", stdin = session("warn('@on')", "warn('x')") },
   }
   for _, row in ipairs(rows) do
      it("behaves as lua's on " .. row[1], function()
         local stock, ours = both(row, "-i")
         assert.same(stock, ours)
         assert.equal(row.code or 0, ours.code)
      end)
   end

   it("tells what a statement lacks that never ended", function()
      local ours = interpreter.run(OURS, { "-i", stdin = "for i = 1, 2 do\n" })
      assert.equal("stdin:1: 'end' expected near <eof>\n", ours.stderr)
      assert.equal(0, ours.code)
   end)

   it("takes lines longer than any buffer", function()
      local ours = interpreter.run(OURS, { "-i", stdin = "#'" .. ("a"):rep(100000) .. "'\n" })
      assert.matches("\n100000\n> \n$", ours.stdout)
   end)
end)

describe("promptic-lua and Ctrl-C", function()
   -- Until the signal comes, which it does; were it lost, the spec would fail and not hang.
   local BUSY = "local late = os.time() + 30 while os.time() < late do end "

   -- Interrupts the program once it says that it is ready. A shell has the programs of its background ignore SIGINT,
   -- and ours goes on ignoring what was ignored at its start.
   local SCRIPT = [[
      mkfifo ready
      env --default-signal=INT "$1" -e "$2" >ready &
      read line <ready
      kill -INT $!
      wait $!
   ]]

   local function interrupt(program, source)
      local command = { "sh", "-c", SCRIPT, "sh", program, source, env = interpreter.environment(),
         cwd = process.folder() }
      local result = process.run(command)
      process.remove(command.cwd)
      return result
   end

   for program, code in pairs{ [STOCK] = 1, [OURS] = 130 } do
      it("end a busy script with an error: " .. program:gsub("^.*/", ""), function()
         local result = interrupt(program, "print('ready') io.stdout:flush() " .. BUSY)
         assert.equal(code, result.code)
         assert.matches("interrupted!\nstack traceback:", result.stderr, 1, true)
      end)

      it("let a script go on that catches it: " .. program:gsub("^.*/", ""), function()
         local result = interrupt(program, [[
            local _, problem = pcall(function()
               print("ready")
               io.stdout:flush()
               ]] .. BUSY .. [[
            end)
            io.stderr:write(tostring(problem))
            os.exit(5)
         ]])
         assert.equal(5, result.code)
         assert.matches("interrupted!$", result.stderr)
      end)
   end

   it("is forgotten by a script that fails of something else", function()
      local result = interrupt(OURS, [[
         pcall(function()
            print("ready")
            io.stdout:flush()
            ]] .. BUSY .. [[
         end)
         error("something else")
      ]])
      assert.equal(1, result.code)
   end)

   it("ends the call whose response is being decoded", function()
      local server = scripted.start()
      finally(function() server:stop() end)
      server:always{ body = "[" .. ("[],"):rep(1500000) .. "[]]" }
      local result = interrupt(OURS, ([[
         local function log(_, text)
            if text:find(": 200 ", 1, true) then
               print("ready")
               io.stdout:flush()
            end
         end
         local client = promptic.client{ endpoint = "%s", api_key = "k", config_file = "", log = log }
         local fine, problem = pcall(client.get_component, client, "c") -- no Lua of the script's in there
         io.stderr:write(tostring(problem))
         os.exit(fine and 8 or 7)
      ]]):format(server.url))
      assert.equal(7, result.code)
      assert.matches("interrupted!$", result.stderr)
   end)

   it("end a script that sleeps", function()
      local result = interrupt(OURS, "print('ready') io.stdout:flush() promptic.sleep(60)")
      assert.equal(130, result.code)
      assert.matches("interrupted!\nstack traceback:", result.stderr, 1, true)
   end)
end)
