--- wait_for_experiment and wait_for_evaluation: how often they poll, what they return, when they give up.
-- Tags: luas valgrind slow
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)

local function states(field, ...)
   local replies = {}
   for index, status in ipairs{ ... } do
      replies[index] = { body = ('{"id":"x","%s":"%s"}'):format(field, status) }
   end
   server:reply(table.unpack(replies))
end

local WAITS = {
   {
      name = "wait_for_experiment",
      field = "experimentStatus",
      path = "/api/v1/experiments/an%20id",
      call = function(options)
         return client:wait_for_experiment("an id", options)
      end,
   },
   {
      name = "wait_for_evaluation",
      field = "status",
      path = "/api/v1/components/c/evaluations/an%20id",
      call = function(options)
         return client:wait_for_evaluation("c", "an id", options)
      end,
   },
}

for _, wait in ipairs(WAITS) do
   describe(wait.name, function()
      it("polls after 0.25 s, then after half as long again each time, up to poll_interval", function()
         states(wait.field, "pending", "running", "running", "running", "completed")
         local times = {}
         wait.call{ poll_interval = 0.4, on_update = function() times[#times + 1] = promptic.now() end }
         assert.equal(5, #times)
         for index, least in ipairs{ 0.25, 0.375, 0.4, 0.4 } do
            local interval = times[index + 1] - times[index]
            assert.is_true(interval >= least, ("interval %d is %g"):format(index, interval))
         end
         states(wait.field, "pending", "completed")
         local began = promptic.now()
         wait.call{ poll_interval = 60 }
         assert.is_true(promptic.now() - began < 30)
      end)

      it("looks until the work is completed, and returns that", function()
         states(wait.field, "pending", "running", "running", "completed")
         local value = wait.call{ poll_interval = 0.001 }
         assert.equal("completed", value[wait.field])
         assert.equal(200, promptic.response(value).status)
         assert.equal(4, server:count())
         for _, request in ipairs(server:requests()) do
            assert.equal("GET", request.method)
            assert.equal(wait.path, request.target)
         end
      end)

      it("returns work that has failed", function()
         states(wait.field, "running", "failed")
         assert.equal("failed", wait.call{ poll_interval = 0.001 }[wait.field])
      end)

      it("does not wait for work that is completed already", function()
         states(wait.field, "completed")
         local start = promptic.now()
         wait.call()
         assert.is_true(promptic.now() - start < 1)
      end)

      it("tells of every look", function()
         states(wait.field, "pending", "running", "completed")
         local seen = {}
         wait.call{ poll_interval = 0.001, on_update = function(value)
            seen[#seen + 1] = value[wait.field]
         end }
         assert.same({ "pending", "running", "completed" }, seen)
      end)

      it("raises what on_update raises", function()
         states(wait.field, "pending", "completed")
         local problem = {}
         local fine, raised = pcall(wait.call, { on_update = function()
            error(problem)
         end })
         assert.is_false(fine)
         assert.equal(problem, raised)
         assert.equal(1, server:count())
      end)

      it("gives up after max_wait, with a last look at its end", function()
         server:always{ body = ('{"%s":"running"}'):format(wait.field) }
         local start = promptic.now()
         local problem = clients.failure(wait.call, { max_wait = 0.05, poll_interval = 1000 })
         local took = promptic.now() - start
         assert.equal("timeout", problem.kind)
         local message = "%s 'an id' is not finished after 0.05 seconds, its last status is running"
         assert.equal(message:format(wait.name:match("[^_]+$")), problem.message)
         assert.is_true(took >= 0.05 and took < 10, took)
         assert.equal(2, server:count())
      end)

      it("looks once where it may not wait", function()
         server:always{ body = "{}" }
         local problem = clients.failure(wait.call, { max_wait = 0 })
         assert.matches("its last status is unknown$", problem.message)
         assert.equal(1, server:count())
      end)

      it("may wait for ever", function()
         states(wait.field, "running", "completed")
         assert.equal("completed", wait.call{ max_wait = math.huge, poll_interval = 0.001 }[wait.field])
      end)

      it("raises what a look raises", function()
         server:always{ status = 404, body = '{"error":"Not found"}' }
         assert.matches("^%[404%] Not found.* %(GET /[%w/%%]+%)$", tostring(clients.failure(wait.call)))
      end)

      local HTML = { { "Content-Type", "text/html" } }

      -- name, how a platform responds that is away or busy; the client makes three attempts of each
      local AWAY = {
         { "502", { status = 502, body = "{}" } },
         { "503", { status = 503, body = '{"error":"deploying"}' } },
         { "504", { status = 504, body = "" } },
         { "530", { status = 530, body = "" } },
         { "429", { status = 429, headers = { { "Retry-After", "0" } }, body = "{}" } },
         { "broken connections", { close = "reset" } },
         { "an HTML page with 500", { status = 500, headers = HTML, body = "<html>oops</html>" } },
         { "an HTML page with 404", { status = 404, headers = HTML, body = "<html>default backend</html>" } },
         { "an HTML page with 200", { headers = HTML, body = " <html>maintenance</html>" } },
      }

      for _, case in ipairs(AWAY) do
         it("goes on after " .. case[1] .. ", once a poll has succeeded", function()
            states(wait.field, "running")
            for _ = 1, 12 do
               server:reply(case[2])
            end
            states(wait.field, "running", "completed")
            local problems, pauses = {}, {}
            local value = wait.call{ poll_interval = 0.001, on_problem = function(problem, pause)
               problems[#problems + 1], pauses[#pauses + 1] = problem, pause
            end }
            assert.equal("completed", value[wait.field])
            assert.is_true(#problems >= 4, #problems)
            assert.is_true(promptic.is_error(problems[1]))
            for index = 2, #pauses do
               assert.equal(2 * pauses[index - 1], pauses[index])
            end
         end)
      end

      it("raises any error of the first poll, later those of a platform that is there", function()
         for _, reply in ipairs{ { status = 502, body = "{}" }, { status = 503, body = "" }, { close = "reset" } } do
            server:reset():always(reply)
            clients.failure(wait.call, { poll_interval = 0.001 })
         end
         local answers = { [400] = '{"error":"x"}', [401] = "{}", [404] = '{"error":"Not found"}',
            [500] = '{"error":"x"}', [501] = "{}" }
         for status, body in pairs(answers) do
            server:reset():always{ status = status, body = body }
            states(wait.field, "running")
            assert.equal(status, clients.failure(wait.call, { poll_interval = 0.001 }).status_code)
         end
      end)

      it("gives up after max_wait while the platform is away, with that code and the reason", function()
         server:always{ status = 503, body = '{"error":"deploying"}' }
         states(wait.field, "running")
         local problem = clients.failure(wait.call, { max_wait = 0.2, poll_interval = 0.001 })
         assert.same({ "timeout", "max_wait" }, { problem.kind, problem.code })
         assert.matches("its last status is running; the last poll failed: [503] deploying", problem.message, 1, true)
      end)

      it("does not wait longer than ten minutes for an answer", function()
         server:always{ status = 503, headers = { { "Retry-After", "601" } }, body = '{"error":"deploying"}' }
         states(wait.field, "running")
         local problem = clients.failure(wait.call, { max_wait = math.huge, poll_interval = 0.001 })
         assert.equal(503, problem.status_code)
      end)

      it("logs the polls that it repeats", function()
         states(wait.field, "running")
         server:reply{ status = 502, body = "" }
         states(wait.field, "completed")
         local lines = {}
         local logging = clients.open(server.url, { max_retries = 0, log = function(level, text)
            lines[#lines + 1] = level .. " " .. text
         end })
         local before = client
         client = logging
         wait.call{ poll_interval = 0.001 }
         client = before
         logging:close()
         local found = table.concat(lines, "\n")
         assert.matches("warning " .. wait.name:match("[^_]+$")
            .. " 'an id': a poll failed, the next one follows in 0.001 s: [502]", found, 1, true)
      end)

      it("lets other tasks run while it waits for a platform that is away", function()
         states(wait.field, "running")
         server:reply({ status = 502, body = "" }, { status = 502, body = "" }, { status = 502, body = "" })
         states(wait.field, "completed")
         local turns = 0
         promptic.run(function()
            local other = promptic.spawn(function()
               while true do
                  promptic.sleep(0.001)
                  turns = turns + 1
               end
            end)
            wait.call{ poll_interval = 0.05 }
            other:cancel()
         end)
         assert.is_true(turns > 5, turns)
      end)
   end)
end

describe("a wait whose stored key is renewed", function()
   local folder, path

   before_each(function()
      folder = process.folder()
      path = folder .. "/config.toml"
      server:route[[
         local number, request = ...
         local is_old = request.head:find("old-key-1", 1, true) ~= nil
         return { status = is_old and number > 1 and 401 or 200,
            body = ('{"id":"x","experimentStatus":"%s"}'):format(number < 4 and "running" or "completed") }
      ]]
   end)

   after_each(function() process.remove(folder) end)

   local function store(line)
      process.write_file(path, line .. "\n")
      os.execute("chmod 600 " .. process.quote(path))
   end

   local function wait_with(options, renew)
      store 'api_key = "old-key-1"'
      options.endpoint, options.config_file = server.url, path
      local own = promptic.client(options)
      local first = true
      local fine, result = pcall(own.wait_for_experiment, own, "x", { poll_interval = 0.001, on_update = function()
         if first then renew() end
         first = false
      end })
      local later = fine and own:get_experiment("x")
      own:close()
      return fine, result, later
   end

   it("goes on with the new one, as every later call does", function()
      local fine, result, later = wait_with({}, function() store 'api_key = "new-key-1"' end)
      assert.is_true(fine, tostring(result))
      assert.equal("completed", result.experimentStatus)
      assert.equal("x", later.id)
      local keys = {}
      for index, request in ipairs(server:requests()) do
         keys[index] = request.header.authorization
      end
      assert.same({ "Bearer old-key-1", "Bearer old-key-1", "Bearer new-key-1" }, { keys[1], keys[2], keys[3] })
   end)

   it("takes a session with its AI Application too", function()
      assert.is_true((wait_with({}, function()
         store 'access_token = "session-1"\nai_application_id = "app-1"'
      end)))
      assert.equal("app-1", server:requests()[3].header["x-ai-application-id"])
   end)

   it("ends where the file has the same key, none, or is broken", function()
      for _, content in ipairs{ 'api_key = "old-key-1"', "", "api_key =" } do
         server:reset():route[[ local number = ... return { status = number > 1 and 401 or 200, body = "{}" } ]]
         local fine, problem = wait_with({}, function() store(content) end)
         assert.is_false(fine)
         assert.equal(401, problem.status_code)
         assert.equal(2, server:count())
      end
   end)

   it("ends where the key did not come from the file", function()
      server:reset():route[[ local number = ... return { status = number > 1 and 401 or 200, body = "{}" } ]]
      local fine, problem = wait_with({ api_key = "given-key" }, function() store 'api_key = "new-key-1"' end)
      assert.is_false(fine)
      assert.equal(401, problem.status_code)
   end)
end)
