--- What bounds a response, whatever a server sends: codings, bytes, values, heads, and the time of a step.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared{ body = '{"id":"x"}' }
local client
local on_task_error = promptic.on_task_error

setup(function()
   promptic.on_task_error = function() end -- they are awaited, but only after the step that they fail in
end)

teardown(function()
   promptic.on_task_error = on_task_error
end)

before_each(function()
   client = clients.open(server.url)
end)

after_each(function()
   client:close()
end)

local function reopen(options)
   client:close()
   client = clients.open(server.url, options)
end

local function get()
   return client:get_component("c")
end

local function gzip(text)
   return process.run{ "gzip", "-9c", stdin = text }.stdout
end

local GZIP = { ["Content-Encoding"] = "gzip" }

-- Steps a task that calls f to its end: its results, and in how many steps it had something to do.
local function stepped(f)
   local task, busy = promptic.spawn(f), 0
   repeat
      local before = os.clock()
      local alive = promptic.step(0)
      busy = busy + (os.clock() - before > 0.0002 and 1 or 0)
   until alive == 0
   local fine, result = pcall(task.await, task)
   return fine, result, busy
end

-- ------------------------------------------------------------------ codings

describe("a response in gzip", function()
   local PARTS = { gzip '{"id":', gzip '"in parts"}' }

   for _, case in ipairs{
      { "in two members", function() return PARTS[1] .. PARTS[2] end },
      { "with members that are empty", function() return gzip "" .. PARTS[1] .. gzip "" .. PARTS[2] .. gzip "" end },
      { "with padding of zeros", function() return PARTS[1] .. PARTS[2] .. ("\0"):rep(1000) end },
      { "with other bytes behind it", function() return PARTS[1] .. PARTS[2] .. "\31x and so on" end },
      { "with half a magic number behind it", function() return PARTS[1] .. PARTS[2] .. "\31" end },
   } do
      it(case[1] .. " is read", function()
         server:reply({ body = case[2](), headers = GZIP }, { body = case[2](),
            headers = { ["content-encoding"] = "X-GZip" } })
         assert.equal("in parts", get().id)
         assert.equal("in parts", get().id)
         local body, pieces = case[2](), {}
         for index = 1, #body do
            pieces[index] = body:sub(index, index)
         end
         server:reply{ pieces = pieces, headers = GZIP, chunked = true }
         assert.equal("in parts", get().id)
      end)
   end

   it("without a body is none", function()
      server:reply({ status = 204, body = "", headers = GZIP }, { body = "", headers = GZIP })
      assert.is_nil(client:delete_component("c"))
      assert.is_nil(client:delete_component("c"))
   end)

   it("whose second member is broken is kind decode, with its status", function()
      for _, tail in ipairs{ PARTS[2]:sub(1, -3), PARTS[2]:sub(1, 12) .. "broken" .. PARTS[2]:sub(19) } do
         server:reply{ body = PARTS[1] .. tail, headers = GZIP }
         local problem = clients.failure(get)
         assert.same({ "decode", 200, 1 }, { problem.kind, problem.status_code, problem.attempts })
      end
   end)
end)

