--- The wire: what is sent where, what comes back, and what is done about answers that are none.
-- Tags: luas valgrind
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared{ body = '{"id":"x"}' }
local client

before_each(function()
   client = clients.open(server.url)
end)

after_each(function()
   client:close()
end)

local function reopen(options)
   client:close()
   client = clients.open(options.endpoint or server.url, options)
end

local function get()
   return client:get_component("c")
end

-- What a shell command writes to its standard output.
local function output_of(command)
   local pipe = assert(io.popen(command))
   local text = pipe:read("*a")
   pipe:close()
   return text
end

describe("a redirect", function()
   local elsewhere

   setup(function()
      elsewhere = scripted.start()
   end)

   teardown(function()
      elsewhere:stop()
   end)

   before_each(function()
      elsewhere:reset()
   end)

   for _, status in ipairs{ 300, 301, 302, 303, 304, 307, 308 } do
      it(("of status %d is an error and is not followed"):format(status), function()
         for _, location in ipairs{ elsewhere.url .. "/api/v1/components/c", "/elsewhere", "//127.0.0.1" } do
            server:reset():always{ status = status, headers = { Location = location } }
            for _, call in ipairs{ get, function() return client:create_component("c") end } do
               local problem = clients.failure(call)
               assert.equal("api", problem.kind)
               assert.equal(status, problem.status_code)
               assert.equal(1, problem.attempts)
            end
            assert.equal(2, server:count())
         end
         assert.equal(0, elsewhere:seen().accepted)
      end)
   end
end)

