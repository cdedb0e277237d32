--- Holds every README.md of the tree against the project: code blocks are run as the comment before them says, links
-- and targets exist. A further block needs no line here. Tables that are generated: docs_spec.lua.
--
--    <!-- run: sandbox -->   Lua, run with --sandbox; it prints the "output" block that follows, or what its --> say
--    <!-- run: login -->     the same against a sandbox where somebody approves the login
--    <!-- run: console -->   a session of the command, with what it prints
--    <!-- run: prompt -->    a session at the prompt of promptic-lua
--    <!-- run: c -->         a program that prints a response
--    <!-- run: sh -->        shell, which prints at least what its #> say
--    <!-- not run: REASON -->
local promptic = require "promptic"
local process = require "spec.support.process"
local readmes = require "spec.support.readmes"
local sandboxes = require "spec.support.sandbox"
local terminal = require "spec.support.terminal"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")
local BUILD = os.getenv("BUILD") or "build" -- where a README says build/

local folder

local function finishes(result)
   assert.equal("", result.stderr)
   assert.equal(0, result.code)
   return result.stdout
end

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

local run = {}

function run.sandbox(block)
   local script = folder .. "/script.lua"
   process.write_file(script, block.text)
   local expected = readmes.said(block)
   assert.is_true(#expected > 0, block.place .. " does not say what it prints")
   assert.equal(expected, finishes(process.run{ PROGRAM, "--sandbox", script }))
end

function run.login(block)
   local server = sandboxes.start{ arguments = { "--login-interval", "0.1" } }
   finally(function() server:stop() end)
   local script = folder .. "/login.lua"
   -- the person with the browser: a task that approves every code it gets
   process.write_file(script, [[
      local login = promptic.auth.login
      function promptic.auth.login(options)
         local on_code = options.on_code
         function options.on_code(code)
            on_code(code)
            local form = ("user_code=%s&answer=approve"):format(code.user_code)
            os.execute(("curl -s -d '%s' '%s' >/dev/null"):format(form, code.verification_uri))
         end
         return login(options)
      end
   ]] .. block.text)
   local printed = finishes(process.run{ PROGRAM, script,
      env = { HOME = folder, PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = false } })
   assert.matches("^open http://%S+/device%?user_code=%u+%-%u+\n", printed)
   assert.equal(readmes.said(block), (printed:gsub("^[^\n]*\n", "")))
end

function run.console(block)
   local server = sandboxes.start{}
   finally(function() server:stop() end)
   local shown, replayed, ids = numbered(block.text), {}, {}
   for line in shown:gmatch "%$ promptic ([^\n]*)\n" do
      local typed = line:gsub("<%d+>", ids)
      local result = process.run{ "sh", "-c", process.quote(PROGRAM) .. " scripts/promptic " .. typed,
         env = { PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = server.key, COLUMNS = false } }
      -- lines of progress, which go away on a terminal
      local printed = result.stderr:gsub("%d+:%d%d  [^\n]*\n", "") .. result.stdout
      replayed[#replayed + 1] = "$ promptic " .. typed .. "\n" .. printed:gsub("%d+ s ago", "just now")
      for id in result.stdout:gmatch "%x+%-%x+%-%x+%-%x+%-%x+" do
         if not ids[id] then
            ids[#ids + 1] = id
            ids[id], ids[("<%d>"):format(#ids)] = true, id
         end
      end
   end
   assert.equal(shown, numbered(table.concat(replayed)))
end

function run.prompt(block)
   local session = block.text:gsub("request %x[%x-]+", "request ID")
   local screen = terminal.start{ "--sandbox", width = 120, env = { NO_COLOR = "1" } }
   finally(function() screen:stop() end)
   screen:wait_line("> ")
   for statement, shown in ("\n" .. session):gsub("\n> ", "\0"):gmatch "%z([^\n%z]+)([^%z]*)" do
      local printed = screen:run(statement):gsub("request %x[%x-]+", "request ID")
      assert.equal(shown:gsub("^\n", ""):gsub("\n$", ""), printed)
   end
end

function run.c(block)
   local source, binary = folder .. "/program.c", folder .. "/program"
   process.write_file(source, block.text)
   local build = "cc -Wall -Wextra -Werror -Icore %s -o %s %s/libpromptic.a -pthread %s"
   finishes(process.run{ "sh", "-c", build:format(source, binary, BUILD, "$(pkg-config --libs libcurl zlib)") })
   local printed = finishes(process.run{ PROGRAM, "--sandbox", "-e", ("os.exit(os.execute(%q))"):format(binary) })
   assert.matches('^200 {"data":%[', printed)
end

function run.sh(block)
   local script = block.text:gsub("%f[%w]build/", (BUILD:gsub("%%", "%%%%")) .. "/")
   local printed = finishes(process.run{ "sh", "-ec", script, env = { HOME = folder } })
   local count = 0
   for line in block.text:gmatch "#> ([^\n]+)" do
      count = count + 1
      assert.matches(line, printed, 1, true)
   end
   assert.is_true(count > 0, block.place .. " does not say what it prints")
end

local RUNNABLE = { lua = true, c = true, sh = true, console = true }

describe("a code block of a README", function()
   before_each(function() folder = process.folder() end)
   after_each(function() process.remove(folder) end)

   for _, path in ipairs(readmes.paths()) do
      for _, block in ipairs(readmes.blocks(path)) do
         local how, reason = (block.how or ""):match "^run: (%l+)$", (block.how or ""):match "^not run: (.+)$"
         if how then
            it(("runs: %s (%s)"):format(block.place, how), function()
               assert(run[how], block.place .. ": there is no way to run " .. how)(block)
            end)
         elseif RUNNABLE[block.language] then
            it("runs, or says why not: " .. block.place, function() assert.is_string(reason) end)
         end
      end
   end
end)

describe("README", function()
   local function exists(path)
      return os.execute("test -e " .. process.quote(path)) == true
   end

   for _, path in ipairs(readmes.paths()) do
      local here = path:match "^.*/" or ""

      it(path .. " links to files and sections that exist", function()
         local missing = {}
         for _, target in ipairs(readmes.links(path)) do
            local file, anchor = target:match "^([^#]*)#?(.*)$"
            local at = file == "" and path or here .. file
            if not exists(at) or (anchor ~= "" and not readmes.anchors(at)[anchor]) then
               missing[#missing + 1] = target
            end
         end
         assert.same({}, missing)
      end)

      it(path .. " names targets that the Makefile has", function()
         local makefile, missing = process.read_file "Makefile", {}
         for _, pattern in ipairs{ "`make ([%l-]+)", "\n    make ([%l-]+)", "\n    sudo make ([%l-]+)" } do
            for target in readmes.written(path):gmatch(pattern) do
               if not makefile:find("\n" .. target .. ":", 1, true) then missing[#missing + 1] = target end
            end
         end
         assert.same({}, missing)
      end)
   end

   it("is short at the top, and in every room", function()
      local lines = select(2, process.read_file "README.md":gsub("\n", ""))
      assert.is_true(lines <= 200, ("README.md has %d lines"):format(lines))
      local lacks = {}
      local found = io.popen "find core bindings scripts spec/network -type d"
      for room in found:lines() do
         local is_part = room == "scripts/cli/picture" -- of the room around it
         if not is_part and not exists(room .. "/README.md") then lacks[#lacks + 1] = room end
      end
      found:close()
      assert.same({}, lacks)
   end)

   it("names a spec for each promise", function()
      local promises = process.read_file "README.md":match "\n## What it promises\n(.-)\n%*%*Threat"
      local count = 0
      for promise, held_by in promises:gmatch "\n| ([^|]+) | ([^|]+) |" do
         if promise ~= "promise" then
            count = count + 1
            assert.matches("%(spec/[^)]+%.lua%)", held_by, promise)
         end
      end
      assert.is_true(count > 8)
   end)
end)

describe("bindings/README.md", function()
   local reference = process.read_file "bindings/README.md"

   -- In the table of functions of one group or another.
   it("has every row of the library", function()
      local missing = {}
      for _, row in ipairs(promptic.library) do
         local name = (row.table and "promptic." .. row.table .. "." or "") .. row.name
         local shown = row.kind == "class" or reference:find("\n| `[%w_.:]*" .. name:gsub("%p", "%%%0") .. "[({]")
         if not shown then missing[#missing + 1] = name end
      end
      assert.same({}, missing)
   end)

   it("explains every kind of error", function()
      local section = reference:match "\n## Errors\n(.-)\n<!%-%- generated"
      local missing = {}
      for _, kind in ipairs(promptic.library.is_error.parameters[2].values) do
         if not section:find("\n| `" .. kind .. "` |", 1, true) then missing[#missing + 1] = kind end
      end
      assert.same({}, missing)
   end)
end)
