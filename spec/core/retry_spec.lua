--- Which failure is tried again, how often, and what comes of it.
-- Tags: luas slow
local promptic = require "promptic"
local socket = require "socket"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

-- One method of each kind. The first three may be repeated without harm.
local METHODS = {
   GET = function(client)
      return client:get_component("c")
   end,
   DELETE = function(client)
      return client:delete_component("c")
   end,
   UPSERT = function(client)
      return client:upsert_annotation("c", "r", "t", { rating = "positive" })
   end,
   POST = function(client)
      return client:create_component("a name")
   end,
   PATCH = function(client)
      return client:update_experiment("e", { name = "x" })
   end,
   START = function(client)
      return client:start_experiment("e")
   end,
}
local REPEATABLE = { "GET", "DELETE", "UPSERT" }
local OTHERS = { "POST", "PATCH", "START" }

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

-- The error of a call that fails after so many attempts, all of which the server has seen.
local function fails(method, attempts)
   local problem = clients.failure(METHODS[method], client)
   assert.equal(attempts, problem.attempts)
   assert.equal(attempts, server:count())
   return problem
end

-- The result of a call that succeeds after so many attempts.
local function succeeds(method, attempts)
   local result = METHODS[method](client)
   assert.equal(attempts, server:count())
   if result ~= nil then
      assert.equal(attempts, promptic.response(result).attempts)
   end
   return result
end

local function http_date(seconds)
   return os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + seconds)
end

describe("an answer", function()
   -- How many attempts with max_retries = 2: { status, repeatable, other, with Retry-After: other }
   local CASES = {
      { 400, 1, 1, 1 },
      { 401, 1, 1, 1 },
      { 403, 1, 1, 1 },
      { 404, 1, 1, 1 },
      { 408, 3, 3, 3 },
      { 409, 1, 1, 1 },
      { 422, 1, 1, 1 },
      { 425, 1, 1, 1 },
      { 429, 3, 3, 3 },
      { 500, 3, 1, 1 },
      { 501, 1, 1, 1 },
      { 502, 3, 1, 1 },
      { 503, 3, 1, 3 },
      { 504, 3, 1, 1 },
      { 507, 1, 1, 1 },
      { 302, 1, 1, 1 },
   }

   local function check(method, status, attempts, headers)
      server:always{ status = status, headers = headers, body = '{"error":"no luck"}' }
      local problem = fails(method, attempts)
      assert.equal("api", problem.kind)
      assert.equal(status, problem.status_code)
      assert.matches("^no luck", problem.message)
   end

   for _, case in ipairs(CASES) do
      local status, repeatable, other, other_with_header = case[1], case[2], case[3], case[4]
      for _, method in ipairs(REPEATABLE) do
         it(("%d makes %d of %s"):format(status, repeatable, method), function()
            check(method, status, repeatable)
         end)
         it(("%d with Retry-After makes %d of %s"):format(status, repeatable, method), function()
            check(method, status, repeatable, { ["Retry-After"] = "0" })
         end)
      end
      for _, method in ipairs(OTHERS) do
         it(("%d makes %d of %s"):format(status, other, method), function()
            check(method, status, other)
         end)
         it(("%d with Retry-After makes %d of %s"):format(status, other_with_header, method), function()
            check(method, status, other_with_header, { ["Retry-After"] = "0" })
         end)
      end
   end

   it("that is good ends the attempts", function()
      server:reply({ status = 503 }, { status = 500 })
      assert.same({ id = "x" }, succeeds("GET", 3))
   end)

   it("of a later attempt is the one that is raised", function()
      server:reply({ status = 503 }, { status = 404, body = '{"error":"gone"}' })
      local problem = fails("GET", 2)
      assert.equal(404, problem.status_code)
      assert.equal("gone", problem.message)
   end)

   it("makes the same request again, byte for byte", function()
      server:reply({ status = 500 }, { status = 502 })
      succeeds("UPSERT", 3)
      local requests = server:requests()
      for number = 2, 3 do
         assert.equal(requests[1].head, requests[number].head)
         assert.equal(requests[1].body, requests[number].body)
      end
   end)
end)

describe("max_retries", function()
   for _, retries in ipairs{ 0, 1, 5 } do
      it(("= %d makes one attempt more"):format(retries), function()
         reopen{ max_retries = retries }
         server:always{ status = 503 }
         fails("GET", retries + 1)
      end)
   end

   it("is counted anew for each call", function()
      server:always{ status = 503 }
      fails("GET", 3)
      assert.equal(3, clients.failure(METHODS.GET, client).attempts)
      assert.equal(6, server:count())
   end)
end)

