--- Questions of the promptic command, at a terminal that tmux plays: with readline, and with the terminal's own
--- editing.
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local terminal = require "spec.support.terminal"

local PASTE = "Decide whether a message\nis spam or ham.\necho evil; touch evil"

local server, component, screen

setup(function()
   server = sandbox.start{ pace = 0 }
   component = server:component("asked for")
end)

teardown(function() server:stop() end)

after_each(function()
   if screen then screen:stop() end
   screen = nil
end)

local function start(plain, words, env)
   local row = { "scripts/promptic", table.unpack(words) }
   row.env = { PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = server.key, NO_COLOR = "1", LC_ALL = "C.UTF-8",
      PROMPTIC_NO_READLINE = plain and "1" or false, EDITOR = false, VISUAL = false }
   for name, value in pairs(env or {}) do row.env[name] = value end
   row.width = 120
   screen = terminal.start(row)
   return screen
end

-- Asks for what an experiment lacks beside these options; the model is answered already.
local function create(plain, words, env)
   start(plain, { "experiments", "create", "-c", component, "-t", "classification", table.unpack(words) }, env)
   screen:wait("1  sandbox-small  Sandbox small")
   screen:wait("1 to 4 [1]:")
   screen:press("Enter")
end

-- Types a line, and what the shell reads after the command is that line alone.
local function assert_nothing_left()
   screen:wait("[exit ")
   screen:type("typed afterwards")
   screen:press("Enter")
   local shown = screen:wait("typed afterwards\ntyped afterwards")
   assert.matches("%[exit %d+%]\ntyped afterwards\ntyped afterwards$", shown)
end

local function newest()
   return server:ok("GET", "/experiments?component_id=" .. component).data[1]
end

for name, plain in pairs{ readline = false, ["the terminal's own editing"] = true } do
   describe("a question, with " .. name .. ",", function()
      it("for a prompt takes a paste of several lines as one answer", function()
         create(plain, {})
         screen:wait("Prompt to start from (empty: none):")
         screen:paste(PASTE)
         screen:wait("touch evil")
         screen:press("Enter")
         screen:wait("Name (empty: none):")
         screen:type("of many lines")
         screen:press("Enter")
         screen:wait("[exit 0]")
         assert_nothing_left()
         local made = server:ok("GET", "/experiments/" .. newest().id)
         assert.same({ PASTE, "of many lines" }, { made.initialPromptMessages[1].content, made.name })
      end)

      it("for a name refuses a paste of several lines", function()
         create(plain, { "-p", "p" })
         screen:wait("Name (empty: none):")
         screen:paste(PASTE)
         screen:wait("touch evil")
         screen:press("Enter")
         screen:wait("One line, please.")
         screen:type("a name")
         screen:press("Enter")
         screen:wait("[exit 0]")
         assert.equal("a name", newest().name)
         assert_nothing_left()
      end)

      it("leaves nothing of a paste to the shell where the terminal does not mark it", function()
         create(plain, { "-p", "p" })
         screen:wait("Name (empty: none):")
         screen:paste("first line\necho evil\ntouch evil\n", true)
         screen:wait("[exit 0]")
         assert_nothing_left()
         assert.equal("first line", newest().name)
      end)

      it("that asks for yes or no is not answered by a paste", function()
         start(plain, { "components", "delete", component })
         screen:wait("[y/N]")
         screen:paste("y\necho evil")
         screen:wait("echo evil")
         screen:press("Enter")
         screen:wait("One line, please.")
         screen:press("n", "Enter")
         screen:wait("nothing was done")
         screen:wait("[exit 1]")
         assert_nothing_left()
      end)

      it("ends with Ctrl-C as an interruption, and with Ctrl-D as no answer", function()
         local said_of = { ["C-c"] = { "interrupted", "[exit 130]" }, ["C-d"] = { "no answer was given", "[exit 1]" } }
         for key, said in pairs(said_of) do
            start(plain, { "components", "delete", component })
            screen:wait("[y/N]")
            screen:press(key)
            screen:wait(said[1])
            screen:wait(said[2])
            screen:stop()
         end
      end)

      it("for a prompt opens $EDITOR", function()
         local folder = process.folder()
         finally(function() process.remove(folder) end)
         process.write_file(folder .. "/editor", '#!/bin/sh\nprintf "line one\\r\\n\\tline two\\n\\n" > "$2"\n')
         create(plain, { "-n", "edited" },
            { EDITOR = "sh " .. folder .. "/editor --wait" })
         screen:wait("Prompt to start from (empty: none, e: in the editor):")
         screen:press("e", "Enter")
         screen:wait("[exit 0]")
         local made = server:ok("GET", "/experiments/" .. newest().id)
         assert.equal("line one\n\tline two", made.initialPromptMessages[1].content)
      end)
   end)
end

describe("an arrow key at a question", function()
   it("moves in the line with readline", function()
      create(false, { "-p", "p" })
      screen:wait("Name (empty: none):")
      screen:type("the-name")
      screen:press("Left", "Left", "Left", "Left")
      screen:type("5-")
      screen:press("Up", "Enter")
      screen:wait("[exit 0]")
      assert.equal("the-5-name", newest().name)
   end)

   it("is no part of an answer without it", function()
      create(true, { "-p", "p" })
      screen:wait("Name (empty: none):")
      screen:type("typed")
      screen:press("Up", "Enter")
      screen:wait("It holds a control character: type it again.")
      screen:type("typed")
      screen:press("Enter")
      screen:wait("[exit 0]")
      assert.equal("typed", newest().name)
   end)
end)
