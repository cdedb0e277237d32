-- promptic.httpd, the HTTP server of the sandbox: what it hands over and what it sends. Server and peers live
-- in this one process. When it runs and when it ends is held in httpd_server_spec.lua.
-- Tags: valgrind

local Peer = require "spec.support.peer"
local httpd_room = require "spec.support.httpd_room"
local promptic = require "promptic"

local request = Peer.request

describe("promptic.httpd", function()
   local room = httpd_room.shared()
   local start, connect, get = room.start, room.connect, room.get

   it("hands over method, target, headers and body", function()
      start()
      local answer = connect():exchange(request("POST /a/b?c=d", "X-One: 1\r\nContent-Length: 3\r\n", "xyz"))
      assert.same({ 200, "fine" }, { answer.status, answer.body })
      local got = room.seen[1]
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
         assert.equal(row[2], room.seen[number].path)
         assert.equal(row[3], room.seen[number].query)
      end
   end)

   it("gives an empty body and no query if there are none", function()
      start()
      get("/")
      assert.equal("", room.seen[1].body)
      assert.is_nil(room.seen[1].query)
   end)

   it("joins the values of a header that came twice", function()
      start()
      connect():exchange(request("GET /", "X-A: 1\r\nx-a: 2\r\nX-Empty:\r\n"))
      assert.equal("1, 2", room.seen[1].headers["x-a"])
      assert.equal("", room.seen[1].headers["x-empty"])
   end)

   it("passes every method on, and sends no body after HEAD", function()
      start()
      for _, method in ipairs{ "PUT", "PATCH", "DELETE", "OPTIONS", "BREW" } do
         assert.equal(200, connect():exchange(request(method .. " /")).status)
         assert.equal(method, room.seen[#room.seen].method)
      end
      local peer = connect()
      local answer = peer:exchange(request("HEAD /"), true)
      assert.same({ "4", "" }, { answer.headers["content-length"], answer.rest })
      assert.equal("HEAD", room.seen[#room.seen].method)
      assert.equal("fine", peer:exchange(request("GET /")).body)
   end)

   it("sends status, headers and a binary body", function()
      start()
      room.reply = { 418, { ["X-Number"] = 12, ["Content-Type"] = "x/y" }, "\0\255\r\n" }
      local answer = get("/")
      assert.same({ 418, "12", "x/y", "\0\255\r\n" },
         { answer.status, answer.headers["x-number"], answer.headers["content-type"], answer.body })
   end)

   it("answers without headers and without a body", function()
      start()
      room.reply = { 204 }
      local peer = connect()
      assert.equal(204, peer:exchange(request("GET /")).status)
      room.reply = { 304 }
      assert.equal(304, peer:exchange(request("GET /")).status)
      room.reply = { 200 }
      assert.equal("0", peer:exchange(request("GET /")).headers["content-length"])
   end)

   it("keeps connections alive, and closes them where asked to", function()
      start()
      local peer = connect()
      for number = 1, 5 do
         assert.equal("fine", peer:exchange(request("GET /" .. number)).body)
      end
      assert.equal("close", peer:exchange(request("GET /", "Connection: close\r\n")).headers.connection)
      peer:until_true(function()
         return peer.closed
      end)
      assert.equal(6, #room.seen)
   end)

   it("answers requests that are sent in one go, in order", function()
      start()
      room.reply = function(got)
         return 200, nil, got.path
      end
      local peer = connect()
      local first = peer:exchange(request("GET /1") .. request("GET /2"))
      peer.received = first.rest
      assert.same({ "/1", "/2" }, { first.body, peer:exchange("").body })
   end)

   it("serves many connections at once", function()
      start()
      local peers = {}
      for number = 1, 50 do
         peers[number] = connect()
         assert(peers[number].socket:send(request("GET /" .. number)))
      end
      for _, peer in ipairs(peers) do
         assert.equal("fine", peer:exchange("").body)
      end
      assert.equal(50, #room.seen)
   end)

   it("gathers chunked bodies", function()
      start()
      local body = "4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n"
      connect():exchange(request("POST /", "Transfer-Encoding: chunked\r\n", body))
      assert.equal("abcdefg", room.seen[1].body)
   end)

   it("takes a chunk with an extension for what it is, or not at all", function()
      -- libmicrohttpd 0.9.75 ignores extensions, as RFC 9112 wants it; later versions may refuse them
      start()
      local body = "4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n"
      local answer = connect():exchange(request("POST /", "Transfer-Encoding: chunked\r\n", body))
      if answer.status == 200 then
         assert.equal("abcdefg", room.seen[1].body)
      else
         assert.same({ 400, 0 }, { answer.status, #room.seen })
      end
   end)

   it("tells a client to go on that waits for it", function()
      start()
      local peer = connect()
      local answer = peer:exchange(request("POST /", "Expect: 100-continue\r\nContent-Length: 2\r\n"))
      assert.equal(100, answer.status)
      assert.equal(200, peer:exchange("ab").status)
      assert.equal("ab", room.seen[1].body)
   end)

   it("gathers a body of 100 MB and sends it back #large", function()
      start()
      local size = 100 * 1000 * 1000
      local body = ("0123456789"):rep(size // 10)
      room.reply = function(got)
         return 200, nil, got.body
      end
      local peer, deadline = connect(), promptic.now() + 3 * Peer.PATIENCE_SECONDS
      local text = request("POST /", "Content-Length: " .. size .. "\r\n", body)
      local sent, count, tail = 0, 0, ""
      while count < size do
         assert(promptic.now() < deadline, "too slow")
         room.server:step(0)
         if sent < #text then
            local last, problem, partial = peer.socket:send(text, sent + 1)
            assert(last or problem == "timeout", problem)
            sent = last or partial
         else
            local all, _, part = peer.socket:receive(1 << 20)
            count, tail = count + #(all or part), #(all or part) > 20 and (all or part) or tail
         end
      end
      assert.equal(size, #room.seen[1].body)
      assert.is_true(room.seen[1].body == body)
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
         local answer = peer:exchange(request("POST /", row[1], row[2]))
         assert.equal(row[3], answer.status, row[1])
         if row[3] == 413 then
            assert.equal('{"error":"the request body is larger than 10 bytes"}', answer.body)
            assert.equal("application/json", answer.headers["content-type"])
         end
      end
      assert.equal(2, #room.seen)
   end)

   it("survives requests that are none, and peers that go away", function()
      start()
      assert.equal(400, connect():exchange("GET /\r\n\r\n").status)
      local peer = connect()
      peer.socket:send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
      room.server:step(0)
      room.server:step(0)
      peer.socket:close()
      assert.equal("fine", get("/").body)
      assert.equal(1, #room.seen)
   end)

   it("takes headers of 100 KB and refuses far longer ones", function()
      start()
      assert.equal(200, connect():exchange(request("GET /", "X-A: " .. ("a"):rep(100000) .. "\r\n")).status)
      assert.equal(100000, #room.seen[1].headers["x-a"])
      local answer = connect():exchange(request("GET /", "X-A: " .. ("a"):rep(350000) .. "\r\n"))
      assert.is_true(answer.status >= 400 and answer.status < 500)
   end)
end)
