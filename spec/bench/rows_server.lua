--- rows_server.lua - runs rows_server (rows_server.c).
--
--    rows_server.serve(build, folder, { faults = 10, latency = 200 }, function(endpoint) ... end)
--
-- Faults are in a thousand answers, the latency is in milliseconds. The folder is for its pipes. Gives what the
-- function gives.
local rows_server = {}

local SEED = 7

function rows_server.serve(build, folder, options, f)
   assert(os.execute(("cd '%s' && rm -f alive port && mkfifo alive port"):format(folder)))
   assert(os.execute(("cd '%s' && '%s/bench/rows_server' %d %d %d <alive >port &"):format(folder, build,
      options.faults or 0, SEED, options.latency or 0)))
   local alive = assert(io.open(folder .. "/alive", "w")) -- its end is the server's
   local said = assert(io.open(folder .. "/port"))
   local port = said:read("l")
   said:close()
   local fine, result = xpcall(f, debug.traceback, "http://127.0.0.1:" .. port)
   alive:close()
   assert(fine, result)
   return result
end

return rows_server
