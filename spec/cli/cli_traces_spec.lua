--- promptic traces send: OTLP documents, lines, gzip, standard input; what is too large is halved.
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local spans = require "spec.support.spans"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

local server = scripted.shared{ body = "{}" }
local folder, count

before_each(function() folder, count = process.folder(), 0 end)
after_each(function() process.remove(folder) end)

local function span(name)
   count = count + 1
   return { name = name, traceId = ("a"):rep(32), spanId = ("%016x"):format(count),
      startTimeUnixNano = "1700000000000000000", endTimeUnixNano = "1700000001000000000" }
end

local function document(service, ...)
   local list = promptic.json.array{}
   for index, name in ipairs{ ... } do list[index] = span(name) end
   return promptic.json.encode{ resourceSpans = { {
      resource = { attributes = { { key = "service.name", value = { stringValue = service } } } },
      scopeSpans = { { scope = { name = "s" }, spans = list } },
   } } }
end

local function file(text, name)
   local path = folder .. "/" .. (name or "spans.json")
   process.write_file(path, text)
   return path
end

local function send(path, stdin)
   return process.run{ PROGRAM, "scripts/promptic", "traces", "send", path, stdin = stdin,
      env = { PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = clients.KEY, HOME = folder } }
end

local function sends(expected, ...)
   local result = send(...)
   assert.same({ 0, "", expected .. "\n" }, { result.code, result.stderr, result.stdout })
end

local function fails(message, ...)
   local result = send(...)
   assert.equal(1, result.code)
   assert.matches(message, result.stderr, 1, true)
   assert.equal(0, server:count())
end

describe("promptic traces send", function()
   it("sends a document, in one line or more", function()
      local text = document("shop", "a", "b"):gsub(",", ",\n")
      sends("Sent 2 spans.", file(text))
      local found, resource = spans.arrived(server)
      assert.same({ "a", "b" }, spans.names(server))
      assert.equal("shop", resource.attributes[1].value.stringValue)
      assert.equal(("a"):rep(32), found.a.traceId)
   end)

   it("sends documents that are lines, and spans alone, and keeps what each is below of", function()
      local lines = { document("one", "a"), "", document("two", "b", "c"), promptic.json.encode(span("d")) }
      sends("Sent 4 spans.", file(table.concat(lines, "\r\n")))
      local request = promptic.json.decode(server:requests()[1].body)
      assert.equal(3, #request.resourceSpans)
      assert.equal("two", request.resourceSpans[2].resource.attributes[1].value.stringValue)
      assert.same({ "a", "b", "c", "d" }, spans.names(server))
   end)

   it("reads gzip, and standard input", function()
      local path = file(document("shop", "a") .. "\n" .. document("shop", "b"))
      assert(process.run{ "gzip", path }.code == 0)
      sends("Sent 2 spans.", path .. ".gz")
      sends("Sent 1 span.", "-", document("shop", "c"))
      sends("Sent 2 spans.", "-", process.read_file(path .. ".gz"))
      assert.same({ "a", "b", "c", "a", "b" }, spans.names(server))
   end)

   it("halves a request that is too large", function()
      server:route[[
         local _, request = ...
         local _, spans = request.body:gsub("spanId", "")
         return { status = spans > 2 and 413 or 200, body = "{}" }
      ]]
      sends("Sent 5 spans.", file(document("shop", "a", "b", "c", "d", "e")))
   end)

   it("says what the platform rejected", function()
      server:always{ body = '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no such component"}}' }
      sends("Sent 1 span; 1 more were rejected: no such component", file(document("shop", "a", "b")))
   end)

   it("reads all of the file before the first span is sent", function()
      fails("spans.json:2: not JSON", file(document("shop", "a") .. "\n{"))
      fails("spans.json:2: neither resourceSpans nor a span", file(document("shop", "a") .. "\n[]"))
      fails("no spans in this file", file("\n"))
      fails("No such file", folder .. "/none")
      fails(folder .. ": Is a directory", folder)
      fails("not gzip", file("\31\139nonsense", "x.gz"))
      local whole = file(document("shop", "a"))
      assert(process.run{ "gzip", whole }.code == 0)
      local bytes = process.read_file(whole .. ".gz")
      fails("cut off", file(bytes:sub(1, -9), "cut.gz"))
   end)

   it("sends what a spool holds", function()
      local offline = clients.open("http://127.0.0.1:1", { max_retries = 0 })
      local tracer = promptic.tracer(offline, { spool = folder .. "/spool", interval = 60 })
      for index = 1, 3 do tracer:span("s" .. index):finish() end
      tracer:close(0)
      offline:close()
      local lines = process.run{ "sh", "-c", ("cat '%s'/spool/*.0*"):format(folder) }.stdout
      sends("Sent 3 spans.", "-", lines)
      assert.same({ "s1", "s2", "s3" }, spans.names(server))
   end)
end)
