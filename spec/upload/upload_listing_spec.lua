--- The limit of what an upload lists: 8 GiB, whatever max_response_bytes is.
-- Tags: heavy
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local MEMBER = 64 * 1024 * 1024 -- bytes of white space in each member of a response in gzip
local folder

setup(function()
   folder = process.folder()
   local result = process.run{ "sh", "-c", ("head -c %d /dev/zero | tr '\\0' ' ' | gzip -9c >'%s/spaces' && "
      .. [[printf '{"data":[]}' | gzip -9c >'%s/list']]):format(MEMBER, folder, folder) }
   assert(result.code == 0, result.stderr)
end)

teardown(function()
   process.remove(folder)
end)

-- A list behind so many members of white space.
local function serve(members)
   server:route(([[
      local _, request = ...
      if request.method == "POST" then
         return { status = 201, body = '{"data":[{"id":1,"variables":{"m":"x"},"expected":"y"}]}' }
      elseif not request.target:find("/observations") then
         return { body = '{"id":"e","aiComponentId":"c"}' }
      end
      local function read(name) return assert(io.open("%s/" .. name, "rb")):read("a") end
      return { body = read("spaces"):rep(%d) .. read("list"), headers = { ["Content-Encoding"] = "gzip" } }
   ]]):format(folder, members))
end

local function upload()
   local client = clients.open(server.url, { max_response_bytes = 1000000, max_retries = 0 })
   finally(function() client:close() end)
   return client:upload_observations("e", { { variables = { m = "x" }, expected = "y" } }, { only_new = true })
end

it("a list may be larger than max_response_bytes", function()
   serve(2)
   assert.equal(1, upload().sent)
end)

it("a list of more than 8 GiB ends the upload before anything is sent", function()
   serve(8 * 1024 // 64)
   local problem = clients.failure(upload)
   assert.same({ "decode", "too_large" }, { problem.kind, problem.code })
   assert.matches("8589934592 bytes", problem.message, 1, true)
   for _, request in ipairs(server:requests()) do
      assert.equal("GET", request.method)
   end
end)