describe("Retry-After", function()
   local LONG = {
      { "seconds past a minute", "61", 61, 61 },
      { "an hour", "3600", 3600, 3600 },
      { "a date past a minute", http_date(3600), 3500, 3600 },
   }

   for _, case in ipairs(LONG) do
      for _, method in ipairs{ "GET", "POST" } do
         it(("of %s is raised by %s"):format(case[1], method), function()
            server:always{ status = 503, headers = { ["Retry-After"] = case[2] } }
            local problem = fails(method, 1)
            assert.equal(503, problem.status_code)
            assert.is_true(problem.retry_after >= case[3] and problem.retry_after <= case[4])
         end)
      end
   end

   it("of more than any number is raised", function()
      server:always{ status = 429, headers = { ["Retry-After"] = ("9"):rep(400) } }
      local retry_after = fails("GET", 1).retry_after
      assert.is_true(retry_after > 60 and retry_after < math.huge)
   end)

   it("of a second is waited for", function()
      server:reply{ status = 503, headers = { ["Retry-After"] = "1" } }
      succeeds("POST", 2)
      local requests = server:requests()
      local gap = requests[2].at - requests[1].at
      assert.is_true(gap > 0.95 and gap < 3, "waited for " .. gap)
   end)

   it("goes before the backoff", function()
      reopen{ backoff = 60 }
      server:reply{ status = 429, headers = { ["Retry-After"] = "0" } }
      succeeds("POST", 2)
   end)

   it("as a date that has passed means now", function()
      reopen{ backoff = 60 }
      server:reply{ status = 503, headers = { ["Retry-After"] = http_date(-10) } }
      succeeds("POST", 2)
   end)

   -- The server's clock is an hour behind or ahead: what counts is how far apart its two dates are.
   for _, skew in ipairs{ -3600, 3600 } do
      it(("as a date is counted from the response's own Date, %d s off"):format(skew), function()
         reopen{ max_retries = 0 }
         server:always{ status = 503, headers = { Date = http_date(skew), ["Retry-After"] = http_date(skew + 90) } }
         assert.equal(90, fails("POST", 1).retry_after)
         server:reset():always{
            status = 503, headers = { Date = http_date(skew), ["Retry-After"] = http_date(skew - 90) },
         }
         assert.equal(0, fails("POST", 1).retry_after)
      end)

      it(("as a date is waited for by the response's own Date, %d s off"):format(skew), function()
         server:reply{ status = 503, headers = { Date = http_date(skew), ["Retry-After"] = http_date(skew + 1) } }
         succeeds("POST", 2)
         local requests = server:requests()
         assert.is_true(requests[2].at - requests[1].at > 0.95)
      end)
   end

   it("as a date without a readable Date is counted from this machine's clock", function()
      reopen{ max_retries = 0 }
      server:always{ status = 503, headers = { Date = "soon", ["Retry-After"] = http_date(600) } }
      local retry_after = fails("POST", 1).retry_after
      assert.is_true(retry_after > 500 and retry_after <= 600)
   end)

   it("as a date to come is waited for", function()
      server:reply{ status = 503, headers = { ["Retry-After"] = http_date(2) } }
      succeeds("POST", 2)
      local requests = server:requests()
      assert.is_true(requests[2].at - requests[1].at > 0.5)
   end)

   local UNREADABLE = { "soon", "-1", "", "1e9", "0x10", "12 parsecs", "Mon, 99 Foo 2024 00:00:00 GMT" }
   for _, value in ipairs(UNREADABLE) do
      it(("that reads %q is as good as none"):format(value), function()
         server:always{ status = 503, headers = { ["Retry-After"] = value } }
         assert.is_nil(fails("GET", 3).retry_after)
         server:reset():always{ status = 503, headers = { ["Retry-After"] = value } }
         fails("POST", 1)
      end)
   end

   it("past the deadline is not waited for", function()
      reopen{ deadline = 2 }
      server:always{ status = 503, headers = { ["Retry-After"] = "50" } }
      local before = socket.gettime()
      local problem = fails("GET", 1)
      assert.is_true(socket.gettime() - before < 10)
      assert.equal(50, problem.retry_after)
   end)
end)

