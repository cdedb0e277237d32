--- promptic.auth.login against the sandbox: the whole device authorization, a person's part played over HTTP. Failures
--- on the way: auth_spec.
-- Tags: luas slow
local promptic = require "promptic"
local clients = require "spec.support.clients"
local page = require "spec.support.device_page"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local INTERVAL = 0.05 -- seconds between two polls of the sandbox

local send, answer = page.send, page.answer

local folder, file

before_each(function()
   folder = process.folder()
   file = folder .. "/config.toml"
end)

after_each(function()
   process.remove(folder)
end)

describe("a login at the sandbox", function()
   local server

   setup(function()
      server = sandbox.start{ arguments = { "--login-interval", INTERVAL, "--workspaces", "2" } }
   end)

   teardown(function()
      server:stop()
   end)

   -- Logs in; the person answers when the code has been polled for once.
   local function login(options, word)
      local told, waits = nil, 0
      local all = {
         endpoint = server.url, config_file = file,
         on_code = function(code) told = code end,
         on_wait = function()
            waits = waits + 1
            if waits == 2 then
               assert.equal(200, answer(server, told.user_code, word or "approve"))
            end
         end,
         choose = function(list) return list[1] end,
      }
      for name, value in pairs(options or {}) do
         all[name] = value
      end
      return promptic.auth.login(all), told
   end

   it("gives a session that works and is stored", function()
      local result, told = login()
      assert.equal(server.url .. "/device", told.verification_uri)
      assert.equal(told.verification_uri .. "?user_code=" .. told.user_code, told.verification_uri_complete)
      assert.equal(900, told.expires_in)
      assert.equal("Sandbox", result.workspace.name)
      local client = promptic.client{ config_file = file }
      assert.equal(("promptic.client (%s, access_token from file)"):format(server.url), tostring(client))
      assert.equal(result.workspace_id, client:get_workspace().id)
      client:close()
      assert.equal(('access_token = "%s"\nai_application_id = "%s"\nendpoint = "%s"\n'):format(
         result.access_token, result.ai_application_id, server.url), process.read_file(file))
      assert.same({ result.ai_application_id, result.ai_application, result.ai_applications },
         { result.workspace_id, result.workspace, result.workspaces })
   end)

   it("lets other tasks run meanwhile", function()
      local turns, result = 0, nil
      promptic.run(function()
         local other = promptic.spawn(function()
            while not result do
               turns = turns + 1
               promptic.sleep(0.005)
            end
         end)
         result = login()
         other:await()
      end)
      assert.is_true(turns > 3, turns)
      assert.is_string(result.access_token)
   end)

   it("takes the workspace that is chosen, by the table or by the id", function()
      local second = login{ choose = function(list) return list[2] end }.workspace
      assert.equal("Sandbox 2", second.name)
      assert.equal(second.id, login{ choose = function(list) return list[2].id end }.workspace_id)
      assert.equal(second.id, login{ workspace_id = second.id }.workspace_id)
      assert.equal(second.id, login{ ai_application_id = second.id }.ai_application_id)
      local client = promptic.client{ config_file = file }
      assert.equal("Sandbox 2", client:get_workspace().name)
      client:close()
   end)

   it("stores no workspace where nobody chooses one of several", function()
      process.write_file(file, 'workspace_id = "of an earlier session"\n')
      local result = login{ choose = function() end }
      assert.is_nil(result.workspace_id)
      assert.equal(2, #result.workspaces)
      local client = promptic.client{ config_file = file }
      assert.equal(2, #client:list_workspaces().data)
      assert.equal("auth", clients.failure(client.get_workspace, client).kind)
      client:close()
   end)

   it("refuses a workspace that the account has not", function()
      local problem = clients.failure(login, { workspace_id = "nowhere" })
      assert.equal("auth", problem.kind)
      assert.matches("nowhere", problem.message, 1, true)
   end)

   it("keeps an API key, which comes second, and all else in the file", function()
      process.write_file(file, '# mine\napi_key = "key-of-file"\n\n[other]\nx = 1\n')
      local result = login()
      assert.is_true(result.has_api_key)
      assert.matches('^# mine\napi_key = "key%-of%-file"\naccess_token = ".-"\n.-\n\n%[other%]\nx = 1\n$',
         process.read_file(file))
      local gone = promptic.auth.logout{ config_file = file }
      assert.same({ true, true, file }, { gone.was_logged_in, gone.has_api_key, gone.config_file })
      local rest = '# mine\napi_key = "key-of-file"\nendpoint = "%s"\n\n[other]\nx = 1\n'
      assert.equal(rest:format(server.url), process.read_file(file))
      assert.is_false(promptic.auth.logout{ config_file = file }.was_logged_in)
   end)

   it("stores nothing where that is not wanted", function()
      assert.is_string(login{ save = false }.access_token)
      assert.is_false(promptic.auth.status{ config_file = file }.exists)
   end)

   it("ends where it is denied", function()
      local problem = clients.failure(login, nil, "deny")
      assert.equal("auth", problem.kind)
      assert.matches("denied", problem.message, 1, true)
      assert.is_false(promptic.auth.status{ config_file = file }.exists)
   end)

   it("ends where the code expires", function()
      local hasty = sandbox.start{ arguments = { "--login-interval", INTERVAL, "--login-lifetime", "0.2" } }
      local told
      local problem = clients.failure(promptic.auth.login, {
         endpoint = hasty.url, config_file = file, on_code = function(code) told = code end,
      })
      assert.equal("auth", problem.kind)
      assert.matches("in time", problem.message, 1, true)
      assert.equal(404, answer(hasty, told.user_code, "approve"))
      hasty:stop()
   end)

   describe("plays a server that", function()
      local TYPE = "urn:ietf:params:oauth:grant-type:device_code"

      local function post(path, body)
         local status, text = send("POST", server.url .. path, promptic.json.encode(body))
         return status, promptic.json.decode(text)
      end

      local function new_code()
         return select(2, post("/api/auth/device/code", { client_id = "promptic-cli", scope = "openid" }))
      end

      local function poll(code, more)
         local body = { grant_type = TYPE, device_code = code.device_code, client_id = "promptic-cli" }
         for name, value in pairs(more or {}) do
            body[name] = value
         end
         local status, given = post("/api/auth/device/token", body)
         return status == 400 and given.error or given.access_token
      end

      it("knows one kind of client, grant and code", function()
         local status, given = post("/api/auth/device/code", { client_id = "other" })
         assert.same({ 400, "invalid_client" }, { status, given.error })
         local code = new_code()
         assert.equal("invalid_client", poll(code, { client_id = "other" }))
         assert.equal("unsupported_grant_type", poll(code, { grant_type = "password" }))
         assert.equal("invalid_grant", poll{ device_code = "guessed" })
         assert.matches("^[B-Z][B-Z][B-Z][B-Z]%-[B-Z][B-Z][B-Z][B-Z]$", code.user_code)
      end)

      it("tells who polls too fast to slow down", function()
         local code = new_code()
         assert.equal("authorization_pending", poll(code))
         local slow = sandbox.start{ arguments = { "--login-interval", "3" } }
         local url = server.url
         server.url = slow.url
         local other = new_code()
         assert.equal("authorization_pending", poll(other))
         assert.equal("slow_down", poll(other))
         server.url = url
         slow:stop()
      end)

      it("gives a token once", function()
         local code = new_code()
         answer(server, code.user_code, "approve")
         assert.matches("^session%-", poll(code))
         assert.equal("invalid_grant", poll(code))
      end)

      it("shows a page for the code, however that is typed", function()
         local code = new_code()
         local typed = code.user_code:lower():gsub("-", "+")
         local status, text, headers = send("GET", server.url .. "/device?user_code=" .. typed)
         assert.equal(200, status)
         assert.matches(code.user_code, text, 1, true)
         assert.matches("text/html", headers["content-type"], 1, true)
         assert.matches("frame-ancestors 'none'", headers["content-security-policy"], 1, true)
         assert.matches("Enter your code", select(2, send("GET", server.url .. "/device")), 1, true)
         status, text = send("GET", server.url .. "/device?user_code=%22%3E%3Cscript%3E")
         assert.equal(404, status)
         assert.not_matches("<script", text, 1, true)
      end)

      -- would take hours, and the request gives up before, if reading took the square of the length
      it("reads a form of two megabytes that is none", function()
         assert.equal(404, (send("POST", server.url .. "/device", ("a"):rep(2000000))))
         assert.equal(404, (send("POST", server.url .. "/device", ("=&"):rep(1000000))))
      end)

      it("takes no answer from another page, and answers to no other name", function()
         local code = new_code()
         local form = "answer=approve&user_code=" .. code.user_code
         for _, headers in ipairs{ { origin = "http://evil.example" }, { origin = "null" },
            { ["sec-fetch-site"] = "cross-site" } } do
            assert.equal(403, (send("POST", server.url .. "/device", form, headers)))
         end
         for _, method in ipairs{ "POST", "GET" } do
            local body = method == "POST" and form or nil
            assert.equal(421, (send(method, server.url .. "/device", body, { host = "evil.example:80" })))
         end
         assert.equal("authorization_pending", poll(code))
         local other = form:gsub("approve", "maybe")
         assert.equal(400, (send("POST", server.url .. "/device", other)))
         assert.equal(200, (send("POST", server.url .. "/device", form, { origin = server.url })))
      end)

      it("keeps the components of its workspaces apart", function()
         local token = login{ workspace_id = "5a4db0c5-0000-4000-8000-000000000002" }.access_token
         local second = { authorization = "Bearer " .. token,
            ["x-workspace-id"] = "5a4db0c5-0000-4000-8000-000000000002" }
         local id = server:post("/components", { name = "of the second" }, second).json.id
         assert.equal(200, server:get("/components/" .. id, second).status)
         assert.equal(404, server:get("/components/" .. id).status)
         for _, component in ipairs(server:get("/components").json.data) do
            assert.not_equal(id, component.id)
         end
         second["x-workspace-id"] = "5a4db0c5-0000-4000-8000-000000000003"
         assert.equal(404, server:get("/components", second).status)
      end)
   end)
end)
