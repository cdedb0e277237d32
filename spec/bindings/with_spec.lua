--- client:with: a view whose calls have limits of their own.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server, { max_retries = 2 })

local function attempts(of)
   server:always{ status = 503, headers = { { "Retry-After", "0" } } }
   return clients.failure(of.list_components, of).attempts
end

describe("client:with", function()
   it("limits the retries of its own calls only", function()
      local view = client:with{ max_retries = 0 }
      assert.same({ 1, 3 }, { attempts(view), attempts(client) })
      assert.equal(5, attempts(client:with{ max_retries = 4 }))
   end)

   it("ends its calls after its own deadline and timeout", function()
      server:always{ stall = true }
      local err = clients.failure(client.list_components, client:with{ deadline = 0.05, max_retries = 0 })
      assert.same({ "timeout", "the deadline of 0.05 s has passed in attempt 1" }, { err.kind, err.message })
      err = clients.failure(client.list_components, client:with{ timeout = 0.05, max_retries = 0 })
      assert.same({ "timeout", "no data was sent or received for 0.05 s" }, { err.kind, err.message })
   end)

   it("makes a view of a view, which keeps what it does not change", function()
      local view = client:with{ max_retries = 0 }:with{ deadline = 60 }
      collectgarbage()
      assert.equal(1, attempts(view))
      assert.equal(2, attempts(view:with{ max_retries = 1 }))
   end)

   it("shares the connections and the end of its client", function()
      server:always{ body = '{"data":[]}' }
      local own = clients.open(server.url)
      local view = own:with{ timeout = 5 }
      own:list_components()
      view:list_components()
      assert.equal(1, server:seen().accepted)
      view:close()
      own:list_components()
      own:close()
      assert.equal("cancelled", clients.failure(view.list_components, view).kind)
      assert.matches("closed", tostring(view), 1, true)
   end)

   it("keeps its client alive", function()
      server:always{ body = '{"data":[]}' }
      local view = clients.open(server.url):with{ timeout = 5 }
      for _ = 1, 3 do collectgarbage() end
      assert.same({}, view:list_components().data)
   end)

   it("works in tasks, and for what makes many calls", function()
      server:always{ body = '{"id":"x","experimentStatus":"completed"}' }
      local view = client:with{ deadline = 60 }
      assert.equal("x", promptic.run(function() return view:wait_for_experiment("x").id end))
   end)

   it("refuses options that are not limits, and wrong limits", function()
      clients.refused(function() client:with{ api_key = "k" } end, "api_key")
      clients.refused(function() client:with{ timeout = 0 } end, "timeout")
   end)
end)
