--- scripted.lua - starts scripted_server.lua and speaks with it. What a reply or an accept plan may hold is
-- told there.
--
--    local server = scripted.start()     -- scripted.shared() for all specs of a file
--    server:reply({ status = 503 }, { body = "{}" })     -- the next two requests
--    server:always{ body = "[]" }                        -- every request for which nothing is queued
--    server:route[[ local number, request = ... return { status = number < 3 and 503 or 200 } ]]
--    server:accept{ close = "reset" }                    -- the next connection
--    server:requests()      -- list of requests: method, target, line, headers = { { name, value }, ... },
--                           -- header = map by lower-case name, head, body, body_length, at = seconds,
--                           -- connection, number
--    server:seen()          -- requests, accepted = connections so far, open = connections, replies_left
--    server:reset()         -- drops all connections, plans and records
--    server:stop()
local socket = require "socket"
local json = require "cjson"

local scripted = {}

local Server = {}
Server.__index = Server

local ANSWER_SECONDS = 30 -- the server never takes that long; a hanging test run would tell nobody anything

local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or "./"

--- Starts a server on the loopback, on host where given ("::1").
function scripted.start(host)
   local lua = os.getenv("PROMPTIC_SERVER_LUA") or "lua5.4"
   local command = ("exec %s '%sscripted_server.lua' %s"):format(lua, here, host or "127.0.0.1")
   local pipe = assert(io.popen(command))
   local port, door = (pipe:read("*l") or ""):match("^(%d+)%s+(%d+)$")
   assert(port, "the scripted server did not start")
   local control = assert(socket.connect("127.0.0.1", tonumber(door)))
   control:setoption("tcp-nodelay", true)
   control:settimeout(ANSWER_SECONDS)
   local shown = host and host:find(":", 1, true) and "[" .. host .. "]" or host or "127.0.0.1"
   return setmetatable({
      pipe = pipe,
      control = control,
      port = tonumber(port),
      url = ("http://%s:%s"):format(shown, port),
   }, Server)
end

--- A server for all specs of the file that calls this at its top: before each of them it is reset, and answers with
-- `reply` where that is given; it is stopped after the last one.
function scripted.shared(reply)
   local busted, server = require "busted", scripted.start()
   busted.teardown(function()
      server:stop()
   end)
   busted.before_each(function()
      server:reset()
      if reply then
         server:always(reply)
      end
   end)
   return server
end

function Server:command(message)
   assert(self.control:send(json.encode(message) .. "\n"))
   local answer = json.decode((assert(self.control:receive("*l"))))
   return answer.result or error("scripted server: " .. tostring(answer.problem), 3)
end

function Server:reply(...)
   self:command{ command = "reply", list = { ... } }
   return self
end

function Server:accept(...)
   self:command{ command = "accept", list = { ... } }
   return self
end

function Server:always(reply)
   self:command{ command = "always", list = { reply } }
   return self
end

function Server:route(source)
   self:command{ command = "route", source = source }
   return self
end

function Server:reset()
   self:command{ command = "reset" }
   return self
end

function Server:seen()
   local seen = self:command{ command = "seen" }
   for _, request in ipairs(seen.requests) do
      request.header = {}
      for _, pair in ipairs(request.headers) do
         local name = pair[1]:lower()
         assert(not request.header[name], "header sent twice: " .. name)
         request.header[name] = pair[2]
      end
   end
   return seen
end

function Server:requests()
   return self:seen().requests
end

function Server:count()
   return #self:requests()
end

--- Ends the server and waits for its end.
function Server:stop()
   -- shutdown and not only close: other children of this process may hold copies of the descriptor.
   self.control:shutdown("both")
   self.control:close()
   self.pipe:close()
end

--- An address where nothing listens. Keep the second value as long as that is to stay so.
function scripted.refusing()
   local holder = assert(socket.tcp4())
   assert(holder:bind("127.0.0.1", 0))
   local _, port = holder:getsockname()
   return ("http://127.0.0.1:%d"):format(port), holder
end

--- An address where a connection is never made: its queue is full. Keep the second value as above.
function scripted.deaf()
   local listener = assert(socket.tcp4())
   assert(listener:bind("127.0.0.1", 0))
   assert(listener:listen(0))
   local _, port = listener:getsockname()
   local holder = { listener }
   repeat
      local filler = assert(socket.tcp4())
      filler:settimeout(0.05)
      local connected = filler:connect("127.0.0.1", port)
      holder[#holder + 1] = filler
   until not connected
   return ("http://127.0.0.1:%d"):format(port), holder
end

return scripted
