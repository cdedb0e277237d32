--- Bytes that cannot be guessed, from the system's generator.
local httpd = require "promptic.httpd"

local secrets = {}

--- That many random bytes.
function secrets.bytes(count)
   local file <close> = assert(io.open("/dev/urandom", "rb"))
   file:setvbuf("full", count)
   return assert(file:read(count))
end

--- 48 hexadecimal digits.
function secrets.token()
   return httpd.hex(secrets.bytes(24))
end

return secrets
