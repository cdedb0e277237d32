--- Responses that the contract does not have: the promptic command says so, and shows no traceback.
-- Tags: slow
local command = require "spec.support.command"
local scripted = require "spec.support.scripted"

local ID = "3b241101-e2bb-4255-8caf-4136c566a962"

local server, promptic

setup(function()
   server = scripted.start()
   promptic = command.new{ url = server.url, key = "k" }
end)

teardown(function() server:stop() end)

before_each(function() server:reset() end)

-- Commands that read only, each with a response that is right so far that the odd one is reached.
local COMMANDS = {
   { "components", "list" }, { "components", "get", ID }, { "experiments", "list" }, { "experiments", "get", ID },
   { "experiments", "wait", ID }, { "experiments", "report", ID, "-o", "-" }, { "observations", "list", ID },
   { "evaluators", "list", ID }, { "iterations", "list", ID }, { "iterations", "get", ID, "1" },
   { "iterations", "best", ID }, { "iterations", "plot", ID }, { "traces", "list" }, { "traces", "get", ID },
   { "traces", "stats" }, { "datasets", "list", "-c", ID }, { "datasets", "get", ID, "-c", ID },
   { "runs", "list", "-c", ID }, { "runs", "get", ID, "-c", ID }, { "annotations", "list", "-c", ID, "--run", ID },
   { "evaluations", "list", "-c", ID }, { "evaluations", "get", ID, "-c", ID }, { "deployments", "status", ID },
   { "workspace", "info" }, { "models", "list" }, { "artifacts", "get", ID }, { "storage", "url", ID },
   { "ai-application", "list" }, { "ai-application", "info" }, { "evaluations", "judges", ID, "-c", ID },
   { "experiments", "create", "-c", ID, "-m", "x" }, { "components", "create", "x" },
   { "experiments", "duplicate", ID, "--start" }, { "experiments", "start", ID },
}

-- Bodies that are JSON, and nothing that any of these commands can use.
local BODIES = {
   "5", '"text"', "[1,2]", '{"data":5}', '{"data":[1,2]}', '{"data":[null]}', '{"data":{"id":1},"traces":7,"rows":"x"}',
   '{"data":[{"id":{}}],"traces":[5]}', "true",
}

-- Bodies of the right shape, with odd values inside: whatever is made of them, it is no traceback.
local INSIDE = {
   ('{"id":"%s","name":{"a":1},"data":[{"id":"%s","name":[1],"createdAt":{},"score":{}}],"traces":[{"id":"x",'
      .. '"totalTokens":"many","durationMs":[]}],"rows":[],"experimentStatus":"completed","status":"completed",'
      .. '"results":7,"scores":5,"initialPromptMessages":"x","spans":9,"iterationNumber":[],"messageId":"m",'
      .. '"cases":3,"items":"x","total":{},"prompt":{}}'):format(ID, ID),
   ('{"id":"%s","data":[{"id":"%s"}],"traces":[{"id":"x"}],"experimentStatus":"completed","status":"completed",'
      .. '"messageId":"m","total":1,"rows":[]}'):format(ID, ID),
}

local function run(words)
   local result = promptic(words)
   local what = table.concat(words, " ") .. ": " .. result.stderr
   assert.not_matches("traceback", result.stderr .. result.stdout, 1, true)
   assert.not_matches("%.lua:%d", result.stderr, 1)
   assert.is_true(result.code == 0 or result.code == 1, what)
   return result, what
end

for _, words in ipairs(COMMANDS) do
   describe("promptic " .. table.concat(words, " ", 1, 2), function()
      it("refuses a response of another shape, with exit code 1", function()
         for _, body in ipairs(BODIES) do
            server:always{ body = body }
            local result, what = run(words)
            assert.equal(1, result.code, body .. " " .. what)
            assert.matches("the response to [%w_ ]+ has an unexpected form", result.stderr, 1)
            assert.matches("is the endpoint a Promptic platform?", result.stderr, 1, true)
            assert.equal("", result.stdout)
         end
      end)

      it("shows no traceback for odd values inside", function()
         for _, body in ipairs(INSIDE) do
            server:always{ body = body }
            run(words)
         end
      end)
   end)
end

describe("what the user got wrong", function()
   it("alone ends with exit code 2", function()
      server:always{ body = "{}" }
      assert.equal(2, promptic{ "components", "get" }.code)
      assert.equal(2, promptic{ "components", "get", ".." }.code)
   end)
end)
