--- lab.lua - what the parts of the laboratory share: a folder, certificates, ports, programs that run until the
-- specs end, and what to do where a part cannot run on this machine.
--
--    local lab = require "spec.network.lab"
--    lab.needs("nginx", "namespaces")           -- first in a file: its specs are pending without, and fail in CI
--    local certificate = lab.certificate()      -- of localhost, platform.test, 127.0.0.1; file, key
--    local port, holder = lab.reserve()         -- stays free for a program that sets SO_REUSEADDR, while held
--    local program = lab.start({ "nginx", ... }, function() return lab.accepts(port) end)
--    program:stop()
local socket = require "socket"
local process = require "spec.support.process"

local lab = {}

local PATIENCE_SECONDS = 20 -- nothing here takes that long; a spec that waits for more is to fail, not to hang
local LOOK_SECONDS = 0.002  -- between two looks at a condition that no descriptor signals

lab.NAME = "platform.test" -- of the endpoint that is not on this machine, as far as its name goes

local unpack = table.unpack or unpack -- luacheck: ignore 143

-- ------------------------------------------------------------------ needs

local function succeeds(line)
   local result = os.execute(line .. " >/dev/null 2>&1 </dev/null")
   return result == true or result == 0
end

-- Users may have namespaces of their own, where the kernel allows it.
local function unshare()
   return succeeds("[ $(id -u) = 0 ]") and { "unshare", "--mount" } or { "unshare", "--mount", "--map-root-user" }
end

local CHECKS = {
   namespaces = function() return succeeds(table.concat(unshare(), " ") .. " mount --bind /etc/hosts /etc/hosts") end,
   python3 = function() return succeeds("/usr/bin/python3 -c 'import ssl'") end,
}

local function has(part)
   local check = CHECKS[part]
   if check then
      return check()
   end
   return succeeds("command -v " .. part)
end

--- The first of the parts that this machine lacks; nil where it has all. In CI that is an error.
function lab.lacks(...)
   for _, part in ipairs{ ... } do
      if not has(part) then
         assert(os.getenv("CI") ~= "true", "the laboratory lacks " .. part)
         return part
      end
   end
end

-- ------------------------------------------------------------------ folder

--- A new folder that others may enter, as nginx's workers must; the caller removes it (process.remove).
function lab.folder()
   local folder = process.folder()
   assert(succeeds("chmod 755 " .. folder))
   return folder
end

-- ------------------------------------------------------------ certificates

local function openssl(folder, line, ...)
   local result = process.run{ "sh", "-c", "cd " .. process.quote(folder) .. " && openssl " .. line:format(...) }
   assert(result.code == 0, result.stderr)
end

local KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

-- `openssl ca` is the one tool of OpenSSL 3.0 that takes the dates of a certificate.
local AUTHORITY = [[
[ca]
default_ca = this
[this]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = %s
]]

local function make_with_dates(folder, names, first, last)
   process.write_file(folder .. "/ca.cnf", AUTHORITY:format(names))
   process.write_file(folder .. "/index", "")
   process.write_file(folder .. "/serial", "01\n")
   openssl(folder, "req -new %s -keyout key.pem -out request.pem -subj /CN=localhost", KEY)
   openssl(folder, "ca -batch -config ca.cnf -selfsign -keyfile key.pem -in request.pem -startdate %s -enddate %s "
      .. "-out certificate.pem -notext", first, last)
end

