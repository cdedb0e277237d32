--- each_experiment and each_trace: which pages they ask for, what they give, when they stop.
-- Tags: luas valgrind
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)

-- A platform with so many values, in pages of at most so many; of traces it tells the total.
local PLATFORM = [[
   local _, request = ...
   local number = function(name)
      return tonumber(request.target:match("[?&]" .. name .. "=(%%d+)"))
   end
   local limit, offset, list = math.min(number("limit"), %d), number("offset"), {}
   for index = offset + 1, math.min(offset + limit, %d) do
      list[#list + 1] = ('{"id":"%%d"}'):format(index)
   end
   local traces = request.target:find("/traces", 1, true)
   local body = traces and '{"traces":[%%s],"total":%d}' or '{"data":[%%s]}'
   return { body = body:format(table.concat(list, ",")) }
]]

local function platform(count, most)
   server:route(PLATFORM:format(most or 1000, count, count))
end

local function ids(iterator)
   local list = {}
   for value in iterator do
      list[#list + 1] = tonumber(value.id)
   end
   return list
end

local function numbers(first, last)
   local list = {}
   for number = first, last do
      list[#list + 1] = number
   end
   return list
end

local function targets()
   local list = {}
   for index, request in ipairs(server:requests()) do
      list[index] = request.target:match("%?(.*)$")
   end
   return list
end

-- { how many there are, options, values given, queries }
local EXPERIMENTS = {
   { "none", 0, { limit = 2 }, {}, { "limit=2&offset=0" } },
   { "a page that is not full", 1, { limit = 2 }, { 1 }, { "limit=2&offset=0" } },
   { "full pages, then an empty one", 4, { limit = 2 }, { 1, 2, 3, 4 },
      { "limit=2&offset=0", "limit=2&offset=2", "limit=2&offset=4" } },
   { "full pages, then half a one", 3, { limit = 2 }, { 1, 2, 3 },
      { "limit=2&offset=0", "limit=2&offset=2" } },
   { "pages as large as they may be", 3, nil, { 1, 2, 3 }, { "limit=100&offset=0" } },
   { "a later start", 3, { limit = 2, offset = 1 }, { 2, 3 }, { "limit=2&offset=1", "limit=2&offset=3" } },
   { "a choice", 1, { status = "running", component_id = "c" }, { 1 },
      { "limit=100&offset=0&component_id=c&status=running" } },
}

for _, case in ipairs(EXPERIMENTS) do
   local title, count, options, values, queries = table.unpack(case, 1, 5)
   it("each_experiment walks over " .. title, function()
      platform(count)
      assert.same(values, ids(client:each_experiment(options)))
      assert.same(queries, targets())
   end)
end

it("each_experiment is not fooled by a platform that gives less than it is asked for", function()
   platform(120, 50)
   assert.same(numbers(1, 120), ids(client:each_experiment()))
   assert.same({ "limit=100&offset=0", "limit=100&offset=50", "limit=100&offset=100" }, targets())
end)

-- The platform tells the total, so that no page is asked for in vain.
local TRACES = {
   { "none", 0, { limit = 2 }, {}, { "limit=2&offset=0" } },
   { "full pages", 4, { limit = 2 }, { 1, 2, 3, 4 }, { "limit=2&offset=0", "limit=2&offset=2" } },
   { "half a page at the end", 3, { limit = 2 }, { 1, 2, 3 }, { "limit=2&offset=0", "limit=2&offset=2" } },
   { "a choice", 1, { status = "error", start_after = "2024-01-01T00:00:00Z" }, { 1 },
      { "limit=100&offset=0&status=error&start_after=2024-01-01T00%3A00%3A00Z" } },
}

for _, case in ipairs(TRACES) do
   local title, count, options, values, queries = table.unpack(case)
   it("each_trace walks over " .. title, function()
      platform(count)
      assert.same(values, ids(client:each_trace(options)))
      assert.same(queries, targets())
   end)
end

it("each_trace goes on where a page is cut, and ends where pages do", function()
   platform(5, 2)
   assert.same(numbers(1, 5), ids(client:each_trace{ limit = 4 }))
   server:reset():always{ body = '{"traces":[],"total":7}' }
   assert.same({}, ids(client:each_trace()))
   assert.equal(1, server:count())
end)

it("each_trace takes the list under the name that the platform's pages have for it", function()
   server:always{ body = '{"data":[{"id":"1"},{"id":"2"}]}' }
   assert.same({ 1, 2 }, ids(client:each_trace()))
   assert.equal(1, server:count())
end)

it("asks for a page only when it is needed", function()
   platform(100)
   local next_one = client:each_experiment{ limit = 2 }
   assert.equal(0, server:count())
   next_one()
   next_one()
   assert.equal(1, server:count())
   next_one()
   assert.equal(2, server:count())
end)

it("gives nil again and again after the end", function()
   platform(1)
   local next_one = client:each_experiment()
   assert.is_table(next_one())
   assert.is_nil(next_one())
   assert.is_nil(next_one())
   assert.equal(1, server:count())
end)

it("raises what a page raises, in the loop", function()
   server:reply({ body = '{"data":[{"id":"1"},{"id":"2"}]}' })
   server:always{ status = 404, body = '{"error":"Not found"}' }
   local seen = 0
   local problem = clients.failure(function()
      for _ in client:each_experiment{ limit = 2 } do
         seen = seen + 1
      end
   end)
   assert.equal("[404] Not found (GET /experiments)", tostring(problem))
   assert.equal(2, seen)
end)

it("does not take an answer without a list for the end", function()
   for _, body in ipairs{ "{}", "null", '{"data":7}', "[]" } do
      server:always{ body = body }
      local problem = clients.failure(ids, client:each_experiment())
      assert.equal("decode", problem.kind)
      assert.equal("the response has no list 'data'", problem.message)
      assert.equal("/experiments", problem.path)
   end
end)

it("walks in two loops at once", function()
   platform(6)
   local first = client:each_experiment{ limit = 2 }
   local second = promptic.traces.each_trace(client, { limit = 4 })
   local list = {}
   for experiment in first do
      list[#list + 1] = experiment.id .. second().id
   end
   assert.same({ "11", "22", "33", "44", "55", "66" }, list)
end)

it("a list without an end is an error #large", function()
   server:always{ body = '{"data":[' .. ("1,"):rep(999999) .. "1]}" }
   local count = 0
   local problem = clients.failure(function()
      for _ in client:each_experiment() do
         count = count + 1
      end
   end)
   assert.equal("decode", problem.kind)
   assert.matches("the list does not end", problem.message, 1, true)
   assert.equal(10000000, count)
   assert.equal(11, server:count())
end)

it("raises decode for shapes that the contract does not have", function()
   -- what a platform responds to each_experiment and each_trace
   local ODD_EXPERIMENTS = { '{"data":{"a":1}}', '{"data":"x"}', '[]', '"x"', "7", "{}" }
   local ODD_TRACES = {
      '{"traces":{"a":1},"total":1}', '{"traces":[],"total":"7"}', '{"traces":[{}],"total":{}}', "[1]", "7",
   }
   local function check(body, iterate)
      server:reset():always{ body = body }
      local problem = clients.failure(function()
         iterate(client)()
      end)
      assert.same({ "decode", "unexpected_response" }, { problem.kind, problem.code }, body)
   end
   for _, body in ipairs(ODD_EXPERIMENTS) do
      check(body, client.each_experiment)
   end
   for _, body in ipairs(ODD_TRACES) do
      check(body, client.each_trace)
   end
end)
