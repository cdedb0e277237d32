--- What single rows do that the others do not (rows_spec has what all have in common).
-- Tags: luas
local json = require "cjson"
local promptic = require "promptic"
local clients = require "spec.support.clients"
local rows = require "spec.support.rows"
local scripted = require "spec.support.scripted"

local server = scripted.shared{ body = '{"id":"x"}' }
local client

before_each(function()
   client = clients.open(server.url)
end)

after_each(function()
   client:close()
end)

-- The one request that came in since the last reset.
local function arrived()
   local requests = server:requests()
   assert.equal(1, #requests)
   return requests[1]
end

local OLDER_KEY = {
   { "becomes a variable", { input = "hello" }, { variables = { input = "hello" } } },
   { "may be any value", { input = { 1, 2 } }, { variables = { input = { 1, 2 } } } },
   { "gives way to variables", { input = "x", variables = { a = "y" } }, { variables = { a = "y" } } },
   { "is dropped where it is null", { input = promptic.null, variables = { a = "y" } },
      { variables = { a = "y" } } },
}

describe("an observation's older key", function()
   for _, case in ipairs(OLDER_KEY) do
      local title, given, expected = case[1], case[2], case[3]

      it(title .. " in create_observations", function()
         local observation = { input = given.input, variables = given.variables, expected = "spam" }
         client:create_observations("e", { observation })
         assert.same({ { variables = expected.variables, expected = "spam" } }, json.decode(arrived().body))
         assert.same({ given.input, given.variables }, { observation.input, observation.variables })
      end)

      it(title .. " in update_observation", function()
         client:update_observation("e", 1, given)
         assert.same(expected, json.decode(arrived().body))
      end)
   end

   it("of null alone leaves nothing in update_observation", function()
      client:update_observation("e", 1, { input = promptic.null })
      assert.equal("{}", arrived().body)
   end)
end)

describe("an API key", function()
   it("is enough: a workspace is not named, though one is given", function()
      client:close()
      client = clients.open(server.url, { workspace_id = "w" })
      client:get_workspace()
      assert.is_nil(arrived().header["x-workspace-id"])
   end)
end)

for _, name in ipairs{ "list_workspaces", "list_ai_applications" } do
   describe(name, function()
      before_each(function()
         client:close()
         client = promptic.client{ endpoint = server.url, access_token = "a-token", config_file = "" }
      end)

      it("needs no scope with a session token", function()
         client[name](client)
         local header = arrived().header
         assert.same({}, { header["x-workspace-id"], header["x-ai-application-id"] })
      end)
   end)
end

describe("every other method", function()
   it("needs a scope with a session token", function()
      client:close()
      client = promptic.client{ endpoint = server.url, access_token = "a-token", config_file = "" }
      for _, row in ipairs(promptic.endpoints) do
         if row.name ~= "list_workspaces" and row.name ~= "list_ai_applications" then
            local call = rows.call(row, "minimal")
            local problem = clients.failure(client[row.name], client, rows.unpack(call))
            assert.equal("auth", problem.kind)
            assert.matches("PROMPTIC_AI_APPLICATION_ID", problem.message)
         end
      end
      assert.equal(0, server:seen().accepted)
   end)
end)

describe("a time in a query", function()
   for given, sent in pairs{
      ["2026-03-02T00:00Z"] = "2026-03-02T00:00:00Z",
      ["2026-03-02T07:30+01:00"] = "2026-03-02T07:30:00+01:00",
      ["2026-03-02T00:00:00.5Z"] = "2026-03-02T00:00:00.5Z",
      ["2026-03-02"] = "2026-03-02",
      ["2026-03-02T00:00"] = "2026-03-02T00:00",
      ["yesterday"] = "yesterday",
   } do
      it("gets its seconds where they are missing: " .. given, function()
         client:list_traces{ start_after = given }
         assert.matches("&start_after=" .. rows.encode(sent), arrived().target, 1, true)
      end)
   end
end)

describe("ingest_traces", function()
   it("sends JSON text as it stands", function()
      local text = ' { "resourceSpans" : [ ] }\n'
      client:ingest_traces(text)
      assert.equal(text, arrived().body)
   end)
end)
