--- find_* and ensure_*: a name that is there once, several times or not at all; a create whose response is lost.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)

local function data(...)
   return { body = promptic.json.encode{ data = promptic.array{ ... } } }
end

local function asked()
   local lines = {}
   for index, request in ipairs(server:requests()) do
      lines[index] = request.method .. " " .. request.target:gsub("^/api/v1", "")
   end
   return lines
end

local FINDERS = {
   find_component = { what = "component", find = function(name) return client:find_component(name) end },
   find_experiment = { what = "experiment", find = function(name) return client:find_experiment("c", name) end },
   find_dataset = { what = "dataset", find = function(name) return client:find_dataset("c", name) end },
}

for name, finder in pairs(FINDERS) do
   describe(name, function()
      it("returns the only one of that name, whole", function()
         server:always(data({ id = "a", name = "x" }, { id = "b", name = "y" }, { id = "c", name = "xy" }))
         assert.equal("a", finder.find("x").id)
         assert.is_nil(finder.find("X"))
         assert.is_nil(finder.find("z"))
      end)

      it("lists the ids where several have the name", function()
         server:always(data({ id = "a", name = "x" }, { id = "b", name = "x" }))
         local err = clients.failure(finder.find, "x")
         assert.same({ "argument", "ambiguous_name" }, { err.kind, err.code })
         assert.equal(("2 %ss are named 'x': a, b; use the id of one"):format(finder.what), err.message)
      end)

      it("takes no other response for an empty list", function()
         for _, body in ipairs{ '{"items":[]}', '{"data":""}', '{"data":5}' } do
            server:always{ body = body }
            assert.equal("decode", clients.failure(finder.find, "x").kind, body)
         end
      end)
   end)
end

it("find_experiment looks at all pages", function()
   server:route[[
      local number, request = ...
      local list = {}
      for index = 1, number == 1 and 100 or 1 do
         list[index] = ('{"id":"%d-%d","name":"%s"}'):format(number, index, number == 2 and "last" or "x" .. index)
      end
      return { body = '{"data":[' .. table.concat(list, ",") .. ']}' }
   ]]
   assert.equal("2-1", client:find_experiment("c", "last").id)
   assert.equal(2, server:count())
end)

it("find_experiment takes one that two pages show for one: somebody has created another meanwhile", function()
   server:route[[
      local number = ...
      local list = {}
      for index = 1, 100 do list[index] = ('{"id":"%d","name":"x%d"}'):format(index, index) end
      if number == 2 then list = { list[100] } end
      return { body = '{"data":[' .. table.concat(list, ",") .. ']}' }
   ]]
   assert.equal("100", client:find_experiment("c", "x100").id)
end)

describe("ensure_component", function()
   it("returns the one that is there, and creates none", function()
      server:always(data({ id = "a", name = "x" }))
      assert.equal("a", client:ensure_component("x", { description = "d" }).id)
      assert.same({ "GET /components" }, asked())
   end)

   it("creates one that is not there", function()
      server:reply(data(), { status = 201, body = '{"id":"n"}' }, { body = '{"id":"n","name":"x","description":"d"}' })
      assert.equal("d", client:ensure_component("x", { description = "d" }).description)
      assert.same({ "GET /components", "POST /components", "GET /components/n" }, asked())
      assert.same({ name = "x", description = "d" }, promptic.json.decode(server:requests()[2].body))
   end)

   it("looks it up after a create whose response was lost", function()
      server:reply(data(), { close = "reset" }, data({ id = "n", name = "x" }))
      assert.equal("n", client:ensure_component("x").id)
      assert.same({ "GET /components", "POST /components", "GET /components" }, asked())
   end)

   it("creates it again where the lost one had no effect, three times at most", function()
      local lost = { close = "reset" }
      server:reply(data(), lost, data(), { status = 201, body = '{"id":"n"}' }, { body = '{"id":"n","name":"x"}' })
      assert.equal("n", client:ensure_component("x").id)
      server:reset()
      server:reply(data(), lost, data(), lost, data(), lost)
      assert.is_true(clients.failure(client.ensure_component, client, "x").maybe_sent)
      assert.equal(6, server:count())
   end)

   it("raises what the platform refuses", function()
      server:reply(data(), { status = 400, body = '{"error":"no"}' })
      assert.equal(400, clients.failure(client.ensure_component, client, "x").status_code)
      assert.equal(2, server:count())
   end)

   it("asks nothing more once its task is cancelled, though the create is in doubt", function()
      server:reply(data(), { stall = true })
      promptic.run(function()
         local task = promptic.spawn(client.ensure_component, client, "x")
         while server:count() < 2 do
            promptic.sleep(0.01)
         end
         task:cancel()
         assert.equal("cancelled", clients.failure(task.await, task).kind)
      end)
      assert.equal(2, server:count())
   end)

   it("suspends its task only", function()
      server:reply(data(), { status = 201, body = '{"id":"n"}' }, { body = '{"id":"n"}' })
      assert.equal("n", promptic.run(function() return client:ensure_component("x").id end))
   end)
end)

it("ensure_dataset returns what it creates", function()
   server:reply(data(), { status = 201, body = '{"id":"n","name":"x"}' })
   assert.equal("n", client:ensure_dataset("c", "x").id)
   server:reply(data({ id = "o", name = "x" }))
   assert.equal("o", client:ensure_dataset("c", "x").id)
   assert.same({ "GET /components/c/datasets", "POST /components/c/datasets", "GET /components/c/datasets" }, asked())
end)

it("promptic.now goes on, whatever the wall clock does", function()
   local now = promptic.now()
   assert.is_true(now > 0 and promptic.now() >= now)
   assert.is_true(promptic.now() - now < 60)
end)

it("promptic.time is Unix time, and promptic.uuid a random UUID", function()
   local before = os.time()
   local time = promptic.time()
   -- time(2) reads a coarse clock, which is milliseconds behind at the turn of a second.
   assert.is_true(time >= before and time < os.time() + 2)
   local seen = {}
   for _ = 1, 100 do
      local uuid = promptic.uuid()
      assert.matches("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$", uuid)
      assert.is_nil(seen[uuid])
      seen[uuid] = true
   end
end)
