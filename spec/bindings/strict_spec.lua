--- promptic.client{ strict = true }: a name that the type of a result does not have is an error; everything else is as
-- without it.
-- Tags: luas
local promptic = require "promptic"
local child = require "spec.support.child"
local clients = require "spec.support.clients"
local scripted = require "spec.support.scripted"

-- As `make install` puts it beside the module.
package.preload["promptic.types"] = package.preload["promptic.types"] or function()
   return dofile "scripts/types.lua"
end

local server = scripted.shared()
local client, loose

setup(function()
   client, loose = clients.open(server.url, { strict = true }), clients.open(server.url)
end)
teardown(function()
   client:close()
   loose:close()
end)

local EXPERIMENT = [[{"id":"e","name":null,"experimentStatus":"pending","newer":1,
   "hyperparameters":{"epochs":3},"initialPromptMessages":[{"role":"user","content":"p"}]}]]

local function experiment()
   server:reply{ body = EXPERIMENT }
   return client:get_experiment("e")
end

local function list()
   server:reply{ body = '{"data":[' .. EXPERIMENT .. ']}' }
   return client:list_experiments()
end

-- The message of the error of reading a name.
local function refused(value, name)
   local fine, message = pcall(function() return value[name] end)
   assert.is_false(fine)
   return (message:gsub("^[^:]*:%d+: ", ""))
end

