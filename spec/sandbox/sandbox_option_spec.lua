-- promptic-lua --sandbox: the sandbox comes up before the script, is what the script talks to, and is gone
-- after it, however it ended.
local interpreter = require "spec.support.interpreter"
local process = require "spec.support.process"
local socket = require "socket"

local OURS = interpreter.OURS

local function sandboxed(row)
   return interpreter.run(OURS, { "--sandbox", table.unpack(row) })
end

-- The address that a script has printed, after a check that nothing is heard there any more.
local function gone(said)
   local port = said:match("http://127%.0%.0%.1:(%d+)")
   assert.is_string(port, said)
   local peer, problem = socket.connect("127.0.0.1", tonumber(port))
   assert.is_nil(peer)
   assert.equal("connection refused", problem)
end

-- What the program and its child have written until both are gone: the child holds stderr too.
local function until_both_are_gone(arguments)
   local words = { arguments.through or "exec" }
   words[2], words[3] = process.quote(OURS), "--sandbox"
   for _, word in ipairs(arguments) do
      words[#words + 1] = process.quote(word)
   end
   local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1 </dev/null"))
   local said = pipe:read("a")
   pipe:close()
   return said
end

-- Until the signal comes, which it does; were it lost, the spec would fail and not hang.
local BUSY = "local late = os.time() + 30 while os.time() < late do end "

local TELL = "print(os.getenv('PROMPTIC_ENDPOINT')) io.stdout:flush() "

describe("promptic-lua --sandbox", function()
   it("points the environment at a sandbox of its own", function()
      local result = interpreter.run(OURS, {
         "--sandbox", "-e", [[
            print(os.getenv("PROMPTIC_ENDPOINT"), os.getenv("PROMPTIC_API_KEY"),
               os.getenv("PROMPTIC_ACCESS_TOKEN"), os.getenv("PROMPTIC_WORKSPACE_ID"),
               os.getenv("PROMPTIC_AI_APPLICATION_ID"))
            print(promptic.client():get_workspace().id ~= nil)
         ]],
         env = {
            PROMPTIC_ENDPOINT = "https://elsewhere.test", PROMPTIC_API_KEY = "other",
            PROMPTIC_ACCESS_TOKEN = "token", PROMPTIC_WORKSPACE_ID = "workspace",
            PROMPTIC_AI_APPLICATION_ID = "application",
         },
      })
      assert.same({ 0, "" }, { result.code, result.stderr })
      assert.matches("^http://127%.0%.0%.1:%d+\tptc_sandbox\tnil\tnil\tnil\ntrue\n$", result.stdout)
      gone(result.stdout)
   end)

   describe("runs", function()
      local CALL = "print(#promptic.client():list_components())"

      it("a script and its arguments", function()
         local folder = process.folder()
         process.write_file(folder .. "/script.lua", TELL .. "print(arg[0], ...)")
         local result = interpreter.run(OURS,
            { "--sandbox", "--pace=0", "script.lua", "--db", "x", cwd = folder })
         assert.same({ 0, "" }, { result.code, result.stderr })
         assert.matches("\nscript.lua\t--db\tx\n", result.stdout, 1, true)
         process.remove(folder)
      end)

      it("a script from stdin, named and not", function()
         for _, row in ipairs{ { "--sandbox" }, { "--sandbox", "-" } } do
            row.stdin = TELL .. CALL
            local result = interpreter.run(OURS, row)
            assert.same({ 0, "" }, { result.code, result.stderr })
            gone(result.stdout)
         end
      end)

      it("a session", function()
         local result = interpreter.run(OURS, { "-i", "--sandbox", stdin = "client = promptic.client()\n"
            .. "client:create_component('mine').id ~= nil\nos.getenv('PROMPTIC_ENDPOINT')\n" })
         assert.same({ 0, "" }, { result.code, result.stderr })
         assert.matches("\ntrue\n", result.stdout, 1, true)
         gone(result.stdout)
      end)

      it("without what would disturb the sandbox's own start", function()
         local result = interpreter.run(OURS,
            { "--sandbox", "-e", TELL, env = { LUA_INIT = "print('init', arg[0])" } })
         assert.same({ 0, "" }, { result.code, result.stderr })
         assert.equal(2, select(2, result.stdout:gsub("\n", "")))
         result = interpreter.run(OURS,
            { "-E", "--sandbox", "-e", TELL, env = { LUA_CPATH = "none", LUA_PATH = "none" } })
         assert.same({ 0, "" }, { result.code, result.stderr })
      end)

      it("with stdin, stdout and stderr closed", function()
         local folder = process.folder()
         local result = process.run{ "sh", "-c", [["$1" --sandbox -e "$2" <&- >&- 2>&-]], "sh", OURS, [[
            local file = io.open("result", "w")
            file:write(os.getenv("PROMPTIC_ENDPOINT"), " ", promptic.client():get_workspace().id)
            file:close()
         ]], cwd = folder, env = interpreter.environment() }
         assert.equal(0, result.code)
         gone(process.read_file(folder .. "/result"))
         process.remove(folder)
      end)
   end)

   describe("stops it after", function()
      local rows = {
         { "the end", TELL, "" },
         { "an error", TELL .. "error('x')", "x\nstack traceback:" },
         { "os.exit", TELL .. "os.exit(3)", "" },
         { "os.exit that closes the state", TELL .. "os.exit(true, true)", "" },
         { "a program the script has started", TELL .. "io.popen('cat'):close()", "" },
         { "kill -9", TELL .. "os.execute('kill -9 $PPID')", "" },
         { "SIGTERM", TELL .. "os.execute('kill $PPID')", "" },
         { "Ctrl-C", TELL .. "io.popen('kill -INT $PPID'):close() " .. BUSY, "interrupted!" },
      }
      for _, row in ipairs(rows) do
         it(row[1], function()
            local said = until_both_are_gone{ "-e", row[2] }
            assert.matches(row[3], said, 1, true)
            gone(said)
         end)
      end

      it("exit, and keeps the code", function()
         assert.equal(7, sandboxed{ "-e", "os.exit(7)" }.code)
         assert.equal(1, sandboxed{ "-e", "error('x')" }.code)
      end)
   end)

   it("serves no storage URL that has expired", function()
      local result = interpreter.run(OURS, { "-e", [[
         local storage, now = require "promptic.sandbox.storage", promptic.time()
         local tickets = { old = { object = "x", verb = "GET", expires = now - 1 },
            new = { object = "x", verb = "GET", expires = now + 60, disposition = "inline", filename = "f" } }
         local bytes = setmetatable({}, { __index = function() return function() return { contentType = "t" } end end })
         for _, token in ipairs{ "old", "new" } do
            local fine, problem = pcall(storage.respond, { tickets = tickets, store = bytes },
               { method = "GET", path = "/storage/" .. token, headers = {} })
            print(token, fine or problem.status or problem)
         end
      ]] })
      assert.matches("^old\t404\nnew\t", result.stdout)
      assert.is_nil(result.stdout:find("new\t404", 1, true))
   end)

   it("lets Ctrl-C through a handler, where it would be an answer otherwise", function()
      local result = interpreter.run(OURS, { "-e", [[
         local server = require "promptic.sandbox.server"
         local request = { method = "GET", path = "/api/v1/components", headers = { authorization = "Bearer k" } }
         local interrupt = setmetatable({ kind = "interrupted" }, promptic.Error)
         for _, problem in ipairs{ interrupt, "another fault" } do
            local sandbox = setmetatable({}, { __index = function() error(problem) end })
            print(pcall(server.respond, sandbox, request))
         end
      ]] })
      assert.matches("^false\tinterrupted!\ntrue\t500\t", result.stdout)
   end)

   it("lets a script go on after Ctrl-C in the terminal", function()
      -- A terminal sends the signal to all of the program's group, which setsid makes a new one here.
      local said = until_both_are_gone{ through = "setsid", "-e", TELL .. [[
         pcall(function()
            io.popen("kill -INT -$PPID"):close()
            ]] .. BUSY .. [[
         end)
         print("calls", #promptic.client():list_components().data)
      ]] }
      assert.matches("calls\t0", said, 1, true)
      gone(said)
   end)

   it("keeps the state in a file where told to", function()
      local folder = process.folder()
      local function inside(source)
         local result = interpreter.run(OURS, { "--sandbox", "--db", "state.db", "-e", source, cwd = folder })
         assert.same({ 0, "" }, { result.code, result.stderr })
         return result.stdout
      end
      inside("promptic.client():create_component('kept')")
      assert.equal("kept\n", inside("print(promptic.client():list_components().data[1].name)"))
      process.remove(folder)
   end)

   it("takes no module of its own from the current folder", function()
      local folder = process.folder()
      assert(os.execute(("cd %s && mkdir -p luasql promptic"):format(process.quote(folder))))
      for _, name in ipairs{ "luasql", "luasql/sqlite3", "promptic/httpd", "promptic/store" } do
         process.write_file(("%s/%s.lua"):format(folder, name), "error 'the wrong file'")
      end
      local result = interpreter.run(OURS, { "--sandbox", "-e", "print(#promptic.client():list_components().data)",
         cwd = folder })
      assert.same({ 0, "0\n", "" }, { result.code, result.stdout, result.stderr })
      process.remove(folder)
   end)

   it("tells why the sandbox did not start", function()
      local rows = {
         { "cannot open /missing/state.db: ", "--db", "/missing/state.db", "-e", "print 'ran'" },
         { "--pace takes seconds", "--pace", "soon", "-e", "print 'ran'" },
      }
      for _, row in ipairs(rows) do
         local result = sandboxed{ table.unpack(row, 2) }
         assert.same({ 1, "" }, { result.code, result.stdout })
         assert.matches(row[1], result.stderr, 1, true)
         assert.matches("\nPROGRAM: the sandbox did not start\n$", result.stderr)
      end
   end)

   it("needs the HTTP server beside the program, in the build or where it is installed", function()
      local folder = process.folder()
      local function shell(command)
         assert(os.execute(("cd %s && %s"):format(process.quote(folder), command)))
      end
      local function start()
         return interpreter.run("bin/promptic-lua", { "--sandbox", "-e", TELL, cwd = folder })
      end
      local server = process.quote(OURS:gsub("[^/]*$", "lib/promptic/httpd.so"))
      shell("mkdir -p bin/lib/promptic lib/lua/5.4/promptic && cp " .. process.quote(OURS) .. " bin/promptic-lua")
      assert.matches("the sandbox's HTTP server is not beside promptic-lua:", start().stderr, 1, true)
      shell("cp " .. server .. " bin/lib/promptic")
      assert.equal(0, start().code)
      shell("mv bin/lib/promptic/httpd.so lib/lua/5.4/promptic")
      assert.equal(0, start().code)
      shell(": >bin/lib/promptic/httpd.so")
      local broken = start()
      assert.matches("the sandbox's HTTP server cannot be loaded: ", broken.stderr, 1, true)
      assert.matches("libmicrohttpd", broken.stderr, 1, true)
      process.remove(folder)
   end)
end)
