--- nginx.lua - an nginx on a free port of the loopback that serves canned answers.
--
--    nginx.serve(folder, { ["components/small"] = text }, function(url, tls) ... end)
--
-- A page whose name holds "packed" is served with gzip.
-- tls has the url of the same over TLS, and ca, the file of its certificate.
local figures = require "figures"
local socket = require "socket"

local nginx = {}

local function free_port()
   local probe = assert(socket.bind("127.0.0.1", 0))
   local _, port = probe:getsockname()
   probe:close()
   return math.tointeger(tonumber(port))
end

local function make_certificate(folder)
   assert(os.execute(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
      .. "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout '%s/key.pem' -out '%s/certificate.pem' "
      .. "2>/dev/null"):format(folder, folder)))
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
local function lay_out(folder, pages, port, tls_port)
   os.execute(("chmod 755 '%s'"):format(folder))
   for path, text in pairs(pages) do
      local full = folder .. "/pages/api/v1/" .. path
      assert(os.execute(("mkdir -p '%s'"):format(full:match("^(.*)/"))))
      figures.write(full, text)
      if path:find("packed", 1, true) then
         assert(os.execute(("gzip -k '%s'"):format(full)))
      end
   end
   local here = debug.getinfo(1, "S").source:match("^@(.*/)")
   local settings = assert(io.open(here .. "nginx.conf")):read("a")
   figures.write(folder .. "/nginx.conf", (settings:gsub("@(%u+)@", {
      DIR = folder, PORT = tostring(port), TLSPORT = tostring(tls_port),
   })))
end

--- Runs f(url) while nginx serves the pages below /api/v1/.
function nginx.serve(folder, pages, f)
   local port, tls_port = free_port(), free_port()
   make_certificate(folder)
   lay_out(folder, pages, port, tls_port)
   assert(os.execute(("nginx -c '%s/nginx.conf' -p '%s' &"):format(folder, folder)))
   wait_for(port)
   local fine, problem = xpcall(f, debug.traceback, "http://127.0.0.1:" .. port, {
      url = "https://127.0.0.1:" .. tls_port, ca = folder .. "/certificate.pem",
   })
   os.execute(("kill $(cat '%s/nginx.pid')"):format(folder))
   assert(fine, problem)
end

return nginx