describe("a result of a strict client", function()
   it("refuses a name that its type does not have, and names the nearest one", function()
      local found = experiment()
      assert.equal("Experiment has no field 'experiment_status', did you mean 'experimentStatus'?",
         refused(found, "experiment_status"))
      assert.equal("Experiment has no field 'colour'", refused(found, "colour"))
      assert.equal("Experiment has no [1]", refused(found, 1))
      assert.equal("Hyperparameters has no field 'epoch', did you mean 'epochs'?",
         refused(found.hyperparameters, "epoch"))
      assert.equal("PromptMessage has no field 'text'", refused(found.initialPromptMessages[1], "text"))
   end)

   it("says where the name was read", function()
      local found = experiment()
      local _, message = pcall(function() return found.colour end)
      assert.matches("strict_spec.lua:%d+: Experiment has no field", message)
   end)

   it("says that a list is in a field", function()
      local found = list()
      assert.equal("pending", found.data[1].experimentStatus)
      assert.equal("a list of Experiment has no [1]: its list is in the field 'data', as in #result.data",
         refused(found, 1))
      assert.equal("a list of Experiment has no field 'items': its list is in the field 'data', as in #result.data",
         refused(found, "items"))
      assert.equal("Experiment has no field 'experiment_status', did you mean 'experimentStatus'?",
         refused(found.data[1], "experiment_status"))
      assert.equal(1, #found.data)
      assert.is_nil(found.data[2])
   end)

   if _VERSION ~= "Lua 5.1" then -- where tables have __len
      it("has no length, which is what a forgotten field looks like", function()
         local fine, message = pcall(function() return #list() end)
         assert.is_false(fine)
         assert.matches("a list of Experiment has no length: its list is in the field 'data', as in #result.data",
            message,
            1, true)
         assert.is_false(pcall(function() return #experiment() end))
      end)
   end

   it("gives nil for what its type has and the response has not, and what the response has besides", function()
      local found = experiment()
      assert.is_nil(found.name)
      assert.is_nil(found.errorMessage)
      assert.equal(1, found.newer)
      assert.is_nil(rawget(found, "experiment_status"))
   end)

   it("accepts any field in free-form objects", function()
      server:reply{ body = '{"data":[{"id":1,"inputPayload":{"a":{"b":1}},"metadata":{}}]}' }
      local case = client:list_dataset_cases("c", "d").data[1]
      assert.is_nil(case.inputPayload.colour)
      assert.is_nil(case.inputPayload.a.colour)
      assert.is_nil(case.metadata.colour)
      assert.matches("DatasetCase has no field", refused(case, "expected"), 1, true)
   end)

   it("is otherwise the same: pairs, JSON, promptic.response, a body of the next call", function()
      server:always{ body = EXPERIMENT }
      local found, plain = client:get_experiment("e"), loose:get_experiment("e")
      local count = 0
      for name in pairs(found) do
         assert.is_not_nil(plain[name])
         count = count + 1
      end
      assert.equal(5, count)
      assert.same(promptic.json.decode(promptic.json.encode(plain)), promptic.json.decode(promptic.json.encode(found)))
      assert.equal(200, promptic.response(found).status)
      client:update_experiment("e", { hyperparameters = found.hyperparameters })
      local requests = server:requests()
      assert.same({ hyperparameters = { epochs = 3 } }, promptic.json.decode(requests[#requests].body))
   end)

   it("is strict in tasks, in views, and through functions that make several calls", function()
      server:always{ body = EXPERIMENT:gsub("pending", "completed") }
      local all = {
         function() return client:get_experiment("e") end,
         function() return client:with{ timeout = 5 }:with{ deadline = 9 }:get_experiment("e") end,
         function() return client:wait_for_experiment("e") end,
         function() return promptic.run(function() return client:get_experiment("e") end) end,
      }
      for _, get in ipairs(all) do
         assert.matches("did you mean 'experimentStatus'", refused(get(), "experiment_status"), 1, true)
      end
   end)

   it("may be null, or of a form that the contract does not have", function()
      for _, body in ipairs{ "null", "[]", "1", '{"data":null}', '{"data":[1,null,[]]}', '{"data":{}}' } do
         server:reply({ body = body }, { body = body })
         assert.same(loose:list_experiments(), client:list_experiments())
      end
   end)
end)

it("results of the library's own are strict where the client is", function()
   local observations = require "spec.support.observations"
   observations.serve(server, nil, { room = "cases" })
   local rows = { { variables = { text = "a" }, expected = "x" } }
   for _, call in ipairs{ function(own) return own:upload_observations("e", rows) end,
      function(own) return own:with{ timeout = 5 }:upload_cases("c", "d", rows) end } do
      local result = call(client)
      assert.same({ 1, 0 }, { result.sent, result.present })
      assert.is_nil(result.absent)
      assert.equal("Upload has no field 'presnt', did you mean 'present'?", refused(result, "presnt"))
      assert.is_nil(call(loose).presnt)
   end
   assert.matches("its list is in the field 'cases', as in #result.cases", refused(client:get_dataset("c", "d"), 1), 1,
      true)
   server:route[[
      local _, request = ...
      return { body = request.target:find("/prompt$") and '{"prompt":"p","experimentId":"e"}'
         or '{"id":"e","experimentStatus":"completed"}' }
   ]]
   assert.equal("Comparison has no field 'deployd', did you mean 'deployed'?",
      refused(client:deploy_if_better("c", "e"), "deployd"))
end)

it("without strict, and for a path without a row, nothing is refused", function()
   server:always{ body = EXPERIMENT }
   assert.is_nil(loose:get_experiment("e").experiment_status)
   assert.is_nil(loose:with{ timeout = 5 }:get_experiment("e").experiment_status)
   assert.is_nil(client:request("GET", "/experiments/e").experiment_status)
   assert.is_nil(getmetatable(loose:get_experiment("e")))
end)

it("each_trace goes through pages of a strict client", function()
   server:always{ body = '{"traces":[{"id":"t","traceId":"x"}],"pagination":{"hasMore":false}}' }
   for trace in client:each_trace() do
      assert.equal("t", trace.id)
      assert.matches("did you mean 'traceId'", refused(trace, "trace_id"), 1, true)
   end
end)

it("strict without the types says how to get them", function()
   local said = child.lua([[
      local promptic = require "promptic"
      package.loaded["promptic.types"] = nil
      package.preload["promptic.types"] = function() error "away" end
      local fine, problem = pcall(promptic.client, { strict = true, api_key = "k" })
      io.write(tostring(fine), " ", problem.kind, " ", problem.code, " ", problem.message)]], {}, {})
   assert.equal("false config no_types option 'strict' needs the Lua module promptic.types, which `make install` puts "
      .. "beside the module, and which promptic-lua has built in", said)
end)
