--- promptic.Error: what a failed call raises, kind by kind. spec/core/transport_spec.lua and spec/core/retry_spec.lua
-- make the failures; here is the form that they take in Lua.
-- Tags: luas valgrind
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client

before_each(function()
   client = clients.open(server.url, { max_retries = 0 })
end)

after_each(function()
   client:close()
end)

local function failure(reply)
   server:always(reply)
   return clients.failure(client.get_component, client, "a b")
end

describe("an api error", function()
   it("has the answer in its fields", function()
      local problem = failure{
         status = 409,
         headers = { ["X-Request-Id"] = "req-1", ["Retry-After"] = "90" },
         body = '{"error":"not pending"}',
      }
      assert.same({
         kind = "api",
         message = "not pending",
         status_code = 409,
         method = "GET",
         path = "/components/a%20b",
         request_id = "req-1",
         retry_after = 90,
         body = '{"error":"not pending"}',
         attempts = 1,
         maybe_sent = false,
      }, setmetatable(problem, nil))
   end)

   it("reads as its status and its message", function()
      assert.equal("[404] Not found", tostring(failure{ status = 404, body = '{"error":"Not found"}' }))
   end)

   it("keeps a long body within limits, and no half character at its end", function()
      local body = ("x"):rep(65535) .. "ü" .. ("x"):rep(1000)
      assert.equal(("x"):rep(65535), failure{ status = 500, body = body }.body)
   end)

   it("has an empty body where there was none", function()
      assert.equal("", failure{ status = 500, body = "" }.body)
   end)
end)

-- { the body, message, code }
local CODES = {
   { '{"error":"Invalid uuid"}', "Invalid uuid", "wrong_id" },
   { '{"error":"Required"}', "Required", nil },
   { '{"error":"invalid_request","message":"ttl_seconds is too large","details":{"max":604800}}',
      "ttl_seconds is too large", "invalid_request" },
   { '{"message":"first","error":"not_found"}', "first", "not_found" },
   { '{"error":{"code":"rate_limited","message":"too many"}}', "too many", "rate_limited" },
   { '{"error":{"message":"too many","code":7}}', "too many", nil },
   { '{"error":"code","message":7}', "code", nil },
   { '{"error":"a\\u001b[31mred","message":"text"}', "text", "a [31mred" },
   { '{"error":"' .. ("x"):rep(200) .. '","message":"text"}', "text", ("x"):rep(97) .. "..." },
   { '{"error":"","message":"text"}', "text", nil },
   { '{"message":"no error"}', '{"message":"no error"}', nil },
}

for _, case in ipairs(CODES) do
   it(("has message and code of %.60s"):format(case[1]), function()
      local problem = failure{ status = 400, body = case[1] }
      assert.same({ case[2], case[3] }, { problem.message, problem.code })
   end)
end

describe("a 404 for a route that the server does not have", function()
   -- { the call, the answer's body, the message }
   local ROUTES = {
      { "create_observations", { "e", {} }, "",
         "this server has no POST /experiments/{experiment_id}/observations: a newer platform, which has "
            .. "create_dataset_cases instead, or a wrong endpoint" },
      { "upload_observations", { "e", { { variables = { a = 1 }, expected = "x" } } }, "<html>Not found</html>",
         ", or a wrong endpoint" },
      { "list_models", {}, "404 page not found",
         "this server has no GET /models: an older platform, which does not have list_models yet, or a wrong "
            .. "endpoint" },
      { "list_judge_results", { "c", "e" }, "<p>", "a newer platform, which no longer has list_judge_results, or a" },
      { "get_component", { "c" }, '{"detail":"Not Found"}',
         "this server has no GET /components/{component_id}: another platform, or a wrong endpoint" },
   }

   for _, case in ipairs(ROUTES) do
      local name, arguments, body, message = case[1], case[2], case[3], case[4]
      it("says so: " .. name, function()
         server:always{ status = 404, body = body }
         local problem = clients.failure(client[name], client, arguments[1], arguments[2])
         assert.equal("api", problem.kind)
         assert.same({ 404, "no_route" }, { problem.status_code, problem.code })
         assert.matches(message, problem.message, 1, true)
      end)
   end

   -- A missing id looks the same, so both are named; an operation that every platform has is not missing.
   local FOUND = {
      { "create_observations", { "e", {} }, "; or this platform no longer has it: use create_dataset_cases" },
      { "list_runs", { "c" }, "; or this platform no longer has it" },
      { "list_judge_results", { "c", "e" }, "; or this platform no longer has it" },
      { "list_models", {}, ": this platform does not have list_models yet" },
      { "get_dataset_case", { "c", "d", 1 }, "" },
      { "get_component", { "c" }, "" },
   }

   for _, case in ipairs(FOUND) do
      local name, arguments, addition = case[1], case[2], case[3]
      it("is told from a missing resource only where that can be: " .. name, function()
         server:always{ status = 404, body = '{"error":"Not found"}' }
         local problem = clients.failure(client[name], client, arguments[1], arguments[2], arguments[3])
         assert.same({ "Not found" .. addition, nil }, { problem.message, problem.code })
      end)
   end

   it("says nothing of operations in a raw request", function()
      server:always{ status = 404, body = "<html><body>Nothing here</body></html>",
         headers = { ["Content-Type"] = "text/html" } }
      local problem = clients.failure(client.request, client, "GET", "/new")
      assert.same({ "Nothing here", nil }, { problem.message, problem.code })
   end)
end)

-- The older name of an AI Application, as Python's client and promptic.auth.login ask for it.
describe("the workspace of a platform that calls it AI Application", function()
   for name, newer in pairs{ get_workspace = "/ai-application", list_workspaces = "/ai-applications" } do
      for form, answer in pairs{
         ["the platform's 404"] = { status = 404, body = '{"error":"Not found"}' },
         ["a page"] = { status = 404, body = "<html>", headers = { ["Content-Type"] = "text/html" } },
         ["an empty 404"] = { status = 404, body = "" },
      } do
         it(("is asked for there by %s after %s"):format(name, form), function()
            server:reply(answer)
            server:always{ body = '{"id":"a","data":[]}' }
            assert.equal("a", client[name](client).id)
            assert.equal("/api/v1" .. newer, server:requests()[2].target)
            -- in a task, where Lua 5.1 cannot suspend inside of pcall
            server:reply(answer)
            assert.equal("a", promptic.run(function() return client[name](client).id end))
         end)
      end

      it("is no matter for another failure of " .. name, function()
         server:always{ status = 403, body = '{"error":"Forbidden"}' }
         assert.equal("Forbidden", clients.failure(client[name], client).message)
         assert.equal(1, #server:requests())
      end)

      it("raises what the older route said if neither is there: " .. name, function()
         server:always{ status = 404, body = "" }
         local problem = clients.failure(client[name], client)
         assert.same({ 404, "no_route" }, { problem.status_code, problem.code })
         assert.matches("this server has no GET /workspace", problem.message, 1, true)
      end)
   end
end)
