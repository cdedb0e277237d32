--- A process that forks with clients made before: no response is ever swapped, the parent's connections stay its own,
--- and what was under way ends in the child as cancelled.
local json = require "cjson"
local promptic = require "promptic"
local calls = require "spec.network.calls"
local driving = require "spec.support.driving"
local lab = require "spec.network.lab"
local process = require "spec.support.process"
local tls_peer = require "spec.network.tls_peer"

local lacks = lab.lacks("openssl", "python3", "cc")
if lacks then
   return it("fork", function() pending("there is no " .. lacks) end)
end

local peer = tls_peer.shared()
local folder, forking, client

-- As a module of the Lua that runs this.
local function build()
   local name = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match("%d%.%d")
   local result = process.run{ "sh", "-c",
      ("cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC $(.ci/lua-flags %s) -o '%s/forking.so' "
         .. "spec/network/forking.c"):format(name, folder) }
   assert(result.code == 0, result.stderr)
   return assert(package.loadlib(folder .. "/forking.so", "luaopen_forking"))()
end

setup(function()
   folder = lab.folder()
   forking = build()
end)

teardown(function()
   process.remove(folder)
end)

after_each(function()
   client:close()
end)

local function post(id)
   return client:request("POST", "/things/" .. id, { body = { name = "n" } })
end

-- Runs f in a child, in_parent meanwhile; returns what each of them returned. What the child's f raises is raised.
local function fork(f, in_parent)
   local path = folder .. "/said"
   local pid = forking.fork()
   if pid == 0 then
      local ok, result = pcall(f)
      process.write_file(path, json.encode{ ok = ok, result = ok and result or tostring(result) })
      forking.exit(0)
   end
   local ok, in_this = pcall(in_parent or function() end)
   assert.equal(0, forking.wait(pid))
   local said = json.decode(process.read_file(path))
   assert(said.ok, said.result)
   assert(ok, in_this)
   return said.result, in_this
end

local CHANNELS = {
   { name = "plain HTTP", first = {} },
   { name = "TLS 1.2", first = { { "handshake", { version = "1.2" } } } },
   { name = "TLS 1.3", first = { { "handshake", { version = "1.3" } } } },
}

local function open(channel, options)
   client = calls.client({ url = #channel.first > 0 and peer.url or peer.plain_url, ca_file = peer.ca_file }, options)
   peer:always(lab.join(channel.first, { { "serve" } }))
end

-- 30 POSTs: how each ended, and whether the response was its own; and the peer's connections that they used.
local function thirty(way, prefix)
   local problems, used = {}, {}
   for index = 1, 30 do
      local id = prefix .. index
      local ended = way.run(post, id)
      if not ended.ok or ended.result.id ~= id then
         problems[#problems + 1] = ended.ok and id .. " got " .. tostring(ended.result.id) or calls.brief(ended)
      else
         used[tostring(ended.result.connection)] = true
      end
   end
   return { problems = problems, used = used }
end

for _, way in ipairs(calls.WAYS) do
   for _, channel in ipairs(CHANNELS) do
      describe(way.name .. " over " .. channel.name .. ",", function()
         it("parent and child each get the responses to their own requests", function()
            open(channel)
            local first = way.run(post, "warm").result.connection
            local child, parent = fork(function() return thirty(way, "child") end,
               function() return thirty(way, "parent") end)
            assert.same({}, child.problems)
            assert.same({}, parent.problems)
            assert.same({ [tostring(first)] = true }, parent.used)
            assert.is_nil(child.used[tostring(first)])
            assert.equal(61, peer:arrivals())
         end)

         it("a child that closes its client leaves the parent's connections alone", function()
            open(channel)
            local first = way.run(post, "warm").result.connection
            fork(function()
               client:close()
               client = nil
               collectgarbage()
               collectgarbage()
               return true
            end)
            local ended = way.run(post, "after")
            assert.equal("success after 1", calls.brief(ended))
            assert.equal(first, ended.result.connection)
            assert.equal(1, peer:seen().accepted)
         end)

         it("a call under way ends in the child as cancelled, and goes on in the parent", function()
            open(channel)
            peer:plan(lab.join(channel.first, { { "read" }, { "gate", "response" }, { "reply" }, { "serve" } }))
            local task = promptic.spawn(post, "early")
            driving.wait(function() return peer:at_gate "response" == 1 end, 0.01)
            local child = fork(function()
               local ended = calls.outcome(task.await, task)
               local next_one = way.run(post, "later")
               return { ended = calls.brief(ended), next_one = calls.brief(next_one), id = next_one.result.id }
            end)
            assert.same({ ended = "cancelled", next_one = "success after 1", id = "later" }, child)
            peer:pass "response"
            assert.equal("early", task:await().id)
            assert.equal("success after 1", calls.brief(way.run(post, "last")))
            assert.equal(3, peer:arrivals())
         end)
      end)
   end
end

describe("a call that was not sent yet", function()
   it("ends in the child as cancelled and not sent", function()
      open(CHANNELS[3])
      peer:plan{ { "tcp_bytes", 100 }, { "gate", "handshake" } }
      local task = promptic.spawn(post, "early")
      driving.wait(function() return peer:at_gate "handshake" == 1 end, 0.01)
      local child = fork(function() return calls.brief(calls.outcome(task.await, task)) end)
      assert.equal("cancelled", child)
      peer:pass "handshake"
      assert.equal("early", task:await().id)
      assert.equal(1, peer:arrivals())
   end)
end)
