--- resuming.lua - an upload through faults that end it, which goes on as a user of the library lets it go on.
--
--    local result, ends = resuming.upload(client, id, open, options)
--
-- open() gives the rows, from their first one, each time. How often a fault ended the upload is in `ends`.
local promptic = require "promptic"

local resuming = {}

local MOST = 50 -- times that an upload may end; a server that always fails is another spec's

--- What a server that fails on purpose may make of a request; anything else is a failure of the library.
function resuming.is_fault(problem)
   local status = promptic.is_error(problem, "api") and problem.status_code
   return status == 429 or status == 502 or status == 503 or promptic.is_error(problem, "connection")
end

function resuming.upload(client, id, open, options)
   local all = {}
   for name, value in pairs(options) do
      all[name] = value
   end
   for ends = 0, MOST do
      local fine, result = pcall(client.upload_observations, client, id, open(), all)
      if fine then
         return result, ends
      elseif not resuming.is_fault(result) then
         error(result, 0)
      end
      all.resume = assert(result.resume, "an upload ended by a fault cannot be resumed")
   end
   error("faults ended an upload again and again", 0)
end

return resuming
