--- What belongs to another workspace is not found: every row of the endpoint table is called from workspace B with
-- one id of A's among B's own, for each id that it takes, and with B's ids alone where it lists.
local promptic = require "promptic"
local rows = require "spec.support.rows"
local sandbox = require "spec.support.sandbox"
local world = require "spec.support.world"

local json = promptic.json

local server, ours, theirs, both
setup(function()
   server = sandbox.start{ pace = 0, arguments = { "--workspaces", "2" } }
   local list = promptic.client{ endpoint = server.url, access_token = "session-sandbox",
      ai_application_id = "00000000-0000-0000-0000-000000000000" }
   local applications = list:list_ai_applications().data
   list:close()
   both = {}
   for i, application in ipairs(applications) do
      both[i] = promptic.client{ endpoint = server.url, access_token = "session-sandbox", max_retries = 0,
         ai_application_id = application.id }
   end
   ours, theirs = world.new(both[1]), world.new(both[2])
end)
teardown(function()
   for _, client in ipairs(both) do client:close() end
   assert.equal("", server:stop())
end)

-- The parameters that name something; workspaceId is the scope itself.
local function ids_in(row)
   local found = {}
   for _, parameter in ipairs(row.parameters) do
      local name = parameter.name
      if name ~= "workspace_id" and (name:find "_ids?$" or parameter.format == "uuid") then
         found[#found + 1] = parameter
      end
   end
   return found
end

-- "full" has both of what create_artifact takes one of.
local function variant_of(row)
   return row.name == "create_artifact" and "minimal" or "full"
end

for _, row in ipairs(promptic.endpoints) do
   for _, parameter in ipairs(ids_in(row)) do
      it(("%s does not find another workspace's %s"):format(row.name, parameter.name), function()
         local mine, given = ours:ids(row), theirs:ids(row)
         assert(mine[parameter.name] ~= nil, "the world has no " .. parameter.name)
         assert.not_same(mine[parameter.name], given[parameter.name])
         -- to show that the call would succeed without it
         local call = rows.call(row, variant_of(row), theirs:ids(row))
         both[2][row.name](both[2], rows.unpack(call))
         given[parameter.name] = mine[parameter.name]
         call = rows.call(row, variant_of(row), given)
         local called, answer = pcall(both[2][row.name], both[2], rows.unpack(call))
         if parameter.place == "query" then
            assert.same({ true, { data = {} } }, { called, answer })
         else
            assert.same({ false, 404, "Not found" }, { called, answer.status_code, answer.message:match("^[^;]*") })
         end
      end)
   end
end

describe("every list and count", function()
   local LISTS = { "list_components", "list_experiments", "list_traces" }

   it("is of the own workspace", function()
      local names = {}
      for _, row in ipairs(promptic.endpoints) do
         if row.verb == "GET" and not row.path:find("{", 1, true) and row.name:find "^list_"
            and not row.without_workspace and row.name ~= "list_models" then
            names[#names + 1] = row.name
         end
      end
      assert.same(LISTS, names)
      ours:trace()
      ours:completed_experiment()
      for _, name in ipairs(LISTS) do
         local seen = {}
         for _, object in ipairs(both[1][name](both[1]).data or both[1][name](both[1]).traces) do
            seen[object.id] = true
         end
         assert.is_truthy(next(seen))
         for _, object in ipairs(both[2][name](both[2]).data or both[2][name](both[2]).traces) do
            assert.is_nil(seen[object.id])
         end
      end
      local before = both[2]:get_stats()
      local span = { traceId = ("c"):rep(32), spanId = ("c"):rep(16), name = "x",
         startTimeUnixNano = ("%d000000000"):format(os.time()) }
      local request = { resourceSpans = { { scopeSpans = { { spans = json.array{ span } } } } } }
      both[1]:ingest_traces(request)
      assert.same(before, both[2]:get_stats())
      -- the same OpenTelemetry id in another workspace is another trace
      both[2]:ingest_traces(request)
      local one, two = both[1]:get_trace(span.traceId), both[2]:get_trace(span.traceId)
      assert.not_equal(one.id, two.id)
      assert.same({ 1, 1 }, { #one.spans, #two.spans })
   end)

   it("a span names components of its own workspace only", function()
      both[1]:create_component("only here")
      local span = { traceId = ("d"):rep(32), spanId = ("d"):rep(16), name = "x",
         startTimeUnixNano = ("%d000000000"):format(os.time()),
         attributes = { { key = "promptic.ai_component", value = { stringValue = "only here" } } } }
      both[2]:ingest_traces{ resourceSpans = { { scopeSpans = { { spans = json.array{ span } } } } } }
      assert.is_nil(both[2]:get_trace(span.traceId).aiComponentId)
   end)
end)
