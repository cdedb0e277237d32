--- child.lua - runs a piece of Lua in a process of its own, where the environment can be another.
--
--    child.lua(source, { "argument" }, { NAME = "value" })   -- what it writes, errors included
--
-- The process is the interpreter that runs the specs, or PROMPTIC_LUA, and finds the same modules.
local child = {}

local unpack = table.unpack or unpack -- luacheck: ignore 143

-- Taken away, whatever the tests' own environment says.
local UNSET = {
   "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
   "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR",
}

local function quoted(text)
   return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function interpreter()
   local given = os.getenv("PROMPTIC_LUA")
   if given then
      return given
   end
   local lowest = 0
   while arg and arg[lowest - 1] do
      lowest = lowest - 1
   end
   return arg and lowest < 0 and arg[lowest] or "lua5.4"
end

-- Sorted, so that a failing command can be run again as it was shown.
local function assignments(environment)
   local all = { LUA_PATH = package.path, LUA_CPATH = package.cpath }
   for name, value in pairs(environment or {}) do
      all[name] = value
   end
   local list = {}
   for name, value in pairs(all) do
      list[#list + 1] = name .. "=" .. quoted(value)
   end
   table.sort(list)
   return table.concat(list, " ")
end

function child.lua(source, arguments, environment)
   local path = os.tmpname()
   local file = assert(io.open(path, "w"))
   file:write(source)
   file:close()
   local words = { "env -u " .. table.concat(UNSET, " -u "), assignments(environment) }
   for _, word in ipairs{ interpreter(), path, unpack(arguments or {}) } do
      words[#words + 1] = quoted(word)
   end
   local pipe = assert(io.popen(table.concat(words, " ") .. " 2>&1 </dev/null"))
   local said = pipe:read("*a")
   pipe:close()
   os.remove(path)
   return said
end

return child
