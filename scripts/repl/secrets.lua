--- Whether a line may hold a credential, and must not be kept. Rather one line too many is
-- forgotten than one secret kept.
local terminal = require "promptic.terminal"
local _ENV = require "promptic.repl.globals"

local secrets = {}

-- Names, in lower case without - and _, of variables whose values are secrets.
local NAMES = {
   "apikey", "accesstoken", "authtoken", "refreshtoken", "sessiontoken", "devicecode", "authorization",
   "password", "passwd", "passphrase", "secret", "credential", "credentials", "bearer",
}

-- The same of shorter names, which are parts of others: the value must look like a secret, or nothing else can
-- be meant.
local SHORT = {
   { "token", any = true }, { "pass", any = true }, { "pw", any = true }, { "pwd", any = true }, { "key" },
}

-- The key of the sandbox is no secret, and part of many a line.
local NO_SECRET = { sandbox = true }

local SHORTEST = 4 -- of a known value that is looked for; shorter ones are part of everything

local function is_given_something(line)
   -- ["api_key"] = "x", api-key: x, setenv("API_KEY", "x"); not: options.api_key == x
   local plain = line:lower():gsub("[-_]", "")
   for _, name in ipairs(NAMES) do
      local place = 1
      while true do
         local first, last = plain:find(name, place, true)
         if not first then break end
         local sign, following = plain:match("^[\"'%]%s]*([=:,])(.?)", last + 1)
         if sign and not (sign == "=" and following == "=") then return true end
         place = last + 1
      end
   end
   return plain:find "bearer%s+[%w.]" ~= nil
end

-- token = "x", db.pw = x, setenv("KEY", "x"), ?key=x; not: for key, value in pairs(t)
local function gives(entry, plain, first, last)
   local before = plain:sub(first - 1, first - 1)
   local quotes, sign, following = plain:match("^([\"'%]%s]*)([=:,])%s*(.?)", last + 1)
   if not sign or following == "" or sign == "=" and following == "=" then return false end
   local is_text = following:find "[\"'%[]" ~= nil
   if sign == "," then return is_text and quotes:find "[\"']" ~= nil end
   return is_text or entry.any or before:find "[?&]" ~= nil
end

local function is_given_short(line)
   local plain = line:lower():gsub("[-_]", "")
   for _, entry in ipairs(SHORT) do
      local place = 1
      while true do
         local first, last = plain:find(entry[1], place, true)
         if not first then break end
         if gives(entry, plain, first, last) then return true end
         place = last + 1
      end
   end
   return false
end

local PREFIXES = {
   "sk[-_]", "pk[-_]", "rk[-_]", "gh[pousr]_", "github_pat_", "xox[abprs]%-", "eyJ", "AKIA", "session%-",
   "promptic[-_]sk", "promptic[-_]pk",
}

local function has_known_prefix(line)
   for _, prefix in ipairs(PREFIXES) do
      if line:find("%f[%w]" .. prefix .. "[%w_.-][%w_.-][%w_.-][%w_.-]") then return true end
   end
   return false
end

-- Long, and made of capitals, small letters and digits; or longer, and of letters and digits alone. No name
-- is, nor is an id of the platform or of a trace, which are hexadecimal.
local function has_token(line)
   for run in line:gmatch "[%w_-]+" do
      if #run >= 28 and run:find "%d" and run:find "%l" and run:find "%u" then return true end
   end
   for run in line:gmatch "%w+" do
      if #run >= 32 and run:find "%d" and run:find "[g-zG-Z]" then return true end
   end
   return false
end

--- values: credentials that are known, to be looked for literally.
function secrets.has(line, values)
   for _, value in ipairs(values or {}) do
      if #value >= SHORTEST and not NO_SECRET[value] and line:find(value, 1, true) then return true end
   end
   return is_given_something(line) or is_given_short(line) or has_known_prefix(line) or has_token(line)
end

--- The credentials of the environment and of the file.
function secrets.known(folder)
   local values = {}
   for _, name in ipairs { "PROMPTIC_API_KEY", "PROMPTIC_ACCESS_TOKEN" } do
      values[#values + 1] = os.getenv(name)
   end
   local path = folder and folder .. "/config.toml"
   local file = path and terminal.is_file(path) and io.open(path, "rb")
   if file then
      for line in file:lines() do
         local name, value = line:match "^%s*[\"']?([%w_]+)[\"']?%s*=%s*[\"']+(.-)[\"']"
         if name == "api_key" or name == "access_token" then values[#values + 1] = value end
      end
      file:close()
   end
   return values
end

return secrets
