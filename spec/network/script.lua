--- script.lua - runs a piece of Lua in a process of its own, where environment, hosts and interpreter are others.
--
--    local values = script.run(source, { "argument", env = {...}, prefix = { "unshare", ... } })
--
-- The result is the list of the values that the script has reported with report(value), any that JSON can hold. In
-- the script promptic and calls are there, and arg. A script that fails raises what it wrote to stderr.
-- with = "lua5.4" or "luajit": another interpreter than that of the specs' programs (PROMPTIC_LUA).
local json = require "cjson"
local process = require "spec.support.process"
local lab = require "spec.network.lab"

local script = {}

local FIRST = [[
local promptic, calls, cjson = require "promptic", require "spec.network.calls", require "cjson"
local function report(value) io.write(cjson.encode{ value }, "\n") io.flush() end
]]

-- promptic.so is where LUA_CPATH says, but for LuaJIT.
local function interpreter(name, env)
   if name == "luajit" then
      env.LUA_CPATH = (os.getenv("PROMPTIC_LUAJIT_MODULES") or "build/luajit") .. "/?.so;;"
   end
   return name or os.getenv("PROMPTIC_LUA") or "lua5.4"
end

function script.run(source, options)
   local path, env = os.tmpname(), {}
   for name, value in pairs(options.env or {}) do
      env[name] = value
   end
   process.write_file(path, FIRST .. source)
   local command = lab.join(options.prefix or {}, { interpreter(options.with, env), path }, options)
   command.env = env
   local result = process.run(command)
   os.remove(path)
   if result.code ~= 0 then
      error(("the script ended with %s: %s%s"):format(tostring(result.code or result.signal), result.stderr,
         result.stdout), 2)
   end
   local values = {}
   for line in result.stdout:gmatch("[^\n]+") do
      values[#values + 1] = json.decode(line)[1]
   end
   return values, result.stderr
end

return script
