--- tls_peer.lua - starts tls_peer.py, a server that follows a plan byte by byte, and controls it.
--
--    local peer = tls_peer.start(certificate)
--    peer:plan{ { "handshake" }, { "read" }, { "gate", "later" }, { "reply" }, { "close_notify" } }
--    peer:always{ { "serve" } }       -- of every connection without a plan; at first { handshake }, { serve }
--    peer:pass "later"                -- waits for a connection there, until it has passed and waits again
--    peer:reached "later"             -- waits for a connection there
--    peer:at_gate "later"             -- how many connections are there
--    peer:closed(2)                   -- waits until so many connections have ended
--    peer:seen()                      -- accepted, open, requests = { { method, target, body, header, connection } },
--                                     -- connections = { { requests, bytes, ended, version, resumed, refused } }
--    peer:reset()                     -- drops connections, plans and records
--    peer:stop()
--    local peer = tls_peer.shared()  -- for all specs of a file, with peer.certificate
--
-- plan may be given several plans: of the next connection, of the one after it, and so on. The steps of a plan; a
-- connection whose plan is over is closed:
--    handshake OPTIONS  TLS from here on; version = "1.2", tickets = 0, certificate = { file, key file }
--    read, head         a whole request, which then counts as arrived; its head only
--    bytes N            so many bytes of the application; tcp_bytes N: of TCP
--    reply REPLY        status, reason, headers, body; by default 200 with the last segment of the target as id
--    part REPLY N       the first N bytes of it, all but the last -N where it is negative
--    send TEXT          to the application; raw TEXT: into the TCP connection
--    drip TEXT SECONDS  a byte each so many seconds
--    serve REPLY        requests and replies until the client ends the connection
--    gate NAME          waits for pass
--    ticket             a NewSessionTicket of TLS 1.3
--    close_notify, fin, rst
--    tunnel PORT        answers CONNECT with 200 and joins the client to a port of the loopback
--    forward PORT FATE  one request to a server of the loopback; fate: reply (its response goes back), half, lose
--    hold               reads until the client ends the connection, and sends nothing
local socket = require "socket"
local json = require "cjson"

local lab = require "spec.network.lab"
local process = require "spec.support.process"

local tls_peer = {}

local Peer = {}
Peer.__index = Peer

local PYTHON = "/usr/bin/python3"
local ANSWER_SECONDS = 60 -- the peer itself gives up before

local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or "./"

--- Starts it with a certificate of lab.lua.
function tls_peer.start(certificate)
   local command = ("exec %s '%stls_peer.py' '%s' '%s'"):format(PYTHON, here, certificate.file, certificate.key)
   local pipe = assert(io.popen(command))
   local port, door = (pipe:read("*l") or ""):match("^(%d+) (%d+)$")
   assert(port, "the scripted peer did not start")
   local control = assert(socket.connect("127.0.0.1", tonumber(door)))
   control:setoption("tcp-nodelay", true)
   control:settimeout(ANSWER_SECONDS)
   return setmetatable({
      pipe = pipe,
      control = control,
      port = tonumber(port),
      url = "https://127.0.0.1:" .. port,
      plain_url = "http://127.0.0.1:" .. port,
      ca_file = certificate.file,
   }, Peer)
end

--- A peer for all specs of the file that calls this at its top: with a certificate of its own (peer.certificate), reset
-- before each of them, stopped after the last one.
function tls_peer.shared()
   local busted, certificate = require "busted", lab.certificate()
   local peer = tls_peer.start(certificate)
   peer.certificate = certificate
   busted.before_each(function()
      peer:reset()
   end)
   busted.teardown(function()
      peer:stop()
      process.remove(certificate.folder)
   end)
   return peer
end

function Peer:command(...)
   assert(self.control:send(json.encode{ ... } .. "\n"))
   local answer = json.decode((assert(self.control:receive("*l"))))
   return answer.result or error("the peer: " .. tostring(answer.problem), 3)
end

function Peer:plan(...)
   self:command("plan", { ... })
   return self
end

function Peer:always(plan)
   self:command("always", plan)
   return self
end

function Peer:pass(gate)
   self:command("pass", gate)
end

function Peer:reached(gate)
   self:command("reached", gate)
end

function Peer:at_gate(gate)
   return self:command("at_gate", gate).count
end

function Peer:closed(count)
   self:command("closed", count)
end

function Peer:seen()
   local seen = self:command("seen")
   for _, connection in ipairs(seen.connections) do
      assert(not connection.problem, connection.problem)
   end
   return seen
end

function Peer:arrivals()
   return #self:seen().requests
end

function Peer:reset()
   self:command("reset")
   return self
end

--- Ends it and waits for its end.
function Peer:stop()
   self.control:shutdown("both") -- children of this process may hold copies of the descriptor
   self.control:close()
   self.pipe:close()
end

return tls_peer
