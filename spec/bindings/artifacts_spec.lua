--- Artifacts: bytes that come through a redirect, files that are replaced as a whole. Two servers: the platform, and
-- the store that it sends its clients to. Uploads: artifacts_upload_spec.
-- Tags: luas
local json = require "cjson"
local promptic = require "promptic"
local shared = require "spec.support.artifact_store"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local tls_server = require "spec.support.tls_server"

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

local function redirect(location, status)
   return { status = status or 302, headers = { Location = location or store.url .. "/b/k?" .. SIGNATURE }, body = "" }
end

local function files_of(path)
   local pipe = assert(io.popen("ls -A '" .. path .. "'"))
   local names = pipe:read("*a")
   pipe:close()
   return names
end

--------------------------------------------------------------------- content

-- { method, the path of its request }
local CONTENTS = {
   { "get_artifact_content", "/api/v1/artifacts/a%201/content" },
   { "get_storage_object_content", "/api/v1/storage-objects/a%201/content" },
}

for _, case in ipairs(CONTENTS) do
   local name, path = case[1], case[2]
   describe(name, function()
      local function get()
         return client[name](client, "a 1")
      end

      for _, status in ipairs{ 301, 302, 303, 307, 308 } do
         it(("follows a %d without the credential"):format(status), function()
            platform:always(redirect(nil, status))
            assert.equal(BYTES, get())
            local asked, fetched = platform:requests(), store:requests()
            assert.same({ 1, 1 }, { #asked, #fetched })
            assert.equal(path, asked[1].target)
            assert.equal("Bearer " .. clients.KEY, asked[1].header.authorization)
            assert.same({ "*/*", "*/*" }, { asked[1].header.accept, fetched[1].header.accept })
            assert.equal("GET", fetched[1].method)
            assert.equal("/b/k?" .. SIGNATURE, fetched[1].target)
            assert_anonymous(fetched[1])
         end)
      end

      it("takes the bytes from the platform where that has them", function()
         platform:always{ body = BYTES }
         assert.equal(BYTES, get())
         platform:always{ body = "" }
         assert.equal("", get())
      end)

      it("sends neither token nor scope along", function()
         client:close()
         client = promptic.client{
            endpoint = platform.url, access_token = "a-session-token", ai_application_id = "w", config_file = "",
         }
         platform:always(redirect())
         assert.equal(BYTES, get())
         assert_anonymous(store:requests()[1])
      end)
   end)
end

describe("the redirect of an artifact", function()
   local function failure()
      return clients.failure(client.get_artifact_content, client, "a1")
   end

   it("may be relative", function()
      platform:reply(redirect("/files/x?y=1"), { body = "one" }, redirect("y"), { body = "two" })
      assert.equal("one", client:get_artifact_content("a1"))
      assert.equal("two", client:get_artifact_content("a1"))
      local requests = platform:requests()
      assert.equal("/files/x?y=1", requests[2].target)
      assert.equal("/api/v1/artifacts/a1/y", requests[4].target)
      assert_anonymous(requests[2])
   end)

   it("is followed once", function()
      platform:always(redirect())
      store:always(redirect(store.url .. "/again?" .. SIGNATURE))
      local problem = failure()
      assert.same({ "api", 302 }, { problem.kind, problem.status_code })
      assert.matches("further redirect", problem.message)
      assert.is_nil(problem.message:find("secret", 1, true))
      assert.equal(1, #store:requests())
   end)

   -- { where it leads, what the message says }
   for _, case in ipairs{
      { "http://localhost:%d/x?" .. SIGNATURE, "plain http URL on another host, localhost" },
      { "http://user:secret@127.0.0.1:%d/x", "a user" },
      { "ftp://127.0.0.1:%d/x", "neither https nor http" },
      { "file:///etc/passwd", "the platform sent a URL" },
      { "http://", "the platform sent an invalid URL" },
   } do
      it("is not followed to " .. case[1], function()
         platform:always(redirect(case[1]:format(store.port)))
         local problem = failure()
         assert.equal("decode", problem.kind)
         assert.matches(case[2], problem.message, 1, true)
         assert.is_nil(problem.message:find("secret", 1, true))
         assert.equal(0, store:seen().accepted)
      end)
   end

   it("without a place to go to is an error", function()
      platform:always{ status = 302, body = "" }
      assert.equal(302, failure().status_code)
   end)

   it("goes to https with the authorities of the client, on another host too", function()
      local secure = tls_server.start("localhost")
      platform:always(redirect(("https://localhost:%d/api/v1/workspace"):format(secure.port)))
      assert.equal("tls", failure().kind)
      local trusting = clients.open(platform.url, { ca_file = secure.certificate })
      assert.equal("over tls", json.decode(trusting:get_artifact_content("a1")).id)
      trusting:close()
      secure:stop()
   end)

   it("is tried again where the store fails", function()
      platform:always(redirect())
      store:reply({ status = 503 }, { body = BYTES, length = 60000, close = "fin" })
      assert.equal(BYTES, client:get_artifact_content("a1"))
      assert.same({ 1, 3 }, { #platform:requests(), #store:requests() })
   end)

   it("tells what the store says, and nothing of the signature", function()
      platform:always(redirect())
      store:always{ status = 403, body = "<Error>expired</Error>", headers = { ["Content-Type"] = "application/xml" } }
      local problem = failure()
      assert.same({ "api", 403, "GET" }, { problem.kind, problem.status_code, problem.method })
      assert.equal(store.url .. "/b/k", problem.path)
      for _, value in pairs(setmetatable(problem, nil)) do
         assert.is_nil(tostring(value):find("secret", 1, true))
      end
   end)

   it("names no credential where the store refuses the signature, which is none", function()
      platform:always(redirect())
      store:always{ status = 401, body = '{"error":"no such signature"}' }
      assert.equal("no such signature", failure().message)
   end)

   it("is no success of any other call", function()
      platform:always(redirect())
      assert.equal(302, clients.failure(client.get_artifact, client, "a1").status_code)
      assert.equal(0, store:seen().accepted)
   end)

   it("suspends a task", function()
      platform:always(redirect())
      store:always{ body = "x", wait = 50 }
      local all = promptic.map({ 1, 2, 3, 4 }, function(id)
         return client:get_artifact_content("a" .. id)
      end)
      assert.same({ "x", "x", "x", "x" }, all)
   end)

   it("asks with the options that are given", function()
      platform:always{ body = "x" }
      client:get_artifact_content("a1", { workspace_id = "w 1", disposition = "inline", filename = "a.png" })
      assert.equal("/api/v1/artifacts/a1/content?workspaceId=w%201&disposition=inline&filename=a.png",
         platform:requests()[1].target)
   end)
end)

------------------------------------------------------------------------ files

describe("download_artifact", function()
   local path

   before_each(function()
      path = folder .. "/shot.png"
      os.remove(path)
      platform:always(redirect())
   end)

   local function failure(...)
      local fine, problem = pcall(client.download_artifact, client, "a1", path, ...)
      assert.is_false(fine)
      return problem
   end

   it("writes the bytes and returns how many they are", function()
      assert.equal(#BYTES, client:download_artifact("a1", path))
      assert.equal(BYTES, process.read_file(path))
      assert.equal("shot.png\n", files_of(folder))
   end)

   it("writes an empty file too", function()
      store:always{ body = "" }
      assert.equal(0, client:download_artifact("a1", path))
      assert.equal("", process.read_file(path))
   end)

   it("takes bytes of the platform itself", function()
      platform:always{ body = BYTES }
      assert.equal(#BYTES, client:download_artifact("a1", path, { workspace_id = "w" }))
      assert.equal(BYTES, process.read_file(path))
      assert.equal(0, store:seen().accepted)
   end)

   it("is held to max_bytes, and without to max_response_bytes", function()
      local small = clients.open(platform.url, { max_response_bytes = 100 })
      finally(function() small:close() end)
      process.write_file(path, "as it was")
      for _, case in ipairs{ { client, { max_bytes = #BYTES - 1 }, "max_bytes" }, { small, nil,
         "max_response_bytes" } } do
         local problem = clients.failure(case[1].download_artifact, case[1], "a1", path, case[2])
         assert.equal("decode", problem.kind)
         assert.equal(200, problem.status_code)
         assert.matches("exceeds " .. case[3], problem.message, 1, true)
         assert.equal("as it was", process.read_file(path))
         assert.equal("shot.png\n", files_of(folder))
      end
      assert.equal(#BYTES, small:download_artifact("a1", path, { max_bytes = #BYTES }))
      assert.equal("decode", clients.failure(small.get_artifact_content, small, "a1").kind)
   end)

   it("begins again where the connection broke", function()
      store:reply{ body = ("y"):rep(1000), length = 60000, close = "reset" }
      assert.equal(#BYTES, client:download_artifact("a1", path))
      assert.equal(BYTES, process.read_file(path))
   end)

   it("replaces a file, with what others may do with it", function()
      process.write_file(path, "old")
      assert(os.execute("chmod 640 '" .. path .. "'"))
      client:download_artifact("a1", path)
      assert.equal(BYTES, process.read_file(path))
      local pipe = assert(io.popen("stat -c %a '" .. path .. "'"))
      assert.equal("640\n", pipe:read("*a"))
      pipe:close()
   end)

   it("writes what a symbolic link names", function()
      local target = folder .. "/target"
      process.write_file(target, "old")
      assert(os.execute(("ln -s target '%s'"):format(path)))
      client:download_artifact("a1", path)
      assert.equal(BYTES, process.read_file(target))
      assert(os.execute(("test -L '%s'"):format(path)))
      os.remove(target)
   end)

   -- { title, what happens, kind }
   for _, case in ipairs{
      { "a store that refuses", function() store:always{ status = 403 } end, "api" },
      { "a store that breaks off", function()
         store:always{ body = ("y"):rep(1000), length = 60000, close = "reset" }
      end, "connection" },
      { "a platform that has no such artifact", function()
         platform:always{ status = 404, body = '{"error":"Not found"}' }
      end, "api" },
      { "a redirect that is not followed", function() platform:always(redirect("ftp://x/y")) end, "decode" },
   } do
      it("leaves the file alone after " .. case[1], function()
         process.write_file(path, "old")
         case[2]()
         assert.equal(case[3], failure().kind)
         assert.equal("old", process.read_file(path))
         assert.equal("shot.png\n", files_of(folder))
      end)
   end

   it("leaves nothing behind where it is cancelled", function()
      store:always{ body = "y", length = 60000, stall = true }
      promptic.run(function()
         local task = promptic.spawn(client.download_artifact, client, "a1", path)
         while #store:requests() == 0 do
            promptic.sleep(0.01)
         end
         task:cancel()
         assert.is_false((pcall(task.await, task)))
      end)
      assert.equal("", files_of(folder))
   end)

   it("says so where the file cannot be put into its place, and leaves nothing behind", function()
      store:always{ body = BYTES, wait = 100 }
      local problem = promptic.run(function()
         local task = promptic.spawn(client.download_artifact, client, "a1", path)
         while #store:requests() == 0 do
            promptic.sleep(0.01)
         end
         assert(os.execute("mkdir '" .. path .. "'"))
         local _, problem = pcall(task.await, task)
         return problem
      end)
      assert.matches("^cannot write '" .. path:gsub("%p", "%%%0") .. "': ", problem.message)
      assert.equal("shot.png\n", files_of(folder))
      os.remove(path)
   end)

   it("asks nobody where the file cannot be written", function()
      for _, bad in ipairs{ folder .. "/no/such", folder, "" } do
         local fine, problem = pcall(client.download_artifact, client, "a1", bad)
         assert.is_false(fine)
         assert.matches("bad argument .* %(path: ", problem)
      end
      assert.equal(0, platform:seen().accepted)
   end)
end)
