--- The fault matrix: from the name lookup to the last byte of a response, what the network does, and what comes of it
--- for each method, blocking and in a task, in plain HTTP and over TLS. Each row is tried with max_retries = 1, and
--- every connection does the same.
---
--- Rows: { what, steps, outcome and arrivals of GET and DELETE, the same of POST and PATCH, options }.
-- Tags: slow
local promptic = require "promptic"
local calls = require "spec.network.calls"
local driving = require "spec.support.driving"
local lab = require "spec.network.lab"
local process = require "spec.support.process"
local tls_peer = require "spec.network.tls_peer"

local lacks = lab.lacks("openssl", "python3")
if lacks then
   return it("the fault matrix", function() pending("there is no " .. lacks) end)
end

local TIMEOUT = 0.15         -- seconds, of an attempt in which nothing moves
local PATIENCE = 20          -- seconds, of attempts that end otherwise
local TOLERANCE = 0.05       -- seconds between the end of a call and that of a control timer
local MOST_TRIES = 12        -- of a row that depends on time
local ROUNDS = 10            -- of what ends at once, to see what stays behind
local MEMORY_KB = 512        -- that rounds after the second may add to the process

local peer = tls_peer.shared()
local certificate = peer.certificate
local other_certificate

setup(function()
   other_certificate = lab.certificate()
end)

teardown(function()
   process.remove(other_certificate.folder)
end)

local METHODS = {
   { "GET", true }, { "DELETE", true },
   { "POST", false }, { "PATCH", false },
}

-- ---------------------------------------------------------------- outcomes

local function both(outcome, arrivals)
   return { outcome, arrivals, outcome, arrivals }
end

local NOT_SENT = both("connection after 2, not sent", 0)
local NOT_SENT_IN_TIME = both("timeout after 2, not sent", 0)
local NO_TLS = both("tls after 1, not sent", 0)
local LOST = { "connection after 2, maybe sent", 2, "connection after 1, maybe sent", 1 }
local LOST_UNREAD = { "connection after 2, maybe sent", 0, "connection after 1, maybe sent", 0 }
local SILENT = { "timeout after 2, maybe sent", 2, "timeout after 1, maybe sent", 1 }
local SILENT_UNREAD = { "timeout after 2, maybe sent", 0, "timeout after 1, maybe sent", 0 }
local ODD = both("decode after 1, maybe sent", 1)
local FINE = both("success after 1", 1)
local FINAL = both("api after 1, not sent", 1)
local UNSAID = both("api after 1, maybe sent", 1) -- not repeated, and it says nothing of what was done
local UNPROCESSED = both("api after 2, not sent", 2)
local DOUBTFUL = { "api after 2, maybe sent", 2, "api after 1, maybe sent", 1 }

-- -------------------------------------------------------------------- rows

