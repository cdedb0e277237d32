--- interpreter.lua - runs promptic-lua, and stock Lua to hold it against.
--
--    interpreter.run(interpreter.OURS, { "-e", "print(1)", stdin = ..., env = ..., cwd = ... })
--
-- The result is that of process.run, with PROGRAM for the program's name and ADDRESS for addresses.
local process = require "spec.support.process"

local interpreter = {}

local function absolute(path)
   if path:sub(1, 1) == "/" then
      return path
   end
   local pipe = assert(io.popen("pwd"))
   local here = pipe:read("l")
   pipe:close()
   return here .. "/" .. path
end

interpreter.STOCK = os.getenv("PROMPTIC_SERVER_LUA") or "lua5.4"
interpreter.OURS = absolute(os.getenv("PROMPTIC_LUA") or "build/promptic-lua")

local REMOVED = {
   "LUA_INIT", "LUA_INIT_5_4", "LUA_PATH", "LUA_PATH_5_4", "LUA_CPATH", "LUA_CPATH_5_4",
   "PROMPTIC_ENDPOINT", "PROMPTIC_API_KEY", "PROMPTIC_ACCESS_TOKEN", "PROMPTIC_WORKSPACE_ID",
}

--- An environment without anything that either program reads, and with the extra variables. readline, which
-- stock Lua may have, asks what terminal there is.
function interpreter.environment(extra)
   local all = { TERM = "dumb" }
   for _, name in ipairs(REMOVED) do
      all[name] = false
   end
   for name, value in pairs(extra or {}) do
      all[name] = value
   end
   return all
end

-- Lua 5.4.7 forgets that "--" with nothing behind it means stdin, and ends with "not enough memory".
local function is_oracle_wrong()
   local result = process.run{ interpreter.STOCK, "--", env = interpreter.environment() }
   return result.stderr:find("not enough memory", 1, true) ~= nil
end

function interpreter.run(program, row)
   local command = { program, stdin = row.stdin, env = interpreter.environment(row.env), cwd = row.cwd }
   table.move(row, 1, #row, 2, command)
   if program == interpreter.STOCK and row[#row] == "--" and is_oracle_wrong() then
      command[#command] = nil
   end
   local result = process.run(command)
   local name = program:gsub("%p", "%%%0")
   for _, stream in ipairs{ "stdout", "stderr" } do
      result[stream] = result[stream]:gsub(name, "PROGRAM"):gsub("0x%x+", "ADDRESS")
   end
   return result
end

return interpreter
