--- command.lua - runs the promptic command against a sandbox.
--
--    local command = require "spec.support.command"
--    local promptic = command.new(server)             -- a sandbox (spec/support/sandbox.lua), or nil
--    local result = promptic{ "components", "list", "--json", env = { COLUMNS = "80" }, stdin = "y\n" }
--    result.code, result.stdout, result.stderr, result.json
--    local result = promptic{ "components", "list", terminal = 80 }     -- on a pseudo-terminal of 80 columns
--    promptic{ ..., script = "spec/support/scramble.lua" }                       -- instead of scripts/promptic
--
-- On a pseudo-terminal stdout has all that appeared on it, and stderr nothing.
local json = require("promptic").json
local process = require "spec.support.process"

local command = {}

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

local function environment(server, more)
   local env = {
      PROMPTIC_ENDPOINT = server and server.url or false, PROMPTIC_API_KEY = server and server.key or false,
      PROMPTIC_ACCESS_TOKEN = false, PROMPTIC_WORKSPACE_ID = false, COLUMNS = false, NO_COLOR = false,
      TERM = "xterm", LC_ALL = "C.UTF-8",
   }
   for name, value in pairs(more or {}) do env[name] = value end
   return env
end

-- script(1) runs a shell command on a pseudo-terminal, and types there what it reads.
local function on_terminal(words, columns)
   local quoted = {}
   for index, word in ipairs(words) do quoted[index] = process.quote(word) end
   local line = ("stty cols %d rows 40 -echo; exec %s"):format(columns, table.concat(quoted, " "))
   return { "script", "-qec", line, "/dev/null" }
end

local function run(server, call)
   local words = { PROGRAM, call.script or "scripts/promptic", table.unpack(call) }
   if call.terminal then words = on_terminal(words, call.terminal) end
   words.env, words.stdin = environment(server, call.env), call.stdin
   local result = process.run(words)
   if call.terminal then
      result.stdout = result.stdout:gsub("\r\n", "\n")
   else
      local decoded, value = pcall(json.decode, result.stdout)
      result.json = decoded and value or nil
   end
   return result
end

--- A function that runs the command against the server.
function command.new(server)
   return function(call) return run(server, call) end
end

--- Runs a line of the shell in which $PROMPTIC is the command.
function command.shell(server, line)
   local env = environment(server, { PROMPTIC = process.quote(PROGRAM) .. " scripts/promptic" })
   return process.run{ "bash", "-c", (line:gsub("%$PROMPTIC", env.PROMPTIC)), env = env }
end

--- How many columns a text takes on a terminal, for the characters that these specs use: East Asian ones and
-- emoji take two, combining marks none.
function command.columns(text)
   local columns = 0
   for _, code in utf8.codes(text) do
      local wide = code >= 0x1100 and code <= 0x115F or code >= 0x2E80 and code <= 0xD7A3
         or code >= 0xFF00 and code <= 0xFF60 or code >= 0x1F300 and code <= 0x1FAFF
      local combining = code >= 0x300 and code <= 0x36F
      columns = columns + (combining and 0 or wide and 2 or 1)
   end
   return columns
end

return command
