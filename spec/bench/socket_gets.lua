--- socket_gets.lua - the same GETs as gets.lua, one after the other, with LuaSocket and lua-cjson in stock Lua.
--
--    socket_gets.lua ENDPOINT PAGE COUNT
--
-- Prints "wall cpu" in seconds and the peak of the process in KiB. LuaSocket's client opens a connection for each.
local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local socket = require "socket"

local endpoint, page, count = arg[1], arg[2], tonumber(arg[3])

local function get()
   local pieces = {}
   local _, status = http.request{
      url = endpoint .. "/api/v1/components/" .. page,
      headers = { Authorization = "Bearer bench" },
      sink = ltn12.sink.table(pieces),
   }
   assert(status == 200, status)
   return cjson.decode(table.concat(pieces))
end

local wall, cpu = socket.gettime(), os.clock()
for _ = 1, count do get() end
local status = io.open("/proc/self/status"):read("a")
print(("%.6f %.6f %s"):format(socket.gettime() - wall, os.clock() - cpu, status:match("VmHWM:%s*(%d+)")))
