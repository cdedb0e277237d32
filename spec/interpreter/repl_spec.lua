-- promptic-lua at a terminal: the prompt, what is shown, completion, history, Ctrl-C and Ctrl-D. That it is lua's
-- where nobody types is held in interpreter_spec.lua; how values look in repl_print_spec.lua.
local process = require "spec.support.process"
local promptic = require "promptic"
local scripted = require "spec.support.scripted"
local terminal = require "spec.support.terminal"

local SECRET = "pk-3f9d8a7c6b5e4d3c2b1a"

local function lines(path)
   local list = {}
   for line in process.read_file(path):gmatch("([^\n]*)\n") do
      list[#list + 1] = line
   end
   return list
end

local function output_of(command)
   local pipe = assert(io.popen(command))
   local said = pipe:read("a")
   pipe:close()
   return said
end

-- What both kinds of line editing must do.
for name, env in pairs{ readline = {}, ["no readline"] = { PROMPTIC_NO_READLINE = "1" } } do
   describe("the prompt, with " .. name, function()
      local screen, server

      setup(function()
         server = scripted.start()
         screen = terminal.start{ env = {
            PROMPTIC_API_KEY = SECRET, PROMPTIC_ENDPOINT = server.url, NO_COLOR = "1",
            PROMPTIC_NO_READLINE = env.PROMPTIC_NO_READLINE or false,
         } }
      end)

      teardown(function()
         screen:stop()
         server:stop()
      end)

      it("begins with a line that tells the platform, and not the key", function()
         local banner = screen:wait_line("> ")
         assert.equal(("promptic-lua %s (%s)  %s  key from environment\n>"):format(promptic.version,
            banner:match("Lua 5%.4%.%d+"), server.url), banner)
      end)

      it("shows the values of expressions", function()
         assert.equal("2", screen:run("1 + 1"))
         assert.equal("a nil 2", (screen:run("'a', nil, 2"):gsub("%s+", " "))) -- newer tmux keeps the tabs
         assert.equal("nil", screen:run("nil"))
         assert.equal("2", screen:run("=_ == nil and 2"))
         assert.equal("", screen:run("x = 7"))
      end)

      it("shows tables as tables", function()
         assert.equal('{ 1, "two", x = 7 }', screen:run("{ 1, 'two', x = x }"))
         assert.equal('{ 1, "two", x = 7 }', screen:run("_"))
         assert.matches("^table: 0x%x+$", screen:run("print({})"))
         assert.equal('{ "日本語" }', screen:run("{ '日本語' }"))
      end)

      it("takes statements of several lines", function()
         screen:type("for i = 1, 2 do")
         screen:press("Enter")
         screen:wait_line(">> ")
         screen:type("print(i * 111)")
         screen:press("Enter")
         screen:wait("i * 111)\n>>")
         screen:type("end")
         screen:press("Enter")
         screen:wait("end\n111\n222\n>")
         screen:type("{ 10 +")
         screen:press("Enter")
         screen:wait_line(">> ")
         assert.equal("{ 33 }", screen:run("23 }"))
      end)

      it("shows errors without the prompt's own frames", function()
         assert.equal("stdin:1: boom", screen:run("error('boom')"))
         assert.equal("stdin:1: deep\n   stdin:1: in function 'f'\n   stdin:1: in main chunk",
            screen:run("function f() error('deep') end f()"))
         assert.matches("^stdin:1: unexpected symbol near '='", screen:run("x = = 1"))
         assert.equal("error: { code = 12 }", screen:run("error({ code = 12 })"))
         server:reply{ status = 404, body = '{"error":"Not found"}', headers = { ["x-request-id"] = "r1" } }
         assert.matches("^%[404%] Not found\n   GET /components/c",
            screen:run("promptic.client{ max_retries = 0 }:get_component('c')"))
      end)

      it("survives assignments to Lua's own names", function()
         screen:run("old = { type, ipairs, table, print } type, ipairs, table, string = 1, 2, 3, 4")
         assert.equal('{ "still" }', screen:run("{ 'still' }"))
         screen:run("type, ipairs, table, print = old[1], old[2], old[3], old[4]")
         assert.equal("number", screen:run("type(1)"))
      end)

      it("forgets a line at Ctrl-C", function()
         screen:type("this is no Lua")
         screen:wait_line("> this is no Lua")
         screen:press("C-c")
         screen:wait("Lua^C\n>")
         screen:type("(function()")
         screen:press("Enter")
         screen:wait_line(">> ")
         screen:press("C-c")
         screen:wait(">> ^C\n>")
         assert.equal("5", screen:run("2 + 3"))
      end)

      it("stops a call at Ctrl-C", function()
         server:always{ stall = true }
         local before = server:count()
         screen:type("promptic.client():get_component('stalled')")
         screen:press("Enter")
         repeat until server:count() > before
         local start = promptic.now()
         screen:press("C-c")
         screen:wait("^C\ninterrupted\n>")
         assert.is_true(promptic.now() - start < 2)
         assert.equal("9", screen:run("4 + 5"))
      end)

      it("stops a loop at Ctrl-C, also the second time", function()
         for number = 1, 2 do
            screen:type(("print('loop %d') while true do end"):format(number))
            screen:press("Enter")
            screen:wait(("\nloop %d"):format(number))
            screen:press("C-c")
            screen:wait(("\nloop %d\n^C\ninterrupted\n>"):format(number))
         end
      end)

      it("stops tasks at Ctrl-C, and none is left in the way", function()
         screen:type("promptic.run(function() print('run'..'ning') promptic.sleep(60) end)")
         screen:press("Enter")
         screen:wait("\nrunning")
         screen:press("C-c")
         screen:wait("\nrunning\n^C\ninterrupted\n>")
         assert.equal("12", screen:run("promptic.run(function() return 12 end)"))
      end)

      it("helps", function()
         assert.matches("a client; its methods", screen:run("help"), 1, true)
         assert.matches("^client:get_experiment%(experiment_id%) %-> Experiment\nOne experiment",
            screen:run('help "get_experiment"'))
         assert.matches("\n   experimentStatus  ExperimentStatus\n", screen:run('help "Experiment"'), 1, true)
         assert.matches("one of pending, scheduled, running", screen:run('help "ExperimentStatus"'), 1, true)
      end)

      it("goes on after Ctrl-D within a statement, and ends at one before it", function()
         screen:type("while true")
         screen:press("Enter")
         screen:wait_line(">> ")
         screen:press("C-d")
         screen:wait("'do' expected near <eof>\n>")
         assert.equal(0, screen:leave())
      end)

      it("never showed the key", function()
         assert.not_matches(SECRET, screen:screen(), 1, true)
      end)
   end)
end

describe("the prompt without a credential", function()
   it("tells how to get one", function()
      local screen = terminal.start{}
      finally(function() screen:stop() end)
      assert.matches("%)  no key: `promptic login` or PROMPTIC_API_KEY\n>$",
         screen:wait_line("> "))
   end)
end)

describe("TAB", function()
   local screen

   setup(function()
      screen = terminal.start{ width = 100, env = { NO_COLOR = "1", PROMPTIC_API_KEY = "k" } }
      screen:wait_line("> ")
      screen:run("client = promptic.client()")
      screen:run("deep = { ['two words'] = 1, inner = { value = 42, f = print } }")
   end)

   teardown(function()
      screen:stop()
   end)

   local function typed(text, ...)
      screen:type(text)
      screen:press(...)
   end

   it("completes the only candidate", function()
      typed("collectg", "Tab")
      screen:wait_line("> collectgarbage")
      screen:press("C-u")
      typed("client:list_compo", "Tab")
      screen:wait_line("> client:list_components")
      screen:press("C-u")
      typed("deep.inner.va", "Tab")
      screen:wait_line("> deep.inner.value")
      screen:press("C-u")
      typed("deep.inner:", "Tab")
      screen:wait_line("> deep.inner:f")
      screen:press("C-u")
      typed("whi", "Tab")
      screen:wait_line("> while")
      screen:press("C-u")
      typed("('x'):upp", "Tab")
      screen:wait_line("> ('x'):upper")
      screen:press("C-u")
      typed("require 'promptic.expe", "Tab")
      screen:wait_line("> require 'promptic.experiments")
      screen:press("C-u")
   end)

   it("completes the fields that a result may have", function()
      local server = scripted.start()
      finally(function() server:stop() end)
      server:reply{ body = '{"data":[{"id":"x"}]}' }
      screen:run(("page = promptic.client{ endpoint = '%s' }:list_experiments()"):format(server.url))
      typed("page.data[1].experimentSt", "Tab")
      screen:wait_line("> page.data[1].experimentStatus")
      screen:press("C-u")
      typed("page.data[1].hyperparameters.train", "Tab")
      screen:wait_line("> page.data[1].hyperparameters.trainSplitRatio")
      screen:press("C-u")
   end)

   it("completes options and their values", function()
      typed("client:create_experiment(id, model, { task_ty", "Tab")
      screen:wait_line("> client:create_experiment(id, model, { task_type =")
      typed("'class", "Tab")
      screen:wait_line("> client:create_experiment(id, model, { task_type = 'classification'")
      screen:press("C-u")
      typed("promptic.client{ api_", "Tab")
      screen:wait_line("> promptic.client{ api_key =")
      screen:press("C-u")
   end)

   it("lists what there is", function()
      typed("client:get_", "Tab", "Tab")
      local shown = screen:wait("get_workspace")
      for _, row in ipairs(promptic.endpoints) do
         if row.name:find("^get_") then
            assert.matches(row.name, shown, 1, true)
         end
      end
      screen:press("C-u")
   end)

   it("indents an empty line", function()
      screen:press("Tab")
      typed("x", "C-a")
      screen:wait_line(">    x")
      screen:press("C-e", "C-u")
   end)
end)

describe("the history", function()
   it("is kept for the next session, without secrets, readable by its owner only", function()
      local home = process.folder()
      finally(function() process.remove(home) end)
      local env = { PROMPTIC_API_KEY = SECRET, NO_COLOR = "1" }
      local first = terminal.start{ home = home, env = env }
      first:wait_line("> ")
      first:run("one = 1")
      first:run("print('two')")
      first:run(("three = '%s'"):format(SECRET))
      first:run("options = { api_key = 'abc' }")
      first:type("four = [[a")
      first:press("Enter")
      first:wait_line(">> ")
      first:run("b]]")
      first:type("one = 1")
      first:press("Enter")
      first:wait("b]]\n> one = 1\n>")
      assert.equal(0, first:leave())
      first:stop()

      local path = home .. "/.promptic/history"
      assert.same({ "print('two')", "four = [[a", "\tb]]", "one = 1" }, lines(path))
      assert.equal("700 600\n", output_of(("stat -c %%a %s %s | paste -sd ' '"):format(
         process.quote(home .. "/.promptic"), process.quote(path))))

      local second = terminal.start{ home = home, env = env }
      second:wait_line("> ")
      second:press("Up")
      second:wait_line("> one = 1")
      second:press("Up")
      second:wait_line("b]]")
      second:press("Up")
      second:wait_line("> print('two')")
      second:press("Enter")
      second:wait("\ntwo\n>")
      assert.equal(0, second:leave())
      second:stop()
      assert.same({ "four = [[a", "\tb]]", "one = 1", "print('two')" }, lines(path))
   end)

   it("is closed to others where it was open, and left as it is where it was linked elsewhere", function()
      for _, linked in ipairs{ false, true } do
         local home = process.folder()
         finally(function() process.remove(home) end)
         local path = home .. "/.promptic/history"
         assert(os.execute("mkdir " .. process.quote(home .. "/.promptic")))
         local real = linked and home .. "/elsewhere" or path
         process.write_file(real, "old = 1\nold = 1\n")
         assert(os.execute("chmod 644 " .. process.quote(real)))
         if linked then assert(os.execute(("ln -s ../elsewhere %s"):format(process.quote(path)))) end
         local screen = terminal.start{ home = home }
         screen:wait_line("> ")
         assert.equal(linked and "644\n" or "600\n", output_of("stat -c %a " .. process.quote(real)))
         assert(os.execute("chmod 644 " .. process.quote(real)))
         screen:run("one = 1")
         assert.equal(0, screen:leave())
         screen:stop()
         assert.same({ "old = 1", "one = 1" }, lines(real))
         assert.equal(linked and "644\n" or "600\n", output_of("stat -c %a " .. process.quote(real)))
         assert.equal(linked and "../elsewhere\n" or "", output_of("readlink " .. process.quote(path)))
      end
   end)

   it("is bounded", function()
      local home = process.folder()
      finally(function() process.remove(home) end)
      assert(os.execute("mkdir " .. process.quote(home .. "/.promptic")))
      local many = {}
      for number = 1, 3000 do
         many[number] = ("x = %d\n"):format(number)
      end
      process.write_file(home .. "/.promptic/history", table.concat(many))
      local screen = terminal.start{ home = home }
      screen:wait_line("> ")
      screen:leave()
      screen:stop()
      local kept = lines(home .. "/.promptic/history")
      assert.same({ 1000, "x = 2001", "x = 3000" }, { #kept, kept[1], kept[#kept] })
   end)
end)

describe("colour", function()
   it("is there at a terminal, unless NO_COLOR is set", function()
      for _, value in ipairs{ false, "1" } do
         local screen = terminal.start{ env = { NO_COLOR = value } }
         screen:wait_line("> ")
         screen:run("'a', 12, true")
         assert.equal(not value, screen:screen(true):find("\27[33m12", 1, true) ~= nil)
         -- and it is colour, not the signs that stand for it
         screen:run("help")
         assert.equal(not value, screen:screen(true):find("\27[2ma client; its methods", 1, true) ~= nil)
         screen:stop()
      end
   end)
end)
