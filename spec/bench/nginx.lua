--- nginx.lua - an nginx on a free port of the loopback that serves canned answers.
--
--    nginx.serve(folder, { ["components/small"] = text }, function(url) ... end)
local figures = require "figures"
local socket = require "socket"

local nginx = {}

local function free_port()
   local probe = assert(socket.bind("127.0.0.1", 0))
   local _, port = probe:getsockname()
   probe:close()
   return math.tointeger(tonumber(port))
end

local function wait_for(port)
   for _ = 1, 500 do
      local peer = socket.connect("127.0.0.1", port)
      if peer then
         return peer:close()
      end
      socket.sleep(0.02)
   end
   error("nginx does not listen")
end

-- nginx may serve as another user, who has to find the pages.
local function lay_out(folder, pages, port)
   os.execute(("chmod 755 '%s'"):format(folder))
   for path, text in pairs(pages) do
      local full = folder .. "/pages/api/v1/" .. path
      assert(os.execute(("mkdir -p '%s'"):format(full:match("^(.*)/"))))
      figures.write(full, text)
   end
   local here = debug.getinfo(1, "S").source:match("^@(.*/)")
   local settings = assert(io.open(here .. "nginx.conf")):read("a")
   figures.write(folder .. "/nginx.conf", (settings:gsub("@(%u+)@", { DIR = folder, PORT = tostring(port) })))
end

--- Runs f(url) while nginx serves the pages below /api/v1/.
function nginx.serve(folder, pages, f)
   local port = free_port()
   lay_out(folder, pages, port)
   assert(os.execute(("nginx -c '%s/nginx.conf' -p '%s' &"):format(folder, folder)))
   wait_for(port)
   local fine, problem = xpcall(f, debug.traceback, "http://127.0.0.1:" .. port)
   os.execute(("kill $(cat '%s/nginx.pid')"):format(folder))
   assert(fine, problem)
end

return nginx