describe("a connection", function()
   -- What happens to every request, once it has been read.
   local CASES = {
      { "that is reset before an answer", { close = "reset" } },
      { "that ends before an answer", { close = "fin" } },
      { "that ends in the head of an answer", { raw = "HTTP/1.1 200 OK\r\nContent-Le", close = "fin" } },
      { "that ends after the head of an answer", { length = 100, status = 200, close = "fin" } },
      { "that ends in the body of an answer", { length = 100, body = '{"id"', close = "fin" } },
      { "that is reset in the body of an answer", { length = 100, body = '{"id"', close = "reset" } },
      { "that ends within the chunks of an answer",
         { raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"id\"", close = "fin" } },
   }

   for _, case in ipairs(CASES) do
      for _, method in ipairs(REPEATABLE) do
         it(("%s makes 3 of %s"):format(case[1], method), function()
            server:always(case[2])
            assert.equal("connection", fails(method, 3).kind)
         end)

         it(("%s may come right for %s"):format(case[1], method), function()
            server:reply(case[2])
            succeeds(method, 2)
         end)
      end
      for _, method in ipairs(OTHERS) do
         it(("%s makes 1 of %s"):format(case[1], method), function()
            server:always(case[2])
            assert.equal("connection", fails(method, 1).kind)
         end)
      end
   end

   it("that is closed as soon as it is made is tried again", function()
      server:accept({ close = "reset" }, { close = "fin" })
      assert.same({ id = "x" }, METHODS.GET(client))
   end)

   for method in pairs(METHODS) do
      it("that is refused is tried again, since nothing was sent: " .. method, function()
         local address, holder = scripted.refusing()
         reopen{ endpoint = address }
         local problem = clients.failure(METHODS[method], client)
         holder:close()
         assert.equal("connection", problem.kind)
         assert.equal(3, problem.attempts)
      end)

      it("that is never made is tried again, since nothing was sent: " .. method, function()
         local address, holder = scripted.deaf()
         reopen{ endpoint = address, timeout = 0.1 }
         local problem = clients.failure(METHODS[method], client)
         for _, one in ipairs(holder) do
            one:close()
         end
         assert.equal("timeout", problem.kind)
         assert.equal(3, problem.attempts)
      end)
   end
end)

