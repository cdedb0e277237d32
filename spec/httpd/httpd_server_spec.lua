-- promptic.httpd, the HTTP server of the sandbox: handlers that fail, steps, its begin and its end.
local httpd = require "promptic.httpd"
local promptic = require "promptic"
local socket = require "socket"

local Peer = require "spec.support.peer"
local httpd_room = require "spec.support.httpd_room"
local process = require "spec.support.process"

local request = Peer.request

describe("promptic.httpd", function()
   local room = httpd_room.shared()
   local start, connect, get = room.start, room.connect, room.get

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
         return Peer.parse(result.stdout) or error(result.stderr), result.stderr
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

      it("ends the connection where a body's function fails", function()
         local answer, errors = failing[[
            local n = 0
            return 200, nil, function() n = n + 1 return n == 1 and "a" or {} end
         ]]
         assert.equal(200, answer.status)
         assert.matches("^1\r\na\r\n", answer.rest)
         assert.not_matches("\r\n0\r\n", answer.rest)
         assert.matches("internal error: the body's function returned a table", errors, 1, true)
      end)

      it("cuts a long message, and not the answer", function()
         local answer = failing('error(("\\1"):rep(100000), 0)')
         assert.equal(('{"error":"internal error: %s"}'):format(("\\u0001"):rep(1000)), answer.body)
      end)

      it("lets Ctrl-C end the step", function()
         start()
         local interrupt = { kind = "interrupted", message = "interrupted!" }
         room.reply = function()
            error(interrupt)
         end
         assert.equal(interrupt, select(2, pcall(get, "/")))
         room.reply = { 200 }
         assert.equal(200, get("/").status)
      end)
   end)

   describe("step", function()
      it("waits no longer than told", function()
         start()
         local begun = promptic.now()
         assert.is_true(room.server:step(0))
         assert.is_true(promptic.now() - begun < 1)
         begun = promptic.now()
         assert.is_true(room.server:step(0.05))
         assert.is_true(promptic.now() - begun >= 0.045)
      end)

      it("returns at once if there is something to do", function()
         start()
         local peer, begun = connect(), promptic.now()
         peer.socket:send(request("GET /"))
         repeat
            room.server:step(10)
         until #room.seen == 1
         assert.is_true(promptic.now() - begun < 5)
      end)

      it("refuses values that are not seconds", function()
         start()
         assert.has_error(function()
            room.server:step(-1)
         end, "bad argument #1 to 'step' (number of seconds from 0 expected)")
         assert.has_error(function()
            room.server:step(0 / 0)
         end, "bad argument #1 to 'step' (number of seconds from 0 expected)")
         assert.has_error(function()
            room.server:step()
         end)
      end)

      it("cannot be called by the handler", function()
         start()
         local problem
         room.reply = function()
            problem = select(2, pcall(room.server.step, room.server, 0))
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

   describe("a body that a function gives", function()
      -- The body of the next answer, put together of its chunks.
      local function whole(peer)
         peer:until_true(function() return peer.closed end)
         local head, rest = peer.received:match("^(.-)\r\n\r\n(.*)$")
         local body = {}
         while true do
            local size, after = rest:match("^(%x+)\r\n(.*)$")
            if not size or tonumber(size, 16) == 0 then
               return head, table.concat(body), size ~= nil
            end
            size = tonumber(size, 16)
            body[#body + 1], rest = after:sub(1, size), after:sub(size + 3)
         end
      end

      local function pieces(list)
         local at = 0
         return function()
            at = at + 1
            if type(list[at]) == "function" then
               return list[at]()
            end
            return list[at]
         end
      end

      local CLOSE = request("GET /", "Connection: close\r\n")

      it("comes in pieces of any size, empty ones too", function()
         start()
         local list = { "a", "", ("0123456789"):rep(100000), "\0z" }
         room.reply = { 200, { ["X-A"] = "b" }, pieces(list) }
         local peer = connect()
         peer.unsent = CLOSE
         local head, body, is_complete = whole(peer)
         assert.matches("X%-A: b", head)
         assert.is_true(is_complete)
         assert.is_true(body == table.concat(list))
      end)

      it("lets others be served in between", function()
         start()
         local served, other = 0, nil
         local list = {}
         for number = 1, 100 do
            list[number] = function()
               served = served + 1
               return ("x"):rep(200000)
            end
         end
         room.reply = function(got)
            if got.path == "/long" then
               return 200, nil, pieces(list)
            end
            other = other or served
            return 200, nil, "short"
         end
         local long, short = connect(), connect()
         assert(long.socket:send(request("GET /long")))
         repeat
            room.server:step(0)
         until served > 0
         assert.equal("short", short:exchange(request("GET /short")).body)
         assert.is_true(other < 100)
         long.socket:close()
         room.server:step(0)
      end)

      it("ends the step where the function meets Ctrl-C", function()
         start()
         local interrupt = { kind = "interrupted", message = "interrupted!" }
         room.reply = { 200, nil, pieces{ "a", function() error(interrupt, 0) end } }
         assert.equal(interrupt, select(2, pcall(get, "/")))
      end)

      it("is given up with the server", function()
         start()
         local kept = setmetatable({}, { __mode = "k" })
         local function body()
            local give = pieces{ "a", ("x"):rep(10000000) }
            kept[give] = true
            return give
         end
         room.reply = function() return 200, nil, body() end
         connect().socket:send(request("GET /"))
         repeat
            room.server:step(0)
         until next(kept)
         room.server:stop()
         collectgarbage()
         collectgarbage()
         assert.is_nil(next(kept))
      end)
   end)

   describe("a connection on which nothing happens", function()
      it("is closed after idle_seconds, so that half a request keeps nobody out", function()
         start{ idle_seconds = 1 }
         local idle, begun = {}, promptic.now()
         for number = 1, 20 do
            idle[number] = connect()
            assert(idle[number].socket:send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"))
         end
         -- one that goes on talking stays
         local talking = connect()
         talking:exchange(request("GET /"))
         for _, peer in ipairs(idle) do
            peer:until_true(function()
               assert.equal("fine", talking:exchange(request("GET /")).body)
               return peer.closed
            end)
         end
         assert.is_true(promptic.now() - begun >= 0.9)
      end)

      it("has from one second to a day", function()
         for _, seconds in ipairs{ 0, 86401, 1.5, "x" } do
            assert.has_error(function()
               start{ idle_seconds = seconds }
            end, "bad argument #1 to 'listen' (idle_seconds: integer from 1 to 86400 expected)")
         end
      end)
   end)

   describe("a request that does not come to its end", function()
      -- Sends a byte a tenth of a second until the connection is closed, while another talks; returns the seconds.
      local function trickle(head)
         local slow, talking, begun = connect(), connect(), promptic.now()
         slow.unsent = head
         local sent = begun
         slow:until_true(function()
            if promptic.now() - sent > 0.1 and not slow.closed then
               slow.unsent, sent = slow.unsent .. "x", promptic.now()
            end
            assert.equal("fine", talking:exchange(request("GET /")).body)
            return slow.closed
         end)
         return promptic.now() - begun
      end

      it("is closed after request_seconds, though bytes of it come", function()
         start{ request_seconds = 1 }
         for _, head in ipairs{ "GET /", "GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /" } do
            local took = trickle(head)
            assert.is_true(took >= 0.9, took)
         end
      end)

      it("may take longer as long as its body comes with 1 KiB a second", function()
         start{ request_seconds = 1 }
         local peer, body = connect(), ("x"):rep(30)
         local answer = nil
         peer.unsent = ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"):format(200 * #body)
         local begun, sent = promptic.now(), 0
         peer:until_true(function()
            -- 3,000 bytes a second, for two seconds
            while sent < 200 and sent < (promptic.now() - begun) * 100 do
               peer.unsent, sent = peer.unsent .. body, sent + 1
            end
            answer = Peer.parse(peer.received)
            return answer or peer.closed
         end)
         assert.equal("fine", answer and answer.body)
         assert.equal(200 * #body, #room.seen[1].body)
         assert.is_true(promptic.now() - begun > 1.5)
      end)

      it("gives its place to another if there are too many: the one that has waited longest", function()
         start{ max_connections = 5 }
         local halves = {}
         for number = 1, 20 do
            halves[number] = connect()
            halves[number].unsent = "GET / HTTP/1.1\r\nHost: x\r\n"
            halves[number]:turn()
            assert.equal("fine", get("/").body)
         end
         halves[1]:until_true(function()
            for _, half in ipairs(halves) do half:turn() end
            return halves[1].closed
         end)
         local open = 0
         for number, half in ipairs(halves) do
            if not half.closed then
               open = open + 1
               assert.is_true(number > 14, number)
            end
         end
         assert.is_true(open <= 5 and open > 0, open)
         assert.equal("fine", halves[20]:exchange("\r\n").body)
      end)

      it("is the last that has to go before a response", function()
         start{ max_connections = 2 }
         local long = connect()
         room.reply = function(got)
            if got.path == "/" then return 200, nil, "fine" end
            local count = 0
            return 200, nil, function()
               count = count + 1
               return count <= 20 and ("x"):rep(100000) or nil
            end
         end
         long.socket:send(request("GET /long", "Connection: close\r\n"))
         repeat room.server:step(0) until #room.seen == 1
         for _ = 1, 5 do
            local half = connect()
            half.unsent = "GET"
            half:turn()
            room.server:step(0)
         end
         long:until_true(function() return long.closed end)
         assert.equal("\r\n0\r\n\r\n", long.received:sub(-7))
      end)

      it("has bounds that are checked", function()
         assert.has_error(function() start{ request_seconds = 0 } end,
            "bad argument #1 to 'listen' (request_seconds: integer from 1 to 86400 expected)")
         assert.error_matches(function() start{ max_connections = 0 } end,
            "max_connections: integer from 1 to %d+ expected")
      end)
   end)

   describe("stop", function()
      it("closes everything, and can be repeated", function()
         start()
         local port, peer = room.server:port(), connect()
         peer:exchange(request("GET /"))
         room.server:stop()
         room.server:stop()
         peer.socket:settimeout(Peer.PATIENCE_SECONDS)
         assert.equal("closed", (select(2, peer.socket:receive(1))))
         assert.is_nil((socket.connect("127.0.0.1", port)))
         assert.is_nil(room.server:step(1))
         assert.has_error(function()
            room.server:port()
         end, "the server is stopped")
      end)

      it("takes effect after the step where the handler calls it", function()
         start()
         room.reply = function()
            room.server:stop()
            return 200
         end
         connect().socket:send(request("GET /"))
         repeat
            local going = room.server:step(1)
         until not going
         assert.equal(1, #room.seen)
      end)

      it("happens at the end of a block, and where nobody holds the server", function()
         local port
         do
            local closing <close> = httpd.listen{ on_request = print }
            port = closing:port()
         end
         room.server = httpd.listen{ port = port, on_request = print }
         room.server = nil
         collectgarbage()
         collectgarbage()
         room.server = httpd.listen{ port = port, on_request = print }
         assert.equal(port, room.server:port())
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
         room.server = httpd.listen{ port = port, on_request = print }
         assert.equal(port, room.server:port())
      end)
   end)

   describe("listen", function()
      it("says which port is taken", function()
         start()
         local port = room.server:port()
         local _, problem = pcall(httpd.listen, { port = port, on_request = print })
         assert.matches("cannot listen on 127.0.0.1:" .. port .. ": ", problem, 1, true)
         assert.matches("in use", problem, 1, true)
      end)

      it("is heard on the loopback of IPv4 only", function()
         start()
         assert.is_nil((socket.connect("::1", room.server:port())))
         local found = socket.dns.toip(socket.dns.gethostname())
         if found and not found:find("^127%.") then
            assert.is_nil((socket.connect(found, room.server:port())))
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
local promptic = require "promptic"
         local server = httpd.listen{ on_request = print, watch_stdin = true }
         io.write("listening\n")
         io.flush()
         local steps = 0
         while server:step(20) do
            steps = steps + 1
         end
         io.write(promptic.now() < %f and "ended" or "late", server:step(0) == nil and " for good" or "")
      ]]

      local function listen(stdin)
         local lua = os.getenv("PROMPTIC_LUA") or "lua5.4"
         local program = PROGRAM:format(package.path, package.cpath, promptic.now() + 15)
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
end)