local BODY = '{"id":"x"}'
local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
local WHOLE = HEAD .. ("Content-Length: %d\r\n\r\n%s"):format(#BODY, BODY)
local CHUNKED = HEAD .. "Transfer-Encoding: chunked\r\n\r\n"
local INTERIM = "HTTP/1.1 102 Processing\r\n\r\n"
local CHUNK = "a\r\n" .. BODY .. "\r\n"

-- Before the request can go out. The first steps of a TLS peer that makes no handshake see the ClientHello.
local BEFORE = {
   { "the end at once", { { "fin" } }, NOT_SENT },
   { "a reset at once", { { "rst" } }, NOT_SENT },
   { "the end after a byte of the ClientHello", { { "tcp_bytes", 1 }, { "fin" } }, NOT_SENT },
   { "the end after the ClientHello", { { "tcp_bytes", 200 }, { "fin" } }, NOT_SENT },
   { "a reset after the ClientHello", { { "tcp_bytes", 200 }, { "rst" } }, NOT_SENT },
   { "silence after the ClientHello", { { "hold" } }, NOT_SENT_IN_TIME },
   { "half a record, then silence", { { "raw", "\22\3\3" }, { "hold" } }, NOT_SENT_IN_TIME },
   { "half a record, then the end", { { "tcp_bytes", 200 }, { "raw", "\22\3\3" }, { "fin" } }, NOT_SENT },
   { "an alert: handshake failure", { { "tcp_bytes", 200 }, { "raw", "\21\3\3\0\2\2\40" }, { "hold" } }, NO_TLS },
   { "an alert: protocol version", { { "tcp_bytes", 200 }, { "raw", "\21\3\3\0\2\2\70" }, { "hold" } }, NO_TLS },
   { "plain HTTP", { { "tcp_bytes", 200 }, { "raw", "HTTP/1.1 400 No\r\n\r\n" }, { "hold" } }, NO_TLS },
   { "a certificate that nobody vouches for", { { "other handshake" }, { "hold" } }, NO_TLS },
}

-- After the handshake, or after the connection in plain HTTP.
local SENT = {
   { "the end of the connection, the request unread", { { "bytes", 1 }, { "rst" } }, LOST_UNREAD },
   { "silence, the request unread", { { "bytes", 1 }, { "gate", "never" } }, SILENT_UNREAD },
   { "the end before a byte", { { "read" }, { "fin" } }, LOST },
   { "a reset before a byte", { { "read" }, { "rst" } }, LOST },
   { "silence", { { "read" }, { "hold" } }, SILENT },
   { "the end after one byte", { { "read" }, { "send", "H" }, { "fin" } }, LOST },
   { "a reset after one byte", { { "read" }, { "send", "H" }, { "rst" } }, LOST },
   { "silence after one byte", { { "read" }, { "send", "H" }, { "hold" } }, SILENT },
   { "the end in the head", { { "read" }, { "send", HEAD }, { "fin" } }, LOST },
   { "a reset in the head", { { "read" }, { "send", HEAD }, { "rst" } }, LOST },
   { "silence in the head", { { "read" }, { "send", HEAD }, { "hold" } }, SILENT },
   { "the end after the head", { { "read" }, { "send", WHOLE:sub(1, -#BODY - 1) }, { "fin" } }, LOST },
   { "a reset after the head", { { "read" }, { "send", WHOLE:sub(1, -#BODY - 1) }, { "rst" } }, LOST },
   { "silence after the head", { { "read" }, { "send", WHOLE:sub(1, -#BODY - 1) }, { "hold" } }, SILENT },
   { "the end before the last byte", { { "read" }, { "send", WHOLE:sub(1, -2) }, { "fin" } }, LOST },
   { "a reset before the last byte", { { "read" }, { "send", WHOLE:sub(1, -2) }, { "rst" } }, LOST },
   { "silence before the last byte", { { "read" }, { "send", WHOLE:sub(1, -2) }, { "hold" } }, SILENT },
   { "the end in a chunk", { { "read" }, { "send", CHUNKED .. "a\r\n{\"id\"" }, { "fin" } }, LOST },
   { "the end before the last chunk", { { "read" }, { "send", CHUNKED .. CHUNK }, { "fin" } }, LOST },
   { "silence before the last chunk", { { "read" }, { "send", CHUNKED .. CHUNK }, { "hold" } }, SILENT },
   { "a chunk without a size", { { "read" }, { "send", CHUNKED .. "zz\r\n" }, { "hold" } }, LOST },
   { "garbage", { { "read" }, { "send", "garbage\r\n\r\n" }, { "fin" } }, LOST },
   { "only an interim response", { { "read" }, { "send", "HTTP/1.1 100 Continue\r\n\r\n" }, { "fin" } }, LOST },
   { "an interim response, then silence", { { "read" }, { "send", INTERIM }, { "hold" } }, SILENT },
   { "an interim response, then all", { { "read" }, { "send", INTERIM .. WHOLE }, { "hold" } }, FINE },
   { "a length that is no number", { { "read" }, { "send", HEAD .. "Content-Length: x\r\n\r\n" }, { "fin" } }, LOST },
   { "a body that never ends", { { "read" }, { "send", HEAD .. "\r\n" }, { "drip", (" "):rep(999), 0.05 } },
      both("timeout after 1, maybe sent", 1), { deadline = 0.4 } },
   { "silence up to the deadline", { { "read" }, { "hold" } },
      both("timeout after 1, maybe sent", 1), { timeout = 9, deadline = 0.25 } },
   { "a response without length", { { "read" }, { "send", HEAD .. "\r\n" .. BODY }, { "proper end" } }, FINE },
   { "no JSON", { { "read" }, { "reply", { body = "no JSON" } } }, ODD },
   { "half of JSON", { { "read" }, { "reply", { body = '{"id":' } } }, ODD },
   { "nothing: 204", { { "read" }, { "send", "HTTP/1.1 204 No Content\r\n\r\n" }, { "hold" } }, FINE },
   { "no gzip, said to be gzip", { { "read" }, { "reply", { headers = { ["Content-Encoding"] = "gzip" } } } }, ODD },
}

-- A status, and what follows from it.
local STATUSES = {
   { 200, FINE }, { 201, FINE }, { 202, FINE },
   { 301, FINAL }, { 400, FINAL }, { 401, FINAL }, { 403, FINAL }, { 405, FINAL }, { 409, FINAL }, { 413, FINAL },
   { 422, FINAL }, { 501, UNSAID },
   { 408, UNPROCESSED }, { 429, UNPROCESSED }, { 429, UNPROCESSED, "0" }, { 503, UNPROCESSED, "0" },
   { 500, DOUBTFUL }, { 502, DOUBTFUL }, { 503, DOUBTFUL }, { 504, DOUBTFUL },
   { 429, FINAL, "3600" }, { 503, FINAL, "3600" },
}

-- ------------------------------------------------------------------- a row

local CHANNELS = {
   { name = "plain HTTP" },
   { name = "TLS", handshake = { { "handshake" } } },
}

local function filled(steps, channel)
   local all = {}
   for _, step in ipairs(steps) do
      if step[1] == "other handshake" then
         all[#all + 1] = { "handshake", { certificate = { other_certificate.file, other_certificate.key } } }
      elseif step[1] == "proper end" then
         if channel.handshake then
            all[#all + 1] = { "close_notify" }
         end
         all[#all + 1] = { "fin" }
      else
         all[#all + 1] = step
      end
   end
   return all
end

-- The client's settings, and when a call that ends by a timer should end, in seconds from its begin; nil where
-- something else ends it, which then has time.
local function settings_for(outcome, options, factor)
   local attempts = tonumber(outcome:match("^timeout after (%d)"))
   local timeout = attempts and (options.timeout or TIMEOUT * factor) or PATIENCE
   local deadline = options.deadline and options.deadline * factor
   local settings = { max_retries = 1, timeout = timeout, deadline = deadline, allow_http = true }
   return settings, attempts and (deadline or attempts * timeout)
end

-- The outcome of f, and how many seconds after a control timer for that instant it has ended. In a task the timer runs
-- at the same time; a blocking call leaves no room for it, so there it runs before, for as long.
local function timed(way, seconds, f)
   if not way.is_task then
      local began = promptic.now()
      promptic.sleep(seconds)
      local called = promptic.now()
      return calls.outcome(f), (promptic.now() - called) - (called - began)
   end
   return promptic.run(function()
      local control = promptic.spawn(function()
         promptic.sleep(seconds)
         return promptic.now()
      end)
      local ended = calls.outcome(f)
      local at = promptic.now()
      return ended, at - control:await()
   end)
end

-- How the call ended, and how late that was.
local function try_row(way, url, method, outcome, options, factor)
   local settings, seconds = settings_for(outcome, options, factor)
   local client = calls.client({ url = url, ca_file = certificate.file }, settings)
   local has_body = method == "POST" or method == "PATCH"
   local ended, late = timed(way, seconds or 0, function()
      return client:request(method, "/things/x", has_body and { body = { name = "n" } } or nil)
   end)
   client:close()
   return ended, seconds and late or 0
end

-- What is wrong with how a row ended; nil where nothing is.
local function fault_of(ended, late, wanted, arrivals)
   local outcome = calls.brief(ended)
   local arrived = arrivals and peer:arrivals()
   if outcome ~= wanted then
      return ("%s instead of %s: %s"):format(outcome, wanted, tostring(ended.message))
   elseif arrived ~= arrivals then
      return ("%d arrivals instead of %d"):format(arrived, arrivals)
   elseif math.abs(late) > TOLERANCE then
      return ("%.3f s after the control timer"):format(late)
   end
end

-- Tries a row. One that depends on time is tried again with longer times, as others may have kept the processor.
local function check(way, url, method, wanted, arrivals, options, prepare)
   local most = wanted:find("^timeout") and MOST_TRIES or 1
   for try = 1, most do
      if prepare then
         prepare()
      end
      local ended, late = try_row(way, url, method, wanted, options or {}, 2 ^ ((try - 1) % 4))
      local fault = fault_of(ended, late, wanted, arrivals)
      if not fault then
         return
      end
      assert(try < most, fault)
   end
end

local rows = 0

local function specs(way, channel, list, url_of, first)
   for _, row in ipairs(list) do
      local what, steps, expected, options = lab.unpack(row, 1, 4)
      for _, method in ipairs(METHODS) do
         local name, is_safe = lab.unpack(method)
         rows = rows + 1
         it(("%s %s %s, %s: %s"):format(way.name, channel.name, name, what, expected[is_safe and 1 or 3]), function()
            local plan = lab.join(first or {}, filled(steps, channel))
            check(way, url_of(), name, expected[is_safe and 1 or 3], expected[is_safe and 2 or 4], options, function()
               peer:reset():always(plan)
            end)
         end)
      end
   end
end

local function status_rows()
   local list = {}
   for _, row in ipairs(STATUSES) do
      local status, expected, after = lab.unpack(row, 1, 3)
      local reply = { status = status, headers = { ["Retry-After"] = after } }
      list[#list + 1] = {
         ("%d%s"):format(status, after and " with Retry-After: " .. after or ""), { { "serve", reply } }, expected,
      }
   end
   return list
end

-- --------------------------------------------------------------- the matrix

local function descriptors()
   local pipe = assert(io.popen("ls /proc/$PPID/fd | wc -l"))
   local count = tonumber(pipe:read("*l"))
   pipe:close()
   return count
end

local function memory_kb()
   for line in io.lines("/proc/self/status") do
      local kb = line:match("^VmRSS:%s*(%d+)")
      if kb then
         return tonumber(kb)
      end
   end
end

describe("the fault matrix:", function()
   local before

   -- Newer versions of libcurl look names up in threads that end a moment after the call.
   local function assert_no_more_descriptors()
      local now = descriptors()
      for _ = 1, 250 do
         if now <= before then
            break
         end
         promptic.sleep(0.02)
         now = descriptors()
      end
      assert.is_true(now <= before, ("%d instead of %d"):format(now, before))
   end

   setup(function()
      local client = calls.client(peer)
      calls.outcome(client.get_workspace, client) -- what stays open for good is open now
      client:close()
      collectgarbage()
      collectgarbage()
      before = descriptors()
   end)

   for _, way in ipairs(calls.WAYS) do
      describe("", function()
         specs(way, { name = "TLS", handshake = {} }, BEFORE, function() return peer.url end)
         for _, channel in ipairs(CHANNELS) do
            local function url() return channel.handshake and peer.url or peer.plain_url end
            specs(way, channel, SENT, url, channel.handshake)
            specs(way, channel, status_rows(), url, channel.handshake)
         end

         for _, method in ipairs(METHODS) do
            for _, scheme in ipairs{ "http", "https" } do
               local function it_ends(what, address, outcome, options)
                  rows = rows + 1
                  it(("%s %s %s, %s: %s"):format(way.name, scheme, method[1], what, outcome), function()
                     local host, holders = address()
                     check(way, scheme .. "://" .. host, method[1], outcome, nil, options)
                     lab.close(holders)
                  end)
               end

               it_ends("a name without address", function()
                  return "platform.invalid", {}
               end, "connection after 2, not sent")
               it_ends("a port where nobody listens", function()
                  local port, holder = lab.reserve()
                  return "127.0.0.1:" .. port, { holder }
               end, "connection after 2, not sent")
               it_ends("connections that are never made", function()
                  local port, holder = lab.reserve()
                  holder:close()
                  return "127.0.0.1:" .. port, lab.dead("127.0.0.1", port)
               end, "timeout after 2, not sent")
            end
         end
      end)
   end

   it("has rows enough", function()
      assert.is_true(rows >= 150, rows)
   end)

   it("leaves no descriptor and no task behind", function()
      collectgarbage()
      collectgarbage()
      assert.equal(0, driving.settle())
      assert_no_more_descriptors()
   end)

   it("takes no more memory for more of it", function()
      local second
      for round = 1, ROUNDS do
         for _, row in ipairs(lab.join(SENT, status_rows())) do
            for index, method in ipairs{ "GET", false, "POST" } do
               local outcome = row[3][index]
               if method and not outcome:find("^timeout") then
                  peer:reset():always(lab.join({ { "handshake" } }, filled(row[2], CHANNELS[2])))
                  try_row(calls.WAYS[round % 2 + 1], peer.url, method, outcome, row[4] or {}, 1)
               end
            end
         end
         collectgarbage()
         collectgarbage()
         second = round == 2 and memory_kb() or second
      end
      assert.is_true(memory_kb() - second <= MEMORY_KB, ("%d KB more"):format(memory_kb() - second))
      assert_no_more_descriptors()
   end)
end)
