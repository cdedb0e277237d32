--- hostile_server.lua - responses that cost a client more than they cost the server.
--
--    hostile_server.lua         prints its port, and ends when "stop" is asked for
--
-- The last name in the path of a request names the response: see RESPONSES. One connection at a time.
local socket = require "socket"

local MILLION = 1000000
local GZIP = "Content-Encoding: gzip\r\n"
local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

-- The text so many times between two others, in gzip, so many times over.
local function gzip(before, text, count, after, times)
   local pipe = assert(io.popen(([[
      { printf %%s '%s'; yes '%s' 2>&- | tr -d '\n' 2>&- | head -c %d; printf %%s '%s'; }]]):format(before, text,
      #text * count, after) .. (" | gzip -9c"):rep(times or 1)))
   local bytes = pipe:read("a")
   pipe:close()
   return bytes
end

local function whole(headers, body, status)
   return ("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s"):format(status or "200 OK", headers, #body, body)
end

local function numbered(count, format)
   local parts = {}
   for index = 1, count do
      parts[index] = format:format(index)
   end
   return table.concat(parts)
end

local NESTED = ("["):rep(999) .. ("]"):rep(999)

-- name -> the bytes to send, made when they are asked for
local RESPONSES = {
   plain = function() return whole("", "{}") end,
   gzip = function() return whole(GZIP, gzip("", " ", 300 * MILLION, "1")) end,
   stacked = function() return whole(GZIP:rep(5), gzip("", " ", 300 * MILLION, "1", 5)) end,
   brotli = function() return whole("Content-Encoding: br\r\n", "\91\255\255\255\3" .. ("\0"):rep(201)) end,
   string = function() return whole("", '"' .. ("x"):rep(100 * MILLION) .. '"') end,
   escapes = function() return whole("", '"' .. ("\\n"):rep(50 * MILLION) .. '"') end,
   error = function() return whole("", ("x"):rep(100 * MILLION), "400 Bad") end,
   masked = function() return whole("", ("b"):rep(65000), "400 Bad") end, -- the client's key begins with it
   tables = function() return whole(GZIP, gzip("[", "[],", 10 * MILLION, "1]")) end,
   deep = function() return whole("", "[" .. (NESTED .. ","):rep(5000) .. "1]") end,
   wide = function() return whole("", "{" .. numbered(MILLION, '"key %d":1,') .. '"k":1}') end,
   numbers = function() return whole("", "[" .. ("-1.2345678901234567e-300,"):rep(MILLION) .. "1]") end,
   headers = function() return whole(("X-A: b\r\n"):rep(30000), "{}") end,
   interim = function() return ("HTTP/1.1 103 E\r\nA: b\r\n\r\n"):rep(11000) .. whole("", "{}") end,
   chunks = function()
      return CHUNKED .. "1\r\n[\r\n" .. ("1\r\n1\r\n1\r\n,\r\n"):rep(MILLION) .. "2\r\n1]\r\n0\r\n\r\n"
   end,
   events = function() return whole("Content-Type: text/event-stream\r\n", ("data: x\n\n"):rep(MILLION)) end,
   stream = function() return whole("", ("x"):rep(100 * MILLION)) end,
}

local listener = assert(socket.bind("127.0.0.1", 0))
local _, port = listener:getsockname()
print(port)
io.stdout:flush()
local made = {}

local function serve(connection)
   while true do
      local line = connection:receive("*l")
      if not line then
         return
      end
      repeat
         local header = connection:receive("*l")
      until not header or header == ""
      local name = line:match("components/([%w_]+)") or line:match("%s/([%w_]+)") or ""
      if name == "stop" then
         os.exit(0)
      end
      made[name] = made[name] or assert(RESPONSES[name], line)()
      if not connection:send(made[name]) then
         return
      end
   end
end

while true do
   local connection = listener:accept()
   serve(connection)
   connection:close()
end
