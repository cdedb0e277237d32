--- s_server.lua - OpenSSL's test server on a free port of the loopback; it serves the one file that a GET of
--- /api/v1/workspace asks for.
--
--    local server = s_server.start(certificate, { "-tls1_2" })
--    server.url, server.ca_file, server:stop()
local lab = require "spec.network.lab"
local process = require "spec.support.process"

local s_server = {}

local Server = {}
Server.__index = Server

local BODY = '{"id":"over tls"}'
local RESPONSE = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
   .. "Content-Length: %d\r\n\r\n%s"

function s_server.start(certificate, options)
   local folder = lab.folder()
   assert(os.execute("mkdir -p " .. folder .. "/api/v1"))
   process.write_file(folder .. "/api/v1/workspace", RESPONSE:format(#BODY, BODY))
   local port
   local command = lab.join({ "sh", "-c", 'cd "$0" && exec "$@"', folder }, {
      "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.file, "-key", certificate.key, "-HTTP",
   }, options or {})
   local program = lab.start(command, function(program)
      port = tonumber(program:said():match("ACCEPT [^\n]*:(%d+)\n"))
      return port
   end)
   return setmetatable({
      program = program, folder = folder, port = port, ca_file = certificate.file,
      url = "https://127.0.0.1:" .. port,
   }, Server)
end

function Server:stop()
   self.program:stop()
   process.remove(self.folder)
end

return s_server
