--- proxies.lua - real proxies on free ports of the loopback, for which platform.test is this machine.
--
--    local proxy = proxies.tinyproxy()     -- CONNECT; proxies.microsocks() speaks SOCKS5
--    proxy.url, proxy:stop()
--    proxies.environment{ https_proxy = proxy.url }  -- variables of a process, no other proxy among them
local lab = require "spec.network.lab"
local process = require "spec.support.process"

local proxies = {}

local Proxy = {}
Proxy.__index = Proxy

local TINYPROXY = [[
Port %d
Listen 127.0.0.1
Allow 127.0.0.1
MaxClients 200
Timeout 600
LogLevel Connect
]]

-- Runs the program that command(port, folder) names.
local function start(scheme, command)
   local folder = lab.folder()
   local port, holder = lab.reserve()
   local hosts = lab.with_hosts(folder .. "/hosts", "127.0.0.1 " .. lab.NAME .. "\n")
   local program = lab.start(lab.join(hosts, command(port, folder)), function()
      return lab.accepts(port)
   end)
   return setmetatable({
      program = program, folder = folder, holder = holder, port = port,
      url = ("%s://127.0.0.1:%d"):format(scheme, port),
   }, Proxy)
end

function proxies.tinyproxy()
   return start("http", function(port, folder)
      process.write_file(folder .. "/tinyproxy.conf", TINYPROXY:format(port))
      return { "tinyproxy", "-d", "-c", folder .. "/tinyproxy.conf" }
   end)
end

function proxies.microsocks()
   return start("socks5h", function(port)
      return { "microsocks", "-i", "127.0.0.1", "-p", tostring(port) }
   end)
end

function Proxy:stop()
   self.program:stop()
   self.holder:close()
   process.remove(self.folder)
end

local VARIABLES = {
   "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
}

function proxies.environment(variables)
   local all = {}
   for _, name in ipairs(VARIABLES) do
      all[name] = false
   end
   for name, value in pairs(variables) do
      all[name] = value
   end
   return all
end

return proxies
