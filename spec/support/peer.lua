--- peer.lua - a client of promptic.httpd in the same process: it steps the server while it waits.
--
--    local peer = Peer.connect(server)
--    local answer = peer:exchange(Peer.request("GET /", "X-One: 1\r\n"))
--    answer.status, answer.headers, answer.body
local socket = require "socket"

local Peer = {}
Peer.__index = Peer

Peer.PATIENCE_SECONDS = 20 -- an answer takes milliseconds; a spec that waits for none is to fail, not to hang

function Peer.connect(server)
   local connection = assert(socket.tcp4())
   connection:settimeout(Peer.PATIENCE_SECONDS)
   assert(connection:connect("127.0.0.1", server:port()))
   connection:settimeout(0)
   return setmetatable({ server = server, socket = connection, received = "", unsent = "" }, Peer)
end

--- The text of a request; line is method and target.
function Peer.request(line, headers, body)
   return ("%s HTTP/1.1\r\nHost: here\r\n%s\r\n%s"):format(line, headers or "", body or "")
end

--- The first answer among what was received, with the rest of it; nil where it is not complete.
function Peer.parse(received, bodyless)
   local head, rest = received:match("^(.-\r\n)\r\n(.*)$")
   if not head then
      return nil
   end
   local answer = { status = tonumber(head:match("^HTTP/1%.1 (%d+)")), headers = {} }
   for name, value in head:gmatch("\n([^:\r\n]+): ([^\r\n]*)") do
      answer.headers[name:lower()] = value
   end
   local length = bodyless and 0 or tonumber(answer.headers["content-length"] or 0)
   if #rest < length then
      return nil
   end
   answer.body, answer.rest = rest:sub(1, length), rest:sub(length + 1)
   return answer
end

--- Steps the server once, and sends and receives what can be without waiting.
function Peer:turn()
   self.server:step(0)
   if #self.unsent > 0 then
      local last, problem, partial = self.socket:send(self.unsent)
      assert(last or problem == "timeout", problem)
      self.unsent = self.unsent:sub((last or partial) + 1)
   end
   local all, problem, part = self.socket:receive(65536)
   self.closed = problem == "closed"
   self.received = self.received .. (all or part)
end

--- Turns until the condition holds.
function Peer:until_true(condition)
   local deadline = socket.gettime() + Peer.PATIENCE_SECONDS
   repeat
      assert(socket.gettime() < deadline, "no answer: " .. self.received)
      self:turn()
   until condition()
end

--- Sends the text and gives the next answer, or nil where the connection is closed without one.
function Peer:exchange(text, bodyless)
   local answer
   self.unsent = self.unsent .. text
   self:until_true(function()
      answer = Peer.parse(self.received, bodyless)
      return answer or self.closed
   end)
   self.received = answer and answer.rest or ""
   return answer
end

return Peer
