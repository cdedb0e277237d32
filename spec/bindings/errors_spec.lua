--- promptic.Error: what a failed call raises, kind by kind. spec/core/transport_spec.lua and spec/core/retry_spec.lua
-- make the failures; here is the form that they take in Lua.
-- Tags: luas valgrind
local promptic = require "promptic"
local child = require "spec.support.child"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
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
      assert.equal("[409] not pending", tostring(failure{ status = 409, body = '{"error":"not pending"}' }))
   end)

   it("reads with its request where it is a 404 of a resource", function()
      assert.equal("[404] Not found (GET /components/a%20b)",
         tostring(failure{ status = 404, body = '{"error":"Not found"}' }))
      assert.equal("[404] this server has no GET /components/{component_id}: it is another platform, "
         .. "or the endpoint is wrong",
         tostring(failure{ status = 404, body = "" }))
   end)

   it("has the field that details names in front of the message", function()
      local ROWS = {
         { '{"error":"Required","details":{"path":"[0].config"}}', "[0].config: Required" },
         { '{"error":"invalid_request","message":"too large","details":{"path":"ttl"}}', "ttl: too large" },
         { '{"error":{"code":"c","message":"too many"},"details":{"path":"a.b"}}', "a.b: too many" },
         { '{"details":{"path":"a\\u001b[1m\\nb"},"error":"x"}', "a [1m b: x" },
         { '{"error":"x","details":{"path":""}}', "x" }, { '{"error":"x","details":{"path":7}}', "x" },
         { '{"error":"x","details":["path"]}', "x" }, { '{"error":"x","details":null}', "x" },
      }
      for _, row in ipairs(ROWS) do
         assert.equal(row[2], failure{ status = 400, body = row[1] }.message)
      end
   end)

   it("says which credential was refused", function()
      local refused = { status = 401, body = '{"error":"Invalid or missing API key"}' }
      assert.equal("Invalid or missing API key (refused: the API key given to the client)", failure(refused).message)
      server:always(refused)
      local folder = process.folder()
      process.write_file(folder .. "/c.toml", 'access_token = "from-file"\nai_application_id = "a"\n')
      local SOURCE = [[
         local promptic = require "promptic"
         local client = promptic.client{ endpoint = arg[1], config_file = arg[2] }
         print(select(2, pcall(client.list_models, client)).message)
      ]]
      local said = "Invalid or missing API key (refused: the %s)\n"
      assert.equal(said:format("API key from PROMPTIC_API_KEY"),
         child.lua(SOURCE, { server.url, "" }, { PROMPTIC_API_KEY = "from-env" }))
      assert.equal(said:format("session token from PROMPTIC_ACCESS_TOKEN"), child.lua(SOURCE, { server.url, "" },
         { PROMPTIC_ACCESS_TOKEN = "from-env", PROMPTIC_AI_APPLICATION_ID = "a" }))
      assert.equal(said:format("session token from the configuration file"),
         child.lua(SOURCE, { server.url, folder .. "/c.toml" }, {}))
      process.remove(folder)
   end)

   it("is logged without a status if there is none", function()
      local lines = {}
      server:always{ close = "reset" }
      local logging = clients.open(server.url, { max_retries = 1, log = function(_,
         text) lines[#lines + 1] = text end })
      clients.failure(logging.get_component, logging, "c")
      server:reset():always{ status = 503 }
      clients.failure(logging.get_component, logging, "c")
      logging:close()
      local text = table.concat(lines, "\n")
      assert.is_nil(text:find(" 0", 1, true) and text:find(" 0[;\n ]"), text)
      assert.matches("reset by peer; attempt 2 follows", text)
      assert.matches("HTTP status 503; attempt 2 follows", text)
      assert.matches("HTTP status 503 %(attempt 2%)", text)
   end)

   it("names the function whose argument is wrong, whatever calls it", function()
      assert.matches("^bad argument #1 to 'decode' %(", select(2, pcall(promptic.json.decode, "{")))
      assert.matches("^bad argument #1 to 'encode' %(", select(2, pcall(promptic.json.encode, 0 / 0)))
   end)

   it("is of kind config for an endpoint whose host libcurl cannot write in ASCII", function()
      local SOURCE = [[
         local promptic = require "promptic"
         local fine, problem = pcall(promptic.client, { endpoint = "https://b\195\188cher.example", api_key = "k",
            config_file = "" })
         print(fine, problem.kind, problem.message)
      ]]
      local printed = child.lua(SOURCE, {}, { LC_ALL = "C" })
      assert.matches("^false\tconfig\tendpoint has a host name that this libcurl cannot write in ASCII", printed)
   end)

   it("tells how to mend an endpoint that ends in /api/v1", function()
      for _, ending in ipairs{ "/api/v1", "/api/v1/", "/x/API/v1//" } do
         local problem = clients.failure(clients.open, "https://promptic.eu" .. ending)
         assert.same({ "config", "api_in_endpoint" }, { problem.kind, problem.code })
         assert.matches("leave it out", problem.message, 1, true)
      end
      clients.open("https://promptic.eu/myapi/v1"):close()
   end)

   it("keeps a long body within limits, and no half character at its end", function()
      local body = ("x"):rep(65535) .. "ü" .. ("x"):rep(1000)
      assert.equal(("x"):rep(65535), failure{ status = 500, body = body }.body)
   end)

   it("has an empty body if there was none", function()
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
         "this server has no POST /experiments/{experiment_id}/observations: it is a newer platform, which has "
            .. "create_dataset_cases instead, or the endpoint is wrong" },
      { "upload_observations", { "e", { { variables = { a = 1 }, expected = "x" } } }, "<html>Not found</html>",
         ", or the endpoint is wrong" },
      { "list_models", {}, "404 page not found",
         "this server has no GET /models: it is an older platform, which does not have list_models yet, "
            .. "or the endpoint is wrong" },
      { "list_judge_results", { "c", "e" }, "<p>", "a newer platform, which no longer has list_judge_results, or the" },
      { "get_component", { "c" }, '{"detail":"Not Found"}',
         "this server has no GET /components/{component_id}: it is another platform, or the endpoint is wrong" },
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

describe("an answer that is not JSON", function()
   it("is kind decode, with the answer and without a status", function()
      local problem = failure{ status = 200, body = "<html>" }
      assert.equal("decode", problem.kind)
      assert.matches("^the response of GET /components/a%%20b is not JSON: ", problem.message)
      assert.matches("^decode: the response of GET /components/a%%20b is not JSON: ", tostring(problem))
      assert.equal("<html>", problem.body)
      assert.equal("/components/a%20b", problem.path)
      assert.is_nil(problem.status_code)
      assert.equal(1, problem.attempts)
   end)

   it("is not what only looks empty", function()
      assert.equal("decode", failure{ status = 200, body = " " }.kind)
   end)
end)

-- { the answer's status, its body, what the call returns }
local NOTHING = { { 200, "" }, { 204, "" }, { 200, "null" }, { 299, "" } }

for _, case in ipairs(NOTHING) do
   it(("is not raised where a %d answers %q, which is nil"):format(case[1], case[2]), function()
      server:always{ status = case[1], body = case[2] }
      assert.equal(1, select("#", client:get_deployment("c")))
      assert.is_nil((client:get_deployment("c")))
   end)
end

it("is of kind connection where nobody listens", function()
   local address, holder = scripted.refusing()
   local other = clients.open(address, { max_retries = 0 })
   local problem = clients.failure(other.create_component, other, "c")
   assert.equal("connection", problem.kind)
   assert.equal("POST", problem.method)
   assert.equal("/components", problem.path)
   assert.is_false(problem.maybe_sent)
   assert.is_nil(problem.body)
   assert.equal("connection: " .. problem.message, tostring(problem))
   other:close()
   holder:close()
end)

it("tells where nobody knows whether the platform acted", function()
   server:always{ close = "reset" }
   local problem = clients.failure(client.create_component, client, "c")
   assert.is_true(problem.maybe_sent)
end)

it("is of kind config where an option is wrong", function()
   local problem = clients.failure(promptic.client, { endpoint = "ftp://x", api_key = "k" })
   assert.equal("config", problem.kind)
   assert.is_nil(problem.method)
   assert.is_nil(problem.attempts)
end)

describe("promptic.is_error", function()
   it("knows errors and their kinds", function()
      local problem = failure{ status = 404 }
      assert.is_true(promptic.is_error(problem))
      assert.is_true(promptic.is_error(problem, "api"))
      assert.is_false(promptic.is_error(problem, "timeout"))
      assert.equal(promptic.Error, getmetatable(problem))
   end)

   it("is false for other values", function()
      for _, value in ipairs{ "api", 404, { kind = "api" }, setmetatable({}, {}), client, false } do
         assert.is_false(promptic.is_error(value))
         assert.is_false(promptic.is_error(value, "api"))
      end
      assert.is_false(promptic.is_error(nil))
      assert.has_error(function()
         promptic.is_error()
      end)
   end)
end)

it("reads well whatever a script has done to it", function()
   local problem = failure{ status = 404, body = '{"error":"Not found"}' }
   problem.message = {}
   assert.equal("[404] unknown error (GET /components/a%20b)", tostring(problem))
   problem.status_code = nil
   problem.kind = false
   assert.equal("error: unknown error", tostring(problem))
   assert.has_error(function()
      promptic.Error.__tostring(7)
   end)
end)

it("may be raised by a script as well", function()
   local problem = setmetatable({ kind = "timeout", message = "too late" }, promptic.Error)
   assert.equal("timeout: too late", tostring(problem))
   assert.is_true(promptic.is_error(problem, "timeout"))
end)

it("is not what a wrong argument raises", function()
   local _, message = pcall(client.get_component, client, 7)
   assert.is_string(message)
   assert.is_false(promptic.is_error(message))
end)
