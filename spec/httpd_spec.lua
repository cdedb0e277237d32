-- The HTTP server of the sandbox. Server and peers live in this one process: the peers' sockets never block,
-- and the server is stepped in between.
local httpd = require "promptic.httpd"
local socket = require "socket"

local process = require "spec.support.process"

local PATIENCE_SECONDS = 20

describe("promptic.httpd", function()
   local server, seen, reply

   local function start(options)
      options = options or {}
      options.on_request = options.on_request or function(request)
         seen[#seen + 1] = request
         if type(reply) == "function" then
            return reply(request)
         end
         return table.unpack(reply, 1, 3)
      end
      server = httpd.listen(options)
   end

   before_each(function()
      seen, reply = {}, { 200, nil, "fine" }
   end)

   after_each(function()
      if server then
         server:stop()
      end
   end)

   -- A connection, with what it has received so far.
   local function connect()
      local peer = { socket = assert(socket.tcp4()), received = "" }
      peer.socket:settimeout(PATIENCE_SECONDS)
      assert(peer.socket:connect("127.0.0.1", server:port()))
      peer.socket:settimeout(0)
      return peer
   end

   local function send_some(peer)
      if peer.unsent and peer.unsent <= #peer.sending then
         local last, problem, partial = peer.socket:send(peer.sending, peer.unsent)
         assert(last or problem == "timeout", problem)
         peer.unsent = (last or partial) + 1
      end
   end

   local function receive_some(peer)
      local all, problem, part = peer.socket:receive(65536)
      peer.pieces[#peer.pieces + 1] = all or part
      peer.closed = problem == "closed"
      return #(all or part) > 0
   end

   -- Steps the server until the condition on the peer holds.
   local function until_true(peer, condition)
      local deadline = httpd.now() + PATIENCE_SECONDS
      peer.pieces = {}
      repeat
         assert(httpd.now() < deadline, "no answer: " .. peer.received)
         server:step(0)
         send_some(peer)
         if receive_some(peer) or peer.closed then
            peer.received = peer.received .. table.concat(peer.pieces)
            peer.pieces = {}
         end
      until condition(peer)
   end

   -- The first answer among what was received: status, headers, body and the rest.
   local function parse(received, bodyless)
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

   local function exchange(peer, text, bodyless)
      peer.sending, peer.unsent = text, 1
      until_true(peer, function()
         local head_seen = peer.received:find("\r\n\r\n", 1, true)
         return peer.closed or head_seen and parse(peer.received, bodyless)
      end)
      local answer = parse(peer.received, bodyless)
      peer.received = answer and answer.rest or ""
      return answer
   end

   local function request(line, headers, body)
      return ("%s HTTP/1.1\r\nHost: here\r\n%s\r\n%s"):format(line, headers or "", body or "")
   end

   local function get(target)
      return exchange(connect(), request("GET " .. target))
   end

   it("hands over method, target, headers and body", function()
      start()
      local answer = exchange(connect(), request("POST /a/b?c=d", "X-One: 1\r\nContent-Length: 3\r\n", "xyz"))
      assert.same({ 200, "fine" }, { answer.status, answer.body })
      local got = seen[1]
      assert.same({ "POST", "/a/b", "c=d", "xyz" }, { got.method, got.path, got.query, got.body })
      assert.same({ host = "here", ["x-one"] = "1", ["content-length"] = "3" }, got.headers)
   end)

   it("keeps targets as they were sent", function()
      start()
      local rows = {
         { "/", "/", nil },
         { "/a%2Fb%20c/%2e%2e", "/a%2Fb%20c/%2e%2e", nil },
         { "/a?", "/a", "" },
         { "/a?b=%26+c&d?e", "/a", "b=%26+c&d?e" },
         { "/%C3%BC?x=%00", "/%C3%BC", "x=%00" },
         { "/a//b/", "/a//b/", nil },
         { "http://127.0.0.1:80/a/b?c", "/a/b", "c" },
         { "http://127.0.0.1", "/", nil },
         { "*", "*", nil },
      }
      for number, row in ipairs(rows) do
         assert.equal(200, get(row[1]).status, row[1])
         assert.equal(row[2], seen[number].path)
         assert.equal(row[3], seen[number].query)
      end
   end)

   it("gives an empty body and no query where there are none", function()
      start()
      get("/")
      assert.equal("", seen[1].body)
      assert.is_nil(seen[1].query)
   end)

   it("joins the values of a header that came twice", function()
      start()
      exchange(connect(), request("GET /", "X-A: 1\r\nx-a: 2\r\nX-Empty:\r\n"))
      assert.equal("1, 2", seen[1].headers["x-a"])
      assert.equal("", seen[1].headers["x-empty"])
   end)

   it("passes every method on, and sends no body after HEAD", function()
      start()
      for _, method in ipairs{ "PUT", "PATCH", "DELETE", "OPTIONS", "BREW" } do
         assert.equal(200, exchange(connect(), request(method .. " /")).status)
         assert.equal(method, seen[#seen].method)
      end
      local peer = connect()
      local answer = exchange(peer, request("HEAD /"), true)
      assert.same({ "4", "" }, { answer.headers["content-length"], answer.rest })
      assert.equal("HEAD", seen[#seen].method)
      assert.equal("fine", exchange(peer, request("GET /")).body)
   end)

   it("sends status, headers and a binary body", function()
      start()
      reply = { 418, { ["X-Number"] = 12, ["Content-Type"] = "x/y" }, "\0\255\r\n" }
      local answer = get("/")
      assert.same({ 418, "12", "x/y", "\0\255\r\n" },
         { answer.status, answer.headers["x-number"], answer.headers["content-type"], answer.body })
   end)

   it("answers without headers and without a body", function()
      start()
      reply = { 204 }
      local peer = connect()
      assert.equal(204, exchange(peer, request("GET /")).status)
      reply = { 304 }
      assert.equal(304, exchange(peer, request("GET /")).status)
      reply = { 200 }
      assert.equal("0", exchange(peer, request("GET /")).headers["content-length"])
   end)

   it("keeps connections alive, and closes them where asked to", function()
      start()
      local peer = connect()
      for number = 1, 5 do
         assert.equal("fine", exchange(peer, request("GET /" .. number)).body)
      end
      assert.equal("close", exchange(peer, request("GET /", "Connection: close\r\n")).headers.connection)
      until_true(peer, function()
         return peer.closed
      end)
      assert.equal(6, #seen)
   end)

   it("answers requests that are sent in one go, in order", function()
      start()
      reply = function(got)
         return 200, nil, got.path
      end
      local peer = connect()
      local first = exchange(peer, request("GET /1") .. request("GET /2"))
      peer.received = first.rest
      assert.same({ "/1", "/2" }, { first.body, exchange(peer, "").body })
   end)

   it("serves many connections at once", function()
      start()
      local peers = {}
      for number = 1, 50 do
         peers[number] = connect()
         assert(peers[number].socket:send(request("GET /" .. number)))
      end
      for _, peer in ipairs(peers) do
         assert.equal("fine", exchange(peer, "").body)
      end
      assert.equal(50, #seen)
   end)

   it("gathers chunked bodies", function()
      start()
      local body = "4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n"
      exchange(connect(), request("POST /", "Transfer-Encoding: chunked\r\n", body))
      assert.equal("abcdefg", seen[1].body)
   end)

   it("tells a client to go on that waits for it", function()
      start()
      local peer = connect()
      local answer = exchange(peer, request("POST /", "Expect: 100-continue\r\nContent-Length: 2\r\n"))
      assert.equal(100, answer.status)
      assert.equal(200, exchange(peer, "ab").status)
      assert.equal("ab", seen[1].body)
   end)

   it("gathers a body of 100 MB and sends it back", function()
      start()
      local size = 100 * 1000 * 1000
      local body = ("0123456789"):rep(size // 10)
      reply = function(got)
         return 200, nil, got.body
      end
      local peer, deadline = connect(), httpd.now() + 3 * PATIENCE_SECONDS
      local text = request("POST /", "Content-Length: " .. size .. "\r\n", body)
      local sent, count, tail = 0, 0, ""
      while count < size do
         assert(httpd.now() < deadline, "too slow")
         server:step(0)
         if sent < #text then
            local last, problem, partial = peer.socket:send(text, sent + 1)
            assert(last or problem == "timeout", problem)
            sent = last or partial
         else
            local all, _, part = peer.socket:receive(1 << 20)
            count, tail = count + #(all or part), #(all or part) > 20 and (all or part) or tail
         end
      end
      assert.equal(size, #seen[1].body)
      assert.is_true(seen[1].body == body)
      assert.equal("789", tail:sub(-3))
   end)

   it("refuses bodies above the cap, with and without a length", function()
      start{ max_body_bytes = 10 }
      local peer = connect()
      local rows = {
         { "Content-Length: 10\r\n", ("x"):rep(10), 200 },
         { "Content-Length: 11\r\n", ("x"):rep(11), 413 },
         { "Content-Length: 200000\r\n", ("x"):rep(200000), 413 },
         { "Transfer-Encoding: chunked\r\n", "6\r\nabcdef\r\n6\r\nghijkl\r\n0\r\n\r\n", 413 },
         { "Transfer-Encoding: chunked\r\n", "6\r\nabcdef\r\n4\r\nghij\r\n0\r\n\r\n", 200 },
      }
      for _, row in ipairs(rows) do
         local answer = exchange(peer, request("POST /", row[1], row[2]))
         assert.equal(row[3], answer.status, row[1])
         if row[3] == 413 then
            assert.equal('{"error":"the request body is larger than 10 bytes"}', answer.body)
            assert.equal("application/json", answer.headers["content-type"])
         end
      end
      assert.equal(2, #seen)
   end)

   it("survives requests that are none, and peers that go away", function()
      start()
      assert.equal(400, exchange(connect(), "GET /\r\n\r\n").status)
      local peer = connect()
      peer.socket:send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
      server:step(0)
      server:step(0)
      peer.socket:close()
      assert.equal("fine", get("/").body)
      assert.equal(1, #seen)
   end)

   it("takes headers of 100 KB and refuses what is far longer", function()
      start()
      assert.equal(200, exchange(connect(), request("GET /", "X-A: " .. ("a"):rep(100000) .. "\r\n")).status)
      assert.equal(100000, #seen[1].headers["x-a"])
      local answer = exchange(connect(), request("GET /", "X-A: " .. ("a"):rep(350000) .. "\r\n"))
      assert.is_true(answer.status >= 400 and answer.status < 500)
   end)

   describe("with a handler that fails", function()
      -- What is written to stderr is read from a process of its own.
      local function failing(source)
         local program = [[
            package.path, package.cpath = %q, %q
            local httpd, socket = require "promptic.httpd", require "socket"
            local server = httpd.listen{ on_request = function(request) %s end }
            local peer = socket.connect("127.0.0.1", server:port())
            peer:send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            peer:settimeout(0)
            local text, all, problem, part = "", nil, nil, nil
            repeat
               server:step(0)
               all, problem, part = peer:receive(1000)
               text = text .. (all or part)
            until problem == "closed"
            io.write(text)
         ]]
         local lua = os.getenv("PROMPTIC_LUA") or "lua5.4"
         local result = process.run{ lua, "-", stdin = program:format(package.path, package.cpath, source) }
         return parse(result.stdout) or error(result.stderr), result.stderr
      end

      local rows = {
         { "a string", 'error("no \\"way\\"\\n", 0)', [[no \"way\"\u000a]], 'no "way"' },
         { "an object with __tostring",
            'error(setmetatable({}, { __tostring = function() return "tell" end }))', "tell", "tell" },
         { "nil", "error()", "nil", "nil" },
         { "UTF-8 and bytes that are none", 'error("\\u{FC}\\u{1F600}\\xFF\\xC3", 0)',
            "\u{FC}\u{1F600}\\ufffd\\ufffd", "\u{FC}" },
         { "a status that is none", "return 99",
            "on_request returned '99', which is no status from 200 to 599" },
         { "no status at all", "", "on_request returned 'nil', which is no status from 200 to 599" },
         { "a table as body", "return 200, nil, {}", "on_request returned a table as body" },
         { "a body with 204", "return 204, nil, 'x'",
            "on_request returned a body with status 204, which has none" },
         { "headers that are no table", "return 200, 'x'", "on_request returned a string as headers" },
         { "a header that is no string", "return 200, { a = {} }",
            "on_request returned a header that is not a pair of strings" },
         { "a header with a line break", "return 200, { ['X-A'] = 'b\\r\\nc: d' }",
            "on_request returned a header that cannot be sent: 'X-A'" },
      }
      for _, row in ipairs(rows) do
         it("answers 500 and tells stderr: " .. row[1], function()
            local answer, errors = failing(row[2])
            assert.equal(500, answer.status)
            assert.equal("application/json", answer.headers["content-type"])
            assert.equal(('{"error":"internal error: %s"}'):format(row[3]), answer.body)
            assert.matches("promptic.httpd: internal error: " .. (row[4] or row[3]), errors, 1, true)
            assert.matches("stack traceback:", errors, 1, true)
         end)
      end

      it("cuts a long message, and not the answer", function()
         local answer = failing('error(("\\1"):rep(100000), 0)')
         assert.equal(('{"error":"internal error: %s"}'):format(("\\u0001"):rep(1000)), answer.body)
      end)

      it("lets Ctrl-C end the step", function()
         start()
         reply = function()
            error("interrupted!")
         end
         assert.has_error(function()
            get("/")
         end, "interrupted!")
         reply = { 200 }
         assert.equal(200, get("/").status)
      end)
   end)

   describe("step", function()
      it("waits no longer than told", function()
         start()
         local begun = httpd.now()
         assert.is_true(server:step(0))
         assert.is_true(httpd.now() - begun < 1)
         begun = httpd.now()
         assert.is_true(server:step(0.05))
         assert.is_true(httpd.now() - begun >= 0.045)
      end)

      it("returns at once where there is something to do", function()
         start()
         local peer, begun = connect(), httpd.now()
         peer.socket:send(request("GET /"))
         repeat
            server:step(10)
         until #seen == 1
         assert.is_true(httpd.now() - begun < 5)
      end)

      it("refuses what is no time", function()
         start()
         assert.has_error(function()
            server:step(-1)
         end, "bad argument #1 to 'step' (number of seconds from 0 expected)")
         assert.has_error(function()
            server:step(0 / 0)
         end, "bad argument #1 to 'step' (number of seconds from 0 expected)")
         assert.has_error(function()
            server:step()
         end)
      end)

      it("cannot be called by the handler", function()
         start()
         local problem
         reply = function()
            problem = select(2, pcall(server.step, server, 0))
            return 200
         end
         get("/")
         assert.matches("step cannot be called from within on_request", problem, 1, true)
      end)

      it("runs in a coroutine", function()
         start()
         local answer
         coroutine.wrap(function()
            answer = get("/")
         end)()
         assert.equal("fine", answer.body)
      end)
   end)

   describe("stop", function()
      it("closes everything, and can be repeated", function()
         start()
         local port, peer = server:port(), connect()
         exchange(peer, request("GET /"))
         server:stop()
         server:stop()
         peer.socket:settimeout(PATIENCE_SECONDS)
         assert.equal("closed", (select(2, peer.socket:receive(1))))
         assert.is_nil((socket.connect("127.0.0.1", port)))
         assert.is_nil(server:step(1))
         assert.has_error(function()
            server:port()
         end, "the server is stopped")
      end)

      it("takes effect after the step where the handler calls it", function()
         start()
         reply = function()
            server:stop()
            return 200
         end
         connect().socket:send(request("GET /"))
         repeat
            local going = server:step(1)
         until not going
         assert.equal(1, #seen)
      end)

      it("happens at the end of a block, and where nobody holds the server", function()
         local port
         do
            local closing <close> = httpd.listen{ on_request = print }
            port = closing:port()
         end
         server = httpd.listen{ port = port, on_request = print }
         server = nil
         collectgarbage()
         collectgarbage()
         server = httpd.listen{ port = port, on_request = print }
         assert.equal(port, server:port())
      end)

      it("happens to a server that its handler holds", function()
         local port
         do
            local held
            held = httpd.listen{ on_request = function()
               return held
            end }
            port = held:port()
         end
         collectgarbage()
         collectgarbage()
         server = httpd.listen{ port = port, on_request = print }
         assert.equal(port, server:port())
      end)
   end)

   describe("listen", function()
      it("says which port is taken", function()
         start()
         local port = server:port()
         local _, problem = pcall(httpd.listen, { port = port, on_request = print })
         assert.matches("cannot listen on 127.0.0.1:" .. port .. ": ", problem, 1, true)
         assert.matches("in use", problem, 1, true)
      end)

      it("is heard on the loopback of IPv4 only", function()
         start()
         assert.is_nil((socket.connect("::1", server:port())))
         local found = socket.dns.toip(socket.dns.gethostname())
         if found and not found:find("^127%.") then
            assert.is_nil((socket.connect(found, server:port())))
         end
      end)

      local handler = print
      local rows = {
         { nil, "table expected" },
         { {}, "on_request: function expected" },
         { { on_request = 1 }, "on_request: function expected" },
         { { on_request = handler, port = -1 }, "port: integer from 0 to 65535 expected" },
         { { on_request = handler, port = 65536 }, "port: integer from 0 to 65535 expected" },
         { { on_request = handler, port = "x" }, "port: integer from 0 to 65535 expected" },
         { { on_request = handler, port = 1.5 }, "port: integer from 0 to 65535 expected" },
         { { on_request = handler, max_body_bytes = -1 }, "max_body_bytes: integer from 0 to" },
         { { on_request = handler, prot = 1 }, "unknown option 'prot'" },
         { { on_request = handler, 1 }, "unknown option '1'" },
      }
      for _, row in ipairs(rows) do
         it("refuses: " .. row[2], function()
            local fine, problem = pcall(httpd.listen, row[1])
            assert.is_false(fine)
            assert.matches("bad argument #1", problem, 1, true)
            assert.matches(row[2], problem, 1, true)
         end)
      end
   end)

   describe("with watch_stdin", function()
      local PROGRAM = [[
         package.path, package.cpath = %q, %q
         local httpd = require "promptic.httpd"
         local server = httpd.listen{ on_request = print, watch_stdin = true }
         io.write("listening\n")
         io.flush()
         local steps = 0
         while server:step(20) do
            steps = steps + 1
         end
         io.write(httpd.now() < %f and "ended" or "late", server:step(0) == nil and " for good" or "")
      ]]

      local function listen(stdin)
         local lua = os.getenv("PROMPTIC_LUA") or "lua5.4"
         local program = PROGRAM:format(package.path, package.cpath, httpd.now() + 15)
         return process.run{ "sh", "-c", stdin, "sh", lua, program }.stdout
      end

      local rows = {
         { "is empty", '"$1" -e "$2" </dev/null' },
         { "is closed", '"$1" -e "$2" <&-' },
         { "ends after some input", 'echo some | "$1" -e "$2"' },
         -- The reader of the first line ends, and with it the writer of what the server reads.
         { "ends later", 'mkfifo "$TMP/up" "$TMP/down"; "$1" -e "$2" <"$TMP/down" | tee "$TMP/up" & '
            .. 'exec 3>"$TMP/down"; read line <"$TMP/up"; exec 3>&-; wait' },
      }
      for _, row in ipairs(rows) do
         it("ends once stdin " .. row[1], function()
            local folder = process.folder()
            local said = listen("TMP=" .. process.quote(folder) .. "; " .. row[2])
            process.remove(folder)
            assert.equal("listening\nended for good", said)
         end)
      end
   end)

   it("tells the time", function()
      local now, time = httpd.now(), httpd.time()
      assert.is_true(math.type(now) == "float" and httpd.now() >= now)
      assert.is_true(math.type(time) == "float" and math.abs(time - os.time()) < 2)
      assert.is_true(math.abs(time - socket.gettime()) < 1)
   end)
end)
