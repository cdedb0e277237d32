--- create_experiment_from_deployed and deploy_if_better: what is compared, what is refused, and when chance explains
-- the gain.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server)
local encode, null = promptic.json.encode, promptic.null

-- A platform of one component: its responses by method and path.
local function serve(world)
   local replies = {}
   for key, value in pairs(world) do
      replies[key] = type(value) == "string" and value or encode(value)
   end
   server:route(([[
      local _, request = ...
      local replies = require("cjson").decode(%q)
      local path = request.target:gsub("^/api/v1", ""):gsub("%%?.*", "")
      local body = replies[request.method .. " " .. path]
      return body and { body = body } or { status = 404, body = '{"error":"Not found"}' }
   ]]):format(encode(replies)))
end

local function requests(method)
   local list = {}
   for _, request in ipairs(server:requests()) do
      if request.method == method then
         list[#list + 1] = request
      end
   end
   return list
end

local function iteration(id, prompt, score)
   return { id = id, prompt = prompt, evalNormalizedScore = score or null }
end

-- Cases of two labels, `held` of them held out and as many that train.
local function cases(held)
   local list = promptic.array{}
   for index = 1, 2 * held do
      list[index] = { id = index, inputPayload = { x = index }, expectedPayload = index % 4 < 2 and "a" or "b",
         split = index % 2 == 0 and "eval" or "train" }
   end
   return { id = "d", caseCount = #list, cases = list }
end

-- What deploy_if_better asks for: the deployed prompt is "old", with this score among others.
local function world(options)
   local deployed = options.deployed ~= false and {
      prompt = "old", experimentId = options.deployed_experiment or "e0", model = "m", provider = "openai",
      componentId = "c", iterationId = 1, score = 0.99,
   }
   return {
      ["GET /experiments/e"] = { id = "e", aiComponentId = "c", datasetId = "d",
         experimentStatus = options.status or "completed",
         hyperparameters = { trainSplitRatio = options.ratio or 0.5 } },
      ["GET /components/c/deployment/prompt"] = deployed and deployed or "null",
      ["GET /experiments/e/iterations"] = { data = promptic.array(options.iterations or {}) },
      ["GET /experiments/e/evaluators"] = { data = promptic.array{ { id = "v", type = options.evaluator or "f1" } } },
      ["GET /components/c/datasets/d"] = cases(options.held or 50),
      ["PUT /components/c/deployment"] = {}, ["POST /components/c/deployment"] = { aiComponentId = "c",
         experimentId = "e" },
   }
end

local function decide(options, settings)
   serve(world(options))
   local result = client:deploy_if_better("c", "e", settings)
   assert.equal(result.deployed and 1 or 0, #requests("POST"))
   return result
end

local ITERATIONS = { iteration(1, "old", 0.7), iteration(2, "new", 0.8), iteration(3, "other", 0.6),
   iteration(4, "more", 0.5), iteration(5, "last", 0.5) }

describe("deploy_if_better", function()
   it("deploys a prompt that scores higher on the same rows", function()
      local result = decide{ iterations = ITERATIONS }
      assert.same({ deployed = true, code = "better", before = 0.7, after = 0.8, rows = 50, smallest = 0,
         reason = "0.700 to 0.800 on 50 held-out rows" }, result)
   end)

   it("does not look at the score that the deployed prompt had on other rows", function()
      assert.equal(0.7, decide{ iterations = ITERATIONS }.before) -- its deployment says 0.99
   end)

   it("keeps the deployed prompt where nothing is better, or within the margin", function()
      local result = decide{ iterations = { iteration(1, "old", 0.7), iteration(2, "new", 0.7) } }
      assert.same({ false, "not_better" }, { result.deployed, result.code })
      result = decide({ iterations = ITERATIONS }, { margin = 0.1 + 1e-9 })
      assert.same({ false, "within_margin" }, { result.deployed, result.code })
      result = decide({ iterations = { iteration(1, "old", 0.5), iteration(2, "new", 0.75) } }, { margin = 0.25 })
      assert.same({ false, "within_margin" }, { result.deployed, result.code })
      assert.is_true(decide({ iterations = ITERATIONS }, { margin = 0.09 }).deployed)
   end)

   it("takes no prompt for better than itself, whatever it scored the second time", function()
      local result = decide{ iterations = { iteration(1, "old", 0.7), iteration(2, "new", 0.75),
         iteration(3, "old", 0.8) } }
      assert.same({ false, "not_better", 0.8, 0.8 }, { result.deployed, result.code, result.before, result.after })
      assert.is_true(decide{ iterations = { iteration(1, "old", 0.8), iteration(2, "old", 0.7),
         iteration(3, "new", 0.9) } }.deployed)
   end)

   it("deploys where nothing is deployed", function()
      local result = decide{ deployed = false }
      assert.same({ true, "nothing_deployed" }, { result.deployed, result.code })
   end)

   it("does nothing where the experiment is deployed already", function()
      local result = decide{ deployed_experiment = "e" }
      assert.same({ false, "already_deployed" }, { result.deployed, result.code })
   end)

   it("compares nothing that was measured on other rows, and says what to do", function()
      local result = decide{ iterations = { iteration(2, "new", 0.8) } }
      assert.same({ false, "not_comparable", 0.8 }, { result.deployed, result.code, result.after })
      assert.matches("create_experiment_from_deployed", result.reason, 1, true)
      result = decide{ iterations = { iteration(1, "old"), iteration(2, "new") } }
      assert.same({ false, "no_held_out_rows" }, { result.deployed, result.code })
      assert.matches("trainSplitRatio", result.reason, 1, true)
   end)

   it("refuses an experiment that is not completed", function()
      for _, status in ipairs{ "pending", "running", "failed" } do
         serve(world{ status = status })
         local err = clients.failure(client.deploy_if_better, client, "c", "e")
         assert.same({ "argument", "not_completed" }, { err.kind, err.code })
         assert.matches(status, err.message, 1, true)
      end
      assert.equal(0, #requests("POST"))
   end)

   it("is sure only of a gain that exceeds its noise, and names the smallest that does", function()
      local result = decide({ iterations = ITERATIONS }, { sure = true })
      assert.same({ false, "not_sure" }, { result.deployed, result.code })
      assert.matches("the smallest gain that counts is 0.185", result.reason, 1, true)
      ITERATIONS[2].evalNormalizedScore = 0.9
      finally(function() ITERATIONS[2].evalNormalizedScore = 0.8 end)
      assert.is_true(decide({ iterations = ITERATIONS }, { sure = true }).deployed)
   end)

   it("says where no gain can exceed its noise, on a few rows or on none that are listed", function()
      for _, held in ipairs{ 2, 0 } do
         local result = decide({ iterations = ITERATIONS, held = held }, { sure = true })
         assert.same({ false, "not_sure" }, { result.deployed, result.code })
         assert.is_nil(result.smallest)
         assert.matches("no gain can be told from chance on so few rows", result.reason, 1, true)
      end
      local all = world{ iterations = ITERATIONS }
      all["GET /components/c/datasets/d"] = { id = "d" }
      serve(all)
      assert.equal(0, client:deploy_if_better("c", "e", { margin = 0.5 }).rows)
   end)

   it("counts a gain that exceeds both its noise and the margin", function()
      local result = decide({ iterations = ITERATIONS, held = 500 }, { sure = true, margin = 0.09 })
      assert.same({ true, 0.09 }, { result.deployed, result.smallest })
   end)

   -- The table of bindings/README.md, "Better, or chance", with four other iterations.
   for rows, smallest in pairs{ [27] = 0.243, [100] = 0.135, [500] = 0.063 } do
      it("needs a gain of " .. smallest .. " over 0.7 on " .. rows .. " rows", function()
         local options = { iterations = ITERATIONS, held = rows, evaluator = "similarity" }
         local result = decide(options, { sure = true })
         assert.same({ rows, smallest }, { result.rows, result.smallest })
      end)
   end

   it("counts rows of rare labels for more where the score is a mean over labels", function()
      local all = world{ iterations = ITERATIONS }
      local list = promptic.array{}
      for index = 1, 100 do
         list[index] = { id = index, inputPayload = {}, expectedPayload = index <= 5 and "rare" or "often",
            split = "eval" }
      end
      all["GET /components/c/datasets/d"] = { cases = list }
      serve(all)
      local result = client:deploy_if_better("c", "e", { sure = true })
      assert.same({ 100, "not_sure" }, { result.rows, result.code })
      -- n = 2^2 / (1/5 + 1/95) = 19
      assert.equal(0.284, result.smallest)
   end)

   it("counts of rows without a split what the ratio leaves", function()
      local all, list = world{ iterations = ITERATIONS, ratio = 0.75 }, promptic.array{}
      for index = 1, 40 do
         list[index] = { id = index, inputPayload = {}, expectedPayload = "a" }
      end
      all["GET /components/c/datasets/d"].cases = list
      serve(all)
      assert.equal(10, client:deploy_if_better("c", "e").rows)
   end)

   it("reads observations where the experiment has no dataset", function()
      local all = world{ iterations = ITERATIONS }
      all["GET /experiments/e"] = { id = "e", aiComponentId = "c", experimentStatus = "completed",
         hyperparameters = { trainSplitRatio = 0.5 } }
      all["GET /experiments/e/observations"] = { data = promptic.array{
         { id = 1, variables = {}, expected = "a", split = "eval" },
         { id = 2, variables = {}, expected = "b", split = "train" },
      } }
      serve(all)
      assert.equal(1, client:deploy_if_better("c", "e").rows)
   end)
end)

describe("create_experiment_from_deployed", function()
   local DUPLICATE = { id = "copy", aiComponentId = "c" }

   it("duplicates the deployed experiment with the deployed prompt, and applies the given changes", function()
      local all = world{}
      all["POST /experiments/e0/duplicate"] = DUPLICATE
      all["PATCH /experiments/copy"] = { id = "copy", name = "tonight" }
      serve(all)
      local made = client:create_experiment_from_deployed("c", { name = "tonight", model = "m2",
         hyperparameters = { epochs = 2 } })
      assert.equal("tonight", made.name)
      assert.same({ initialPromptOverride = "old" }, promptic.json.decode(requests("POST")[1].body))
      assert.same({ name = "tonight", targetModel = "m2", hyperparameters = { epochs = 2 } },
         promptic.json.decode(requests("PATCH")[1].body))
   end)

   it("changes nothing that is not asked", function()
      local all = world{}
      all["POST /experiments/e0/duplicate"] = DUPLICATE
      serve(all)
      assert.equal("copy", client:create_experiment_from_deployed("c").id)
      assert.equal(0, #requests("PATCH"))
   end)

   it("creates the first one of a model and a prompt, and asks for them", function()
      local all = world{ deployed = false }
      all["POST /experiments"] = { id = "first" }
      serve(all)
      for _, options in ipairs{ {}, { model = "m" }, { initial_prompt = "p" } } do
         local err = clients.failure(client.create_experiment_from_deployed, client, "c", options)
         assert.same({ "argument", "nothing_deployed" }, { err.kind, err.code })
      end
      local first = client:create_experiment_from_deployed("c", { model = "m", initial_prompt = "p", name = "n",
         input_variables = { { name = "ticket", column = "text" } } })
      assert.equal("first", first.id)
      local body = promptic.json.decode(requests("POST")[1].body)
      assert.same({ "c", "m", "p", "n" }, { body.aiComponentId, body.targetModel, body.initialPrompt, body.name })
      assert.same({ { name = "ticket", column = "text" } }, body.inputVariables)
   end)
end)

describe("ensure_experiment_from_deployed", function()
   local HELD = { id = "e0", name = "first", experimentStatus = "completed" }

   -- A component with these experiments, its deployed prompt that of e0; the request in doubt loses its response.
   local function component(experiments, in_doubt)
      table.insert(experiments, HELD)
      local deployed = { prompt = "old", experimentId = "e0" }
      server:route(([[
         local json = require "cjson"
         local number, request = ...
         if number == 1 then LIST, DOUBT = json.decode(%q), %q end
         local path = request.target:gsub("^/api/v1", ""):gsub("%%?.*", "")
         local body = {}
         if request.method == "PATCH" then
            for _, held in ipairs(LIST) do
               if held.id == path:match("[^/]+$") then held.name = json.decode(request.body).name body = held end
            end
         elseif request.method == "POST" then
            body = { id = "copy", name = "first", experimentStatus = "pending",
               initialPromptMessages = { { role = "user", content = "old" } } }
            table.insert(LIST, 1, body)
         elseif path:find "prompt$" then
            body = json.decode(%q)
         else
            body = { data = LIST }
         end
         if DOUBT == request.method then DOUBT = "" return { close = "reset" } end
         return { body = json.encode(body) }
      ]]):format(encode(promptic.array(experiments)), in_doubt or "", encode(deployed)))
      local made = client:ensure_experiment_from_deployed("c", "tonight", { hyperparameters = { epochs = 2 } })
      return made, #requests("POST"), #requests("PATCH")
   end

   local function left(fields)
      local all = { id = "left", name = "first", experimentStatus = "pending",
         initialPromptMessages = promptic.array{ { role = "user", content = "old" } } }
      for name, value in pairs(fields or {}) do
         all[name] = value
      end
      return all
   end

   it("returns the one of this name", function()
      local made, posts, patches = component{ { id = "t", name = "tonight", experimentStatus = "running" } }
      assert.same({ "t", 0, 0 }, { made.id, posts, patches })
   end)

   it("duplicates the deployed experiment if there is none", function()
      local made, posts, patches = component{}
      assert.same({ "copy", "tonight", 1, 1 }, { made.id, made.name, posts, patches })
      assert.same({ name = "tonight", hyperparameters = { epochs = 2 } },
         promptic.json.decode(requests("PATCH")[1].body))
   end)

   it("finishes the copy that a call left between its two requests", function()
      for _, name in ipairs{ "first", null } do
         local made, posts, patches = component{ left{ name = name } }
         assert.same({ "left", "tonight", 0, 1 }, { made.id, made.name, posts, patches })
      end
   end)

   it("takes no other experiment for that copy", function()
      local others = { { name = "mine" }, { experimentStatus = "running" },
         { initialPromptMessages = promptic.array{ { role = "user", content = "new" } } } }
      for _, other in ipairs(others) do
         assert.equal("copy", (component{ left(other) }).id)
      end
   end)

   it("finds the copy, or its new name, after a request whose response was lost", function()
      for _, method in ipairs{ "POST", "PATCH" } do
         local made, posts, patches = component({}, method)
         assert.same({ "copy", "tonight", 1, 1 }, { made.id, made.name, posts, patches })
      end
   end)

   it("does not choose between two of the name", function()
      local err = clients.failure(component, { { id = "a", name = "tonight" }, { id = "b", name = "tonight" } })
      assert.equal("ambiguous_name", err.code)
   end)
end)