describe("a coding that was not asked for", function()
   local BR = "\91\255\255\255\3" .. ("\0"):rep(201)

   for _, case in ipairs{
      { "brotli", { { "Content-Encoding", "br" } } },
      { "deflate", { { "Content-Encoding", "deflate" } } },
      { "two of gzip", { { "Content-Encoding", "gzip, gzip" } } },
      { "five headers of gzip", {
         { "Content-Encoding", "gzip" }, { "Content-Encoding", "gzip" }, { "content-encoding", "gzip" },
         { "Content-Encoding", "gzip" }, { "Content-Encoding", "gzip" } } },
      { "gzip within another", { { "Content-Encoding", "gzip" }, { "Content-Encoding", "br" } } },
      { "gzip as a transfer coding", { { "Transfer-Encoding", "gzip, chunked" } } },
      { "gzip as a transfer coding of its own line", { { "Transfer-Encoding", "gzip" }, { "Transfer-Encoding",
         "chunked" } } },
   } do
      it("is kind decode, with its status: " .. case[1], function()
         local bodies = { BR, gzip(gzip '{"id":"x"}') }
         for _, body in ipairs(bodies) do
            local chunked = case[2][1][1] == "Transfer-Encoding"
            if chunked then
               body = ("%x\r\n%s\r\n0\r\n\r\n"):format(#body, body)
            end
            server:always{ headers = case[2], body = body, length = not chunked and #body }
            for _, call in ipairs{ get, function() return client:create_component("c") end } do
               local problem = clients.failure(call)
               assert.same({ "decode", 200, 1, true },
                  { problem.kind, problem.status_code, problem.attempts, problem.maybe_sent })
               assert.matches("coding", problem.message, 1, true)
            end
         end
      end)
   end

   it("of a failure leaves the status to decide about another attempt", function()
      server:reply({ status = 503, headers = { ["Content-Encoding"] = "br" }, body = BR }, { body = '{"id":"later"}' })
      assert.equal("later", get().id)
      server:reply{ status = 404, headers = { ["Content-Encoding"] = "br" }, body = BR }
      local problem = clients.failure(function() return client:create_component("c") end)
      assert.same({ "decode", 404, false }, { problem.kind, problem.status_code, problem.maybe_sent })
   end)

   it("named identity is none", function()
      server:reply{ headers = { ["Content-Encoding"] = "identity" }, body = '{"id":"plain"}' }
      assert.equal("plain", get().id)
   end)
end)

-- ------------------------------------------------------------------ time

describe("a step takes a bounded part", function()
   -- What is not bounded is done in the one or two steps in which it arrives; bounds_cost_spec.lua measures the longest
   local function bounded(f, look)
      local fine, result, busy = stepped(f)
      look(fine, result)
      assert.is_true(busy >= 8, busy .. " steps")
   end

   it("of decompressing", function()
      server:always{ body = gzip((" "):rep(30000000) .. '{"id":"far"}'), headers = GZIP }
      bounded(get, function(fine, result)
         assert.is_true(fine, tostring(result))
         assert.equal("far", result.id)
      end)
   end)

   it("of decompressing many at one time", function()
      server:always{ body = gzip((" "):rep(10000000) .. "1"), headers = GZIP }
      bounded(function() return promptic.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, get) end, function(fine, result)
         assert.is_true(fine, tostring(result))
         assert.same({ 1, 1, 1, 1, 1, 1, 1, 1 }, result)
      end)
   end)

   it("of a response that is too large", function()
      reopen{ max_response_bytes = 50000000 }
      server:always{ body = gzip((" "):rep(60000000)), headers = GZIP }
      bounded(get, function(fine, problem)
         assert.is_false(fine)
         assert.same({ "decode", 200 }, { problem.kind, problem.status_code })
         assert.matches("exceeds max_response_bytes: 50000000 bytes", problem.message, 1, true)
      end)
   end)

   it("of finding out where a text is wrong", function()
      server:always{ body = gzip("[" .. ("1,"):rep(1000000) .. "}"), headers = GZIP }
      bounded(get, function(fine, problem)
         assert.is_false(fine)
         assert.matches("expected a value at character 2000002", problem.message, 1, true)
      end)
   end)

   it("of a failure's body", function()
      server:always{ status = 400, endless = ("x"):rep(1000), length = 100000000 }
      local fine, problem = stepped(get)
      assert.is_false(fine)
      assert.same({ "api", 400, 65536 }, { problem.kind, problem.status_code, #problem.body })
   end)
end)

-- ------------------------------------------------------------------ failures

describe("the body of a failure", function()
   it("that is larger than max_response_bytes does not hide the status", function()
      reopen{ max_response_bytes = 1000, max_retries = 1 }
      server:always{ status = 500, endless = "x", length = false }
      local problem = clients.failure(get)
      assert.same({ "api", 500, 2, 1000 }, { problem.kind, problem.status_code, problem.attempts, #problem.body })
   end)

   it("is decompressed as far as it is read", function()
      server:always{ status = 400, headers = GZIP, body = gzip('{"error":"No such thing"}') }
      assert.equal("[400] No such thing", tostring(clients.failure(get)))
      server:always{ status = 400, headers = GZIP, body = gzip(("y"):rep(10000000)) }
      local problem = clients.failure(get)
      assert.same({ "api", 400, ("y"):rep(65536) }, { problem.kind, problem.status_code, problem.body })
      server:always{ status = 400, headers = GZIP, body = "no gzip at all" }
      problem = clients.failure(get)
      assert.same({ "api", 400, "" }, { problem.kind, problem.status_code, problem.body })
   end)

   for _, case in ipairs{
      { "members that are empty", "", gzip "" },
      { "the name of a file", "\31\139\8\8\0\0\0\0\0\3", "name" },
      { "blocks that are empty", "\31\139\8\0\0\0\0\0\0\3", "\0\0\0\255\255" },
      { "padding", gzip "x", "\0" },
   } do
      it("that decompresses to nothing, without an end, is not read on: " .. case[1], function()
         local path = os.tmpname()
         finally(function() os.remove(path) end)
         reopen{ deadline = 10, max_retries = 0 }
         local head = "Content-Encoding: gzip\r\nConnection: close\r\n\r\n"
         for _, status in ipairs{ 400, 307 } do
            server:always{ raw = ("HTTP/1.1 %d No\r\nLocation: /x\r\n"):format(status) .. head .. case[2],
               endless = case[3]:rep(1000) }
            local problem = clients.failure(get)
            assert.same({ "api", status }, { problem.kind, problem.status_code })
            problem = clients.failure(client.download_artifact, client, "a", path)
            assert.same({ "api", status }, { problem.kind, problem.status_code })
         end
      end)
   end
end)

-- ------------------------------------------------------------------ values

describe("decoding", function()
   local MANY = 2000000 -- empty arrays: a second to build

   local function many_arrays()
      return { body = gzip("[" .. ("[],"):rep(MANY) .. "[]]"), headers = GZIP }
   end

   it("is a part of the call, which its deadline ends", function()
      reopen{ deadline = 0.3 }
      server:always(many_arrays())
      local problem = clients.failure(get)
      assert.same({ "timeout", true }, { problem.kind, problem.maybe_sent })
      local fine
      fine, problem = stepped(get)
      assert.is_false(fine)
      assert.equal("timeout", problem.kind)
   end)

   it("ends where its task is cancelled", function()
      server:always(many_arrays())
      local arrived = false
      local logging = clients.open(server.url, {
         log = function(_, text) arrived = arrived or text:find(": 200 ", 1, true) end,
      })
      finally(function() logging:close() end)
      local task = promptic.spawn(function() return logging:get_component("c") end)
      repeat
         promptic.step(0)
      until arrived
      promptic.step(0)
      assert.equal("waiting", task.status)
      task:cancel()
      local steps = 0
      while promptic.step(0) > 0 do
         steps = steps + 1
      end
      assert.equal("cancelled", task.status)
      assert.is_true(steps < 100, steps)
   end)

   it("runs the hooks of a script that is blocked by it", function()
      server:always(many_arrays())
      local debug_hook = debug.sethook -- what the handler of Ctrl-C in stock Lua uses
      local logging = clients.open(server.url, {
         log = function(_, text)
            if text:find(": 200 ", 1, true) then
               debug_hook(function() debug_hook() error("interrupted!", 0) end, "cr")
            end
         end,
      })
      finally(function() debug_hook() logging:close() end)
      local fine, problem = pcall(logging.get_component, logging, "c")
      debug_hook()
      assert.is_false(fine)
      assert.matches("interrupted!", tostring(problem), 1, true)
   end)

   it("is held to max_response_values", function()
      reopen{ max_response_values = 10 }
      for _, case in ipairs{
         { "[1,2,3,4,5,6,7,8,9]", true }, { "[1,2,3,4,5,6,7,8,9,0]", false },
         { '{"a":[1,2,[3,[4]]],"b":{"c":"d"}}', true }, { '{"a":[1,2,[3,[4]]],"b":{"c":"d","e":1}}', false },
         { '"' .. ("x"):rep(5000) .. '"', true }, { "[" .. ("[],"):rep(2000) .. "1]", false },
      } do
         server:always{ body = case[1] }
         local fine, result = pcall(get)
         local stepped_fine, stepped_result = stepped(get)
         assert.same({ case[2], case[2] }, { fine, stepped_fine }, case[1])
         for _, problem in ipairs(case[2] and {} or { result, stepped_result }) do
            assert.equal("decode", problem.kind)
            assert.matches("max_response_values", problem.message, 1, true)
         end
      end
      assert.equal(20, #promptic.json.decode("[" .. ("1,"):rep(19) .. "1]")) -- a text of the script's own
   end)
end)

-- ------------------------------------------------------------------ heads

describe("a head", function()
   local function bytes_of(text)
      local pieces = {}
      for index = 1, #text do
         pieces[index] = text:sub(index, index)
      end
      return pieces
   end

   it("that comes byte by byte moves with each of them", function()
      reopen{ timeout = 0.5, max_retries = 0 }
      local head = "HTTP/1.1 200 OK\r\nX-Slow: " .. ("s"):rep(20) .. "\r\nContent-Length: 12\r\n\r\n"
      server:always{ raw = "", pieces = bytes_of(head .. '{"id":"h01"}'), every = 40 }
      assert.equal("h01", get().id)
   end)

   it("that comes byte by byte without an end is ended by the deadline", function()
      reopen{ timeout = 0.5, deadline = 1.5, max_retries = 0 }
      server:always{ raw = "HTTP/1.1 200 OK\r\nX-Slow: ", pieces = bytes_of(("s"):rep(400)), every = 20 }
      local problem = clients.failure(get)
      assert.equal("timeout", problem.kind)
      assert.matches("deadline", problem.message, 1, true)
   end)

   for _, case in ipairs{
      { "of headers", "HTTP/1.1 200 OK\r\n", "X-More: y\r\n" },
      { "of interim responses", "", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" },
      { "of trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", "X-More: y\r\n" },
   } do
      it("without an end ends the call: " .. case[1], function()
         reopen{ max_retries = 0 }
         server:always{ raw = case[2], endless = case[3]:rep(100) }
         local kind = clients.failure(get).kind -- libcurl has a bound of its own for trailers
         assert.is_true(kind == "connection" or case[1] == "of trailers" and kind == "decode", kind)
      end)
   end

   -- libcurl skips them without a word, so that neither a limit of bytes nor a quiet time sees them.
   it("may be followed by no endless extension of a chunk", function()
      for status, expected in pairs{ ["200 OK"] = { "decode", "too_large", 200 }, ["400 No"] = { "api", nil, 400 } } do
         for _, size in ipairs{ "1", "0" } do
            reopen{ max_retries = 0 }
            server:always{ raw = ("HTTP/1.1 %s\r\nTransfer-Encoding: chunked\r\n\r\n%s;"):format(status, size),
               endless = ("x"):rep(1000) }
            local problem = clients.failure(get)
            assert.same(expected, { problem.kind, problem.code, problem.status_code })
         end
      end
   end)

   it("may be followed by extensions of 400 KiB", function()
      reopen{ max_retries = 0 }
      server:always{ raw = ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;%s\r\n{}\r\n0\r\n\r\n")
         :format(("x"):rep(400 * 1024)) }
      assert.same({}, get())
   end)

   local OK, LENGTH = "HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n\r\n{}"
   local INTERIM = "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
   local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"

   for _, case in ipairs{ -- `lines` of 2,000 are given
      { "of the head", "connection", function(lines) return OK .. ("X: y\r\n"):rep(lines - 3) .. LENGTH end },
      { "of interim responses", "connection", function(lines)
         return INTERIM:rep(600) .. OK .. ("X: y\r\n"):rep(lines - 3 * 600 - 3) .. LENGTH
      end },
      { "of trailers", "decode", function(lines) return CHUNKED .. ("X: y\r\n"):rep(lines - 3) .. "\r\n" end },
   } do
      it("may have 2,000 lines, counting those " .. case[1], function()
         server:always{ raw = case[3](2000) }
         assert.same({}, get())
         server:always{ raw = case[3](2001) }
         assert.equal(case[2], clients.failure(get).kind)
      end)
   end

   -- The script holds the body back after 64 KiB, and libcurl reads some of the trailers before it notices.
   local HELD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Head: h\r\n\r\n10000\r\n" .. ("b"):rep(65536)
      .. "\r\n2\r\n{}\r\n0\r\nHTTP/1.1: no head\r\n"

   local function get_held(lines) -- of which so many are in the head or trailers
      server:always{ raw = HELD .. ("X: y\r\n"):rep(lines - 6) .. "X-Last: z\r\n\r\n" }
      return promptic.http("GET", server.url, { on_data = function() end }).headers
   end

   it("may have 2,000 lines, counting those of trailers that came during a pause", function()
      for _ = 1, 5 do -- they did in most of these
         local headers = get_held(2000)
         assert.same({ "h", "z" }, { headers["x-head"], headers["x-last"] })
         assert.equal(#("y, "):rep(1994) - 2, #headers.x)
         assert.equal("decode", clients.failure(get_held, 2001).kind)
      end
   end)

   it("may have 300 KiB", function()
      local line = "X: " .. ("x"):rep(90000) .. "\r\n" -- libcurl takes 100 KiB a line
      local function head(size)
         local before = OK .. line:rep(3) .. "X: "
         return before .. ("x"):rep(size - #before - #"\r\n" - (#LENGTH - 2)) .. "\r\n" .. LENGTH
      end
      server:always{ raw = head(299 * 1024) } -- newer versions of libcurl have the same bound
      assert.same({}, get())
      server:always{ raw = head(300 * 1024 + 1) }
      assert.equal("connection", clients.failure(get).kind)
   end)
end)

describe("an interim response", function()
   local EARLY = "HTTP/1.1 103 Early Hints\r\nContent-Encoding: br\r\nRetry-After: 9\r\n\r\n"
   local FINAL = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nbytes"

   it("does not take the body from those to whom it is handed", function()
      server:always{ raw = EARLY:rep(2) .. FINAL }
      local got, path = {}, os.tmpname()
      finally(function() os.remove(path) end)
      promptic.http("GET", server.url, { on_data = function(bytes) got[#got + 1] = bytes end })
      assert.equal("bytes", table.concat(got))
      promptic.http("GET", server.url, { save = path })
      assert.equal("bytes", process.read_file(path))
      assert.equal(5, client:download_artifact("a", path))
      assert.equal("bytes", process.read_file(path))
   end)

   it("says nothing about the response, nor is one", function()
      reopen{ max_retries = 0 }
      server:always{ raw = EARLY .. "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" }
      local problem = clients.failure(function() return client:create_component("c") end)
      assert.same({ 503, true }, { problem.status_code, problem.maybe_sent })
      assert.is_nil(problem.retry_after)
      server:always{ raw = EARLY, close = "fin" }
      problem = clients.failure(function() return client:create_component("c") end)
      assert.same({ "connection", true }, { problem.kind, problem.maybe_sent })
   end)
end)
