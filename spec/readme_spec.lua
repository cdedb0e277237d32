--- Holds README.md against the project: the script and what it prints, the C program, the links and the targets it
-- names. Tables that are generated: docs_spec.lua.
local promptic = require "promptic"
local process = require "spec.support.process"
local sandboxes = require "spec.support.sandbox"
local terminal = require "spec.support.terminal"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

local readme = process.read_file("README.md")

-- The code block behind <!-- name -->.
local function block(name, language)
   local pattern = ("<!%%-%%- %s %%-%%->\n```%s\n(.-)```\n"):format(name, language)
   return assert(readme:match(pattern), "README.md has no block " .. name)
end

-- The section below a heading.
local function section(heading)
   local text = readme:match("\n## " .. heading .. "\n(.-)\n## ")
   return assert(text, "README.md has no section " .. heading)
end

-- What stands in backquotes in the first cells of a text's tables.
local function first_cells(text)
   local names = {}
   for cell in text:gmatch("\n| (`[^|]*) |") do
      for name in cell:gmatch("`([%w_]+)`") do
         names[#names + 1] = name
      end
   end
   table.sort(names)
   return names
end

describe("README.md", function()
   local folder

   before_each(function()
      folder = process.folder()
   end)

   after_each(function()
      process.remove(folder)
   end)

   it("names every method of a client", function()
      local missing = {}
      for name in pairs(debug.getmetatable(promptic.client{ api_key = "k", config_file = "" }).__index) do
         if not readme:find("`" .. name .. "[({]") then
            missing[#missing + 1] = name
         end
      end
      assert.same({}, missing)
   end)

   it("shows a script and what it prints", function()
      local script = folder .. "/spam.lua"
      process.write_file(script, block("script", "lua"))
      local result = process.run{ PROGRAM, "--sandbox", script }
      assert.equal("", result.stderr)
      assert.equal(0, result.code)
      assert.equal(block("output", "text"), result.stdout)
   end)

   -- Ids are made anew each time: they are numbered in the order in which they appear.
   local function numbered(text)
      local numbers, count = {}, 0
      return (text:gsub("%x+%-%x+%-%x+%-%x+%-%x+", function(id)
         if not numbers[id] then
            count = count + 1
            numbers[id] = ("<%d>"):format(count)
         end
         return numbers[id]
      end))
   end

   it("shows a session of the command line, and what it prints", function()
      local session, server = block("session", "console"), sandboxes.start{}
      local shown, replayed, ids = numbered(session), {}, {}
      for line in shown:gmatch("%$ promptic ([^\n]*)\n") do
         local typed = line:gsub("<%d+>", ids)
         local result = process.run{ "sh", "-c", process.quote(PROGRAM) .. " scripts/promptic " .. typed,
            env = { PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = server.key, COLUMNS = false } }
         -- lines of progress, which go away on a terminal
         local printed = result.stderr:gsub("%d+:%d%d  [^\n]*\n", "") .. result.stdout
         replayed[#replayed + 1] = "$ promptic " .. typed .. "\n" .. printed:gsub("%d+ s ago", "just now")
         for id in result.stdout:gmatch("%x+%-%x+%-%x+%-%x+%-%x+") do
            if not ids[id] then
               ids[#ids + 1] = id
               ids[id], ids[("<%d>"):format(#ids)] = true, id
            end
         end
      end
      server:stop()
      assert.equal(shown, numbered(table.concat(replayed)))
   end)

   it("shows several calls at once, and what they print", function()
      for _, name in ipairs{ "tasks", "step" } do
         local script, code = ("%s/%s.lua"):format(folder, name), block(name, "lua")
         process.write_file(script, code)
         local result = process.run{ PROGRAM, "--sandbox", script }
         assert.equal("", result.stderr)
         assert.equal(code:match("%-%-> ([^\n]+\n)"), result.stdout)
      end
   end)

   it("shows an upload that goes on after an error, and what it prints", function()
      local script = folder .. "/upload.lua"
      process.write_file(script, block("upload", "lua"))
      local result = process.run{ PROGRAM, "--sandbox", script }
      assert.equal("", result.stderr)
      assert.equal(block("upload%-output", "text"), result.stdout)
   end)

   it("shows a login from a script, and what it prints", function()
      local server = sandboxes.start{ arguments = { "--login-interval", "0.1" } }
      finally(function() server:stop() end)
      local script, code = folder .. "/login.lua", block("login", "lua")
      -- the person with the browser: a task that approves every code it is told of
      process.write_file(script, [[
         local login = promptic.auth.login
         function promptic.auth.login(options)
            local tell = options.on_code
            function options.on_code(told)
               tell(told)
               local form = ("user_code=%s&answer=approve"):format(told.user_code)
               os.execute(("curl -s -d '%s' '%s' >/dev/null"):format(form, told.verification_uri))
            end
            return login(options)
         end
      ]] .. code)
      local result = process.run{ PROGRAM, script,
         env = { HOME = folder, PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = false } }
      assert.equal("", result.stderr)
      assert.matches("^open http://%S+/device%?user_code=%u+%-%u+\n" .. code:match("%-%-> ([^\n]+\n)"), result.stdout)
   end)

   it("lists the functions of promptic.auth", function()
      local names = {}
      for name in pairs(promptic.auth) do names[#names + 1] = name end
      table.sort(names)
      local listed = {}
      for name in section("The command line"):gmatch("\n| `promptic%.auth%.(%l+)[({]") do
         listed[#listed + 1] = name
      end
      table.sort(listed)
      assert.same(names, listed)
   end)

   it("shows a session at the prompt", function()
      local session = block("session", "text"):gsub("request %x[%x-]+", "request ID")
      local screen = terminal.start{ "--sandbox", width = 120, env = { NO_COLOR = "1" } }
      finally(function() screen:stop() end)
      screen:wait_line("> ")
      for statement, shown in ("\n" .. session):gsub("\n> ", "\0"):gmatch("%z([^\n%z]+)([^%z]*)") do
         local said = screen:run(statement):gsub("request %x[%x-]+", "request ID")
         assert.equal(shown:gsub("^\n", ""):gsub("\n$", ""), said)
      end
   end)

   it("shows a C program that runs", function()
      local source, binary = folder .. "/workspace.c", folder .. "/workspace"
      process.write_file(source, block("c", "c"))
      local build = "cc -Wall -Wextra -Werror -Icore %s -o %s build/libpromptic.a -pthread %s"
      local compiled = process.run{ "sh", "-c", build:format(source, binary, "$(pkg-config --libs libcurl)") }
      assert.equal("", compiled.stderr)
      assert.equal(0, compiled.code)

      local script = folder .. "/run.lua"
      process.write_file(script, ("os.exit(os.execute(%q))"):format(binary))
      local result = process.run{ PROGRAM, "--sandbox", script }
      assert.equal("", result.stderr)
      assert.equal(0, result.code)
      assert.matches('^200 {.*"name":"Sandbox"', result.stdout)
   end)

   it("tells how the hosts in C are built and run", function()
      local block_of_shell = block("hosts", "sh")
      local result = process.run{ "sh", "-ec", block_of_shell, env = { HOME = folder } }
      assert.equal("", result.stderr)
      assert.equal(0, result.code)
      for _, said in ipairs{ "created +201 ", "/traces: 200 ", "20 answers, 0 failed", "4 components in all" } do
         assert.matches(said, result.stdout)
      end
      for path in io.popen("ls examples/host/*.c"):lines() do
         assert.matches(("(%s)"):format(path), readme, 1, true)
         assert.matches("build/" .. path:match("([^/]+)%.c$"), block_of_shell, 1, true)
      end
   end)

   it("lists the kinds of errors", function()
      local kinds = {}
      for _, name in ipairs(promptic.library.is_error.parameters[2].values) do
         if name ~= "argument" then -- wrong arguments raise Lua's own errors
            kinds[#kinds + 1] = name
         end
      end
      table.sort(kinds)
      assert.same(kinds, first_cells(section("Errors")))
   end)

   local function flags(text, pattern)
      local list = {}
      for flag in text:gmatch(pattern) do
         list[#list + 1] = flag
      end
      return list
   end

   it("lists the options of the sandbox and of the interpreter", function()
      local sandbox = process.run{ PROGRAM, "scripts/sandbox.lua", "--help" }.stdout:gsub("\n  %-%-help", "")
      local interpreter = process.run{ PROGRAM, "--help" }.stdout
      for heading, help in pairs{ ["The sandbox"] = sandbox, ["The interpreter"] = interpreter } do
         assert.same(flags(help, "\n +(%-%-%l[%l-]+)"), flags(section(heading), "\n| `(%-%-%l[%l-]+)"))
      end
   end)

   it("links to files and sections that are there", function()
      local missing, anchors = {}, {}
      for heading in readme:gmatch("\n##+ ([^\n]+)") do
         anchors["#" .. heading:lower():gsub(" ", "-")] = true
      end
      for target in (readme:gsub('src="([^"]+)"', "](%1)")):gmatch("%]%(([^)]+)%)") do
         local is_here = anchors[target] or os.execute("test -e " .. process.quote(target))
         if not target:find("^https?:") and not is_here then
            missing[#missing + 1] = target
         end
      end
      assert.same({}, missing)
   end)

   it("names targets that the Makefile has", function()
      local makefile, missing, named = process.read_file("Makefile"), {}, 0
      for _, pattern in ipairs{ "`make ([%l-]+)", "\n    make ([%l-]+)", "\n    sudo make ([%l-]+)" } do
         for target in readme:gmatch(pattern) do
            named = named + 1
            if not makefile:find("\n" .. target .. ":", 1, true) then
               missing[#missing + 1] = target
            end
         end
      end
      assert.same({}, missing)
      assert.is_true(named > 5)
   end)
end)
