--[[
Rows of the database in the form of the contract: JSON documents decoded, NULL as null. What is not
listed in a shape stays inside.
]]
local bodies = require "promptic.sandbox.bodies"
local json = require "promptic.json"
local scoring = require "promptic.sandbox.scoring"
local times = require "promptic.sandbox.times"
local training = require "promptic.sandbox.training"

local shapes = {}

-- Makes a function from a row to an object with these fields; NULL becomes null, and the columns in
-- `documents` are decoded.
local function shape(fields, documents)
   local is_document = {}
   for _, field in ipairs(documents or {}) do is_document[field] = true end
   return function(row)
      local object = {}
      for _, field in ipairs(fields) do
         local value = row[field]
         if value == nil then
            object[field] = json.null
         elseif is_document[field] then
            object[field] = bodies.decode(value) -- nulls inside stay
         else
            object[field] = value
         end
      end
      return object
   end
end

--- The text to store for a JSON document; null is stored as NULL.
function shapes.document(value)
   if value == nil or value == json.null then return nil end
   return json.encode(value)
end

shapes.workspace = shape { "id", "name", "description", "createdAt", "updatedAt" }

-- Adds the newer name of what the row calls workspaceId.
local function in_application(object)
   object.aiApplicationId = object.workspaceId
   return object
end

local component = shape { "id", "name", "description", "workspaceId", "createdAt", "updatedAt" }

function shapes.component(row)
   local object = in_application(component(row))
   object.costAnalysisConfig = json.null
   return object
end

local experiment = shape({ "id", "datasetId", "name", "description", "targetModel", "provider", "aiComponentId",
   "experimentStatus", "taskType", "optimizer", "promptFormat", "tokensUsed",
   "initialPredictionModelSchema", "inputVariables", "runNumber",
   "hyperparameters", "startedAt", "endedAt", "errorCode", "errorMessage", "createdAt", "updatedAt" },
   { "initialPredictionModelSchema", "inputVariables", "hyperparameters" })

--- The messages of a prompt that is a single text.
function shapes.messages(prompt)
   if not prompt then return json.array {} end
   return json.array { { role = "system", content = prompt } }
end

--- A platform without cases has no dataset of an experiment either.
function shapes.experiment(sandbox, row)
   local object = experiment(row)
   if sandbox.without.list_dataset_cases then object.datasetId = nil end
   object.customProviderId = json.null
   object.createdByUser = json.null
   if row.taskType == "toolSelection" then
      object.systemPrompt = row.systemPrompt or json.null
      object.optimizeSystemPrompt = row.optimizeSystemPrompt == 1
      object.optimizedSystemPrompt = row.optimizedSystemPrompt or json.null
   end
   object.initialPromptMessages = shapes.messages(row.initial_prompt)
   object.initialPromptTokens = row.initial_prompt and #scoring.tokens(row.initial_prompt) or json.null
   object.retries = 0
   return object
end

--- A case as an observation of its experiment, as JSON text: there can be very many, and their variables are stored
-- as JSON already. nil if it has no such form.
function shapes.observation_json(row, experiment_id)
   local expected = training.expected_json(row.expectedPayload)
   return expected and ('{"id":%d,"experimentId":"%s","idx":%d,"expected":%s,"variables":%s,"split":"%s",'
      .. '"createdAt":"%s","updatedAt":"%s"}'):format(row.id, experiment_id, row.idx or row.id, expected,
      row.inputPayload, row.split or "eval", row.createdAt, row.updatedAt)
end

shapes.evaluator = shape({ "id", "experimentId", "name", "description", "type", "scaleMin", "scaleMax",
   "weight", "config", "createdAt", "updatedAt" }, { "config" })

shapes.iteration = shape({ "id", "experimentId", "iterationNumber", "prompt", "promptTokens",
   "overallNormalizedScore", "evalNormalizedScore", "schemaSnapshot", "avgPredictionLatencyMs",
   "toolDescriptions", "selectionSystemPrompt", "createdAt", "updatedAt" },
   { "schemaSnapshot", "toolDescriptions" })

shapes.score = shape { "iterationId", "score", "rawScore", "evaluatorId", "evaluatorName",
   "evaluatorDescription", "evaluatorType" }

-- Adds the times of a trace or span, which its row has in nanoseconds.
local function timed(object, row)
   object.durationMs = row.end_ns and (row.end_ns - row.start_ns + 500000) // 1000000 or json.null
   object.startTime = times.iso_of_ns(row.start_ns)
   object.endTime = times.iso_of_ns(row.end_ns) or json.null
   return object
end

local trace_item = shape { "id", "traceId", "name", "status", "totalTokens", "totalCostUsd", "componentName",
   "aiComponentId" }

function shapes.trace_item(row)
   return timed(trace_item(row), row)
end

local trace = shape({ "id", "traceId", "workspaceId", "aiComponentId", "name", "sessionId", "userId",
   "metadata", "totalTokens", "totalCostUsd", "status", "tags", "createdAt" }, { "metadata", "tags" })

function shapes.trace(row)
   return timed(trace(row), row)
end

local span = shape({ "id", "spanId", "traceId", "traceDbId", "parentSpanId", "name", "kind", "status",
   "statusMessage", "input", "output", "metadata", "model", "provider", "inputTokens", "outputTokens",
   "totalTokens", "costUsd", "modelParameters", "createdAt" }, { "metadata", "modelParameters" })

function shapes.span(row)
   return timed(span(row), row)
end

shapes.event = shape({ "id", "spanDbId", "name", "timestamp", "body" }, { "body" })

local dataset = shape { "id", "name", "aiComponentId", "workspaceId", "description", "itemCount",
   "traceCount", "caseCount", "createdAt", "updatedAt" }

function shapes.dataset(sandbox, row)
   local object = in_application(dataset(row))
   if sandbox.without.list_dataset_cases then object.caseCount = nil end
   return object
end

shapes.item = shape { "id", "datasetId", "traceDbId", "input", "output", "createdAt" }

shapes.case = shape({ "id", "datasetId", "idx", "inputPayload", "expectedPayload", "split", "metadata",
   "createdAt", "updatedAt" }, { "inputPayload", "expectedPayload", "metadata" })

local artifact = shape { "id", "workspaceId", "storageObjectId", "traceDbId", "spanDbId", "traceId", "spanId",
   "sourcePath", "sourceField", "source", "name", "mimeType", "sizeBytes", "sha256", "preview", "createdAt" }

--- base_url is where the sandbox listens.
function shapes.artifact(row, base_url)
   local object = in_application(artifact(row))
   object.storageProvider, object.storageKey = "sandbox", row.storageObjectId
   object.uri = "promptic-artifact://" .. row.id
   object.contentUrl = ("%s/api/v1/artifacts/%s/content"):format(base_url, row.id)
   return object
end

shapes.run = shape { "id", "name", "datasetId", "aiComponentId", "workspaceId", "status", "traceCount",
   "createdAt", "updatedAt" }

shapes.annotation = shape { "id", "runId", "traceDbId", "userId", "rating", "comment", "createdAt",
   "updatedAt" }

local evaluation = shape({ "id", "name", "aiComponentId", "datasetId", "runId", "status", "results",
   "startedAt", "completedAt", "createdAt", "updatedAt" }, { "results" })

function shapes.evaluation(row)
   local object = evaluation(row)
   object.subject, object.targetType = "trajectory", row.runId and "run" or "dataset"
   object.traceDbId, object.budget = json.null, json.null
   return object
end

return shapes
