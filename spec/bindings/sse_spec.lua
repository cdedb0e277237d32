--- promptic.sse: server-sent events (WHATWG HTML, 9.2) from bytes that are cut anywhere.
-- Tags: luas
local promptic = require "promptic"
local scripted = require "spec.support.scripted"

local server = scripted.shared()

-- What the events are with the bytes cut into pieces of `size`.
local function read(bytes, size)
   local events = {}
   local on_data = promptic.sse(function(event)
      events[#events + 1] = event
   end)
   for at = 1, #bytes, size do
      on_data(bytes:sub(at, at + size - 1))
   end
   return events
end

local function message(data, id, retry)
   return { event = "message", data = data, id = id, retry = retry }
end

local ROWS = {
   { "a message", "data: hello\n\n", { message("hello") } },
   { "two lines of data", "data: a\ndata: b\n\n", { message("a\nb") } },
   { "one leading space taken away", "data:  a\n\ndata:b\n\n", { message(" a"), message("b") } },
   { "a named event, for that one only", "event: x\ndata: 1\n\ndata: 2\n\n",
      { { event = "x", data = "1" }, message("2") } },
   { "an id, which stays until another comes", "id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
      { message("a", "7"), message("b", "7"), message("c", "") } },
   { "an id with a NUL ignored", "id: 1\0\ndata: a\n\n", { message("a") } },
   { "retry, of digits only", "retry: 250\ndata: a\n\nretry: 1.5\ndata: b\n\n",
      { message("a", nil, 250), message("b", nil, 250) } },
   { "comments and unknown fields ignored", ": ping\n\nother: x\ndata: a\n\n", { message("a") } },
   { "no event without data", "event: x\n\nid: 3\n\ndata: a\n\n", { message("a", "3") } },
   { "an empty line of data", "data\n\ndata:\ndata:\n\n", { message(""), message("\n") } },
   { "CRLF", "data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", { message("a\nb"), message("c") } },
   { "CR", "data: a\rdata: b\r\rdata: c\r\r", { message("a\nb"), message("c") } },
   { "mixed ends of lines", "data: a\r\n\rdata: b\n\r\ndata: c\r\r\n", { message("a"), message("b"), message("c") } },
   { "a BOM at the beginning only", "\239\187\191data: a\n\n\239\187\191data: b\n\ndata: c\n\n",
      { message("a"), message("c") } },
   { "half a BOM that is none", "\239\187data: a\n\ndata: b\n\n", { message("b") } },
   { "UTF-8", "data: \195\164\240\159\152\128\n\n", { message("\195\164\240\159\152\128") } },
   { "what is not UTF-8 replaced", "data: \255a\n\n", { message("\239\191\189a") } },
   { "halves of characters replaced", "data: \195\ndata: \224\128\195\164\r\n\n",
      { message("\239\191\189\n\239\191\189\239\191\189\195\164") } },
   { "an event that does not end dropped", "data: a\n\ndata: b\n", { message("a") } },
   { "colons in data", "data: {\"a\":1}\n\n", { message('{"a":1}') } },
}

describe("promptic.sse gives", function()
   for _, row in ipairs(ROWS) do
      it(row[1], function()
         for size = 1, #row[2] do
            assert.same(row[3], read(row[2], size), "in pieces of " .. size)
         end
      end)
   end

   it("the end of the exchange where f returns false", function()
      local count = 0
      local on_data = promptic.sse(function()
         count = count + 1
         return count < 2
      end)
      assert.is_nil(on_data("data: a\n\n"))
      assert.is_false(on_data("data: b\n\ndata: c\n\n"))
      assert.equal(2, count)
   end)

   it("other tasks their turn while it reads many", function()
      local EVENTS = 50000
      local bytes, reading, turns, count = ("data: x\n\n"):rep(EVENTS), true, 0, 0
      promptic.run(function()
         local other = promptic.spawn(function()
            while reading do
               turns = turns + 1
               promptic.sleep(0)
            end
         end)
         promptic.sse(function() count = count + 1 end)(bytes)
         reading = false
         other:await()
      end)
      assert.equal(EVENTS, count)
      assert.is_true(turns > 5, turns)
      promptic.sse(function() count = count + 1 end)(bytes) -- outside of a task
      assert.equal(2 * EVENTS, count)
   end)

   it("a long line in many pieces in linear time", function()
      local piece = ("x"):rep(1000)
      local got
      local on_data = promptic.sse(function(event) got = event.data end)
      on_data("data: ")
      for _ = 1, 20000 do
         on_data(piece)
      end
      on_data("\n\n")
      assert.equal(20000000, #got)
   end)
end)

it("reads the stream of a model, and f may wait", function()
   server:always{ chunked = true, body = "", every = 5, headers = { ["Content-Type"] = "text/event-stream" }, pieces = {
      'data: {"delta":"Hel', 'lo"}\r', '\n\r\ndata: {"delta":" world"}\n\n', "data: [DONE]\n\ndata: never\n\n",
   } }
   local function go()
      local text = ""
      local result = promptic.http("GET", server.url, { on_data = promptic.sse(function(event)
         promptic.sleep(0.001)
         if event.data == "[DONE]" then
            return false
         end
         text = text .. promptic.json.decode(event.data).delta
      end) })
      assert.same({ 200, "Hello world" }, { result.status, text })
   end
   go()
   promptic.run(go)
end)
