--- nginx.lua - an nginx on a free port of the loopback.
--
--    local server = nginx.start{ certificate = certificate, http = "keepalive_timeout 100ms;" }
--    server.url, server.port
--    server:log()          -- of each request, oldest first: connection, number (on that connection), method, uri,
--                          -- status, protocol, tls, resumed
--    server:connections()  -- how many connections they came on
--    server:forget()       -- what the log holds so far does not count
--    server:stop()
--
-- Options: certificate (none: plain HTTP), listen (words such as "http2"), host, port and holder (of lab.reserve),
-- http and server (directives), location (the body of location /; by default 201 with {"id":"x"}).
local lab = require "spec.network.lab"
local process = require "spec.support.process"
local socket = require "socket"

local nginx = {}

local Server = {}
Server.__index = Server

local SETTINGS = [[
worker_processes 1;
daemon off;
pid @FOLDER@/pid;
error_log @FOLDER@/error.log;
events { worker_connections 512; }
http {
  log_format lab '$connection $connection_requests $request_method $uri $status '
    '$server_protocol $ssl_protocol $ssl_session_reused';
  access_log @FOLDER@/access.log lab;
  client_body_temp_path @FOLDER@/body;
  proxy_temp_path @FOLDER@/proxy;
  fastcgi_temp_path @FOLDER@/fastcgi;
  uwsgi_temp_path @FOLDER@/uwsgi;
  scgi_temp_path @FOLDER@/scgi;
  default_type application/json;
  @HTTP@
  server {
    listen @HOST@:@PORT@ @LISTEN@;
    @SERVER@
    location / { @LOCATION@ }
  }
  server {
    listen 127.0.0.1:@SYNC@;
    access_log off;
    location / { return 204; }
  }
}
]]

local TLS = "ssl_certificate %s; ssl_certificate_key %s; ssl_session_cache shared:lab:1m;"

local function write_settings(folder, options, port, sync)
   local certificate = options.certificate
   local values = {
      FOLDER = folder, HOST = options.host or "127.0.0.1", PORT = tostring(port), SYNC = tostring(sync),
      LISTEN = (certificate and "ssl " or "") .. (options.listen or ""),
      HTTP = (certificate and TLS:format(certificate.file, certificate.key) or "") .. (options.http or ""),
      SERVER = options.server or "",
      LOCATION = options.location or [[return 201 '{"id":"x"}';]],
   }
   process.write_file(folder .. "/nginx.conf", (SETTINGS:gsub("@(%u+)@", values)))
end

function nginx.start(options)
   options = options or {}
   local folder = lab.folder()
   local port, holder = options.port, options.holder
   if not port then
      port, holder = lab.reserve(options.host)
   end
   local sync, sync_holder = lab.reserve()
   write_settings(folder, options, port, sync)
   local program = lab.start({ "nginx", "-c", folder .. "/nginx.conf", "-p", folder }, function()
      return lab.accepts(sync)
   end)
   return setmetatable({
      program = program, folder = folder, port = port, sync = sync, holders = { holder, sync_holder }, skipped = 0,
      url = ("%s://%s:%d"):format(options.certificate and "https" or "http", options.host or "127.0.0.1", port),
      ca_file = options.certificate and options.certificate.file,
   }, Server)
end

-- nginx has one worker, and writes the log before it takes the next request.
local function synchronise(server)
   local peer = assert(socket.connect("127.0.0.1", server.sync))
   assert(peer:send("GET / HTTP/1.0\r\n\r\n"))
   assert(peer:receive("*l"))
   peer:close()
end

local FIELDS = "^(%d+) (%d+) (%S+) (%S+) (%d+) (%S+) (%S+) (%S+)$"

function Server:log()
   synchronise(self)
   local entries, position = {}, 0
   for line in io.lines(self.folder .. "/access.log") do
      position = position + 1
      if position > self.skipped then
         local connection, number, method, uri, status, protocol, tls, resumed = line:match(FIELDS)
         entries[#entries + 1] = {
            connection = connection, number = tonumber(number), method = method, uri = uri,
            status = tonumber(status), protocol = protocol, tls = tls, resumed = resumed == "r",
         }
      end
   end
   return entries
end

function Server:forget()
   self.skipped = self.skipped + #self:log()
end

function Server:connections()
   local seen, count = {}, 0
   for _, entry in ipairs(self:log()) do
      if not seen[entry.connection] then
         seen[entry.connection], count = true, count + 1
      end
   end
   return count
end

function Server:stop()
   self.program:stop()
   lab.close(self.holders)
   process.remove(self.folder)
end

return nginx
