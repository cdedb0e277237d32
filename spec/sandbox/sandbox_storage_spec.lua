--- Artifacts and the store behind them, and dataset cases: the newer resources, each with its state.
local http = require "socket.http"
local json = require("promptic").json
local ltn12 = require "ltn12"
local sandbox = require "spec.support.sandbox"

local server
before_each(function() server = sandbox.start{ pace = 0 } end)
after_each(function() assert.equal("", server:stop()) end)

local BYTES = "a\0b'\255" .. ("0123456789abcdef"):rep(1000)
local SHA256 = { abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" }

-- A request without a credential; redirects are not followed.
local function fetch(method, url, body, headers)
   local pieces = {}
   headers = headers or {}
   if body then headers["content-length"] = #body end
   local _, status, received = assert(http.request{ url = url, method = method, headers = headers, redirect = false,
      source = body and ltn12.source.string(body), sink = ltn12.sink.table(pieces) })
   return { status = status, headers = received, text = table.concat(pieces) }
end

local function presign(changes)
   local body = { folder = "trace-artifacts", filename = "x.bin", contentType = "application/octet-stream" }
   for name, value in pairs(changes or {}) do body[name] = value end
   return server:ok("POST", "/storage-objects/presign", body)
end

local function upload(changes, bytes)
   local signed = presign(changes)
   local answer = fetch("PUT", signed.uploadUrl, bytes, { ["content-type"] = signed.headers["Content-Type"] })
   assert.equal(200, answer.status, answer.text)
   return signed.storageObjectId
end

describe("the store", function()
   it("takes what was reserved, by a URL that needs no credential, and gives it back", function()
      local signed = presign{ sizeBytes = #BYTES }
      assert.same({ "PUT", "private" }, { signed.method, signed.access })
      local path = "/storage-objects/" .. signed.storageObjectId
      assert.equal(404, server:get(path .. "/url").status)
      assert.equal(404, server:get(path .. "/content").status)
      local put = fetch("PUT", signed.uploadUrl, BYTES, { ["content-type"] = "application/octet-stream" })
      assert.equal(200, put.status)
      local url = server:ok("GET", path .. "/url")
      assert.equal(signed.storageObjectId, url.storageObjectId)
      local got = fetch("GET", url.downloadUrl)
      assert.same({ 200, BYTES, "application/octet-stream" }, { got.status, got.text, got.headers["content-type"] })
      local redirect = server:get(path .. "/content")
      assert.same({ 302, "", nil }, { redirect.status, redirect.text, redirect.headers["content-type"] })
      assert.equal(BYTES, fetch("GET", redirect.headers.location).text)
   end)

   it("refuses what was not agreed", function()
      local signed = presign{ sizeBytes = 3, maxSizeBytes = 4 }
      local kind = { ["content-type"] = "application/octet-stream" }
      assert.equal(400, fetch("PUT", signed.uploadUrl, "ab", kind).status)
      assert.equal(413, fetch("PUT", signed.uploadUrl, "abcde", kind).status)
      assert.equal(400, fetch("PUT", signed.uploadUrl, "abc", { ["content-type"] = "text/html" }).status)
      assert.equal(405, fetch("GET", signed.uploadUrl).status)
      assert.equal(404, fetch("PUT", signed.uploadUrl .. "0", "abc", kind).status)
      assert.equal(413, server:post("/storage-objects/presign", { folder = "f", filename = "n",
         contentType = "a/b", sizeBytes = 52428801 }).status)
      assert.equal(409, server:post("/artifacts", { storageObjectId = signed.storageObjectId }).status)
   end)
end)

describe("artifacts", function()
   it("are made of base64, or of an object that was uploaded", function()
      local small = server:post("/artifacts", { contentBase64 = "YWJj", name = "a.txt", mimeType = "text/plain",
         sha256 = SHA256.abc, preview = "abc" })
      assert.same({ 201, 3, SHA256.abc, "text/plain", "a.txt", "abc" }, { small.status, small.json.sizeBytes,
         small.json.sha256, small.json.mimeType, small.json.name, small.json.preview })
      assert.equal("promptic-artifact://" .. small.json.id, small.json.uri)
      assert.same(small.json, server:ok("GET", "/artifacts/" .. small.json.id))
      local object = upload({ filename = "big.bin" }, BYTES)
      local big = server:ok("POST", "/artifacts", { storageObjectId = object, source = "direct_upload",
         sizeBytes = #BYTES })
      assert.same({ object, #BYTES, "application/octet-stream", "direct_upload" },
         { big.storageObjectId, big.sizeBytes, big.mimeType, big.source })
   end)

   it("give their bytes by a redirect, under the name that is asked for", function()
      local made = server:ok("POST", "/artifacts", { contentBase64 = "YWJj", name = "a.txt", mimeType = "text/html" })
      local function content(query)
         local redirect = server:get("/artifacts/" .. made.id .. "/content" .. query)
         assert.equal(302, redirect.status)
         local got = fetch("GET", redirect.headers.location)
         assert.same({ "abc", "nosniff" }, { got.text, got.headers["x-content-type-options"] })
         return got.headers["content-disposition"]
      end
      assert.equal('inline; filename="a.txt"', content "")
      assert.equal('attachment; filename="x_y.txt"; filename*=UTF-8\'\'x%22y.txt',
         content "?disposition=attachment&filename=x%22y.txt")
      assert.equal(400, server:get("/artifacts/" .. made.id .. "/content?disposition=open").status)
   end)

   it("are listed by the traces whose spans name them", function()
      local named = server:ok("POST", "/artifacts", { contentBase64 = "YWJj" })
      local other = server:ok("POST", "/artifacts", { contentBase64 = "YWJj" })
      assert.is_nil(named.traceId)
      local function span(trace, text)
         local time = "1700000000000000000"
         return { traceId = trace:rep(32), spanId = trace:rep(16), name = "s", startTimeUnixNano = time,
            endTimeUnixNano = time, attributes = { { key = "input.value", value = { stringValue = text } } } }
      end
      local spans = { span("a", "see " .. named.uri .. " and " .. named.uri), span("b", "nothing") }
      server:ok("POST", "/traces", { resourceSpans = { { scopeSpans = { { spans = spans } } } } })
      local found = server:ok("GET", "/traces/" .. ("a"):rep(32) .. "/artifacts").data
      assert.same({ 1, named.id, ("a"):rep(32), ("a"):rep(16) },
         { #found, found[1].id, found[1].traceId, found[1].spanId })
      assert.equal(found[1].traceDbId, server:ok("GET", "/artifacts/" .. named.id).traceDbId)
      assert.same({}, server:ok("GET", "/traces/" .. ("b"):rep(32) .. "/artifacts").data)
      assert.is_nil(server:ok("GET", "/artifacts/" .. other.id).traceId)
   end)
end)

describe("dataset cases", function()
   it("are made, listed, read, changed and deleted", function()
      local at = "/components/" .. server:component() .. "/datasets"
      local dataset = server:ok("POST", at, { name = "d" })
      at = at .. "/" .. dataset.id
      local answer = server:post(at .. "/cases", { { inputPayload = { q = "x" }, expectedPayload = json.null },
         { inputPayload = { q = "y" }, expectedPayload = json.array{ 1, { a = json.null } }, split = "eval",
            metadata = { m = 1 } } })
      assert.equal(201, answer.status)
      local first, second = table.unpack(answer.json.data)
      assert.same({ 0, 1, "integer" }, { first.idx, second.idx, math.type(first.id) })
      assert.matches('"expectedPayload":null', server:get(at .. "/cases/" .. first.id).text, 1, true)
      assert.matches('[1,{"a":null}]', server:get(at .. "/cases/" .. second.id).text, 1, true)
      local one = server:ok("POST", at .. "/cases", { inputPayload = {}, idx = 7 }).data[1]
      assert.same({ 7, 3 }, { one.idx, server:ok("GET", at).caseCount })
      local changed = server:ok("PATCH", at .. "/cases/" .. second.id, '{"split": null, "expectedPayload": "z"}')
      assert.same({ nil, "z", 1, { q = "y" }, { m = 1 } },
         { changed.split, changed.expectedPayload, changed.idx, changed.inputPayload, changed.metadata })
      assert.equal(204, server:delete(at .. "/cases/" .. one.id).status)
      assert.equal(404, server:get(at .. "/cases/" .. one.id).status)
      local whole = server:ok("GET", at)
      assert.same({ { first, changed }, {} }, { whole.cases, whole.items })
      assert.same(whole.cases, server:ok("GET", at .. "/cases").data)
   end)
end)
