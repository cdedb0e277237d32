--- Identifiers that no one else has: good for telling things apart, not for secrets.
local secrets = require "promptic.sandbox.secrets"

local ids = {}

-- Lua seeds with the time in seconds and an address, which a server that is started again at once may share with the
-- one before: then ids of its database would come twice.
math.randomseed(("i8i8"):unpack(secrets.bytes(16)))

--- A random UUID (version 4).
function ids.uuid()
   local high, low = math.random(0), math.random(0)
   high = high & 0xffffffffffff0fff | 0x4000
   low = low & 0x3fffffffffffffff | 0x8000000000000000
   return ("%08x-%04x-%04x-%04x-%012x"):format(high >> 32, high >> 16 & 0xffff, high & 0xffff,
      low >> 48, low & 0xffffffffffff)
end

--- The number that an id in a path is, or nil: SQLite itself would take "1x" for 1.
function ids.number(text)
   return text:match "^%d+$" and math.tointeger(tonumber(text)) or nil
end

return ids
