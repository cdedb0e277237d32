--- world.lua - ids for calls that are to succeed at a real sandbox.
--
--    local made = world.new(client)      -- what it makes, it makes with this client
--    rows.call(row, "full", made:ids(row))
--    world.ids(row)                      -- for the sandbox that PROMPTIC_WORLD names; nil without it
--
-- PROMPTIC_WORLD is the sandbox's own address, which may differ from the endpoint under test (a validating
-- proxy before it). Without it sample ids do: a mock takes any. What a row changes or deletes is made for
-- that row alone; a completed experiment and the traces are made once.
local promptic = require "promptic"

local world = {}

local World = {}
World.__index = World

function world.new(client)
   return setmetatable({ client = client }, World)
end

local function observations()
   local list = {}
   for index = 1, 6 do
      local spam = index % 2 == 0
      list[index] = {
         variables = { message = (spam and "win money now " or "see you at lunch ") .. index },
         expected = spam and "spam" or "ham",
         split = index > 4 and "eval" or "train",
      }
   end
   return list
end

-- An experiment that could be started.
function World:experiment(component)
   local client = self.client
   local made = client:create_experiment(component, "sandbox-small", { initial_prompt = "Spam or ham?" })
   local added = client:create_observations(made.id, observations())
   local scored = client:create_evaluators(made.id, { { name = "accuracy", type = "f1", weight = 1 } })
   return { id = made.id, observation = added.data[1].id, evaluator = scored.data[1].id }
end

function World:completed_experiment()
   if not self.completed then
      local client, component = self.client, self.client:create_component("completed").id
      local made = self:experiment(component)
      client:start_experiment(made.id)
      local ended = client:wait_for_experiment(made.id, { max_wait = 60, poll_interval = 0.05 })
      assert(ended.experimentStatus == "completed", ended.errorMessage)
      self.completed = { component = component, id = made.id }
      self.completed.iteration = client:list_iterations(made.id).data[1].id
   end
   return self.completed
end

local function attribute(key, value)
   return { key = key, value = { stringValue = value } }
end

-- A trace of its own OpenTelemetry id, one for each world, that names an artifact.
local made_traces = 0

function World:trace()
   if not self.one_trace then
      made_traces = made_traces + 1
      self.artifact = self.client:create_artifact{ content_base64 = "aGVsbG8=", name = "hello.txt" }
      local span = {
         traceId = ("5b8efff798038103d269b63381%06x"):format(made_traces), spanId = "eee19b7ec3c1b174",
         name = "agent", kind = 1, startTimeUnixNano = ("%d000000000"):format(os.time() - 60),
         endTimeUnixNano = ("%d000000000"):format(os.time() - 59), status = { code = 1 },
         attributes = { attribute("gen_ai.request.model", "sandbox-small"), attribute("input", self.artifact.uri) },
      }
      local resource = { attributes = { attribute("service.name", "rows") } }
      self.client:ingest_traces{ resourceSpans = { { resource = resource, scopeSpans = { { spans = { span } } } } } }
      self.one_trace = self.client:get_trace(span.traceId)
   end
   return self.one_trace
end

function World:annotated_run(ids)
   local client, trace = self.client, self:trace()
   ids.trace_ids, ids.trace_id, ids.trace_db_id = { trace.id }, trace.traceId, trace.id
   ids.artifact_id, ids.storage_object_id = self.artifact.id, self.artifact.storageObjectId
   ids.dataset_id = client:create_dataset(ids.component_id, "rows", { trace_ids = ids.trace_ids }).id
   ids.case_id = client:create_dataset_cases(ids.component_id, ids.dataset_id,
      { { input_payload = { message = "x" } } }).data[1].id
   ids.run_id = client:create_run(ids.component_id, ids.dataset_id, { trace_ids = ids.trace_ids }).id
   ids.annotation_id = client:upsert_annotation(ids.component_id, ids.run_id, ids.trace_db_id).id
   ids.evaluation_id = client:create_evaluation(ids.component_id, ids.dataset_id).id
end

local EXPERIMENTS = { experiments = true, observations = true, evaluators = true, components = true }

--- Ids of things that are there, for a call of the row.
function World:ids(row)
   local ids = {}
   if row.module == "iterations" or row.module == "deployments" then
      local done = self:completed_experiment()
      ids.component_id, ids.experiment_id, ids.iteration_id = done.component, done.id, done.iteration
      if row.name == "undeploy" then
         self.client:deploy(done.component, done.id)
      end
      return ids
   end
   ids.component_id = self.client:create_component("for " .. row.name).id
   ids.ai_component_id = ids.component_id
   if EXPERIMENTS[row.module] then
      local made = self:experiment(ids.component_id)
      ids.experiment_id, ids.observation_id, ids.evaluator_id = made.id, made.observation, made.evaluator
   else
      self:annotated_run(ids)
      -- the query of an artifact names the workspace that it is in
      ids.workspace_id = self.client:get_ai_application().id
   end
   return ids
end

local shared

function world.ids(row)
   local address = os.getenv("PROMPTIC_WORLD")
   if not address then
      return nil
   end
   shared = shared or world.new(promptic.client{ endpoint = address })
   return shared:ids(row)
end

return world
