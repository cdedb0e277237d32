--[[
The tables. A column that leaves the sandbox bears its wire name, so that a row is nearly the
answer; columns in snake_case stay inside. JSON documents are text. Times are text as on the wire,
except those of spans, which are nanoseconds since 1970 because they are compared and subtracted.
]]
local schema = {}

-- Goes up with every change of the tables; a file of another version is refused, not converted.
local VERSION = 1

-- In the definitions: OF(table) is a reference to the row that this one is deleted with.
local macros = {
   ["OF%((%w+)%)"] = "TEXT NOT NULL REFERENCES %1 ON DELETE CASCADE",
   TIMES = "createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL",
}

local tables = {
   [[workspace (id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, TIMES)]],

   [[component (id TEXT PRIMARY KEY, workspaceId OF(workspace),
      name TEXT NOT NULL, description TEXT, TIMES)]],

   [[experiment (id TEXT PRIMARY KEY, aiComponentId OF(component),
      name TEXT, description TEXT, targetModel TEXT NOT NULL, provider TEXT NOT NULL,
      taskType TEXT NOT NULL, optimizer TEXT NOT NULL, initial_prompt TEXT,
      hyperparameters TEXT NOT NULL, initialPredictionModelSchema TEXT,
      experimentStatus TEXT NOT NULL DEFAULT 'pending', tokensUsed INTEGER NOT NULL DEFAULT 0,
      runNumber INTEGER NOT NULL, startedAt TEXT, endedAt TEXT, errorCode TEXT, errorMessage TEXT,
      TIMES)]],

   -- split_given: the client said which split; else trainSplitRatio decides at start.
   [[observation (id INTEGER PRIMARY KEY AUTOINCREMENT, experimentId OF(experiment),
      idx INTEGER NOT NULL, expected TEXT NOT NULL, variables TEXT NOT NULL,
      split TEXT NOT NULL, split_given INTEGER NOT NULL, TIMES)]],

   [[evaluator (id TEXT PRIMARY KEY, experimentId OF(experiment),
      name TEXT NOT NULL, description TEXT, type TEXT NOT NULL, scaleMin REAL NOT NULL,
      scaleMax REAL NOT NULL, weight REAL NOT NULL, config TEXT, TIMES)]],

   [[iteration (id INTEGER PRIMARY KEY AUTOINCREMENT, experimentId OF(experiment),
      iterationNumber INTEGER NOT NULL, prompt TEXT NOT NULL, promptTokens INTEGER NOT NULL,
      overallNormalizedScore REAL NOT NULL, evalNormalizedScore REAL, schemaSnapshot TEXT,
      TIMES)]],

   -- No reference to the evaluator: the score says what was measured then.
   [[score (iterationId INTEGER NOT NULL REFERENCES iteration ON DELETE CASCADE,
      evaluatorId TEXT NOT NULL, evaluatorName TEXT NOT NULL, evaluatorDescription TEXT,
      evaluatorType TEXT NOT NULL, score REAL NOT NULL, rawScore REAL NOT NULL)]],

   [[deployment (aiComponentId TEXT PRIMARY KEY REFERENCES component ON DELETE CASCADE,
      experimentId OF(experiment))]],

   -- Traces belong to the workspace and outlive the component that they name. input, output: of the root.
   [[trace (id TEXT PRIMARY KEY, traceId TEXT NOT NULL UNIQUE, workspaceId OF(workspace),
      aiComponentId TEXT REFERENCES component ON DELETE SET NULL, name TEXT, sessionId TEXT, userId TEXT,
      metadata TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER, totalTokens INTEGER,
      totalCostUsd REAL, status TEXT NOT NULL, tags TEXT NOT NULL, input TEXT, output TEXT,
      createdAt TEXT NOT NULL)]],

   -- tool: the one that was called; tools: the names of those on offer.
   [[span (id TEXT PRIMARY KEY, spanId TEXT NOT NULL, traceId TEXT NOT NULL,
      traceDbId OF(trace), parentSpanId TEXT, name TEXT NOT NULL, kind TEXT NOT NULL,
      start_ns INTEGER NOT NULL, end_ns INTEGER, status TEXT NOT NULL, statusMessage TEXT, input TEXT,
      output TEXT, metadata TEXT NOT NULL, model TEXT, provider TEXT, inputTokens INTEGER,
      outputTokens INTEGER, totalTokens INTEGER, costUsd REAL, modelParameters TEXT, tool TEXT, tools TEXT,
      createdAt TEXT NOT NULL, UNIQUE (traceDbId, spanId))]],

   [[event (id INTEGER PRIMARY KEY AUTOINCREMENT, spanDbId OF(span),
      name TEXT NOT NULL, timestamp TEXT NOT NULL, body TEXT)]],

   [[dataset (id TEXT PRIMARY KEY, aiComponentId OF(component),
      workspaceId TEXT NOT NULL, name TEXT NOT NULL, description TEXT, TIMES)]],

   [[item (id INTEGER PRIMARY KEY AUTOINCREMENT, datasetId OF(dataset),
      traceDbId OF(trace), createdAt TEXT NOT NULL, UNIQUE (datasetId, traceDbId))]],

   [[run (id TEXT PRIMARY KEY, datasetId OF(dataset),
      aiComponentId TEXT NOT NULL, workspaceId TEXT NOT NULL, name TEXT, status TEXT NOT NULL,
      TIMES)]],

   [[run_trace (runId OF(run), traceDbId OF(trace),
      PRIMARY KEY (runId, traceDbId))]],

   [[annotation (id TEXT PRIMARY KEY, runId OF(run), traceDbId OF(trace), userId TEXT NOT NULL,
      rating TEXT, comment TEXT, TIMES, UNIQUE (runId, traceDbId))]],

   [[evaluation (id TEXT PRIMARY KEY, aiComponentId OF(component),
      datasetId OF(dataset), runId TEXT REFERENCES run ON DELETE CASCADE, name TEXT,
      status TEXT NOT NULL DEFAULT 'pending', results TEXT, startedAt TEXT, completedAt TEXT,
      TIMES)]],
}