describe("a compressed answer", function()
   local GZIP = { ["Content-Encoding"] = "gzip" }
   local packed

   setup(function()
      packed = output_of([[printf '{"id":"compressed","more":"%s"}' "$(seq 100)" | tr '\n' , | gzip -c]])
   end)

   it("is unpacked", function()
      server:reply{ body = packed, headers = GZIP }
      assert.equal("compressed", get().id)
   end)

   it("is unpacked whatever its pieces", function()
      local pieces = {}
      for position = 1, #packed do
         pieces[position] = packed:sub(position, position)
      end
      server:reply{ pieces = pieces, headers = GZIP, chunked = true }
      assert.equal("compressed", get().id)
   end)

   it("that is broken is kind decode", function()
      local middle = math.floor(#packed / 2)
      local changed = packed:sub(1, middle - 1) .. string.char((packed:byte(middle) + 1) % 256)
         .. packed:sub(middle + 1)
      for _, body in ipairs{ "this is no gzip at all", packed:sub(1, middle), changed } do
         server:always{ body = body, headers = GZIP }
         assert.equal("decode", clients.failure(get).kind)
      end
   end)

   it("in a coding that nobody asked for is an error", function()
      server:always{ body = "{}", headers = { ["Content-Encoding"] = "sdch" } }
      local kind = clients.failure(get).kind
      assert.is_true(kind == "decode" or kind == "connection", kind)
   end)
end)

describe("max_response_bytes", function()
   local LIMIT = 1000
   local FULL = '"' .. ("x"):rep(LIMIT - 2) .. '"'

   before_each(function()
      reopen{ max_response_bytes = LIMIT }
   end)

   local function too_large()
      local problem = clients.failure(get)
      assert.equal("decode", problem.kind)
      assert.matches("max_response_bytes", problem.message, 1, true)
      assert.equal(1, problem.attempts)
   end

   it("lets an answer of that many bytes pass", function()
      server:reply{ body = FULL }
      assert.equal(LIMIT - 2, #get())
   end)

   it("stops one of a byte more", function()
      server:always{ body = FULL .. " " }
      too_large()
   end)

   it("counts decoded bytes", function()
      local bomb = output_of("head -c 20000000 /dev/zero | gzip -9c")
      reopen{ max_response_bytes = 100000 }
      assert.is_true(#bomb < 100000)
      server:always{ body = bomb, headers = { ["Content-Encoding"] = "gzip" } }
      too_large()
   end)

   local ENDLESS = {
      { "with chunks", { chunked = true } },
      { "with a length to match", { length = 1e15 } },
      { "without a length", { length = false } },
   }
   for _, case in ipairs(ENDLESS) do
      it("stops an answer that never ends, " .. case[1], function()
         case[2].endless = " "
         server:always(case[2])
         too_large()
         assert.equal(1, server:count())
      end)
   end

   it("stops an error's body as well", function()
      server:always{ status = 400, endless = "x", length = false }
      assert.is_string(clients.failure(get).message)
   end)
end)

describe("an answer of success", function()
   for _, status in ipairs{ 200, 201, 202, 204, 206, 299 } do
      it(("with status %d and no body is nil"):format(status), function()
         server:reply{ status = status }
         assert.is_nil(get())
      end)
   end

   it("of null is nil", function()
      server:reply{ body = "null" }
      assert.is_nil(get())
   end)

   it("may be in chunks, or end with the connection", function()
      server:reply(
         { pieces = { '{"id"', ':"chunks"', "}" }, chunked = true },
         { body = '{"id":"the end"}', length = false, close = "fin" }
      )
      assert.same({ id = "chunks" }, get())
      assert.same({ id = "the end" }, get())
   end)

   it("may follow interim answers, whose headers do not count", function()
      server:reply{
         raw = "HTTP/1.1 100 Continue\r\n\r\n"
            .. "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\nContent-Encoding: br\r\n\r\n"
            .. "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX-Late: 2\r\n\r\n" .. '{"id":"y"}',
      }
      local result = get()
      assert.same({ id = "y" }, result)
      assert.same({ ["content-length"] = "10", ["x-late"] = "2" }, promptic.response(result).headers)
   end)

   local NO_JSON = { "<html></html>", "{", '{"id":}', "{} {}", "[1,]", "NaN", "{'id':1}", "\0" }

   for _, body in ipairs(NO_JSON) do
      it(("that reads %q is kind decode"):format(body), function()
         server:always{ body = body }
         local problem = clients.failure(get)
         assert.equal("decode", problem.kind)
         assert.is_nil(problem.status_code)
         assert.equal(1, problem.attempts)
         assert.equal(1, server:count())
      end)
   end
end)

describe("an invalid response", function()
   local many = {}
   for index = 1, 40000 do
      many[index] = { "X-Header-" .. index, ("x"):rep(100) }
   end

   local CASES = {
      { "garbage", "this is not HTTP\r\n\r\n" },
      { "binary garbage", "\22\3\1\2\0\1\0\1\252\3\3" },
      { "nothing but line ends", "\r\n\r\n\r\n\r\n" },
      { "another protocol", "SSH-2.0-OpenSSH_9.2\r\n" },
      { "half a status line", "HTTP/1." },
      { "a status that is none", "HTTP/1.1 abc OK\r\n\r\n" },
      { "half a head", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" },
      { "a body cut short", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}" },
      { "a chunk of no size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" },
      { "a chunk cut short", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}" },
      { "chunks without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" },
      { "a length below zero", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}" },
      { "a header without end", "HTTP/1.1 200 OK\r\nX: " .. ("x"):rep(400000) },
   }

   for _, case in ipairs(CASES) do
      it("is kind connection: " .. case[1], function()
         reopen{ max_retries = 0 }
         server:always{ raw = case[2], close = "fin" }
         local problem = clients.failure(get)
         assert.equal("connection", problem.kind)
         assert.is_nil(problem.status_code)
         assert.is_true(problem.maybe_sent)
      end)
   end

   it("is more headers than anybody sends", function()
      reopen{ max_retries = 0 }
      server:always{ headers = many, body = "{}" }
      local kind = clients.failure(get).kind
      assert.is_true(kind == "connection" or kind == "decode", kind)
   end)

   it("is not a head of 50 kB", function()
      local long = ("x"):rep(50000)
      server:reply{ headers = { ["X-Long"] = long }, body = "{}" }
      assert.equal(long, promptic.response(get()).headers["x-long"])
   end)
end)

describe("a connection", function()
   it("serves 100 calls one after the other", function()
      for _ = 1, 50 do
         get()
         client:create_component("a name")
      end
      local seen = server:seen()
      assert.equal(100, #seen.requests)
      assert.equal(1, seen.accepted)
   end)

   it("outlives answers that are errors, empty or in chunks", function()
      reopen{ max_retries = 0 }
      server:reply({ status = 404, body = "{}" }, { status = 500, body = "no" }, { status = 204 })
      server:reply({ status = 302 }, { body = "{}", chunked = true }, { body = "no JSON" })
      for _ = 1, 6 do
         pcall(get)
      end
      get()
      assert.equal(1, server:seen().accepted)
   end)

   describe("of many", function()
      local other, many
      local list = {}
      for index = 1, 24 do
         list[index] = "c" .. index
      end

      before_each(function()
         other = scripted.start():always{ body = "{}" }
         many = clients.open(other.url, { max_retries = 1 })
      end)

      after_each(function()
         many:close()
         other:stop()
      end)

      local function get_all()
         promptic.map(list, function(id) return many:get_component(id) end, { concurrency = #list })
      end

      it("outlives a moment in which few calls are under way", function()
         for _ = 1, 6 do
            get_all()
         end
         assert.equal(6 * #list, #other:requests())
         assert.is_true(other:seen().accepted <= #list, other:seen().accepted)
      end)

      it("is not the next one's after all have broken", function()
         get_all()
         other:reset() -- resets them
         other:always{ body = '{"id":"a"}' }
         for _ = 1, 3 do
            assert.equal("a", many:get_component("x").id)
         end
      end)
   end)

   it("is told of in the response", function()
      assert.is_false(promptic.response(get()).connection_reused)
      assert.is_true(promptic.response(get()).connection_reused)
   end)

   it("keeps no cookies", function()
      server:reply{ headers = { ["Set-Cookie"] = "session=1; Path=/" }, body = "{}" }
      get()
      get()
      assert.is_nil(server:requests()[2].header.cookie)
   end)
end)

describe("a large body", function()
   it("is sent at once, without asking first", function()
      local list = {}
      for index = 1, 1000 do
         list[index] = { variables = { text = ("x"):rep(3000) }, expected = "a" }
      end
      client:create_observations("e", list)
      local request = server:requests()[1]
      assert.is_true(request.body_length > 3000000)
      assert.equal(("%d"):format(request.body_length), request.header["content-length"])
      assert.is_nil(request.header.expect)
      assert.is_nil(request.header["transfer-encoding"])
   end)
end)

describe("promptic.response", function()
   it("gives what came with a result", function()
      server:reply({ status = 503 }, {
         status = 201,
         headers = { { "X-Request-Id", "req-7" }, { "X-Twice", "a" }, { "X-Twice", "b" } },
         body = '{"id":"x"}',
      })
      local result = get()
      local response = promptic.response(result)
      assert.equal(201, response.status)
      assert.equal("req-7", response.request_id)
      assert.equal(2, response.attempts)
      assert.equal("req-7", response.headers["x-request-id"])
      assert.equal("application/json", response.headers["content-type"])
      assert.is_true(response.elapsed >= 0 and response.elapsed < 10)
      assert.is_boolean(response.connection_reused)
   end)

   it("tells results apart", function()
      server:reply({ status = 200, body = "{}" }, { status = 201, body = "{}" })
      local first, second = get(), get()
      assert.equal(200, promptic.response(first).status)
      assert.equal(201, promptic.response(second).status)
   end)

   it("knows nothing of other tables", function()
      assert.is_nil(promptic.response({}))
   end)
end)

describe("an api error", function()
   it("carries what the answer says", function()
      server:always{
         status = 422,
         headers = { ["X-Request-Id"] = "req-8" },
         body = '{"error":"name is missing"}',
      }
      local problem = clients.failure(client.create_experiment, client, "c", "m")
      assert.equal("api", problem.kind)
      assert.equal(422, problem.status_code)
      assert.equal("name is missing", problem.message)
      assert.equal("[422] name is missing", tostring(problem))
      assert.equal("POST", problem.method)
      assert.equal("/experiments", problem.path)
      assert.equal("req-8", problem.request_id)
      assert.equal('{"error":"name is missing"}', problem.body)
      assert.equal(1, problem.attempts)
      assert.is_nil(problem.retry_after)
   end)

   it("has the path of its request, encoded", function()
      server:always{ status = 404 }
      assert.equal("/components/a%2Fb", clients.failure(client.get_component, client, "a/b").path)
   end)
end)

describe("the endpoint", function()
   local PATHS = {
      { "", "" },
      { "/", "" },
      { "///", "" },
      { "/prefix", "/prefix" },
      { "/prefix/", "/prefix" },
      { "/a/b//", "/a/b" },
   }
   for _, case in ipairs(PATHS) do
      it(("may end in %q"):format(case[1]), function()
         reopen{ endpoint = server.url .. case[1] }
         get()
         assert.equal(case[2] .. "/api/v1/components/c", server:requests()[1].target)
      end)
   end

   local REFUSED = {
      "http://example.com",
      "http://192.168.1.1:8000",
      "http://127.0.0.1.example.com",
      "http://localhost.example.com",
      "http://2130706433.example.com",
      "http://example.com/127.0.0.1",
      "http://127.0.0.1:80@example.com",
      "http://[::2]",
      "http://0.0.0.0:1",
      "http://128.0.0.1",
      "http://user@127.0.0.1",
      "https://user:word@example.com",
      "https://:word@example.com",
      "https://example.com?a=b",
      "https://example.com/?",
      "https://example.com#a",
      "https://example.com/#",
      "https://example.com\r\nX-Evil: 1",
      "https://example.com:port",
      "https://example.com:99999",
      "https://a b",
      "https://",
      "https:///api",
      "https:/example.com",
      "http://",
      "//example.com",
      "127.0.0.1",
      "ftp://127.0.0.1",
      "file:///etc/passwd",
      "",
   }
   for _, endpoint in ipairs(REFUSED) do
      it(("%q is refused"):format(endpoint), function()
         local problem = clients.failure(clients.open, endpoint)
         assert.equal("config", problem.kind)
         assert.matches("endpoint", problem.message, 1, true)
      end)
   end

   local TAKEN = {
      "https://example.com", "https://example.com:8443/prefix/", "http://localhost:8000", "http://127.0.0.1",
      "http://127.8.9.10:1", "http://[::1]:8000", "HTTP://LOCALHOST:8000",
   }
   for _, endpoint in ipairs(TAKEN) do
      it(("%q is taken"):format(endpoint), function()
         clients.open(endpoint):close()
      end)
   end

   it("may be plain http elsewhere where that is allowed", function()
      clients.open("http://example.com", { allow_http = true }):close()
   end)
end)

describe("trailers of a chunked response", function()
   it("are bounded, as headers are: they need not end", function()
      local lines, pieces = ("X-Trailer: " .. ("a"):rep(1000) .. "\r\n"):rep(60), {}
      for index = 1, 25 do -- few lines: their number has a bound too
         pieces[index] = lines
      end
      server:always{ raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", pieces = pieces,
         every = 0, stall = true }
      reopen{ timeout = 5, max_retries = 0 }
      local problem = clients.failure(get)
      assert.same({ "decode", "too_large" }, { problem.kind, problem.code }, tostring(problem))
   end)
end)

describe("on the loopback of IPv6", function()
   it("calls work as well", function()
      local fine, other = pcall(scripted.start, "::1")
      if not fine then
         return pending("this machine has none")
      end
      reopen{ endpoint = other.url }
      server:always{ body = "{}" }
      pcall(get)
      local requests = other:requests()
      other:stop()
      assert.equal(1, #requests)
   end)
end)
