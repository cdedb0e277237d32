--- scripted_server.lua - an HTTP server that does what it is told, for what a sane server never does.
--
-- A program of its own (`lua5.4 scripted_server.lua [host]`), because the client under test blocks its
-- process. It binds a free port of the loopback for the client and one for its spec, prints both on one
-- line, and ends when the spec's connection ends, so it never outlives the tests. Specs use it through
-- scripted.lua, which starts it and speaks the line-delimited JSON of the spec's connection.
--
-- What a request is answered with, in this order: the next queued reply, the route, the standing reply,
-- an echo. A reply is a table; every field is optional:
--   status, reason, headers, body   headers: a map, or a list of { name, value } where order matters.
--                      Content-Type (application/json) and Content-Length are added where they are not given
--   length             the Content-Length to claim; false: none, the body ends with the connection
--   chunked            true: the body, or each of its pieces, is sent as a chunk
--   raw                exactly these bytes, instead of all the above; pieces then follow as they are
--   wait               milliseconds before the first byte
--   pieces, every      the body in pieces with that many milliseconds between them
--   endless            after the body this text, again and again, until the client goes
--   stall              after that nothing any more; the connection stays until the client goes
--   close              after that "fin" or "reset"; without it the connection is kept alive
--   echo               the body is the request as JSON
-- A reply with nothing but `wait`, `stall` or `close` answers nothing at all before it does so.
-- What happens to a connection as soon as it is accepted can be queued as well: `stall` (nothing is ever
-- read), `close`, `raw` (bytes before any request, then it goes on), `wait`, or a slow reader: `read_bytes`
-- at most each `every` milliseconds, until it has read `slow_bytes`.
-- A route is the source of a chunk that gets the request's number and the request, and returns a reply.
--
-- One thread: each connection is a coroutine that yields "read", "write" or the time to wake it at. A
-- message of the spec is served only when no traffic is left to read, so what the client has sent before
-- the spec asks is in the answer.
local socket = require "socket"
local json = require "cjson"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local BODY_KEPT = 4 * 1024 * 1024 -- bytes of a request's body that are recorded
local ORPHAN_SECONDS = 20 -- how long to wait for the spec's connection
local RECEIVE_BUFFER = 128 * 1024 -- bytes

local started = socket.gettime()
local connections = {} -- set of those that are open
local script -- what was asked for, and what was seen

local function forget()
   script = { replies = {}, accepts = {}, requests = {}, accepted = 0, standing = { echo = true } }
end

--------------------------------------------------------------------- reading

-- More bytes of the connection, nil at its end.
local function more(connection)
   local slow = connection.slow_bytes > 0
   while true do
      local data, problem, partial = connection.socket:receive(slow and connection.read_bytes or 65536)
      data = data or partial
      if data and #data > 0 then
         connection.slow_bytes = connection.slow_bytes - #data
         if slow then
            coroutine.yield(socket.gettime() + connection.every / 1000)
         end
         return data
      elseif problem ~= "timeout" then
         return nil
      end
      coroutine.yield("read")
   end
end

