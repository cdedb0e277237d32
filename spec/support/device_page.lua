--- device_page.lua - a person's part of a device login at the sandbox, played over HTTP.
--
--    local status, text, headers = device_page.send("GET", server.url .. "/device")
--    device_page.answer(server, user_code, "approve")      -- the form of the page; returns the status
local http = require "socket.http"
local ltn12 = require "ltn12"

local device_page = {}

--- One request to the page or to the login's own paths: status, text, headers.
function device_page.send(method, url, body, headers)
   local pieces = {}
   local sent = { ["content-length"] = body and #body or nil }
   for name, value in pairs(headers or {}) do
      sent[name] = value
   end
   local _, status, received = assert(http.request{
      url = url, method = method, headers = sent, redirect = false,
      source = body and ltn12.source.string(body), sink = ltn12.sink.table(pieces),
   })
   return status, table.concat(pieces), received
end

--- Fills in the form of the page.
function device_page.answer(server, user_code, word)
   return (device_page.send("POST", server.url .. "/device", ("user_code=%s&answer=%s"):format(user_code, word)))
end

return device_page
