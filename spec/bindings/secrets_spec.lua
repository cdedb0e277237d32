--- Whatever fails, and however: no message, no field, no line of the log and no traceback holds a credential.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local TOKEN = "session-secret-9876543210"

local server = scripted.shared{ body = '{"id":"x"}' }
local lines

before_each(function()
   lines = {}
end)

local function log(...)
   local words = {}
   for index = 1, select("#", ...) do
      words[index] = tostring((select(index, ...)))
   end
   lines[#lines + 1] = table.concat(words, " ")
end

local function check_clean(text)
   assert.is_nil(text:find(clients.KEY, 1, true), text)
   assert.is_nil(text:find(TOKEN, 1, true), text)
end

-- Checks everything that the failure of f shows to anybody.
local function check_failure(kind, f)
   local traceback
   local fine, problem = xpcall(f, function(value)
      traceback = debug.traceback(tostring(value), 1)
      return value
   end)
   assert.is_false(fine)
   assert.equal(kind, type(problem) == "table" and problem.kind or "argument", tostring(problem))
   check_clean(tostring(problem))
   check_clean(traceback)
   for name, value in pairs(type(problem) == "table" and problem or {}) do
      check_clean(name .. "=" .. tostring(value))
   end
   check_clean(table.concat(lines, "\n"))
end

local function calls_fail(kind, options, endpoint)
   options.log = log
   for _, credential in ipairs{ { api_key = clients.KEY }, { access_token = TOKEN, workspace_id = "w" } } do
      local all = { endpoint = endpoint or server.url, config_file = "", backoff = 0.001 }
      for _, source in ipairs{ options, credential } do
         for name, value in pairs(source) do
            all[name] = value
         end
      end
      local client = promptic.client(all)
      check_clean(tostring(client))
      check_failure(kind, function()
         client:get_component("c")
      end)
      client:close()
   end
   assert.is_true(#lines > 0, "nothing was logged")
end

describe("no secret is told by", function()
   local ANSWERS = {
      { "an answer of 401", "api", { status = 401, body = '{"error":"Invalid or missing API key"}' } },
      { "an answer of 503 and its retries", "api", { status = 503 } },
      { "a redirect", "api", { status = 302, headers = { Location = "/login" } } },
      { "a reset", "connection", { close = "reset" } },
      { "garbage", "connection", { raw = "garbage\r\n\r\n", close = "fin" } },
      { "an answer that is no JSON", "decode", { body = "<html>" } },
      { "an answer that stalls", "timeout", { stall = true } },
   }
   for _, case in ipairs(ANSWERS) do
      it(case[1], function()
         server:always(case[3])
         calls_fail(case[2], { timeout = 0.1 })
      end)
   end

   it("a refused connection", function()
      local address, holder = scripted.refusing()
      calls_fail("connection", {}, address)
      holder:close()
   end)

   it("a failed handshake", function()
      server:accept{ close = "fin" }
      local https = server.url:gsub("^http:", "https:")
      local client = clients.open(https, { max_retries = 0, log = log })
      check_clean(tostring(clients.failure(client.get_workspace, client)))
      check_clean(table.concat(lines, "\n"))
      client:close()
   end)

   it("a closed client", function()
      local client = clients.open(server.url, { log = log })
      client:close()
      check_failure("cancelled", function()
         client:get_component("c")
      end)
      check_clean(tostring(client))
   end)

   it("a wrong argument", function()
      local client = clients.open(server.url, { log = log })
      check_failure("argument", function()
         client:get_component({})
      end)
      client:close()
   end)

   it("a session token without a workspace", function()
      check_failure("auth", function()
         promptic.client{ endpoint = server.url, config_file = "", access_token = TOKEN }:get_workspace()
      end)
   end)

   local CONFIGS = {
      { "a key with a line break", { api_key = clients.KEY .. "\r\nX: y" } },
      { "a key with a zero byte", { api_key = clients.KEY .. "\0more" }, "argument" },
      { "a token with a line break", { access_token = TOKEN .. "\n", workspace_id = "w" } },
      { "an endpoint's password", { api_key = "k", endpoint = "https://me:" .. TOKEN .. "@example.com" } },
   }
   for _, case in ipairs(CONFIGS) do
      it(case[1], function()
         check_failure(case[3] or "config", function()
            local options = { config_file = "", endpoint = server.url }
            for name, value in pairs(case[2]) do
               options[name] = value
            end
            promptic.client(options)
         end)
      end)
   end

   -- A careless server says back what it was told.
   it("a message that the server has made of the request", function()
      server:route[[
         local _, request = ...
         for _, header in ipairs(request.headers) do
            if header[1]:lower() == "authorization" then
               return { status = 401, body = '{"error":"bad credential: ' .. header[2] .. '"}' }
            end
         end
      ]]
      local client = clients.open(server.url, { log = log })
      local problem = clients.failure(client.get_workspace, client)
      check_clean(problem.message)
      check_clean(tostring(problem))
      check_clean(table.concat(lines, "\n"))
      client:close()
   end)

   -- Texts that the library makes of a response go through the same door.
   it("the message of a wait, made of the status that a server sends", function()
      server:always{ body = ('{"id":"x","experimentStatus":"%s"}'):format(clients.KEY) }
      local client = clients.open(server.url, { log = log })
      local problem = clients.failure(client.wait_for_experiment, client, "x", { max_wait = 0 })
      check_clean(problem.message)
      assert.matches("its last status is %*+$", problem.message)
      client:close()
   end)

   it("the body of a response that is not JSON, also where it is cut", function()
      local client = clients.open(server.url, { log = log })
      for _, before in ipairs{ "<", ("x"):rep(65530) } do
         server:always{ body = before .. clients.KEY .. ("y"):rep(100) }
         local problem = clients.failure(client.get_workspace, client)
         assert.equal("decode", problem.kind)
         assert.is_nil(problem.body:find(clients.KEY:sub(1, 6), 1, true))
      end
      client:close()
   end)

   it("a key that looks percent-encoded or escaped", function()
      for _, key in ipairs{ "pk%25secret", "pk\\\\secret", "pk%2525%25secret" } do
         server:always{ status = 400, body = "bad key " .. key }
         local client = promptic.client{ endpoint = server.url, api_key = key, config_file = "" }
         local problem = clients.failure(client.get_workspace, client)
         assert.equal("bad key " .. ("*"):rep(#key), problem.message)
         assert.equal(problem.message, problem.body)
         client:close()
      end
   end)
end)
