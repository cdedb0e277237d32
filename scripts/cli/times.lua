--- Points in time as the platform writes them, and as people say them.
local times = {}

-- Days since 1970-01-01 in the Gregorian calendar; the year begins with March, so that a leap day is its
-- last.
local function days(year, month, day)
   if month <= 2 then year, month = year - 1, month + 12 end
   local era_days = 365 * year + year // 4 - year // 100 + year // 400
   return era_days + (153 * (month - 3) + 2) // 5 + day - 719469
end

--- Seconds since 1970 of an ISO 8601 time, or nil.
function times.parse(text)
   local year, month, day, hour, minute, second, zone =
      text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[T ](%d%d):(%d%d):(%d%d%.?%d*)(.*)$"
   if not year then return nil end
   local offset = 0
   local sign, hours, minutes = zone:match "^([+-])(%d%d):?(%d?%d?)$"
   if sign then
      offset = tonumber(hours) * 3600 + (tonumber(minutes) or 0) * 60
      if sign == "-" then offset = -offset end
   end
   local date = days(tonumber(year), tonumber(month), tonumber(day))
   return date * 86400 + tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second) - offset
end

local STEPS = { { 60, 1, "s" }, { 3600, 60, "min" }, { 86400, 3600, "h" }, { 30 * 86400, 86400, "d" } }

--- "3 min ago"; the day where it is more than a month away, and the text where it is no time.
function times.relative(text, now)
   local time = times.parse(text)
   if not time then return text end
   local ago = (now or os.time()) - time
   local away = math.abs(ago)
   if away < 5 then return "just now" end
   for _, step in ipairs(STEPS) do
      if away < step[1] then
         local amount = ("%d %s"):format(away // step[2], step[3])
         return ago > 0 and amount .. " ago" or "in " .. amount
      end
   end
   return text:sub(1, 10)
end

local AGO = { m = 60, h = 3600, d = 86400, w = 7 * 86400 } -- seconds

--- The ISO 8601 time that a person means: one as it is, a day (its beginning, UTC), or "2h", so long ago. Else nil.
function times.meant(text, now)
   if text:find "^%d%d%d%d%-%d%d%-%d%d$" then return text .. "T00:00:00Z" end
   if text:find "^%d%d%d%d%-%d%d%-%d%d[T ]%d%d:%d%d" then return text end
   local amount, unit = text:match "^(%d+)([mhdw])$"
   if not amount or #amount > 6 then return nil end
   return os.date("!%Y-%m-%dT%H:%M:%SZ", (now or os.time()) - tonumber(amount) * AGO[unit])
end

--- Seconds as a clock shows them: 0:07, 12:30, 1:05:00.
function times.clock(seconds)
   local whole = math.floor(seconds)
   local hours, minutes = whole // 3600, whole // 60 % 60
   if hours > 0 then return ("%d:%02d:%02d"):format(hours, minutes, whole % 60) end
   return ("%d:%02d"):format(minutes, whole % 60)
end

return times