-- Takes the first size bytes of what comes in; nil where the connection ends before.
local function take(connection, size)
   local parts, have = { connection.inbox }, #connection.inbox
   while have < size do
      local data = more(connection)
      if not data then
         return nil
      end
      parts[#parts + 1] = data
      have = have + #data
   end
   local all = table.concat(parts)
   connection.inbox = all:sub(size + 1)
   return have == size and all or all:sub(1, size)
end

-- Takes everything up to and with the mark.
local function take_through(connection, mark)
   while true do
      local _, last = connection.inbox:find(mark, 1, true)
      if last then
         return take(connection, last)
      end
      local data = more(connection)
      if not data then
         return nil
      end
      connection.inbox = connection.inbox .. data
   end
end

local function take_chunks(connection)
   local parts = {}
   while true do
      local line = take_through(connection, "\r\n")
      local size = line and tonumber(line:match("^%x+"), 16)
      local chunk = size and take(connection, size + 2)
      if not chunk or size == 0 then
         return chunk and table.concat(parts)
      end
      parts[#parts + 1] = chunk:sub(1, size)
   end
end

local function parse_head(head)
   local line, rest = head:match("^(.-)\r\n(.*)$")
   local request = { line = line, head = head, headers = {} }
   request.method, request.target = line:match("^(%S+) (%S+) HTTP/1%.[01]$")
   local length, chunked = 0, false
   for name, value in rest:gmatch("([^\r\n:]+):[ \t]*([^\r\n]*)\r\n") do
      request.headers[#request.headers + 1] = { name, value }
      if name:lower() == "content-length" then
         length = tonumber(value)
      elseif name:lower() == "transfer-encoding" and value:lower():find("chunked", 1, true) then
         chunked = true
      end
   end
   return request, length, chunked
end

-- The next whole request, recorded; nil where the connection ends before.
local function take_request(connection)
   local head = take_through(connection, "\r\n\r\n")
   if not head then
      return nil
   end
   local request, length, chunked = parse_head(head)
   request.body = chunked and take_chunks(connection) or take(connection, length)
   if not request.body then
      return nil
   end
   request.at = socket.gettime() - started
   request.connection = connection.number
   request.body_length = #request.body
   request.body = request.body:sub(1, BODY_KEPT)
   script.requests[#script.requests + 1] = request
   request.number = #script.requests
   return request
end

--------------------------------------------------------------------- writing

-- Sends all of it; false where the client has gone.
local function send(connection, data)
   local position = 1
   while position <= #data do
      local last, problem, partial = connection.socket:send(data, position)
      if not last and problem ~= "timeout" then
         return false
      end
      position = (last or partial) + 1
      if position <= #data then
         coroutine.yield("write")
      end
   end
   return true
end

local function sleep(milliseconds)
   if milliseconds then
      coroutine.yield(socket.gettime() + milliseconds / 1000)
   end
end

local function as_chunk(text)
   return ("%x\r\n%s\r\n"):format(#text, text)
end

local function header_list(headers)
   if not headers or headers[1] then
      return headers or {}
   end
   local list = {}
   for name, value in pairs(headers) do
      list[#list + 1] = { name, value }
   end
   table.sort(list, function(a, b)
      return a[1] < b[1]
   end)
   return list
end

local function head_of(reply, body_length)
   local status = reply.status or 200
   local lines, given = { ("HTTP/1.1 %d %s"):format(status, reply.reason or "Scripted") }, {}
   local function add(name, value)
      lines[#lines + 1] = name .. ": " .. tostring(value)
      given[name:lower()] = true
   end
   for _, header in ipairs(header_list(reply.headers)) do
      add(header[1], header[2])
   end
   if body_length > 0 and not given["content-type"] then
      add("Content-Type", "application/json")
   end
   if reply.chunked then
      add("Transfer-Encoding", "chunked")
   elseif reply.length ~= false and status ~= 204 and not given["content-length"] then
      add("Content-Length", ("%d"):format(reply.length or body_length))
   end
   return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function answers(reply)
   return reply.status or reply.body or reply.headers or reply.pieces or reply.endless or reply.echo
end

-- The head and all that follows it, as a list of what is sent at once.
local function parts_of(reply, request)
   local body = reply.echo and json.encode(request) or reply.body or ""
   local pieces = reply.pieces or (#body > 0 and { body }) or {}
   if reply.raw then
      return { reply.raw, unpack(pieces) }
   elseif not answers(reply) then
      return {}
   end
   local length, parts = 0, {}
   for index, piece in ipairs(pieces) do
      length = length + #piece
      parts[index] = reply.chunked and as_chunk(piece) or piece
   end
   if reply.chunked and not reply.endless and not reply.stall then
      parts[#parts + 1] = as_chunk("")
   end
   -- The head travels with the first piece, as a server that writes its answer in one go would send it.
   parts[1] = head_of(reply, length) .. (parts[1] or "")
   return parts
end

local function send_endless(connection, reply)
   local text = reply.endless:rep(math.max(1, math.floor(65536 / #reply.endless)))
   text = reply.chunked and as_chunk(text) or text
   while send(connection, text) do
      sleep(reply.every)
   end
end

local function finish(connection, how)
   if how == "reset" then
      connection.socket:setoption("linger", { on = true, timeout = 0 })
   end
   connection.socket:close()
   connections[connection] = nil
end

-- Reads until the client goes.
local function drain(connection)
   repeat
      local data = more(connection)
   until not data
end

-- Does what the reply says; true where the connection goes on.
local function perform(connection, reply, request)
   sleep(reply.wait)
   for index, part in ipairs(parts_of(reply, request)) do
      if index > 1 then
         sleep(reply.every)
      end
      if not send(connection, part) then
         return false
      end
   end
   if reply.endless then
      send_endless(connection, reply)
   end
   if reply.stall then
      drain(connection)
   end
   if reply.close then
      finish(connection, reply.close)
   end
   return not (reply.endless or reply.stall or reply.close)
end

------------------------------------------------------------------ connections

local function next_reply(request)
   if #script.replies > 0 then
      return table.remove(script.replies, 1)
   end
   return script.route and script.route(request.number, request) or script.standing
end

-- What was queued for a new connection; true where it is served after that.
local function greet(connection, plan)
   connection.slow_bytes = plan.slow_bytes or 0
   connection.read_bytes, connection.every = plan.read_bytes, plan.every
   if plan.stall then
      while true do
         coroutine.yield(math.huge)
      end
   end
   return perform(connection, { wait = plan.wait, raw = plan.raw, close = plan.close })
end

local function serve(connection, plan)
   local going_on = not plan or greet(connection, plan)
   while going_on do
      local request = take_request(connection)
      going_on = request and perform(connection, next_reply(request), request)
   end
   if connections[connection] then
      finish(connection, "fin")
   end
end

local function resume(connection)
   local fine, wish = coroutine.resume(connection.thread, connection, connection.plan)
   connection.wish = wish
   if not fine then
      io.stderr:write("scripted server: ", debug.traceback(connection.thread, tostring(wish)), "\n")
      finish(connection, "reset")
   end
end

local function accept(listener)
   local peer = listener:accept()
   if not peer then
      return
   end
   peer:settimeout(0)
   peer:setoption("tcp-nodelay", true)
   script.accepted = script.accepted + 1
   local connection = { socket = peer, inbox = "", number = script.accepted, slow_bytes = 0 }
   connection.plan = table.remove(script.accepts, 1)
   connection.thread = coroutine.create(serve)
   connections[connection] = true
   resume(connection)
end

----------------------------------------------------------------------- control

local commands = {}

function commands.reply(message)
   for _, reply in ipairs(message.list) do
      script.replies[#script.replies + 1] = reply
   end
end

function commands.accept(message)
   for _, plan in ipairs(message.list) do
      script.accepts[#script.accepts + 1] = plan
   end
end

function commands.always(message)
   script.standing = message.list[1]
end

function commands.route(message)
   script.route = assert(load(message.source, "=route"))
end

function commands.seen()
   local open = 0
   for _ in pairs(connections) do
      open = open + 1
   end
   return {
      requests = script.requests,
      accepted = script.accepted,
      open = open,
      replies_left = #script.replies,
   }
end

function commands.reset()
   for connection in pairs(connections) do
      finish(connection, "reset")
   end
   forget()
end

-- Serves one message of the spec; false where its connection has ended.
local function obey(control)
   control:settimeout(10)
   local line = control:receive("*l")
   if not line then
      return false
   end
   local message = json.decode(line)
   local fine, answer = pcall(commands[message.command], message)
   control:send(json.encode(fine and { result = answer or {} } or { problem = answer }) .. "\n")
   return true
end

-------------------------------------------------------------------------- loop

-- Who waits for what: sockets to read, sockets to write, who owns a socket, when the first timer is due.
local function wishes(listener, control)
   local readers, writers, owners, first = { listener, control }, {}, {}, math.huge
   for connection in pairs(connections) do
      owners[connection.socket] = connection
      if connection.wish == "read" then
         readers[#readers + 1] = connection.socket
      elseif connection.wish == "write" then
         writers[#writers + 1] = connection.socket
      else
         first = math.min(first, connection.wish)
      end
   end
   return readers, writers, owners, first
end

local function wake(owners, ready)
   for _, one in ipairs(ready) do
      local connection = owners[one]
      if connection and connections[connection] then
         resume(connection)
      end
   end
end

local function wake_sleepers()
   local due = {}
   for connection in pairs(connections) do
      if type(connection.wish) == "number" and connection.wish <= socket.gettime() then
         due[#due + 1] = connection
      end
   end
   for _, connection in ipairs(due) do
      resume(connection)
   end
end

local function run(listener, control)
   while true do
      local readers, writers, owners, first = wishes(listener, control)
      local pause = first < math.huge and math.max(0, first - socket.gettime()) or nil
      local readable, writable = socket.select(readers, writers, pause)
      if readable[listener] then
         accept(listener)
      end
      local asked, traffic = readable[control], #readable > (readable[control] and 1 or 0)
      wake(owners, readable)
      wake(owners, writable)
      wake_sleepers()
      if asked and not traffic and not obey(control) then
         return
      end
   end
end

local function bound(host)
   local listener = assert(socket.bind(host, 0, 1024))
   -- Connections inherit it; a small one makes the client feel a slow reader soon. LuaSocket before 3.1
   -- does not know the option.
   pcall(listener.setoption, listener, "recv-buffer-size", RECEIVE_BUFFER)
   local _, port = listener:getsockname()
   return listener, port
end

forget()
local listener, port = bound(arg[1] or "127.0.0.1")
local door, door_port = bound("127.0.0.1")
print(port, door_port)
io.stdout:flush()
door:settimeout(ORPHAN_SECONDS)
local control = door:accept()
door:close()
if control then
   control:setoption("tcp-nodelay", true)
   listener:settimeout(0)
   run(listener, control)
end
