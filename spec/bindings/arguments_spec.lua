--- What a wrong call says. The messages are exact: people read them, and they name the nearest right word.
-- spec/bindings/rows_spec.lua makes the wrong calls of every row; here are one or two of each kind.
-- Tags: luas valgrind
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared{ body = "{}" }
local client = clients.shared(server)

local NAN = 0 / 0

-- { what is wrong, the call, what it says }
local WRONG = {
   -- positions
   { "no id", function()
      client:get_component()
   end, "bad argument #1 to 'get_component' (component_id: string expected, got no value)" },
   { "an id that is nil", function()
      client:get_component(nil)
   end, "bad argument #1 to 'get_component' (component_id: string expected, got nil)" },
   { "an id that is a number", function()
      client:get_component(7)
   end, "bad argument #1 to 'get_component' (component_id: string expected, got number)" },
   { "an id that is null", function()
      client:get_component(promptic.null)
   end, "bad argument #1 to 'get_component' (component_id: string expected, got null)" },
   { "an empty id", function()
      client:get_component("")
   end, "bad argument #1 to 'get_component' (component_id: an id cannot be empty)" },
   { "an id that leads up", function()
      client:delete_run("c", "..")
   end, "bad argument #2 to 'delete_run' (run_id: '.' and '..' cannot be ids)" },
   { "an id with a zero byte", function()
      client:get_component("a\0b")
   end, "bad argument #1 to 'get_component' (component_id: holds a NUL character)" },
   { "an id that is a fraction", function()
      client:get_iteration("e", 1.5)
   end, "bad argument #2 to 'get_iteration' (iteration_id: integer expected, got 1.5)" },
   { "an id that is no number", function()
      client:get_iteration("e", "1e3")
   end, "bad argument #2 to 'get_iteration' (iteration_id: integer expected, got string)" },
   { "a missing second argument", function()
      client:create_experiment("c")
   end, "bad argument #2 to 'create_experiment' (target_model: string expected, got no value)" },
   { "too many arguments", function()
      client:get_component("c", "d")
   end, "bad argument #2 to 'get_component' (too many arguments: get_component(component_id))" },
   { "too many arguments after options", function()
      client:create_component("c", {}, 1)
   end, "bad argument #3 to 'create_component' (too many arguments: create_component(name [, options]))" },
   { "a dot where a colon belongs", function()
      client.get_component("c")
   end, "bad argument #1 to 'get_component' (promptic.client expected, got string)" },
   { "another self", function()
      local other = { get_component = client.get_component }
      other:get_component("c")
   end, "calling 'get_component' on bad self (promptic.client expected, got table)" },
   { "a module's function, whose first argument is the client", function()
      require("promptic.components").get_component(client, 7)
   end, "bad argument #2 to 'get_component' (component_id: string expected, got number)" },

   -- options
   { "options that are no table", function()
      client:create_component("c", "d")
   end, "bad argument #2 to 'create_component' (table of options expected, got string)" },
   { "options that are a list", function()
      client:create_component("c", { "d" })
   end, "bad argument #2 to 'create_component' (options have names, this one has a number as its key)" },
   { "options if there are none", function()
      client:get_component("c", { colour = 1 })
   end, "bad argument #2 to 'get_component' (unknown option 'colour', there are none: "
      .. "get_component(component_id))" },
   { "no options if there are none", function()
      client:get_component("c", {})
   end, "bad argument #2 to 'get_component' (no options expected: get_component(component_id))" },
   { "an unknown option", function()
      client:create_component("c", { colour = 1 })
   end, "bad argument #2 to 'create_component' (unknown option 'colour'; there are description)" },
   { "a misspelt option", function()
      client:create_component("c", { descripton = "d" })
   end, "bad argument #2 to 'create_component' (unknown option 'descripton', did you mean 'description'?)" },
   { "an option whose letters are swapped", function()
      client:list_traces{ stauts = "ok" }
   end, "bad argument #1 to 'list_traces' (unknown option 'stauts', did you mean 'status'?)" },
   { "an option by its wire name", function()
      client:create_experiment("c", "m", { taskType = "classification" })
   end, "bad argument #3 to 'create_experiment' (unknown option 'taskType', did you mean 'task_type'?)" },
   { "a part of an option's name", function()
      client:create_experiment("c", "m", { predictionModelSchema = {} })
   end, "bad argument #3 to 'create_experiment' (unknown option 'predictionModelSchema', "
      .. "did you mean 'initial_prediction_model_schema'?)" },
   { "a required argument as an option", function()
      client:create_experiment("c", "m", { target_model = "m" })
   end, "bad argument #3 to 'create_experiment' (unknown option 'target_model'; there are task_type, "
      .. "provider, optimizer, initial_prompt, name, description, hyperparameters, initial_prediction_model_schema, "
      .. "prompt_format, input_variables)" },
   { "an option of another type", function()
      client:create_component("c", { description = 5 })
   end, "bad argument #2 to 'create_component' (option 'description': string expected, got number)" },
   { "a number as a text", function()
      client:list_experiments{ limit = "10" }
   end, "bad argument #1 to 'list_experiments' (option 'limit': integer expected, got string)" },
   { "a fraction for an integer", function()
      client:list_experiments{ limit = 1.5 }
   end, "bad argument #1 to 'list_experiments' (option 'limit': integer expected, got 1.5)" },
   { "a number that is below its range", function()
      client:get_stats{ days_back = 0 }
   end, "bad argument #1 to 'get_stats' (option 'days_back': 0 is not in the range 1 to 2147483647)" },
   { "a number that is above its range", function()
      client:list_traces{ limit = 101 }
   end, "bad argument #1 to 'list_traces' (option 'limit': 101 is not in the range 1 to 100)" },
   { "null where the contract has none", function()
      client:create_experiment("c", "m", { task_type = promptic.null })
   end, "bad argument #3 to 'create_experiment' (option 'task_type': string expected, got null)" },
   { "a word that no enum has", function()
      client:create_experiment("c", "m", { task_type = "x" })
   end, "bad argument #3 to 'create_experiment' (option 'task_type': 'x' is not one of classification, "
      .. "textGeneration, structuredOutput)" },
   { "a misspelt word of an enum", function()
      client:create_experiment("c", "m", { task_type = "clasification" })
   end, "bad argument #3 to 'create_experiment' (option 'task_type': 'clasification' is not one of "
      .. "classification, textGeneration, structuredOutput; did you mean 'classification'?)" },
   { "a short word whose letters are swapped", function()
      client:list_traces{ status = "ko" }
   end, "bad argument #1 to 'list_traces' (option 'status': 'ko' is not one of ok, error; did you mean "
      .. "'ok'?)" },
   { "a query value with a zero byte", function()
      client:list_traces{ start_after = "2024\0" }
   end, "bad argument #1 to 'list_traces' (option 'start_after': holds a NUL character)" },
   { "a list of other things than strings", function()
      client:create_dataset("c", "d", { trace_ids = { "t", 7 } })
   end, "bad argument #3 to 'create_dataset' (option 'trace_ids': string expected at index 2, got "
      .. "number)" },
   { "strings by name", function()
      client:create_dataset("c", "d", { trace_ids = { a = "t" } })
   end, "bad argument #3 to 'create_dataset' (trace_ids: an array is needed here, this is "
      .. "an object)" },
   { "a value that JSON has no form for", function()
      client:create_experiment("c", "m", { hyperparameters = { epochs = NAN } })
   end, "bad argument #3 to 'create_experiment' (hyperparameters.epochs: NaN has no JSON form)" },
   { "bytes that are no text", function()
      client:create_component("\255")
   end, "bad argument #1 to 'create_component' (name: the string is not UTF-8 (at byte 1))" },

   -- lists
   { "one observation in the place of a list", function()
      client:create_observations("e", { expected = "x" })
   end, "bad argument #2 to 'create_observations' (observations: a list expected, this table has a field "
      .. "'expected')" },
   { "a list with holes", function()
      client:create_observations("e", { [1] = {}, [3] = {} })
   end, "bad argument #2 to 'create_observations' (observations: a list expected, this table has holes)" },
   { "an element that is no table", function()
      client:create_observations("e", { { variables = {}, expected = "x" }, "y" })
   end, "bad argument #2 to 'create_observations' (observations[2]: table expected, got string)" },
   { "an element without a name", function()
      client:create_observations("e", { { "x" } })
   end, "bad argument #2 to 'create_observations' (observations: fields have names, this one has a number "
      .. "as its key)" },
   { "a misspelt field", function()
      local good, bad = { variables = {}, expected = "x" }, { variables = {}, expected = "x", splt = "eval" }
      client:create_observations("e", { good, good, bad })
   end, "bad argument #2 to 'create_observations' (observations[3]: unknown field 'splt', did you mean "
      .. "'split'?)" },
   { "an unknown field", function()
      client:create_observations("e", { { variables = {}, expected = "x", colour = 1 } })
   end, "bad argument #2 to 'create_observations' (observations[1]: unknown field 'colour')" },
   { "a missing field", function()
      client:create_observations("e", { { variables = {} } })
   end, "bad argument #2 to 'create_observations' (observations[1].expected is missing)" },
   { "a field of another type", function()
      client:create_observations("e", { { variables = {}, expected = 5 } })
   end, "bad argument #2 to 'create_observations' (observations[1].expected: string expected, got number)" },
   { "a field outside its enum", function()
      client:create_observations("e", { { variables = {}, expected = "x", split = "evel" } })
   end, "bad argument #2 to 'create_observations' (observations[1].split: 'evel' is not one of train, eval; "
      .. "did you mean 'eval'?)" },
   { "a NaN inside a field", function()
      local list = { { variables = {}, expected = "x" }, { variables = {}, expected = "x" },
         { variables = { x = NAN }, expected = "x" } }
      client:create_observations("e", list)
   end, "bad argument #2 to 'create_observations' (observations[3].variables.x: NaN has no JSON form)" },
   { "a field given twice", function()
      client:create_evaluators("e", { { name = "a", type = "f1", weight = 1, scale_min = 0, scaleMin = 0 } })
   end, "bad argument #2 to 'create_evaluators' (evaluators[1].scale_min: also given as 'scaleMin')" },

   -- changes
   { "changes that are no table", function()
      client:update_experiment("e", "name")
   end, "bad argument #2 to 'update_experiment' (changes: table expected, got string)" },
   { "changes that are a list", function()
      client:update_experiment("e", { "name" })
   end, "bad argument #2 to 'update_experiment' (changes: fields have names, this one has a number as its "
      .. "key)" },
   { "a change of another type", function()
      client:update_experiment("e", { target_model = 5 })
   end, "bad argument #2 to 'update_experiment' (changes.target_model: string expected, got number)" },
   { "a change by its wire name, outside its enum", function()
      client:update_experiment("e", { taskType = "x" })
   end, "bad argument #2 to 'update_experiment' (changes.task_type: 'x' is not one of classification, "
      .. "textGeneration, structuredOutput)" },
   { "a change given twice", function()
      client:update_experiment("e", { task_type = "classification", taskType = "classification" })
   end, "bad argument #2 to 'update_experiment' (changes.task_type: also given as 'taskType')" },
   { "an unknown change that JSON has no form for", function()
      client:update_experiment("e", { aNewField = { print } })
   end, "bad argument #2 to 'update_experiment' (changes.aNewField[1]: a function has no JSON form)" },

   -- request
   { "a method in lower case", function()
      client:request("get", "/x")
   end, "bad argument #1 to 'request' (method: 'get' is not one of GET, POST, PUT, PATCH, DELETE; did you "
      .. "mean 'GET'?)" },
   { "a path that does not begin at the root", function()
      client:request("GET", "x")
   end, "bad argument #2 to 'request' (path must begin with '/', such as /experiments)" },
   { "a path with a query", function()
      client:request("GET", "/x?a=1")
   end, "bad argument #2 to 'request' (path must not hold '?': give a query as query, or encode it as %3F)" },
   { "a path that is not encoded", function()
      client:request("GET", "/a b")
   end, "bad argument #2 to 'request' (path holds byte 32, which must be percent-encoded as %20)" },
   { "a query that is no table", function()
      client:request("GET", "/x", { query = "a=1" })
   end, "bad argument #3 to 'request' (option 'query': table expected, got string)" },
   { "a query value that is a function", function()
      client:request("GET", "/x", { query = { a = print } })
   end, "bad argument #3 to 'request' (query.a: string, number or boolean expected, got function)" },
   { "a query without names", function()
      client:request("GET", "/x", { query = { "a" } })
   end, "bad argument #3 to 'request' (query: parameters have names, this one has a number)" },
   { "a body that JSON has no form for", function()
      client:request("POST", "/x", { body = { x = NAN } })
   end, "bad argument #3 to 'request' (body.x: NaN has no JSON form)" },

   -- what is written in Lua
   { "a misspelt option of a wait", function()
      client:wait_for_experiment("e", { poll_intervall = 1 })
   end, "bad argument #2 to 'wait_for_experiment' (unknown option 'poll_intervall', did you mean "
      .. "'poll_interval'?)" },
   { "a wait for nothing", function()
      client:wait_for_evaluation("c")
   end, "bad argument #2 to 'wait_for_evaluation' (evaluation_id: string expected, got no value)" },
   { "a wait that never looks", function()
      client:wait_for_experiment("e", { poll_interval = 0 })
   end, "bad argument #2 to 'wait_for_experiment' (option 'poll_interval': 0 is not a positive number of seconds)" },
   { "a wait of no length", function()
      require("promptic.experiments").wait_for_experiment(client, "e", { max_wait = -1 })
   end, "bad argument #3 to 'wait_for_experiment' (option 'max_wait': -1 is not a non-negative number of seconds)" },
   { "a report to no function", function()
      client:wait_for_experiment("e", { on_update = "print" })
   end, "bad argument #2 to 'wait_for_experiment' (option 'on_update': function expected, got string)" },
   { "pages of nothing", function()
      client:each_trace{ limit = 0 }
   end, "bad argument #1 to 'each_trace' (option 'limit': 0 is not in the range 1 to 100)" },
   { "pages with an unknown option", function()
      client:each_experiment{ state = "running" }
   end, "bad argument #1 to 'each_experiment' (unknown option 'state', did you mean 'status'?)" },

   -- the module
   { "a misspelt option of a client", function()
      promptic.client{ api_kye = "k" }
   end, "bad argument #1 to 'client' (unknown option 'api_kye', did you mean 'api_key'?)" },
   { "a key in the place of options", function()
      promptic.client("k")
   end, "bad argument #1 to 'client' (table of options expected, got string)" },
   { "a timeout of nothing", function()
      promptic.client{ timeout = 0 }
   end, "bad argument #1 to 'client' (option 'timeout': 0 is not a positive number of seconds)" },
   { "a negative backoff", function()
      promptic.client{ backoff = -1 }
   end, "bad argument #1 to 'client' (option 'backoff': -1 is not a non-negative number of seconds)" },
   { "a fraction of a retry", function()
      promptic.client{ max_retries = 0.5 }
   end, "bad argument #1 to 'client' (option 'max_retries': integer expected, got 0.5)" },
   { "a log that is no function", function()
      promptic.client{ log = io.stderr }
   end, "bad argument #1 to 'client' (option 'log': function expected, got userdata)" },
   { "a sleep into the past", function()
      promptic.sleep(-1)
   end, "bad argument #1 to 'sleep' (seconds: -1 is not a non-negative number of seconds)" },
}

