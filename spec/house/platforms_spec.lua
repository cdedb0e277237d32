--- Today's platform and older ones: README, examples and the examples of the command's help, on the sandbox in the
--- form that today's platform has (--without observations), and the examples on the other forms too.
local process = require "spec.support.process"
local readmes = require "spec.support.readmes"
local sandbox = require "spec.support.sandbox"

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")

local TODAY = { "--without", "observations" }

local folder

before_each(function() folder = process.folder() end)
after_each(function() process.remove(folder) end)

-- What promptic-lua prints with --sandbox in this form.
local function run(form, script, env)
   local words = { PROGRAM, "--sandbox", "--pace=0", env = env }
   for _, word in ipairs(form) do words[#words + 1] = word end
   words[#words + 1] = script
   local result = process.run(words)
   assert.equal("", result.stderr)
   assert.equal(0, result.code)
   return result.stdout
end

describe("on today's platform", function()
   for _, path in ipairs(readmes.paths()) do
      for _, block in ipairs(readmes.blocks(path)) do
         if block.how == "run: sandbox" then
            it("the script of " .. block.place .. " prints what it says", function()
               process.write_file(folder .. "/script.lua", block.text)
               assert.equal(readmes.said(block), run(TODAY, folder .. "/script.lua"))
            end)
         end
      end
   end
end)

-- Today's, the older one without a list of models and AI Applications, and both in one; as they answer 404.
local FORMS = {
   { "both rooms" },
   { "today's", "--without", "observations,workspace,runs,annotations,evaluations" },
   { "today's, with pages", "--without", "observations,workspace,runs,annotations,evaluations", "--not-found", "html" },
   { "the older one", "--without", "cases,ai-application,models" },
   { "the older one, with empty responses", "--without", "cases,ai-application,models", "--not-found", "empty" },
}

describe("an example", function()
   -- agent.lua and nightly.lua have specs of their own.
   local listing = assert(io.popen("ls examples/*.lua | grep -v -e agent.lua -e nightly.lua"))
   for path in listing:lines() do
      for _, form in ipairs(FORMS) do
         it(("runs: %s on %s"):format(path, form[1]), function()
            assert.not_equal("", run(table.move(form, 2, #form, 1, {}), path, { PROMPTIC_MODEL = "a-model" }))
         end)
      end
   end
   listing:close()

   it("says what to set where the platform lists no models", function()
      for _, form in ipairs{ "json", "html", "empty" } do
         local result = process.run{ PROGRAM, "--sandbox", "--without", "models", "--not-found", form,
            "examples/pipeline.lua", env = { PROMPTIC_MODEL = false } }
         assert.equal(1, result.code)
         assert.matches("set PROMPTIC_MODEL to the id of a model", result.stderr, 1, true)
      end
   end)

   it("takes the first model of OpenAI, else the first of a provider", function()
      package.path = "examples/?.lua;" .. package.path
      local pick = require("lib.model").pick
      local custom, google, openai = { id = "c", group = "anthropic" }, { id = "g", group = "google" },
         { id = "o", group = "openai" }
      assert.equal(openai, pick{ custom, google, openai, { id = "p", group = "openai" } })
      assert.equal(google, pick{ custom, google })
      assert.is_nil(pick{ custom })
      assert.is_nil(pick{})
   end)
end)

-- What stands in a line of the help, and what it is on the sandbox.
local FILES = {
   ["spans.jsonl"] = '{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"spans":[{"traceId":'
      .. '"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x","kind":1,"startTimeUnixNano":'
      .. '"1796115138000000000","endTimeUnixNano":"1796115139000000000"}]}]}]}\n',
   ["tickets.csv"] = 'message,expected\n"50%% off!",spam\nlunch?,ham\n', ["spans.json"] = '{"resourceSpans":[]}',
   ["cases.json"] = '[{"inputPayload":{"q":"a"}}]', ["cases.jsonl"] = '{"inputPayload":{"q":"b"}}\n',
      ["queries.json"] = '[{"query":"a","expectedTool":"t"}]',
   ["tools.json"] = '[{"name":"t","description":"d"}]', ["shot.png"] = "png", ["data.json"] = "{}",
}

-- Commands of this machine, of terminals and browsers, and of objects that only a trace has.
local ELSEWHERE = { login = true, configure = true, run = true, sandbox = true, completion = true, storage = true,
   artifacts = true }

describe("the examples of the command's help", function()
   local server, ids

   -- Files lie in a folder of their own.
   local function promptic(line)
      line = line:gsub("%f[%w][%w-]+%.[%l.]+%f[%s%z]", folder .. "/%0")
      return process.run{ "sh", "-c", ("exec %s scripts/promptic %s"):format(process.quote(PROGRAM), line),
         env = { PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = server.key } }
   end

   -- An id of each kind that is new: what a line changes is no matter for the next.
   local function prepare()
      local component = server:component("help")
      local experiment = server:ok("POST", "/experiments", { aiComponentId = component, targetModel = "sandbox-small",
         initialPrompt = "Spam or ham?" })
      local evaluator = server:ok("POST", "/experiments/" .. experiment.id .. "/evaluators",
         { { name = "f", type = "f1", weight = 1 } }).data[1]
      server:ok("POST", ("/components/%s/datasets/%s/cases"):format(component, experiment.datasetId),
         { { inputPayload = { q = "a" }, split = "train", expectedPayload = "spam" },
            { inputPayload = { q = "b" }, expectedPayload = "ham" } })
      return { COMPONENT = component, EXPERIMENT = experiment.id, EVALUATOR = evaluator.id,
         MODEL = "sandbox-large", OBSERVATION = "1",
         DATASET = server:ok("POST", "/components/" .. component .. "/datasets", { name = "d" }).id }
   end

   setup(function() server = sandbox.start{ pace = 0, arguments = TODAY } end)
   teardown(function() server:stop() end)

   before_each(function()
      ids = prepare()
      for name, text in pairs(FILES) do process.write_file(folder .. "/" .. name, text) end
      assert(os.execute(("gzip -c '%s/spans.jsonl' >'%s/export.json.gz'"):format(folder, folder)))
   end)

   -- The lines below "Examples" of a help text.
   local lines, seen = {}, {}
   local function add(text)
      for line in (text:match "\nExamples\n(.*)" or ""):gmatch "\n?  promptic ([^\n]+)" do
         if not seen[line] and not ELSEWHERE[line:match "^%S+"] then lines[#lines + 1] = line end
         seen[line] = true
      end
   end
   local function help(group)
      local text = process.run{ PROGRAM, "scripts/promptic", "help", group, env = { COLUMNS = "200" } }.stdout
      add(text)
      return text
   end
   for group in help():match "\nAccount\n(.*)\nOlder platforms\n":gmatch "  (%l[%l-]+)  +%u" do help(group) end

   for _, line in ipairs(lines) do
      it("do what they say, or ask: " .. line, function()
         if line:find "^deployments" or line:find "^experiments report" then
            server:ok("POST", "/experiments/" .. ids.EXPERIMENT .. "/start")
            server:wait("/experiments/" .. ids.EXPERIMENT, "experimentStatus", { completed = true })
            server:ok("POST", ("/components/%s/deployment"):format(ids.COMPONENT), { experimentId = ids.EXPERIMENT })
         end
         local result = promptic((line:gsub("%u%u+", function(word) return ids[word] end)))
         if line:find "^experiments create *#" or line == "experiments create" then
            assert.matches("option '--component' is missing", result.stderr, 1, true) -- no terminal to ask at
         elseif line:find "^observations update" then
            assert.matches("promptic datasets cases update", result.stderr, 1, true)
         else
            assert.equal(0, result.code, result.stderr)
         end
      end)
   end

   it("are of all groups", function() assert.is_true(#lines > 20, tostring(#lines)) end)
end)
