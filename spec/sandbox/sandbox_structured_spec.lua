--- structuredOutput with a config, and dataset cases as what an experiment trains on: recomputed by
-- spec/support/recompute.lua, and by hand where a number says more.
local json = require("promptic").json
local recompute = require "spec.support.recompute"
local sandbox = require "spec.support.sandbox"

local server
setup(function() server = sandbox.start{ pace = 0 } end)
teardown(function() assert.equal("", server:stop()) end)

-- An experiment over pairs { predicted, expected } of texts: each input's only likeness in the prompt is an
-- example that answers with `predicted`.
local function experiment(config, pairs_)
   local examples, list = {}, {}
   for i, pair in ipairs(pairs_) do
      examples[i] = ("Input: word%d\nOutput: %s"):format(i, pair[1])
      list[i] = { variables = { text = "word" .. i .. " more" }, expected = pair[2] }
   end
   list[2] = list[2] or list[1]
   return server:experiment{ task = "structuredOutput", prompt = table.concat(examples, "\n"),
      observations = list, hyperparameters = { epochs = 1 },
      evaluators = { { name = "fields", type = "structuredOutput", weight = 1, config = config } } }
end

local function score(config, predicted, expected)
   return recompute.check(server, experiment(config, { { predicted, expected } }))[1].overallNormalizedScore
end

describe("a structuredOutput evaluator", function()
   local SCHEMA = { type = "object", properties = {
      label = { type = "string", enum = json.array{ "a", "b" } }, text = { type = "string" },
      count = { type = "integer" }, ratio = { type = "number" }, flag = { type = json.array{ "boolean", "null" } },
      tags = { type = "array", items = { type = "string" } },
      inner = { type = "object", properties = { x = { type = "string" }, y = { type = "number" } } },
   } }

   for name, row in pairs{
      ["compares a string by its tokens"] = { { schema_definition = SCHEMA },
         '{"text": "a red car"}', '{"text": "A RED car!"}', 1 },
      ["compares an enum exactly"] = { { schema_definition = SCHEMA }, '{"label": "A"}', '{"label": "a"}', 0 },
      ["compares a number with a tolerance"] = { { schema_definition = SCHEMA },
         '{"ratio": 0.30000000000000004}', '{"ratio": 0.3}', 1 },
      ["and no further"] = { { schema_definition = SCHEMA }, '{"ratio": 0.301}', '{"ratio": 0.3}', 0 },
      ["compares integers exactly"] = { { schema_definition = SCHEMA },
         '{"count": 9007199254740993}', '{"count": 9007199254740992}', 0 },
      ["also without a schema"] = { nil, '{"count": 9007199254740993}', '{"count": 9007199254740992}', 0 },
      ["and against a float"] = { nil, '{"count": 9007199254740993}', '{"count": 9007199254740992.0}', 0 },
      ["compares an object by its fields"] = { { schema_definition = SCHEMA },
         '{"inner": {"x": "same", "y": 2}}', '{"inner": {"x": "same", "y": 1}}', 0.5 },
      ["compares an array by its content"] = { { schema_definition = SCHEMA },
         '{"tags": ["green", "red"]}', '{"tags": ["red", "green", "blue"]}', 0.666667 },
      ["counts what is missing and what is too much"] = { { schema_definition = SCHEMA },
         '{"text": "x", "count": 1}', '{"text": "x", "flag": true}', 0.333333 },
      ["leaves out what is not included"] = { { fields = { a = { include = false } } },
         '{"a": 1, "b": 2}', '{"a": 9, "b": 2}', 1 },
      ["weighs fields"] = { { fields = { a = { weight = 3 } } }, '{"a": 1, "b": 2}', '{"a": 1, "b": 9}', 0.75 },
      ["weighs fields inside of fields"] = { { fields = { ["o.a"] = { weight = 3 } } },
         '{"o": {"a": 1, "b": 2}, "c": 1}', '{"o": {"a": 1, "b": 9}, "c": 1}', 0.875 },
      ["takes a method"] = { { fields = { a = { method = "contains" }, b = { method = "embedding" } } },
         '{"a": "it is red", "b": "red it is"}', '{"a": "red", "b": "It is RED"}', 1 },
      ["takes the older strategy"] = { { fields = { a = { strategy = "contains" },
         b = { array_strategy = "exact" } } }, '{"a": "it is red", "b": [1, 2]}', '{"a": "red", "b": [2, 1]}', 0.5 },
      ["takes methods of arrays"] = { { fields = { a = { method = "array_similarity" } } },
         '{"a": [{"x": "red"}, {"x": "blue"}]}', '{"a": [{"x": "blue"}, {"x": "red"}]}', 1 },
      ["gives nothing to what is no object"] = { { fields = {} }, "[1]", '{"a": 1}', 0 },
   } do
      it(name, function() assert.equal(row[4], score(row[1], row[2], row[3])) end)
   end

   it("is recomputed over many rows, with everything at once", function()
      local config = { schema_definition = SCHEMA, fields = { label = { weight = 2 }, text = { method = "contains" },
         ["inner.x"] = { weight = 0.5 }, flag = { include = false } } }
      local list = {}
      for i = 1, 16 do
         list[i] = { variables = { text = ("case %d of %s"):format(i, i % 2 == 0 and "red" or "blue") },
            expected = json.encode{ label = i % 2 == 0 and "a" or "b", text = "number " .. i, count = i % 3,
               ratio = i / 7, flag = i % 2 == 0, tags = json.array{ "t" .. i % 4, "u" },
               inner = { x = "x" .. i % 2, y = i % 5 } } }
      end
      recompute.check(server, server:experiment{ task = "structuredOutput", observations = list,
         hyperparameters = { trainSplitRatio = 0.5, epochs = 5, numFewShots = 3 },
         evaluators = { { name = "fields", type = "structuredOutput", weight = 1, config = config } } })
   end)

   for name, field in pairs{ judge = { method = "judge", judge_instructions = "Same?" },
      ["older judge"] = { strategy = "judge" }, ["array judge"] = { array_strategy = "judge" } } do
      it("fails where a field takes a " .. name, function()
         local failed = server:finish(experiment({ fields = { a = field } }, { { "{}", "{}" } }))
         assert.same({ "failed", "SANDBOX_NO_JUDGE" }, { failed.experimentStatus, failed.errorCode })
         assert.matches("judge for 'a'", failed.errorMessage, 1, true)
         -- a field that does not count needs none
         field.include = false
         local done = server:finish(experiment({ fields = { a = field } }, { { "{}", "{}" } }))
         assert.equal("completed", done.experimentStatus)
      end)
   end
end)

