--- upload_artifact: to the platform or to the store that it names, and the SHA-256 of what is uploaded.
-- Tags: luas
local json = require "cjson"
local shared = require "spec.support.artifact_store"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local unpack = table.unpack or unpack -- luacheck: ignore 143

local SIGNATURE, BYTES, assert_anonymous = shared.SIGNATURE, shared.BYTES, shared.assert_anonymous

local platform, store, client, folder

setup(function()
   platform, store = scripted.start(), scripted.start()
   folder = process.folder()
end)

teardown(function()
   platform:stop()
   store:stop()
   process.remove(folder)
end)

before_each(function()
   platform:reset()
   store:reset():always{ body = BYTES, headers = { ["Content-Type"] = "image/png" } }
   client = clients.open(platform.url)
end)

after_each(function()
   client:close()
end)

describe("upload_artifact", function()
   local ID = "11111111-1111-4111-8111-111111111111"

   -- A platform whose presigned answer is this; false: it has none.
   local function presigning(answer)
      if answer then
         answer.storageObjectId, answer.uploadUrl = ID, store.url .. "/up?" .. SIGNATURE
      end
      platform:route(([[
         local _, request = ...
         if request.target:find("presign", 1, true) then
            return { status = %d, body = %q }
         end
         return { status = 201, body = '{"id":"a1"}' }
      ]]):format(answer and 200 or 404, answer and json.encode(answer) or ""))
   end

   local function sent(number)
      local requests = platform:requests()
      return json.decode(requests[number or #requests].body)
   end

   local ABC_SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

   it("reserves an object, puts the bytes there and makes the artifact", function()
      presigning{ method = "PUT", headers = { ["x-amz-meta-a"] = "b", ["Content-Length"] = "3" } }
      local artifact = client:upload_artifact("abc", { name = "a.txt", mime_type = "text/plain", preview = "abc" })
      assert.same({ id = "a1", uri = "promptic-artifact://a1" }, artifact)
      assert.same({
         folder = "trace-artifacts", filename = "a.txt", contentType = "text/plain", access = "private",
         sizeBytes = 3, maxSizeBytes = 52428800,
      }, sent(1))
      assert.same({
         storageObjectId = ID, name = "a.txt", mimeType = "text/plain", sizeBytes = 3, sha256 = ABC_SHA256,
         sourcePath = "$", sourceField = "manual", source = "direct_upload", preview = "abc",
      }, sent(2))
      local put = store:requests()[1]
      assert.same({ "PUT", "/up?" .. SIGNATURE, "abc" }, { put.method, put.target, put.body })
      assert.same({ "b", "text/plain", "3" },
         { put.header["x-amz-meta-a"], put.header["content-type"], put.header["content-length"] })
      assert_anonymous(put)
   end)

   it("takes the store's own content type, and PUT where no method is named", function()
      presigning{ headers = { ["content-type"] = "image/x" } }
      client:upload_artifact(BYTES)
      local put = store:requests()[1]
      assert.same({ "PUT", "image/x", BYTES }, { put.method, put.header["content-type"], put.body })
      assert.same({ "artifact", "application/octet-stream" }, { sent(1).filename, sent(1).contentType })
   end)

   it("posts a form whose last part is the file", function()
      presigning{ method = "POST", fields = { key = "k", policy = 'p"q' } }
      client:upload_artifact(BYTES, { name = 'a "b".png' })
      local post = store:requests()[1]
      local boundary = post.header["content-type"]:match("^multipart/form%-data; boundary=([%w%-]+)$")
      assert.equal(table.concat({
         "--" .. boundary, 'Content-Disposition: form-data; name="key"', "", "k",
         "--" .. boundary, 'Content-Disposition: form-data; name="policy"', "", 'p"q',
         "--" .. boundary, 'Content-Disposition: form-data; name="file"; filename="a %22b%22.png"',
         "Content-Type: image/png", "", BYTES,
         "--" .. boundary .. "--", "",
      }, "\r\n"), post.body)
      assert_anonymous(post)
   end)

   -- It would be an error of Lua, which ends the upload instead of going on with base64.
   it("takes a presigned answer that the contract does not have for none", function()
      local ODD = {
         { method = "DELETE" }, { method = {} }, { method = "PU T" }, { headers = "x" }, { headers = { a = {} } },
         { headers = { ["a b"] = "c" } }, { headers = { a = "b\r\nc: d" } }, { method = "POST", fields = 7 },
         { method = "POST", fields = { a = { "b" } } }, { headers = { "a" } },
      }
      for _, answer in ipairs(ODD) do
         platform:reset()
         presigning(answer)
         client:upload_artifact("abc", { name = "x.txt" })
         local made = sent()
         assert.truthy(made.contentBase64, json.encode(answer))
      end
      assert.equal(0, #store:requests())
   end)

   it("sends base64 where the platform presigns nothing", function()
      presigning(false)
      for length, text in pairs{ [0] = "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" } do
         client:upload_artifact{ bytes = ("foobar"):sub(1, length) }
         local made = sent()
         assert.same({ text, length }, { made.contentBase64, made.sizeBytes })
         assert.is_nil(made.storageObjectId)
         assert.is_nil(made.source)
      end
      client:upload_artifact("\0\255\254")
      assert.equal("AP/+", sent().contentBase64)
   end)

   it("sends base64 where the store does not take the bytes", function()
      presigning{}
      store:always{ status = 403 }
      client:upload_artifact("abc")
      assert.equal("YWJj", sent().contentBase64)
   end)

   it("fails where neither way is open", function()
      platform:always{ status = 401, body = '{"error":"Invalid or missing API key"}' }
      assert.equal(401, clients.failure(client.upload_artifact, client, "abc").status_code)
   end)

   it("sends a file under its name", function()
      local path = folder .. "/notes.md"
      process.write_file(path, "# abc")
      presigning{}
      client:upload_artifact{ path = path }
      assert.same({ "notes.md", "text/markdown", path, 5 },
         { sent().name, sent().mimeType, sent().sourcePath, sent().sizeBytes })
      assert.equal("# abc", store:requests()[1].body)
      os.remove(path)
   end)

   it("reads a file to its end whose size says 0", function()
      local expected = process.read_file("/proc/cpuinfo")
      assert.is_true(#expected > 0)
      presigning{}
      client:upload_artifact{ path = "/proc/cpuinfo" }
      local digits = "%d+%.?%d*" -- the clock's rate changes
      assert.equal(expected:gsub(digits, "0"), (store:requests()[1].body:gsub(digits, "0")))
   end)

   it("refuses what it cannot send, by name", function()
      local path = folder .. "/notes.md"
      process.write_file(path, "# abc")
      -- { source, options, words }
      for _, case in ipairs{
         { path, nil, "names a file", "{ path = ... }" },
         { { path = folder .. "/none" }, nil, "none", "No such file" },
         { { path = folder }, nil, "not a regular file" },
         { {}, nil, "expected" },
         { 7, nil, "expected" },
         { ("x"):rep(52428801), nil, "50 MiB" },
         { "x", { mimetype = "text/plain" }, "mime_type" },
      } do
         clients.refused(function()
            client:upload_artifact(case[1], case[2])
         end, unpack(case, 3, 4))
      end
      os.remove(path)
      assert.equal(0, platform:seen().accepted)
   end)
end)

describe("the SHA-256 of an artifact", function()
   local function sha256(bytes)
      platform:reset():route[[
         local number = ...
         return number % 2 == 1 and { status = 404, body = "" } or { body = '{"id":"a1"}' }
      ]]
      client:upload_artifact{ bytes = bytes }
      return json.decode(platform:requests()[2].body).sha256
   end

   -- FIPS 180-4's examples, as NIST publishes them.
   for _, case in ipairs{
      { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
      { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
      { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
      { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
            .. "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
      { ("a"):rep(1000000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
   } do
      it(("is FIPS 180-4's, of %d bytes"):format(#case[1]), function()
         assert.equal(case[2], sha256(case[1]))
      end)
   end

   it("is the one of sha256sum, whatever the length", function()
      local path = folder .. "/bytes"
      for _, length in ipairs{ 1, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 1000 } do
         local bytes = (BYTES):sub(1, length)
         process.write_file(path, bytes)
         local pipe = assert(io.popen("sha256sum <'" .. path .. "'"))
         assert.equal(pipe:read("*a"):match("^%x+"), sha256(bytes), length)
         pipe:close()
      end
      os.remove(path)
   end)
end)
