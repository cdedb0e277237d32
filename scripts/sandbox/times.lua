--[[
Times: on the wire ISO 8601 in UTC with milliseconds, inside spans nanoseconds since 1970 in a Lua
integer (good until the year 2262).
]]
local promptic = require "promptic"

local times = {}

local NS_A_SECOND = 1000000000

--- "2026-01-31T12:00:00.250Z" of seconds since 1970.
function times.iso(seconds)
   local ms = math.floor(seconds * 1000 + 0.5)
   return os.date("!%Y-%m-%dT%H:%M:%S", ms // 1000) .. (".%03dZ"):format(ms % 1000)
end

--- The same of nanoseconds; nil stays nil.
function times.iso_of_ns(ns)
   if ns == nil then return nil end
   local ms = ns // 1000000
   return os.date("!%Y-%m-%dT%H:%M:%S", ms // 1000) .. (".%03dZ"):format(ms % 1000)
end

--- Now, as on the wire.
function times.now()
   return times.iso(promptic.time())
end

--- Now, in nanoseconds.
function times.now_ns()
   return math.floor(promptic.time() * 1000000) * 1000
end

-- Days since 1970 of a date of the Gregorian calendar (Howard Hinnant's days_from_civil).
local function days(year, month, day)
   if month <= 2 then year = year - 1 end
   local era = year // 400
   local year_of_era = year - era * 400
   local day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
   return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468
end

local function offset_seconds(zone)
   if zone == "" or zone == "Z" or zone == "z" then return 0 end
   local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d%d)$"
   if not sign then return nil end
   return (sign == "-" and -1 or 1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
end

--- Nanoseconds of an ISO 8601 time (a date alone is its midnight; without a zone it is UTC), or nil.
function times.ns_of_iso(text)
   local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
   if not year then return nil end
   local hour, minute, second, fraction, zone = "0", "0", "0", "", ""
   if rest ~= "" then
      hour, minute, rest = rest:match "^[Tt ](%d%d):(%d%d)(.*)$"
      if not hour then return nil end
      if rest:sub(1, 1) == ":" then second, rest = rest:match "^:(%d%d)(.*)$" end
      if not second then return nil end
      fraction, zone = rest:match "^%.(%d+)(.*)$"
      if not fraction then fraction, zone = "", rest end
   end
   local offset = offset_seconds(zone)
   year, month, day = tonumber(year), tonumber(month), tonumber(day)
   hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
   if not offset or month < 1 or month > 12 or day < 1 or day > 31 then return nil end
   if hour > 24 or minute > 59 or second > 60 then return nil end
   local seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
   return seconds * NS_A_SECOND + tonumber((fraction .. "000000000"):sub(1, 9))
end

return times
