--- When an attempt or a call takes too long: kind "timeout"; and what is slow, but no timeout.
-- Tags: luas slow
local promptic = require "promptic"
local socket = require "socket"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local GENEROUS = 10 -- seconds; whatever waits longer than that waits for ever

local server = scripted.shared{ body = '{"id":"x"}' }
local client

after_each(function()
   if client then
      client:close()
      client = nil
   end
end)

local function open(options)
   options.max_retries = options.max_retries or 0
   client = clients.open(options.endpoint or server.url, options)
end

local function get()
   return client:get_component("c")
end

-- The error of a call that ends after at_least seconds, and soon after that.
local function times_out(at_least, f)
   local before = socket.gettime()
   local problem = clients.failure(f or get)
   local elapsed = socket.gettime() - before
   assert.equal("timeout", problem.kind)
   assert.is_nil(problem.status_code)
   assert.matches("^timeout: ", tostring(problem))
   assert.is_true(elapsed > at_least * 0.9, "gave up after " .. elapsed)
   assert.is_true(elapsed < GENEROUS, "gave up after " .. elapsed)
   return problem
end

-- The text in pieces of so many bytes.
local function pieces(text, size)
   local list = {}
   for position = 1, #text, size do
      list[#list + 1] = text:sub(position, position + size - 1)
   end
   return list
end

describe("timeout ends an attempt", function()
   local CASES = {
      { "that is never answered", { stall = true } },
      { "whose answer stops in its head", { raw = "HTTP/1.1 200 OK\r\nConte", stall = true } },
      { "whose answer stops after its head", { status = 200, length = 100, stall = true } },
      { "whose answer stops in its body", { body = '{"id"', length = 100, stall = true } },
      { "whose answer stops between chunks", { body = '{"id"', chunked = true, stall = true } },
      { "whose answer never ends, but stops", { body = '{"id":"x"}', length = false, stall = true } },
   }

   for _, case in ipairs(CASES) do
      it(case[1], function()
         open{ timeout = 0.2 }
         server:always(case[2])
         local problem = times_out(0.2)
         assert.matches("no data was sent or received for 0.2 s", problem.message, 1, true)
         assert.equal(1, problem.attempts)
         assert.equal(1, server:count())
      end)
   end

   it("whose connection is never served", function()
      open{ timeout = 0.2 }
      server:accept{ stall = true }
      times_out(0.2)
   end)

   it("whose connection is never made", function()
      local address, holder = scripted.deaf()
      open{ timeout = 0.2, endpoint = address }
      local problem = times_out(0.2)
      for _, one in ipairs(holder) do
         one:close()
      end
      assert.matches("no connection", problem.message, 1, true)
      assert.is_false(problem.maybe_sent)
   end)

   it("whose body is not taken", function()
      open{ timeout = 0.3 }
      server:accept{ stall = true }
      local large = ("x"):rep(16 * 1024 * 1024)
      times_out(0.3, function()
         client:create_component(large)
      end)
   end)

   it("and the next one begins", function()
      open{ timeout = 0.2, max_retries = 2 }
      server:reply({ stall = true }, { body = '{"id"', length = 100, stall = true })
      local result = get()
      assert.same({ id = "x" }, result)
      assert.equal(3, promptic.response(result).attempts)
      assert.equal(3, server:count())
   end)

   it("and the error counts them all", function()
      open{ timeout = 0.1, max_retries = 2 }
      server:always{ stall = true }
      assert.equal(3, times_out(0.3).attempts)
   end)

   it("of a method that cannot be repeated once and for all", function()
      open{ timeout = 0.2, max_retries = 2 }
      server:always{ stall = true }
      local problem = times_out(0.2, function()
         client:create_component("a name")
      end)
      assert.equal(1, problem.attempts)
      assert.is_true(problem.maybe_sent)
      assert.equal(1, server:count())
   end)

   it("and its connection is not used again", function()
      open{ timeout = 0.2 }
      server:reply{ wait = 400, body = '{"id":"too late"}' }
      times_out(0.2)
      assert.same({ id = "x" }, get())
      assert.equal(2, server:seen().accepted)
   end)
end)

describe("timeout does not end an attempt", function()
   local BODY = '{"id":"x"}' .. (" "):rep(50)

   local CASES = {
      { "whose body comes in drips", { pieces = pieces(BODY, 4), every = 50 } },
      { "whose body comes in slow chunks", { pieces = pieces(BODY, 4), every = 50, chunked = true } },
      { "whose head comes line by line", {
         raw = "HTTP/1.1 200 OK\r\n",
         pieces = { "A: 1\r\n", "B: 2\r\n", "C: 3\r\n", "D: 4\r\n", "E: 5\r\n", "F: 6\r\n", "G: 7\r\n",
            "H: 8\r\n", "I: 9\r\n", "Content-Length: 10\r\n", "\r\n", '{"id":"x"}' },
         every = 60,
      } },
   }

   -- Tried again with longer times: a loaded machine may keep the server from the processor for half a second.
   for _, case in ipairs(CASES) do
      it(case[1], function()
         local fine, result, timeout, reply = false, nil, 0.5, case[2]
         local every = reply.every
         for factor = 1, 5, 2 do
            timeout, reply.every = 0.5 * factor, every * factor
            open{ timeout = timeout }
            server:reset():reply(reply)
            fine, result = pcall(get)
            if fine then break end
            client:close()
         end
         assert(fine, result)
         assert.same({ id = "x" }, result)
         assert.is_true(promptic.response(result).elapsed > timeout)
      end)
   end

   -- In the end the server reads fast: what the kernel holds by then moves without the client seeing it.
   it("whose body is taken slowly", function()
      local timeout = 3
      open{ timeout = timeout }
      server:accept{ read_bytes = 64 * 1024, every = 20, slow_bytes = 11 * 1024 * 1024 }
      local result = client:create_component(("x"):rep(17 * 1024 * 1024))
      assert.same({ id = "x" }, result)
      assert.is_true(promptic.response(result).elapsed > timeout)
   end)

   it("that is answered late, but in time", function()
      open{ timeout = 1.5 }
      server:reply{ wait = 300, body = '{"id":"x"}' }
      assert.same({ id = "x" }, get())
   end)
end)

describe("deadline", function()
   it("ends a call that is never answered", function()
      open{ deadline = 0.3 }
      server:always{ stall = true }
      local problem = times_out(0.3)
      assert.matches("deadline of 0.3 s", problem.message, 1, true)
      assert.equal(1, problem.attempts)
   end)

   it("ends an answer that never ends, however steadily it comes", function()
      open{ deadline = 0.4, timeout = 5 }
      server:always{ pieces = { "[" }, length = false, endless = " ", every = 20 }
      assert.matches("deadline", times_out(0.4).message, 1, true)
   end)

   it("bounds a connection that is never made", function()
      local address, holder = scripted.deaf()
      open{ deadline = 0.3, endpoint = address }
      times_out(0.3)
      for _, one in ipairs(holder) do
         one:close()
      end
   end)

   it("counts from the call, not from the client", function()
      open{ deadline = 1.2 }
      server:reply({ wait = 700, body = '{"id":"x"}' }, { wait = 700, body = '{"id":"x"}' })
      get()
      assert.same({ id = "x" }, get())
   end)

   it("leaves the client usable", function()
      open{ deadline = 0.2 }
      server:reply{ stall = true }
      times_out(0.2)
      assert.same({ id = "x" }, get())
   end)
end)
