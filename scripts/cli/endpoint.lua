--- Names the endpoint if it is not the platform's, in case the user has forgotten it.
local promptic = require "promptic"

local endpoint = {}

endpoint.DEFAULT = "https://promptic.eu"

local SOURCES = { environment = "PROMPTIC_ENDPOINT", file = "the configuration file" }

--- A sentence that names the endpoint and its source; nil if calls go to the platform.
function endpoint.elsewhere()
   local status = promptic.auth.status()
   if not status.endpoint or status.endpoint == endpoint.DEFAULT then return nil end
   return ("Calls go to %s, as %s says."):format(status.endpoint, SOURCES[status.endpoint_source]
      or status.endpoint_source)
end

return endpoint
