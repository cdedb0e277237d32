--- Whose connections are whose: child processes inherit none, and close() ends those of its client alone.
local calls = require "spec.network.calls"
local driving = require "spec.support.driving"
local lab = require "spec.network.lab"
local process = require "spec.support.process"
local promptic = require "promptic"
local tls_peer = require "spec.network.tls_peer"

local lacks = lab.lacks("openssl", "python3")
if lacks then
   return it("descriptors", function() pending("there is no " .. lacks) end)
end

local peer = tls_peer.shared()
local client

before_each(function()
   client = calls.client(peer)
end)

after_each(function()
   client:close()
end)

local function post(id)
   return client:request("POST", "/things/" .. id, { body = { name = "n" } })
end

-- The inodes of this machine's connections to the peer, as their client.
local function connections_to_peer()
   local found, wanted = {}, ("%04X"):format(peer.port)
   for line in io.lines("/proc/net/tcp") do
      local remote, inode = line:match("^%s*%d+: %x+:%x+ %x+:(%x+) %x%x %S+ %S+ %S+ +%d+ +%d+ (%d+)")
      if remote == wanted then
         found[inode] = true
      end
   end
   return found
end

-- How many of them are among the descriptors that ls -l has listed.
local function count(listing)
   local known, number = connections_to_peer(), 0
   for inode in listing:gmatch("socket:%[(%d+)%]") do
      number = number + (known[inode] and 1 or 0)
   end
   return number
end

local function by_popen()
   local pipe = assert(io.popen("ls -l /proc/self/fd"))
   local listing = pipe:read("*a")
   pipe:close()
   return count(listing)
end

local function by_execute()
   local path = os.tmpname()
   assert(os.execute("ls -l /proc/self/fd >" .. path))
   local listing = process.read_file(path)
   os.remove(path)
   return count(listing)
end

local function own()
   local pipe = assert(io.popen("ls -l /proc/$PPID/fd"))
   local listing = pipe:read("*a")
   pipe:close()
   return count(listing)
end

for _, way in ipairs(calls.WAYS) do
   describe(way.name, function()
      it("child processes inherit no idle connection", function()
         way.run(post, "x")
         assert.equal(1, own())
         assert.equal(0, by_popen())
         assert.equal(0, by_execute())
      end)

      it("close() ends the connections of its client, and of no other", function()
         local other = calls.client(peer)
         way.run(post, "x")
         way.run(other.request, other, "POST", "/things/y", { body = { name = "n" } })
         assert.equal(2, own())
         client:close()
         assert.equal(1, own())
         peer:closed(1)
         assert.equal(1, peer:seen().open)
         local ended = way.run(other.request, other, "POST", "/things/z", { body = { name = "n" } })
         other:close()
         assert.equal("success after 1", calls.brief(ended))
         assert.is_true(ended.reused)
         assert.equal(2, peer:seen().accepted)
         assert.equal(0, own())
      end)
   end)
end

it("child processes inherit no connection that is in use", function()
   peer:always{ { "handshake" }, { "read" }, { "gate", "response" }, { "reply" }, { "serve" } }
   local tasks = {}
   for index = 1, 4 do
      tasks[index] = promptic.spawn(post, "x" .. index)
   end
   driving.wait(function() return peer:at_gate "response" == 4 end, 0.01)
   assert.equal(4, own())
   assert.equal(0, by_popen())
   assert.equal(0, by_execute())
   for _ = 1, 4 do
      peer:pass "response"
   end
   for index, task in ipairs(tasks) do
      assert.equal("x" .. index, task:await().id)
   end
end)