describe("the cases of an experiment's dataset", function()
   local function with_cases(cases, options)
      local id = server:experiment(options)
      local made = server:ok("GET", "/experiments/" .. id)
      local at = ("/components/%s/datasets/%s"):format(made.aiComponentId, made.datasetId)
      server:ok("POST", at .. "/cases", json.array(cases))
      return id, at
   end

   local function labelled(count)
      local list = {}
      for i = 1, count do
         local label = i % 2 == 0 and "even" or "odd"
         list[i] = { inputPayload = { text = label .. " number " .. i, nth = i }, expectedPayload = label }
      end
      return list
   end

   it("are trained on, are split, and go with a copy", function()
      local list = labelled(10)
      list[1].expectedPayload, list[3].split = { value = "odd" }, "eval"
      list[2].idx, list[4].metadata = 100, { from = "a file" }
      local options = { task = "classification", hyperparameters = { trainSplitRatio = 0.6, numFewShots = 2 } }
      local id, at = with_cases(list, options)
      local _, rows = recompute.check(server, id)
      local sizes = { train = 0, eval = 0 }
      for _, row in ipairs(rows) do sizes[row.split] = sizes[row.split] + 1 end
      assert.equal(10, sizes.train + sizes.eval)
      assert.is_true(sizes.train >= 5 and sizes.eval >= 4)
      assert.equal(409, server:post(at .. "/cases", labelled(1)).status)
      assert.equal(409, server:delete(at).status)
      local copy = server:ok("POST", "/experiments/" .. id .. "/duplicate", "{}")
      local cases = server:ok("GET", ("/components/%s/datasets/%s/cases"):format(copy.aiComponentId,
         copy.datasetId)).data
      assert.equal(10, #cases)
      assert.same({ nil, "eval", { from = "a file" }, 100 },
         { cases[5].split, cases[3].split, cases[4].metadata, cases[2].idx })
      recompute.check(server, copy.id)
   end)

   it("come after observations, and null is an empty answer", function()
      local id = with_cases({ { inputPayload = { text = "b" }, expectedPayload = json.null },
         { inputPayload = { text = "c" }, expectedPayload = json.array{ 1 } } },
         { observations = { { variables = { text = "a" }, expected = "x" } }, task = "textGeneration" })
      local iterations = recompute.check(server, id)
      local inputs, outputs = {}, {}
      for i, example in ipairs(recompute.examples(iterations[2].prompt)) do
         inputs[i], outputs[i] = example.input, example.output
      end
      assert.same({ { "a", "b", "c" }, { "x", "", "[1]" } }, { inputs, outputs })
   end)
end)
