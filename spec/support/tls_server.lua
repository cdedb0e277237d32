--- tls_server.lua - an HTTPS server with a certificate that nobody has signed, from the openssl tool.
--
--    local server = tls_server.start("localhost")  -- the name in the certificate; localhost: 127.0.0.1 too
--                                                  -- options: expired; answers = { components = "{...}" };
--                                                  -- raw = { moved = "HTTP/1.1 302 Found\r\n..." }
--    server.port, server.certificate               -- the latter is the path of a PEM file, for ca_file
--    server:stop()
--
-- It answers every GET of /api/v1/workspace with { id = "over tls" }, on a connection for each. It ends when
-- its standard input does, so it never outlives the tests.
local tls_server = {}

local Server = {}
Server.__index = Server

local function run(command)
   local fine, _, status = os.execute(command)
   assert(fine == true or fine == 0, ("failed (%s): %s"):format(tostring(status), command))
end

local function write(path, text)
   local file = assert(io.open(path, "wb"))
   file:write(text)
   file:close()
end

local function temporary_folder()
   local pipe = assert(io.popen("mktemp -d"))
   local path = pipe:read("*l")
   pipe:close()
   return assert(path, "no temporary folder")
end

-- One that ended in 2020: only `openssl ca` takes dates.
local EXPIRED = [[
cd '%s' && : >index.txt && echo 01 >serial && printf '%%s\n' '[ca]' 'default_ca = d' '[d]' 'database = index.txt' \
   'new_certs_dir = .' 'serial = serial' 'policy = p' 'default_md = sha256' 'x509_extensions = e' '[p]' \
   'commonName = supplied' '[e]' 'subjectAltName = %s' >ca.cnf &&
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request.pem \
   -subj '/CN=%s' 2>openssl.log &&
openssl ca -batch -config ca.cnf -selfsign -keyfile key.pem -in request.pem -startdate 20200101000000Z \
   -enddate 20200102000000Z -out certificate.pem -notext 2>>openssl.log
]]

local function make_certificate(folder, name, is_expired)
   local names = "DNS:" .. name .. (name == "localhost" and ",IP:127.0.0.1" or "")
   if is_expired then
      return run(EXPIRED:format(folder, names, name))
   end
   run(("cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      .. "-keyout key.pem -out certificate.pem -subj '/CN=%s' -addext 'subjectAltName=%s' 2>openssl.log")
      :format(folder, name, names))
end

-- What `openssl s_server -HTTP` sends as it is for GET /api/v1/NAME.
local function make_answer(folder, name, body)
   run(("mkdir -p '%s/api/v1'"):format(folder))
   write(folder .. "/api/v1/" .. name, table.concat({
      "HTTP/1.1 200 OK",
      "Content-Type: application/json",
      "Connection: close",
      "Content-Length: " .. #body,
      "",
      body,
   }, "\r\n"))
end

-- The shell waits for the end of its input, which comes with our end at the latest.
local COMMAND = [[
cd '%s' || exit 1
openssl s_server -accept 127.0.0.1:0 -key key.pem -cert certificate.pem -HTTP >said 2>&1 </dev/null &
server=$!
cat >/dev/null
kill $server
wait $server 2>/dev/null
rm -r '%s'
]]

local function port_said(said)
   for line in said:lines() do
      local port = line:match("^ACCEPT .*:(%d+)$")
      if port then
         return tonumber(port)
      end
   end
   error("openssl s_server does not listen")
end

function tls_server.start(name, options)
   local folder = temporary_folder()
   options = options or {}
   make_certificate(folder, name, options.expired)
   make_answer(folder, "workspace", '{"id":"over tls"}')
   for path, body in pairs(options.answers or {}) do
      make_answer(folder, path, body)
   end
   for path, text in pairs(options.raw or {}) do
      write(folder .. "/api/v1/" .. path, text)
   end
   -- io.popen gives one direction only; what s_server says comes through a named pipe.
   run(("mkfifo '%s/said'"):format(folder))
   local pipe = assert(io.popen(COMMAND:format(folder, folder), "w"))
   local said = assert(io.open(folder .. "/said"))
   return setmetatable({
      pipe = pipe,
      said = said, -- stays open: s_server would die of writing to nobody
      port = port_said(said),
      certificate = folder .. "/certificate.pem",
   }, Server)
end

function Server:stop()
   self.pipe:close()
   self.said:close()
end

return tls_server