--- A new certificate, signed with its own key, in a folder of its own: file, key, folder. options: names (in
-- OpenSSL's form), expired.
function lab.certificate(options)
   options = options or {}
   local folder = lab.folder()
   local names = options.names or "DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,DNS:" .. lab.NAME
   if options.expired then
      make_with_dates(folder, names, "20200101000000Z", "20200102000000Z")
   else
      openssl(folder, "req -x509 %s -days 2 -keyout key.pem -out certificate.pem -subj /CN=localhost "
         .. "-addext subjectAltName=%s", KEY, names)
   end
   return { file = folder .. "/certificate.pem", key = folder .. "/key.pem", folder = folder }
end

-- ------------------------------------------------------------------- ports

--- A port of the host that nobody gets but a program that asks for it with SO_REUSEADDR, and the socket that
-- holds it.
function lab.reserve(host, port)
   local holder = assert(socket.tcp4())
   assert(holder:setoption("reuseaddr", true))
   assert(holder:bind(host or "127.0.0.1", port or 0))
   local _, bound = holder:getsockname()
   return math.floor(tonumber(bound)), holder
end

function lab.accepts(port, host)
   local peer = socket.connect(host or "127.0.0.1", port)
   return peer and peer:close() == 1
end

--- A listener whose queue is full: connections to it are never made. Returns what keeps it so, a list of sockets.
function lab.dead(host, port)
   local listener = assert(socket.tcp4())
   assert(listener:setoption("reuseaddr", true))
   assert(listener:bind(host, port))
   assert(listener:listen(0))
   local holders = { listener }
   repeat
      local filler = assert(socket.tcp4())
      filler:settimeout(0.1)
      local connected = filler:connect(host, port)
      holders[#holders + 1] = filler
   until not connected
   return holders
end

function lab.close(holders)
   for _, holder in ipairs(holders) do
      holder:close()
   end
end

--- Waits for a condition; raises with what() where it takes too long.
function lab.wait(condition, what)
   local deadline = socket.gettime() + PATIENCE_SECONDS
   while not condition() do
      if socket.gettime() > deadline then
         error("waited too long for " .. (type(what) == "function" and what() or what), 2)
      end
      socket.sleep(LOOK_SECONDS)
   end
end

-- Of a port that has many ends of connections behind it, proc(5) would be slow to read.
local function has_established(port)
   local pipe = assert(io.popen(("ss -Htn state established dport = :%d"):format(port)))
   local listing = pipe:read("*a")
   pipe:close()
   return listing ~= ""
end

--- Waits until the server has ended all connections to the port, and this machine knows.
function lab.wait_for_server_to_close(port)
   lab.wait(function()
      return not has_established(port)
   end, "the server to close its connections")
end

-- ---------------------------------------------------------------- programs

local Program = {}
Program.__index = Program

-- The shell waits for the end of its input, which comes with our end at the latest, and then stops the program.
local LAUNCH = [[
log=$1; shift
"$@" >"$log" 2>&1 </dev/null &
program=$!
echo $program >"$log.pid"
cat >/dev/null
exec 2>/dev/null
kill $program
wait $program
]]

local function words(list)
   local quoted = {}
   for index, word in ipairs(list) do
      quoted[index] = process.quote(word)
   end
   return table.concat(quoted, " ")
end

local function has_ended(pid)
   local file = pid and io.open(("/proc/%d/stat"):format(pid))
   if not file then
      return pid ~= nil
   end
   local state = (file:read("*a") or ""):match("%) (%a)")
   file:close()
   return state == "Z"
end

local function read_pid(path)
   local file = io.open(path)
   local pid = file and tonumber(file:read("*l"))
   if file then
      file:close()
   end
   return pid
end

--- Runs a program until stop, or until this process ends. Returns once ready() is true.
function lab.start(command, ready)
   local log = os.tmpname()
   local pipe = assert(io.popen(("exec sh -c %s sh %s %s"):format(process.quote(LAUNCH), process.quote(log),
      words(command)), "w"))
   local program = setmetatable({ pipe = pipe, log = log }, Program)
   local deadline = socket.gettime() + PATIENCE_SECONDS
   repeat
      program.pid = program.pid or read_pid(log .. ".pid")
      if has_ended(program.pid) or socket.gettime() > deadline then
         local said = process.read_file(log)
         program:stop()
         error(("%s does not start: %s"):format(command[1], said), 2)
      end
      socket.sleep(LOOK_SECONDS)
   until program.pid and ready(program)
   return program
end

--- What it has written to stdout and stderr.
function Program:said()
   return process.read_file(self.log)
end

--- Ends it and waits for its end.
function Program:stop()
   self.pipe:close()
   os.remove(self.log)
   os.remove(self.log .. ".pid")
end

-- -------------------------------------------------------------- namespaces

--- The words to put before a command so that it alone sees these lines as /etc/hosts; the file holds them.
function lab.with_hosts(file, lines)
   process.write_file(file, "127.0.0.1 localhost\n" .. lines)
   local prefix = unshare()
   for _, word in ipairs{ "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', file } do
      prefix[#prefix + 1] = word
   end
   return prefix
end

--- The lists one after the other, as one.
function lab.join(...)
   local all = {}
   for _, list in ipairs{ ... } do
      for _, word in ipairs(list) do
         all[#all + 1] = word
      end
   end
   return all
end

lab.unpack = unpack

return lab
