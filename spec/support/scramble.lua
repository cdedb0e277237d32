--- scramble.lua - the promptic command with errors of the library that have their code, or their kind, in place of
--- their words, so that what depends on wording shows.
local promptic = require "promptic"

local function scramble(done, problem, ...)
   if done then return problem, ... end
   if promptic.is_error(problem) then
      problem.message, problem.reason = problem.code or problem.kind, problem.reason and (problem.code or problem.kind)
   end
   error(problem, 0)
end

local function wrap(functions)
   for name, f in pairs(functions) do
      if type(f) == "function" then
         functions[name] = function(...) return scramble(pcall(f, ...)) end
      end
   end
end

local new_client, wrapped = promptic.client, false

function promptic.client(...)
   local client = scramble(pcall(new_client, ...))
   if not wrapped then
      wrapped = true
      wrap(debug.getmetatable(client).__index)
   end
   return client
end

wrap(promptic.auth)
os.exit(require("promptic.cli").main(arg))