describe("a kept connection", function()
   -- Where it breaks libcurl would send the request again by itself, though the platform may have acted.
   for _, how in ipairs{ "fin", "reset" } do
      for _, method in ipairs(OTHERS) do
         it(("that ends (%s) on a %s sends it once"):format(how, method), function()
            METHODS.GET(client)
            server:always{ close = how }
            local problem = clients.failure(METHODS[method], client)
            assert.equal("connection", problem.kind)
            assert.equal(1, problem.attempts)
            local requests = server:requests()
            assert.equal(2, #requests)
            assert.equal(requests[1].connection, requests[2].connection)
         end)
      end

      for _, method in ipairs(REPEATABLE) do
         it(("that ends (%s) on a %s is replaced"):format(how, method), function()
            METHODS.GET(client)
            server:reply{ close = how }
            METHODS[method](client)
            assert.equal(3, server:count())
         end)
      end
   end

   it("that the server has closed meanwhile is replaced, for a POST too", function()
      server:reply{ body = "{}", close = "fin" }
      METHODS.GET(client)
      server:requests() -- answered after the close, which has reached the client by then
      METHODS.POST(client)
      local seen = server:seen()
      assert.equal(2, #seen.requests)
      assert.equal(2, seen.accepted)
   end)
end)

describe("a DELETE", function()
   local BEFORE = {
      { "a 503", { status = 503 } },
      { "a 429", { status = 429, headers = { ["Retry-After"] = "0" } } },
      { "a reset", { close = "reset" } },
      { "an answer cut short", { length = 100, body = "x", close = "fin" } },
   }

   for _, case in ipairs(BEFORE) do
      it("that answers 404 after " .. case[1] .. " has succeeded", function()
         server:reply(case[2], { status = 404, body = '{"error":"Not found"}' })
         assert.is_nil(succeeds("DELETE", 2))
      end)
   end

   it("that answers 404 at once has failed", function()
      server:always{ status = 404, body = '{"error":"Not found"}' }
      assert.equal("[404] Not found (DELETE /components/c)", tostring(fails("DELETE", 1)))
   end)

   it("that answers 410 on a repeated attempt has failed", function()
      server:reply({ status = 503 }, { status = 410 })
      assert.equal(410, fails("DELETE", 2).status_code)
   end)

   it("is alone in that", function()
      for _, method in ipairs{ "GET", "UPSERT" } do
         server:reset():reply({ status = 503 }, { status = 404 })
         assert.equal(404, fails(method, 2).status_code)
      end
   end)
end)

describe("the deadline", function()
   it("ends attempts that time out", function()
      local unsent = 0 -- attempts that a busy machine left no time to connect in
      reopen{ timeout = 0.1, deadline = 0.6, max_retries = 1000, log = function(_, text)
         unsent = unsent + (text:find("no connection could be made", 1, true) and 1 or 0)
      end }
      server:always{ stall = true }
      local before = socket.gettime()
      local problem = clients.failure(METHODS.GET, client)
      local elapsed = socket.gettime() - before
      assert.equal("timeout", problem.kind)
      assert.is_true(problem.attempts >= 2 and problem.attempts <= 8, "attempts: " .. problem.attempts)
      -- An attempt that has a connection is sent at once. Of the last one, which the deadline ends, no line says
      -- whether it had one.
      local expected, seen = problem.attempts - unsent, server:count()
      local may_lack = problem.code == "deadline" and 1 or 0
      assert.is_true(seen == expected or seen == expected - may_lack, seen .. " of " .. expected)
      assert.is_true(elapsed > 0.5 and elapsed < 5, "took " .. elapsed)
   end)

   it("ends the backoff", function()
      reopen{ backoff = 50, deadline = 0.3, max_retries = 1000 }
      server:always{ status = 503 }
      local before = socket.gettime()
      clients.failure(METHODS.GET, client)
      assert.is_true(socket.gettime() - before < 5)
   end)
end)

describe("the backoff", function()
   it("is random below a bound that doubles", function()
      local first, retries = 0.03, 4
      local longest, shortest = 0, math.huge -- the latter in parts of the bound
      reopen{ backoff = first, max_retries = retries }
      for _ = 1, 5 do
         server:reset():always{ status = 503 }
         fails("GET", retries + 1)
         local requests = server:requests()
         for attempt = 1, retries do
            local gap = requests[attempt + 1].at - requests[attempt].at
            local bound = first * 2 ^ (attempt - 1)
            assert.is_true(gap < bound + 1, "waited for " .. gap)
            longest, shortest = math.max(longest, gap), math.min(shortest, gap / bound)
         end
      end
      -- Either goes wrong by chance in less than one of a million runs.
      assert.is_true(longest > 1.5 * first, "the bound does not grow: " .. longest)
      assert.is_true(shortest < 0.5, "there is no jitter: " .. shortest)
   end)

   it("may be nothing", function()
      reopen{ backoff = 0 }
      server:always{ status = 503 }
      fails("GET", 3)
   end)
end)

describe("an error", function()
   it("says whether the platform may have acted", function()
      server:always{ close = "fin" }
      assert.is_true(fails("POST", 1).maybe_sent)
      server:reset():always{ status = 422, body = "{}" }
      assert.is_false(fails("POST", 1).maybe_sent)
   end)
end)

describe("maybe_sent after a response", function()
   -- What declares that the request had no effect; everything else leaves doubt.
   local DECLARING = {}
   for status = 400, 417 do
      DECLARING[status] = true
   end
   for _, status in ipairs{ 301, 302, 307, 308, 421, 422, 426, 428, 429, 431, 451 } do
      DECLARING[status] = true
   end

   local function maybe_sent(reply)
      server:reset():always(reply)
      local problem = clients.failure(METHODS.POST, client)
      return problem.maybe_sent, problem.retry_after
   end

   it("is false exactly for the statuses that declare it", function()
      local statuses = {}
      for status = 300, 530 do
         statuses[#statuses + 1] = status
      end
      for _, status in ipairs{ 561, 598, 599, 600, 999 } do
         statuses[#statuses + 1] = status
      end
      for _, status in ipairs(statuses) do
         assert.equal(not DECLARING[status], maybe_sent{ status = status, body = "" }, status)
      end
   end)

   it("is false for 503 with Retry-After, whatever its length, and for no other 5xx", function()
      for _, value in ipairs{ "0", "3600" } do
         for _, status in ipairs{ 500, 502, 503, 504, 524 } do
            local reply = { status = status, headers = { { "Retry-After", value } }, body = "" }
            assert.equal(status ~= 503, maybe_sent(reply), status)
         end
      end
   end)

   it("is true for a declaring status whose response is cut off", function()
      for _, status in ipairs{ 404, 503 } do
         assert.same({ true }, { maybe_sent{
            raw = ("HTTP/1.1 %d X\r\nRetry-After: 1\r\nContent-Length: 9\r\n\r\nx"):format(status), close = "fin",
         } })
      end
   end)
end)
