--- run_host.lua - runs a program of spec/host with the server that it asks, as a command of its own:
--
--    lua5.4 spec/support/run_host.lua build/host/forks
--    lua5.4 spec/support/run_host.lua valgrind --error-exitcode=9 build/host/callbacks
--
-- The server's URL becomes the last argument; the exit code is the program's.
package.path = "./?.lua;" .. package.path
local host_server = require "spec.support.host_server"
local process = require "spec.support.process"

local server = host_server.start()
local command = { "sh", "-c", 'exec "$@" 2>&1', "sh" }
for _, word in ipairs(arg) do
   command[#command + 1] = word
end
command[#command + 1] = server.url
local result = process.run(command)
server:stop()
io.write(result.stdout)
os.exit(result.code or 1)
