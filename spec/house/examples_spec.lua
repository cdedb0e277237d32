--- Runs every example through the sandbox, and compares what it prints with what the platform holds.
local process = require "spec.support.process"
local model_server = require "spec.support.model_server"
local sandbox = require "spec.support.sandbox"
local json = require("promptic").json

local PROGRAM = assert(os.getenv("PROMPTIC_LUA"), "run it with make test")
local FOLDER = "examples/"

-- The example's output, run as its first lines say; with variables of the environment.
local function run(name, env)
   local result = process.run{ PROGRAM, "--sandbox", FOLDER .. name, env = env }
   assert.equal("", result.stderr)
   assert.equal(0, result.code)
   return result.stdout
end

-- The example's output, and what the platform holds after it.
local function run_with_witness(name, env)
   local folder = process.folder()
   local result = process.run{
      PROGRAM, "--sandbox", "--pace=0", "spec/support/witness.lua", FOLDER .. name, folder .. "/found", env = env,
   }
   assert.equal("", result.stderr)
   assert.equal(0, result.code)
   local found = json.decode(process.read_file(folder .. "/found"))
   process.remove(folder)
   return result.stdout, found
end

local function lines_of(text)
   local lines = {}
   for line in text:gmatch("(.-)\n") do
      lines[#lines + 1] = line
   end
   return lines
end

-- The lines that match, each as the list of what the pattern captures.
local function rows_of(text, pattern)
   local rows = {}
   for _, line in ipairs(lines_of(text)) do
      local captures = { line:match(pattern) }
      if #captures > 0 then
         rows[#rows + 1] = captures
      end
   end
   return rows
end

local function three(number)
   return ("%.3f"):format(number)
end

-- The iteration with the highest held-out score, the earliest among equals: what the contract calls the best.
local function best_of(iterations)
   local best = iterations[1]
   for _, iteration in ipairs(iterations) do
      if iteration.evalNormalizedScore > best.evalNormalizedScore then
         best = iteration
      end
   end
   return best
end

local csv = dofile(FOLDER .. "lib/csv.lua")

-- One row an example: how many lines it may have, how many of them of code, and what its output has to say.
local examples = {}

examples["pipeline.lua"] = {
   lines = 69,
   check = function()
      local output, found = run_with_witness("pipeline.lua")
      local experiment = found.experiments[1]
      local tickets = csv.read(FOLDER .. "tickets.csv")
      assert.matches(("tickets     %d,"):format(#tickets), output, 1, true)
      for index, ticket in ipairs(tickets) do
         assert.same({ ticket = ticket.ticket }, experiment.observations[index].variables)
         assert.equal(ticket.expected, experiment.observations[index].expected)
      end

      local best = best_of(experiment.iterations)
      local summary = "completed   8 of 8, best " .. three(best.evalNormalizedScore)
      assert.matches(summary, output, 1, true)
      local shown = rows_of(output, "^ +(%d+)   (%S+)      (%d%.%d+)(.*)$")
      assert.equal(8, #shown)
      for index, iteration in ipairs(experiment.iterations) do
         local mark = iteration.id == best.id and "   <- best" or ""
         assert.same({ tostring(iteration.iterationNumber), three(iteration.overallNormalizedScore),
            three(iteration.evalNormalizedScore), mark }, shown[index])
      end
      -- The tickets can be learnt from, and are not so plain that there is nothing to search for.
      assert.is_true(best.evalNormalizedScore > 0.5 and best.evalNormalizedScore < 0.95)

      assert.equal(best.prompt, found.deployed[experiment.aiComponentId])
      assert.equal(best.prompt .. "\n", output:match("\ndeployed [^\n]*\n\n(.*)$"))
   end,
}

examples["continue.lua"] = {
   lines = 39,
   check = function()
      local output, found = run_with_witness("continue.lua")
      local shown = rows_of(output, "^(%l+) search +held out (%d%.%d+)")
      local by_iterations = {}
      for _, experiment in ipairs(found.experiments) do
         by_iterations[#experiment.iterations] = experiment
      end
      local first, second = by_iterations[3], by_iterations[6]
      assert.same({ { "first", three(best_of(first.iterations).evalNormalizedScore) },
         { "second", three(best_of(second.iterations).evalNormalizedScore) } }, shown)
      assert.equal(best_of(first.iterations).prompt, second.iterations[1].prompt)
      assert.is_true(tonumber(shown[2][2]) >= tonumber(shown[1][2]))
   end,
}

-- What the spans of examples/agent_traces.json add up to: token counts by trace, and in all.
local function tokens_sent()
   local by_trace, total = {}, 0
   local sent = json.decode(process.read_file(FOLDER .. "agent_traces.json"))
   for _, span in ipairs(sent.resourceSpans[1].scopeSpans[1].spans) do
      for _, attribute in ipairs(span.attributes) do
         if attribute.key:find("^gen_ai%.usage%.%l+_tokens$") then
            local count = tonumber(attribute.value.intValue)
            by_trace[span.traceId], total = (by_trace[span.traceId] or 0) + count, total + count
         end
      end
   end
   return by_trace, total
end

-- Runs f with the environment of a model's server.
local function with_model(f, wrong)
   local server = model_server.start(wrong)
   finally(function() server:stop() end)
   return f({ MODEL_URL = server.url .. "/v1", MODEL_NAME = "small", MODEL_KEY = "model-secret" }, server)
end

examples["agent.lua"] = {
   lines = 98,
   code = 80,
   environment = with_model,
   check = function()
      with_model(function(env, server)
         local output, found = run_with_witness("agent.lua", env)
         assert.matches("right  Where is order 17%?  The order: lost on the way\n"
            .. "right  Order 17 never came, I want my money back%.  The order: refunded\n"
            .. "right  Where is order 99%?  The order: there is no order 99\n"
            .. "12 spans sent: true\n", output)
         assert.equal(3, #found.traces)
         for _, trace in ipairs(found.traces) do assert.equal(50, trace.totalTokens) end
         assert.equal(6, server:count())
         for _, request in ipairs(server:requests()) do
            assert.equal("Bearer model-secret", request.header.authorization)
            assert.matches("^00%-%x+%-%x+%-01$", request.header.traceparent)
         end
      end)
   end,
   also = { ["agent.lua fails where its answers are wrong"] = function()
      with_model(function(env)
         local result = process.run{ PROGRAM, "--sandbox", FOLDER .. "agent.lua", env = env }
         assert.same({ 1, "" }, { result.code, result.stderr })
         assert.matches("WRONG  Where is order 17?", result.stdout, 1, true)
      end, true)
   end },
}

examples["judge.lua"] = {
   lines = 44,
   check = function()
      local output, found = run_with_witness("judge.lua")
      local by_trace, total = tokens_sent()
      local shown = rows_of(output, "^invoke_agent order%-desk +(%l+) +(%d+) ms +(%d+) tokens$")
      assert.equal(4, #shown)
      for index, trace in ipairs(found.traces) do
         local tokens = by_trace[trace.traceId]
         assert.same({ trace.status, tostring(trace.durationMs), tostring(tokens) }, shown[index])
      end
      assert.matches("negative, says a person: no refund", output, 1, true)
      assert.matches(("4 traces, 50 %% failed, %d tokens, $"):format(total), output, 1, true)

      local insights = {}
      for index, insight in ipairs(found.evaluations[1].results.insights) do
         insights[index] = { insight.severity, insight.title }
      end
      assert.same(insights, rows_of(output, "^([hml]%l+) +(%S.*)$"))
      for _, name in ipairs{ "refund_payment", "find_order", "check_stock" } do
         assert.matches(name, output, 1, true) -- it fails, it loops, it is never used
      end
   end,
}

examples["errors.lua"] = {
   lines = 39,
   check = function()
      local output = run("errors.lua")
      local expected = {
         "a good call            fine",
         "an unknown id          not there: GET /components/00000000-0000-4000-8000-000000000000",
         "a misspelt option      wrong call: bad argument #2 to 'list_experiments' "
            .. "(unknown option 'limt', did you mean 'limit'?)",
         "a value out of range   wrong call: bad argument #2 to 'list_traces' "
            .. "(option 'limit': 1000 is not in the range 1 to 100)",
         "a number without JSON  wrong call: bad argument #3 to 'create_observations' "
            .. "(observations[1].variables.x: NaN has no JSON form)",
         "a wrong key            api error: Invalid or missing API key (refused: the API key given to the client)",
         "nobody listening       out of reach after 3 attempts",
      }
      assert.same(expected, lines_of(output))
   end,
}

-- What it leaves on the platform, and its exit status: nightly_spec.
examples["nightly.lua"] = {
   lines = 76,
   check = function()
      local output, found = run_with_witness("nightly.lua")
      local tickets = csv.read(FOLDER .. "tickets.csv")
      assert.equal(("%d new rows, 0 were there\nno prompt was deployed before\n"):format(#tickets), output)
      local experiment = found.experiments[1]
      assert.equal(#tickets, #experiment.observations)
      assert.equal(best_of(experiment.iterations).prompt, found.deployed[experiment.aiComponentId])
   end,
}

describe("the examples:", function()
   local listing = assert(io.popen("ls " .. FOLDER .. "*.lua"))
   for path in listing:lines() do
      local name = path:match("[^/]+$")
      local row = examples[name]

      it(name .. " has a row in this spec", function()
         assert.is_table(row)
      end)

      if row then
         it(name .. " opens with its purpose and how to run it, and is short", function()
            local text = process.read_file(path)
            local opening = text:match("^%-%- %u[^\n]+[.?]\n.-\n\n")
            assert.matches("promptic-lua --sandbox examples/" .. name, opening or "", 1, true)
            local lines = #lines_of(text)
            assert.is_true(lines <= row.lines, ("%s has %d lines"):format(name, lines))
            local _, code = ("\n" .. text):gsub("\n%s*[^%s-][^\n]*", "")
            assert.is_true(code <= (row.code or row.lines), ("%s has %d lines of code"):format(name, code))
         end)

         it(name .. " says what the platform says", row.check)
         it(name .. " runs on its own", function()
            local with = row.environment or function(f) return f() end
            with(function(env) assert.not_equal("", run(name, env)) end)
         end)
         for title, f in pairs(row.also or {}) do it(title, f) end
      end
   end
   listing:close()
end)

-- Two components of one name make every later look by that name ambiguous, such as that of nightly.lua.
describe("the examples, run again on the same platform,", function()
   for _, name in ipairs{ "pipeline.lua", "continue.lua", "judge.lua" } do
      it("make no second component: " .. name, function()
         local server = sandbox.start{ pace = 0 }
         finally(function() server:stop() end)
         for _ = 1, 2 do
            local result = process.run{ PROGRAM, FOLDER .. name,
               env = { PROMPTIC_ENDPOINT = server.url, PROMPTIC_API_KEY = server.key } }
            assert.same({ 0, "" }, { result.code, result.stderr })
         end
         assert.equal(1, #server:ok("GET", "/components").data)
      end)
   end
end)

describe("the tickets", function()
   local tickets = csv.read(FOLDER .. "tickets.csv")

   it("are many, all different, in four classes of a like size", function()
      local seen, count = {}, {}
      for _, row in ipairs(tickets) do
         assert.is_nil(seen[row.ticket], row.ticket)
         seen[row.ticket] = true
         count[row.expected] = (count[row.expected] or 0) + 1
      end
      assert.is_true(#tickets >= 80)
      assert.same({ account = 23, billing = 23, bug = 23, feature = 23 }, count)
   end)

   it("hold what makes CSV hard: commas, quotes, line breaks, other scripts", function()
      local all = {}
      for index, row in ipairs(tickets) do
         all[index] = row.ticket
      end
      all = table.concat(all, "\0")
      for _, part in ipairs{ ", ", '"', "\n", "ü", "€", "🎉" } do
         assert.matches(part, all, 1, true)
      end
   end)
end)

describe("the examples' CSV reader", function()
   local cases = {
      -- text, rows or the error
      { "", {} },
      { "a,b", {} },
      { "a,b\n1,2\n", { { a = "1", b = "2" } } },
      { "a,b\r\n1,2", { { a = "1", b = "2" } } },
      { "a,b\n,\n", { { a = "", b = "" } } },
      { "a\n\n1\n", { { a = "" }, { a = "1" } } },
      { 'a,b\n"1, ""2""\n3",x\n', { { a = '1, "2"\n3', b = "x" } } },
      { 'a\n""\n""""\n', { { a = "" }, { a = '"' } } },
      { '"a b",c\n1,2\n', { { ["a b"] = "1", c = "2" } } },
      { "\xEF\xBB\xBFa\nä\n", { { a = "ä" } } },
      { " a\n 1 \n", { { [" a"] = " 1 " } } },
      { "a,b\n1\n", "CSV record 2: 1 fields, the header has 2" },
      { "a\n1\n2,3\n", "CSV record 3: 2 fields, the header has 1" },
      { 'a\n"1\n', "CSV record 2: a quote is never closed" },
      { 'a\n"1"2\n', 'CSV record 2: a comma or a line break is missing before "2"' },
      { 'a\n1"2\n', [[CSV record 2: a comma or a line break is missing before "\""]] },
   }
   for _, case in ipairs(cases) do
      it(("takes %q as RFC 4180 has it"):format(case[1]), function()
         local fine, result = pcall(csv.parse, case[1])
         assert.equal(type(case[2]) == "table", fine, result)
         assert.same(case[2], result)
      end)
   end
end)
