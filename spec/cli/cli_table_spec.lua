--- How the promptic command lays out what it prints, without and on a terminal.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

describe("promptic's output", function()
   local server, promptic, plain, wide, evil

   setup(function()
      server = sandbox.start{ pace = 0 }
      promptic = command.new(server)
      plain = server:ok("POST", "/components", {
         name = "spam-filter", description = "Is it spam or not?",
      }).id
      wide = server:ok("POST", "/components", {
         name = "日本語の名前をもつ長い部品", description = "e\u{301}mojis 👍",
      }).id
      evil = server:component("red\27[31m\nname\u{202E}\u{200E}\u{200F}\u{61C}")
   end)

   teardown(function() server:stop() end)

   local function list(columns)
      local env = { COLUMNS = columns and tostring(columns) or false }
      return (promptic{ "components", "list", env = env }.stdout:gsub("%d+ s ago", "just now"))
   end

   local function lines_of(text)
      local lines = {}
      for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
      return lines
   end

   it("aligns columns by what characters take on a terminal", function()
      assert.equal(table.concat({
         "ID" .. (" "):rep(36) .. "NAME" .. (" "):rep(24) .. "DESCRIPTION         CREATED",
         plain .. "  spam-filter" .. (" "):rep(17) .. "Is it spam or not?  just now",
         wide .. "  日本語の名前をもつ長い部品  e\u{301}mojis 👍           just now",
         evil .. "  red␛[31m name����" .. (" "):rep(11) .. "-                   just now",
      }, "\n") .. "\n", list())
   end)

   it("fits a terminal of 80 columns, with ids whole", function()
      for number, line in ipairs(lines_of(list(80))) do
         assert.is_true(command.columns(line) <= 80, line)
         assert.equal(number == 1 and "ID" or ({ plain, wide, evil })[number - 1], line:match("^%S+"))
      end
      assert.matches("日本語の[^ ]*…", list(80))
   end)

   it("uses no more of 200 columns than it needs", function()
      assert.equal(list(), list(200))
   end)

   it("becomes blocks of lines where a table is too wide", function()
      local text = list(40)
      assert.equal(table.concat({
         plain, "  name         spam-filter", "  description  Is it spam or not?",
         "  created      just now", "",
         wide, "  name", "    日本語の名前をもつ長い部品", "  description  e\u{301}mojis 👍",
         "  created      just now", "",
         evil, "  name         red␛[31m name����", "  created      just now", "",
      }, "\n"), text)
      for _, line in ipairs(lines_of(list(38))) do assert.is_true(command.columns(line) <= 38, line) end
   end)

   it("tells times exactly where that is asked for", function()
      local created = server:ok("GET", "/components/" .. plain).createdAt
      local exact = promptic{ "components", "get", plain, "--exact" }.stdout
      assert.equal(created, exact:match("\n  created +(%S+)\n"))
   end)

   it("tells times as people say them", function()
      local rows = {
         { "2026-03-01T12:00:00Z", "just now" }, { "2026-03-01T11:59:56.001Z", "just now" },
         { "2026-03-01T11:59:55Z", "5 s ago" }, { "2026-03-01T11:57:00+00:00", "3 min ago" },
         { "2026-03-01T12:30:00+01:00", "30 min ago" }, { "2026-03-01T07:00:00-0500", "just now" },
         { "2026-02-28T12:00:01Z", "23 h ago" }, { "2026-02-28T12:00:00Z", "1 d ago" },
         { "2024-02-29T00:00:00Z", "2024-02-29" }, { "2026-03-01T12:02:00Z", "in 2 min" }, { "soon", "soon" },
      }
      for _, row in ipairs(rows) do
         local script = ("local times = require 'promptic.cli.times' "
            .. "io.write(times.relative(%q, times.parse '2026-03-01T12:00:00Z'))"):format(row[1])
         local result = process.run{ os.getenv("PROMPTIC_LUA"), "-e", script }
         assert.same({ row[2], "" }, { result.stdout, result.stderr })
      end
   end)

   it("drops optional columns from the right, those marked last after the others", function()
      -- each column is ten wide, with two between them; the titles that are left for a width
      local rows = {
         { 58, "FIRST SECOND THIRD FOURTH LAST" }, { 57, "FIRST SECOND THIRD LAST" }, { 46, "FIRST SECOND THIRD LAST" },
         { 45, "FIRST SECOND LAST" }, { 34, "FIRST SECOND LAST" }, { 33, "FIRST SECOND" }, { 22, "FIRST SECOND" },
      }
      for _, row in ipairs(rows) do
         local script = ([[
            local layout = require "promptic.cli.table"
            local function column(title, optional)
               return { title, value = function() return ("x"):rep(10) end, as = "id", optional = optional }
            end
            local lines = layout.render({ column("FIRST"), column("SECOND"), column("THIRD", true),
               column("LAST", "last"), column("FOURTH", true) }, { {} },
               { room = %d, paint = function(_, text) return text end })
            io.write(lines[1])
         ]]):format(row[1])
         local result = process.run{ os.getenv("PROMPTIC_LUA"), "-e", script }
         local titles = {}
         for title in result.stdout:gmatch("%u+") do titles[#titles + 1] = title end
         local wanted = {}
         for title in row[2]:gmatch("%u+") do wanted[#wanted + 1] = title end
         table.sort(titles)
         table.sort(wanted)
         assert.same({ wanted, "" }, { titles, result.stderr }, row[1])
      end
   end)

   it("says what to do where a list is empty, and which platform was asked", function()
      assert.equal(("There are no such traces.\nCalls go to %s, as PROMPTIC_ENDPOINT says.\n"):format(server.url),
         promptic{ "traces", "list" }.stdout)
   end)

   describe("on a terminal", function()
      it("is coloured, unless NO_COLOR or TERM refuse it", function()
         local call = { "components", "list", terminal = 120 }
         assert.matches("^\27%[1mID\27%[0m", promptic(call).stdout)
         for _, env in ipairs{ { NO_COLOR = "1" }, { TERM = "dumb" } } do
            call.env = env
            assert.is_nil(promptic(call).stdout:find("\27", 1, true))
         end
         call.env = { NO_COLOR = "" }
         assert.matches("\27", promptic(call).stdout)
      end)

      it("fits its width", function()
         local result = promptic{ "components", "list", terminal = 40, env = { NO_COLOR = "1" } }
         assert.equal(list(40), (result.stdout:gsub("%d+ s ago", "just now")))
      end)

      it("colours a status", function()
         local id = server:experiment{ component = plain }
         local result = promptic{ "experiments", "get", id, terminal = 80 }
         assert.matches("status +\27%[33mpending\27%[0m", result.stdout)
      end)

      it("asks before it deletes", function()
         local id = server:component("to go")
         local kept = promptic{ "components", "delete", id, terminal = 80, stdin = "n\n" }
         assert.matches("Delete the component 'to go' and all that belongs to it%? %[y/N%]", kept.stdout)
         assert.equal(1, kept.code)
         assert.equal(200, server:get("/components/" .. id).status)
         local deleted = promptic{ "components", "delete", id, terminal = 80, stdin = "y\n" }
         assert.equal(0, deleted.code)
         assert.equal(404, server:get("/components/" .. id).status)
      end)

      it("asks for what an experiment lacks", function()
         local result = promptic{ "experiments", "create", terminal = 80, env = { NO_COLOR = "1" },
            stdin = "nonsense\nspam-f\n\n3\nAnswer in JSON\nas JSON\n" }
         assert.equal(0, result.code)
         assert.matches("No such choice", result.stdout)
         assert.matches("   1  spam%-filter  " .. plain:gsub("%-", "%%-"), result.stdout)
         local made = server:ok("GET", "/experiments/" .. result.stdout:match("  id +(%S+)"))
         assert.same({ plain, "sandbox-small", "structuredOutput", "Answer in JSON", "as JSON" }, {
            made.aiComponentId, made.targetModel, made.taskType, made.initialPromptMessages[1].content, made.name })
      end)

      it("breaks what it says at spaces, and no command that is to be copied", function()
         local id = server:component("for an evaluation")
         local result = promptic{ "evaluators", "delete", id, "x", "-f", terminal = 40, env = { NO_COLOR = "1" } }
         for _, line in ipairs(lines_of(result.stdout)) do assert.is_true(#line <= 40, line) end
         local created = promptic{ "experiments", "create", "-c", id, "-m", "x", terminal = 40 }
         assert.matches("\n  promptic observations add [%x-]+ %-%-from%-file FILE\n", created.stdout)
      end)

      it("shows one page, and how to see the next", function()
         local result = promptic{ "experiments", "list", "--limit", "1", "--offset", "1", terminal = 80 }
         assert.matches("\n1 shown; %-%-offset 2 shows those after them%.\n$", result.stdout)
         assert.not_matches("shown;", promptic{ "experiments", "list" }.stdout)
      end)

      it("shows one line of progress that goes away", function()
         local id = server:experiment{ component = plain, prompt = "Spam?", observations = {
            { variables = { input = "free prize" }, expected = "spam", split = "train" },
            { variables = { input = "see you at lunch" }, expected = "ham", split = "train" },
         } }
         local result = promptic{ "experiments", "start", id, "--wait", terminal = 80 }
         assert.equal(0, result.code)
         assert.matches("\r\27%[K\27%[36m⠋\27%[0m 0:00  %l+", result.stdout)
         assert.matches("completed  iteration %d+  best %d%.%d%d%d.*\r\27%[K\27%[1mExperiment", result.stdout)
      end)
   end)
end)