local indexes = {
   "component_workspace ON component (workspaceId)",
   "experiment_component ON experiment (aiComponentId)",
   "observation_order ON observation (experimentId, idx)",
   "evaluator_experiment ON evaluator (experimentId)",
   "iteration_order ON iteration (experimentId, iterationNumber)",
   "score_iteration ON score (iterationId)",
   "deployment_experiment ON deployment (experimentId)",
   "trace_start ON trace (start_ns)",
   "trace_component ON trace (aiComponentId)",
   "event_span ON event (spanDbId)",
   "dataset_component ON dataset (aiComponentId)",
   "item_trace ON item (traceDbId)",
   "run_dataset ON run (datasetId)",
   "run_component ON run (aiComponentId)",
   "run_trace_trace ON run_trace (traceDbId)",
   "annotation_trace ON annotation (traceDbId)",
   "evaluation_component ON evaluation (aiComponentId)",
   "evaluation_dataset ON evaluation (datasetId)",
   "evaluation_run ON evaluation (runId)",
}

local function make(store)
   for _, definition in ipairs(tables) do
      for macro, text in pairs(macros) do definition = definition:gsub(macro, text) end
      store:execute("CREATE TABLE " .. definition)
   end
   for _, definition in ipairs(indexes) do store:execute("CREATE INDEX " .. definition) end
   store:execute("PRAGMA user_version = " .. VERSION)
end

--- Sets up a connection and makes the tables where there are none.
function schema.prepare(store)
   -- One sandbox a file: a second one must fail at its start and not at some later request.
   store:value "PRAGMA locking_mode = EXCLUSIVE"
   store:value "PRAGMA journal_mode = WAL"
   store:run "PRAGMA synchronous = NORMAL"
   store:run "PRAGMA foreign_keys = ON"
   local version = store:value "PRAGMA user_version"
   if version == 0 then
      store:transaction(make, store)
   elseif version ~= VERSION then
      error(("another version of the sandbox wrote it (tables %d, here %d)"):format(version, VERSION), 0)
   end
end

return schema
