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

   -- A request with these spans, attributes of the first, or a value of its first attribute.
   local function with_spans(spans)
      return { resource_spans = { { scopeSpans = { { spans = spans } } } } }
   end

   local function span(more)
      local fields = { traceId = ("ab"):rep(16), spanId = ("cd"):rep(8), startTimeUnixNano = "1" }
      for name, value in pairs(more or {}) do
         fields[name] = value
      end
      return fields
   end

   local function with_attributes(attributes)
      return with_spans{ span{ attributes = attributes } }
   end

   local function with_value(value)
      return with_attributes{ { key = "k", value = value } }
   end

   local AT = "request.resource_spans[1].scopeSpans[1].spans[1]"
   local refused = {
      { {}, "request: resource_spans is missing" },
      { { spans = {} }, "request: resource_spans is missing" },
      { "{}", "request: resourceSpans is missing" },
      { "[]", "request: resourceSpans is missing" },
      { "5", "request: a JSON object expected" },
      { "no JSON", "request: " },
      { { resource_spans = { scopeSpans = {} } },
         "request.resource_spans: a list of { scopeSpans } expected, this table has a field 'scopeSpans'" },
      { { resource_spans = { { resource = {} } } }, "request.resource_spans[1]: scopeSpans is missing" },
      { { resource_spans = { { scope_spans = {} } } },
         "request.resource_spans[1]: unknown field 'scope_spans', did you mean 'scopeSpans'?" },
      { '{"resourceSpans":[{"scope_spans":[]}]}',
         "request.resourceSpans[1]: unknown field 'scope_spans', did you mean 'scopeSpans'?" },
      { { resource_spans = { { scopeSpans = { {} } } } }, "request.resource_spans[1].scopeSpans[1]: spans is missing" },
      { { resource_spans = { { scopeSpans = { 5 } } } },
         "request.resource_spans[1].scopeSpans[1]: { spans } expected, got number" },
      { { resource_spans = { { scopeSpans = {}, resource = { attributes = { service = "x" } } } } },
         "request.resource_spans[1].resource.attributes: a list of { key, value } expected, this table has a field "
         .. "'service'" },
      { { resource_spans = { { scopeSpans = {}, resource = { service = "x" } } } },
         "request.resource_spans[1].resource: { attributes } expected, this table has a field 'service'" },
      { with_spans{ span{ trace_id = "x" } }, AT .. ": unknown field 'trace_id', did you mean 'traceId'?" },
      { with_spans{ { spanId = "x", startTimeUnixNano = "1" } }, AT .. ": traceId is missing" },
      { with_spans(span()), "request.resource_spans[1].scopeSpans[1].spans: a list of a span expected, this table has "
         .. "a field '" },
      { with_spans{ span(), [3] = span() }, "spans: a list of a span expected, this table has holes" },
      { with_spans{ span{ events = { { attributes = { a = 1 } } } } }, AT .. ".events[1].attributes: a list of " },
      { with_spans{ span{ status = "error" } }, AT .. ".status: an object expected, got string" },
      { with_attributes{ model = "x" }, AT .. ".attributes: a list of { key, value } expected" },
      { with_attributes{ { value = { intValue = 1 } } }, AT .. ".attributes[1]: key is missing" },
      { with_attributes{ { key = "k", text = "x" } },
         AT .. ".attributes[1]: { key, value } expected, this table has a field 'text'" },
      { with_value "x",
         AT .. ".attributes[1].value: { stringValue } or another of OTLP's values expected, got string" },
      { with_value{ string_value = "x" }, AT .. ".attributes[1].value: unknown field 'string_value', did you mean "
         .. "'stringValue'?" },
      { with_value{ text = "x" }, "expected, this table has a field 'text'" },
      { with_value{ arrayValue = { values = { { stringValue = "x" }, "y" } } },
         AT .. ".attributes[1].value.arrayValue.values[2]: { stringValue } or " },
      { with_value{ kvlistValue = { values = { a = {} } } },
         AT .. ".attributes[1].value.kvlistValue.values: a list of " },
   }
   for number, row in ipairs(refused) do
      it(("refuses a shape that stores nothing: %d, %s"):format(number, row[2]), function()
         local before = server:seen().accepted
         local done, problem = pcall(client.ingest_traces, client, row[1])
         assert.is_false(done)
         assert.matches("bad argument #%d to '.-ingest_traces' %(", problem)
         assert.matches(row[2], problem, 1, true)
         assert.equal(before, server:seen().accepted)
      end)
   end

   it("sends what is right, and names that it does not know", function()
      local deep = { stringValue = "deep" }
      for _ = 1, 60 do
         deep = { arrayValue = { values = { deep } } }
      end
      for _, request in ipairs{ { resourceSpans = {} }, with_spans{},
         with_spans{ span{ flags = 1, later = { x_y = 1 } } },
         with_value(nil), with_value(promptic.null), with_value{}, with_value{ intValue = "5" }, with_value(deep),
         with_spans{ span{ links = { { traceId = "x", spanId = "y", attributes = {} } }, status = promptic.null } },
         with_spans(setmetatable({}, { __tojson = function() return "[]" end })) } do
         client:ingest_traces(request)
         local requests = server:requests()
         assert.matches('^{"resourceSpans":%[', requests[#requests].body)
      end
   end)
end)