for _, case in ipairs(WRONG) do
   it(case[1] .. " is refused", function()
      local fine, message = pcall(case[2])
      assert.is_false(fine)
      local place, said = message:match("^(.-:%d+): (.*)$")
      assert.equal(case[3], said)
      assert.matches("arguments_spec.lua:%d+$", place)
      assert.equal(0, #server:requests())
   end)
end

it("names the function also where nothing else knows its name", function()
   local _, message = pcall(client.get_component, client, 7)
   assert.equal("bad argument #2 to 'get_component' (component_id: string expected, got number)", message)
end)

-- { what is given, the call, the target that arrives }
local TAKEN = {
   { "an integer as an id", function()
      client:get_iteration("e", 17)
   end, "/api/v1/experiments/e/iterations/17" },
   { "an integral float as an id", function()
      client:get_iteration("e", 17.0)
   end, "/api/v1/experiments/e/iterations/17" },
   { "the text of an integer as an id", function()
      client:get_iteration("e", "0017")
   end, "/api/v1/experiments/e/iterations/17" },
   { "an integral float as an option", function()
      client:get_stats{ days_back = 7.0 }
   end, "/api/v1/traces/stats?days_back=7" },
   { "nil after the last argument", function()
      client:get_component("c", nil, nil)
   end, "/api/v1/components/c" },
   { "nil for options", function()
      client:get_stats(nil)
   end, "/api/v1/traces/stats?days_back=30" },
   { "options in any order, sent in that of the table", function()
      client:list_experiments{ status = "running", offset = 5, component_id = "c" }
   end, "/api/v1/experiments?limit=50&offset=5&component_id=c&status=running" },
   { "a raw query, sorted by name", function()
      local query = { z = 1, b = { 2, "3" }, y = 1, a = true, x = 1, c = "&", w = 1, d = 0.5 }
      client:request("GET", "/x", { query = query })
   end, "/api/v1/x?a=true&b=2&b=3&c=%26&d=0.5&w=1&x=1&y=1&z=1" },
}

for _, case in ipairs(TAKEN) do
   it(case[1] .. " is taken", function()
      case[2]()
      assert.equal(case[3], server:requests()[1].target)
   end)
end

-- { what is given, the call, the body that arrives }
local BODIES = {
   { "defaults are sent in the order of the table", function()
      client:create_experiment("c", "m")
   end, '{"aiComponentId":"c","targetModel":"m","taskType":"classification","provider":"openai",'
      .. '"optimizer":"prompticV2"}' },
   { "null is sent where it may be", function()
      client:create_component("c", { description = promptic.null })
   end, '{"name":"c","description":null}' },
   { "nothing optional is an empty object", function()
      client:duplicate_experiment("e")
   end, "{}" },
   { "an older key of null leaves no variables", function()
      client:create_observations("e", { { input = promptic.null, expected = "x" } })
   end, '[{"variables":{},"expected":"x"}]' },
   { "fields of an element may have wire names", function()
      client:create_evaluators("e", { { name = "a", type = "f1", weight = 1, scaleMin = 0, scale_max = 2 } })
   end, '[{"name":"a","type":"f1","weight":1,"scaleMin":0,"scaleMax":2}]' },
   { "an empty array stays one", function()
      client:create_dataset("c", "d", { trace_ids = {} })
   end, '{"name":"d","traceIds":[]}' },
   { "changes get their wire names", function()
      client:update_experiment("e", { target_model = "m", description = promptic.null })
   end, '{"description":null,"targetModel":"m"}' },
   { "a raw body is sent as it is", function()
      client:request("PUT", "/x", { body = { 1, "a", false } })
   end, '[1,"a",false]' },
   { "a raw null is a body", function()
      client:request("PUT", "/x", { body = promptic.null })
   end, "null" },
}

for _, case in ipairs(BODIES) do
   it(case[1], function()
      case[2]()
      assert.equal(case[3], server:requests()[1].body)
   end)
end

it("does not change the tables it is given", function()
   local list = { { input = "x", expected = "y" } }
   local options = { max_wait = 0.01, poll_interval = 0.01 }
   client:create_observations("e", list)
   pcall(client.wait_for_experiment, client, "e", options)
   assert.same({ { input = "x", expected = "y" } }, list)
   assert.same({ max_wait = 0.01, poll_interval = 0.01 }, options)
end)
