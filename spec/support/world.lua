--- world.lua - ids for calls that are to succeed at a real sandbox (rows_spec against an endpoint).
--
-- PROMPTIC_WORLD is the sandbox's own address, which may differ from the endpoint under test (a validating
-- proxy before it). Without it sample ids do: a mock takes any. What a row changes or deletes is made for
-- that row alone; a completed experiment and the traces are made once.
local promptic = require "promptic"

local world = {}

local address = os.getenv("PROMPTIC_WORLD")
local client = address and promptic.client{ endpoint = address }

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
local function experiment(component)
   local made = client:create_experiment(component, "gpt-4.1-nano", { initial_prompt = "Spam or ham?" })
   local added = client:create_observations(made.id, observations())
   local scored = client:create_evaluators(made.id, { { name = "accuracy", type = "f1", weight = 1 } })
   return { id = made.id, observation = added.data[1].id, evaluator = scored.data[1].id }
end

local completed
local function completed_experiment()
   if not completed then
      local component = client:create_component("completed").id
      local made = experiment(component)
      client:start_experiment(made.id)
      local ended = client:wait_for_experiment(made.id, { max_wait = 60, poll_interval = 0.05 })
      assert(ended.experimentStatus == "completed", ended.errorMessage)
      completed = { component = component, id = made.id }
      completed.iteration = client:list_iterations(made.id).data[1].id
   end
   return completed
end

local function attribute(key, value)
   return { key = key, value = { stringValue = value } }
end

local trace -- of a list: its id and its traceId
local function one_trace()
   if not trace then
      local span = {
         traceId = "5b8efff798038103d269b633813fc60c", spanId = "eee19b7ec3c1b174", name = "agent", kind = 1,
         startTimeUnixNano = ("%d000000000"):format(os.time() - 60),
         endTimeUnixNano = ("%d000000000"):format(os.time() - 59),
         attributes = { attribute("gen_ai.request.model", "gpt-4.1-nano") }, status = { code = 1 },
      }
      local resource = { attributes = { attribute("service.name", "rows") } }
      local body = { resourceSpans = { { resource = resource, scopeSpans = { { spans = { span } } } } } }
      client:ingest_traces(body)
      trace = client:list_traces().traces[1]
   end
   return trace
end

local function annotated_run(ids)
   ids.trace_ids, ids.trace_id, ids.trace_db_id = { one_trace().id }, one_trace().traceId, one_trace().id
   ids.dataset_id = client:create_dataset(ids.component_id, "rows", { trace_ids = ids.trace_ids }).id
   ids.run_id = client:create_run(ids.component_id, ids.dataset_id, { trace_ids = ids.trace_ids }).id
   ids.annotation_id = client:upsert_annotation(ids.component_id, ids.run_id, ids.trace_db_id).id
   ids.evaluation_id = client:create_evaluation(ids.component_id, ids.dataset_id).id
end

local function dataset_with_case(ids)
   ids.dataset_id = client:create_dataset(ids.component_id, "rows").id
   local case = { input_payload = { message = "hello" }, expected_payload = "greeting" }
   ids.case_id = client:create_dataset_cases(ids.component_id, ids.dataset_id, { case }).data[1].id
end

local function artifact(ids)
   local made = client:upload_artifact("hello", { name = "hello.txt" })
   ids.artifact_id, ids.storage_object_id, ids.trace_id = made.id, made.storageObjectId, one_trace().traceId
   ids.workspace_id = client:get_ai_application().id
end

-- What a row's module needs, beside a component; an experiment where nothing stands here.
local MAKE = {
   traces = annotated_run, datasets = annotated_run, runs = annotated_run, annotations = annotated_run,
   evaluations = annotated_run, dataset_cases = dataset_with_case, artifacts = artifact, storage = artifact,
}

--- Ids of things that are there, for a call of the row.
function world.ids(row)
   if not client then
      return nil
   end
   local ids = {}
   if row.module == "iterations" or row.module == "deployments" then
      local done = completed_experiment()
      ids.component_id, ids.experiment_id, ids.iteration_id = done.component, done.id, done.iteration
      if row.name == "undeploy" then
         client:deploy(done.component, done.id)
      end
      return ids
   end
   ids.component_id = client:create_component("for " .. row.name).id
   ids.ai_component_id = ids.component_id
   if MAKE[row.module] then
      MAKE[row.module](ids)
   else
      local made = experiment(ids.component_id)
      ids.experiment_id, ids.observation_id, ids.evaluator_id = made.id, made.observation, made.evaluator
   end
   return ids
end

return world
