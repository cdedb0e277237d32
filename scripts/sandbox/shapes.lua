--[[
Rows of the database in the form of the contract: JSON documents decoded, NULL as null. What is not
listed in a shape stays inside.
]]
local json = require "promptic.json"
local scoring = require "promptic.sandbox.scoring"
local times = require "promptic.sandbox.times"

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
            object[field] = json.decode(value)
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

local component = shape { "id", "name", "description", "workspaceId", "createdAt", "updatedAt" }

function shapes.component(row)
   local object = component(row)
   object.costAnalysisConfig = json.null
   return object
end

local experiment = shape({ "id", "name", "description", "targetModel", "provider", "aiComponentId",
   "experimentStatus", "taskType", "optimizer", "tokensUsed", "initialPredictionModelSchema", "runNumber",
   "hyperparameters", "startedAt", "endedAt", "errorCode", "errorMessage", "createdAt", "updatedAt" },
   { "initialPredictionModelSchema", "hyperparameters" })

--- The messages of a prompt that is a single text.
function shapes.messages(prompt)
   if not prompt then return json.array {} end
   return json.array { { role = "system", content = prompt } }
end

function shapes.experiment(row)
   local object = experiment(row)
   object.customProviderId = json.null
   object.createdByUser = json.null
   object.promptFormat = "single"
   object.initialPromptMessages = shapes.messages(row.initial_prompt)
   object.initialPromptTokens = row.initial_prompt and #scoring.tokens(row.initial_prompt) or json.null
   object.retries = 0
   return object
end

--- As JSON text: there can be very many, and their variables are stored as JSON already.
function shapes.observation_json(row)
   return ('{"id":%d,"experimentId":"%s","idx":%d,"expected":%s,"variables":%s,"split":"%s",'
      .. '"createdAt":"%s","updatedAt":"%s"}'):format(row.id, row.experimentId, row.idx,
      json.encode(row.expected), row.variables, row.split, row.createdAt, row.updatedAt)
end

shapes.evaluator = shape({ "id", "experimentId", "name", "description", "type", "scaleMin", "scaleMax",
   "weight", "config", "createdAt", "updatedAt" }, { "config" })

shapes.iteration = shape({ "id", "experimentId", "iterationNumber", "prompt", "promptTokens",
   "overallNormalizedScore", "evalNormalizedScore", "schemaSnapshot", "createdAt", "updatedAt" },
   { "schemaSnapshot" })

shapes.score = shape { "iterationId", "score", "rawScore", "evaluatorId", "evaluatorName",
   "evaluatorDescription", "evaluatorType" }

-- Adds the times of a trace or span, which its row has in nanoseconds.
local function timed(object, row)
   object.durationMs = row.end_ns and (row.end_ns - row.start_ns + 500000) // 1000000 or json.null
   object.startTime = times.iso_of_ns(row.start_ns)
   object.endTime = times.iso_of_ns(row.end_ns) or json.null
   return object
end

local trace_item = shape { "id", "traceId", "name", "status", "totalTokens", "totalCostUsd", "componentName" }

function shapes.trace_item(row)
   local object = timed(trace_item(row), row)
   object.endTime = nil -- no field of the list
   return object
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

shapes.dataset = shape { "id", "name", "aiComponentId", "workspaceId", "description", "itemCount",
   "traceCount", "createdAt", "updatedAt" }

shapes.item = shape { "id", "datasetId", "traceDbId", "input", "output", "createdAt" }

shapes.run = shape { "id", "name", "datasetId", "aiComponentId", "workspaceId", "status", "traceCount",
   "createdAt", "updatedAt" }

shapes.annotation = shape { "id", "runId", "traceDbId", "userId", "rating", "comment", "createdAt",
   "updatedAt" }

shapes.evaluation = shape({ "id", "name", "aiComponentId", "datasetId", "runId", "status", "results",
   "startedAt", "completedAt", "createdAt", "updatedAt" }, { "results" })

return shapes
