--- Responses that are JSON and not what the contract has: a method that reads them raises kind decode, never an error
--- of Lua's own.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

local server = scripted.shared()
local client = clients.shared(server, { max_retries = 0, deadline = 5 })

local ROWS = { { variables = { m = "x" }, expected = "y" } }

local CALLS = {
   find_component = function() return client:find_component("x") end,
   find_dataset = function() return client:find_dataset("c", "x") end,
   find_experiment = function() return client:find_experiment("c", "x") end,
   ensure_component = function() return client:ensure_component("x") end,
   ensure_dataset = function() return client:ensure_dataset("c", "x") end,
   create_experiment_from_deployed = function() return client:create_experiment_from_deployed("c", { name = "n" }) end,
   ensure_experiment_from_deployed = function()
      return client:ensure_experiment_from_deployed("c", "n", { provider = "openai" })
   end,
   deploy_if_better = function() return client:deploy_if_better("c", "e") end,
   each_experiment = function() for _ in client:each_experiment() do end end,
   each_trace = function() for _ in client:each_trace() do end end,
   upload_observations = function() return client:upload_observations("e", ROWS) end,
   upload_of_new_rows = function() return client:upload_observations("e", ROWS, { only_new = true }) end,
   upload_cases = function() return client:upload_cases("c", "d", ROWS) end,
   upload_artifact = function() return client:upload_artifact({ bytes = "x" }, { name = "n" }) end,
}

local SHAPES = {
   "[]", '"x"', "1", "true", "null", "", "{}", '{"data":1}', '{"data":{}}', '{"data":[1]}', '{"data":[null]}',
   '{"data":["x"]}', '{"data":[[]]}', '{"data":[{}]}', '{"data":[{"id":{}}]}', '{"id":{}}', '{"id":1}', "[[[]]]",
   '{"traces":[1],"total":{}}', '{"cases":1,"id":"d"}', '{"cases":[1]}', '{"cases":[{}],"caseCount":"x"}',
   '{"data":[{"id":"x","name":{}}]}', '{"id":"x","datasetId":1}', '{"prompt":1,"experimentId":{}}',
   '{"storageObjectId":"a","uploadUrl":"nonsense"}', '{"storageObjectId":"a","uploadUrl":"http://[","method":[]}',
}

-- For what begins as the contract has it.
local WHOLE = {
   '{"id":"e","experimentStatus":"completed","aiComponentId":"c","datasetId":"d",'
      .. '"hyperparameters":{"trainSplitRatio":0.5}}',
   '{"experimentId":"q","prompt":"p"}', '{"data":[{"id":"y","prompt":"q","evalNormalizedScore":0.1,"type":"f1"}]}',
   '{"data":[{"id":"y","prompt":"p","evalNormalizedScore":0.1},{"id":"z","prompt":"q","evalNormalizedScore":0.9}]}',
   '{"data":[{"id":"y","experimentStatus":"pending","initialPromptMessages":[1]}],'
      .. '"cases":[{"split":{},"expected":{}}]}',
}

local unpack = table.unpack or unpack -- luacheck: ignore 143

-- What f raises that is no promptic.Error.
local function raw_error(f)
   local fine, problem = pcall(f)
   return not fine and getmetatable(problem) ~= promptic.Error and tostring(problem) or nil
end

for name, call in pairs(CALLS) do
   it(name .. " meets any shape", function()
      for _, shape in ipairs(SHAPES) do
         server:reset():always{ body = shape }
         assert.is_nil(raw_error(call), shape)
      end
      for _, whole in ipairs(WHOLE) do
         for _, shape in ipairs(SHAPES) do
            for before = 1, 3 do
               local replies = {}
               for index = 1, before do replies[index] = { body = WHOLE[(index + before) % #WHOLE + 1] } end
               replies[before] = { body = whole }
               server:reset():reply(unpack(replies)):always{ body = shape }
               assert.is_nil(raw_error(call), whole .. shape)
            end
         end
      end
   end)
end
