--[[
The tables. A column that leaves the sandbox bears its wire name, so that a row is nearly the
answer; columns in snake_case stay inside. JSON documents are text. Times are text as on the wire,
except those of spans, which are nanoseconds since 1970 because they are compared and subtracted.
]]
local schema = {}

-- Goes up with every change of the tables; a file of another version is refused, not converted.
local VERSION = 3

-- "Prom" as SQLite's application_id, which marks a file as a sandbox's.
local APPLICATION_ID = 0x50726f6d

-- The header of a database file (sqlite.org/fileformat2.html, 1.3): the magic text, and at these offsets
-- big-endian 32-bit integers.
local MAGIC = "SQLite format 3\0"
local USER_VERSION_AT, APPLICATION_ID_AT = 60, 68

--- How much of a file schema.foreign reads.
schema.HEADER_BYTES = 100

-- In the definitions: OF(table) is a reference to the row that this one is deleted with.
local macros = {
   ["OF%(([%w_]+)%)"] = "TEXT NOT NULL REFERENCES %1 ON DELETE CASCADE",
   TIMES = "createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL",
}

local tables = {
   [[workspace (id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, TIMES)]],

   [[component (id TEXT PRIMARY KEY, workspaceId OF(workspace),
      name TEXT NOT NULL, description TEXT, TIMES)]],

   -- datasetId: its own dataset, made and deleted with it. own_length: how many bytes of the initial prompt are
   -- the person's own, where examples that an earlier experiment chose follow them. tools: JSON, of a
   -- tool-selection experiment.
   [[experiment (id TEXT PRIMARY KEY, aiComponentId OF(component), datasetId TEXT NOT NULL REFERENCES dataset,
      name TEXT, description TEXT, targetModel TEXT NOT NULL, provider TEXT NOT NULL,
      taskType TEXT NOT NULL, optimizer TEXT NOT NULL, promptFormat TEXT NOT NULL, initial_prompt TEXT,
      own_length INTEGER, tools TEXT, systemPrompt TEXT, optimizeSystemPrompt INTEGER, optimizedSystemPrompt TEXT,
      hyperparameters TEXT NOT NULL, initialPredictionModelSchema TEXT,
      inputVariables TEXT NOT NULL DEFAULT '[]',
      experimentStatus TEXT NOT NULL DEFAULT 'pending', tokensUsed INTEGER NOT NULL DEFAULT 0,
      runNumber INTEGER NOT NULL, startedAt TEXT, endedAt TEXT, errorCode TEXT, errorMessage TEXT,
      TIMES)]],

   [[evaluator (id TEXT PRIMARY KEY, experimentId OF(experiment),
      name TEXT NOT NULL, description TEXT, type TEXT NOT NULL, scaleMin REAL NOT NULL,
      scaleMax REAL NOT NULL, weight REAL NOT NULL, config TEXT, TIMES)]],

   [[iteration (id INTEGER PRIMARY KEY AUTOINCREMENT, experimentId OF(experiment),
      iterationNumber INTEGER NOT NULL, prompt TEXT NOT NULL, promptTokens INTEGER NOT NULL,
      overallNormalizedScore REAL NOT NULL, evalNormalizedScore REAL, schemaSnapshot TEXT,
      own_length INTEGER NOT NULL, avgPredictionLatencyMs INTEGER, toolDescriptions TEXT,
      selectionSystemPrompt TEXT, TIMES)]],

   -- No reference to the evaluator: the score says what was measured then.
   [[score (iterationId INTEGER NOT NULL REFERENCES iteration ON DELETE CASCADE,
      evaluatorId TEXT NOT NULL, evaluatorName TEXT NOT NULL, evaluatorDescription TEXT,
      evaluatorType TEXT NOT NULL, score REAL NOT NULL, rawScore REAL NOT NULL)]],

   [[deployment (aiComponentId TEXT PRIMARY KEY REFERENCES component ON DELETE CASCADE,
      experimentId OF(experiment))]],

   -- Traces belong to the workspace and outlive the component that they name. input, output: of the root.
   [[trace (id TEXT PRIMARY KEY, traceId TEXT NOT NULL, workspaceId OF(workspace),
      aiComponentId TEXT REFERENCES component ON DELETE SET NULL, name TEXT, sessionId TEXT, userId TEXT,
      metadata TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER, totalTokens INTEGER,
      totalCostUsd REAL, status TEXT NOT NULL, tags TEXT NOT NULL, input TEXT, output TEXT,
      service TEXT, environment TEXT, createdAt TEXT NOT NULL, UNIQUE (workspaceId, traceId))]],

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

   -- What experiments train on, also as observations. split_given: the client said which split; else
   -- trainSplitRatio decides at start.
   [[dataset_case (id INTEGER PRIMARY KEY AUTOINCREMENT, datasetId OF(dataset), idx INTEGER,
      inputPayload TEXT NOT NULL, expectedPayload TEXT NOT NULL, split TEXT, split_given INTEGER NOT NULL,
      metadata TEXT NOT NULL, TIMES)]],

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

   -- An object in the store behind artifacts; sizeBytes is NULL until its bytes have been uploaded.
   [[storage_object (id TEXT PRIMARY KEY, workspaceId OF(workspace), folder TEXT NOT NULL,
      filename TEXT NOT NULL, contentType TEXT NOT NULL, access TEXT NOT NULL, maxSizeBytes INTEGER NOT NULL,
      sizeBytes INTEGER, sha256 TEXT, createdAt TEXT NOT NULL)]],

   [[storage_part (storageObjectId OF(storage_object), number INTEGER NOT NULL, bytes BLOB NOT NULL,
      PRIMARY KEY (storageObjectId, number))]],

   [[artifact (id TEXT PRIMARY KEY, workspaceId OF(workspace), storageObjectId OF(storage_object), name TEXT,
      mimeType TEXT NOT NULL, sizeBytes INTEGER NOT NULL, sha256 TEXT NOT NULL, sourcePath TEXT NOT NULL,
      sourceField TEXT NOT NULL, source TEXT NOT NULL, preview TEXT, createdAt TEXT NOT NULL)]],

   -- Where a span names an artifact, which need not be there yet.
   [[artifact_use (spanDbId OF(span), artifactId TEXT NOT NULL, PRIMARY KEY (spanDbId, artifactId))]],
}

local indexes = {
   "component_workspace ON component (workspaceId)",
   "experiment_component ON experiment (aiComponentId)",
   "evaluator_experiment ON evaluator (experimentId)",
   "iteration_order ON iteration (experimentId, iterationNumber)",
   "score_iteration ON score (iterationId)",
   "deployment_experiment ON deployment (experimentId)",
   "trace_start ON trace (workspaceId, start_ns)",
   "experiment_dataset ON experiment (datasetId)",
   "case_order ON dataset_case (datasetId)",
   -- 9223372036854775807: those without idx come last
   "case_place ON dataset_case (datasetId, coalesce(idx, 9223372036854775807))",
   "artifact_workspace ON artifact (workspaceId)",
   "artifact_object ON artifact (storageObjectId)",
   "storage_object_workspace ON storage_object (workspaceId)",
   "artifact_use_artifact ON artifact_use (artifactId)",
   "trace_component ON trace (aiComponentId)",
   "event_span ON event (spanDbId)",
   "dataset_component ON dataset (aiComponentId)",
   -- an index ends with the row's id, which is the order of pages
   "item_dataset ON item (datasetId)",
   "item_trace ON item (traceDbId)",
   "run_trace_run ON run_trace (runId)",
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
   store:execute("PRAGMA application_id = " .. APPLICATION_ID)
end

--- Why a file with these first bytes is none that a sandbox may open; nil where it is one, or empty.
function schema.foreign(header)
   if header == "" then return nil end
   if header:sub(1, #MAGIC) ~= MAGIC or #header < schema.HEADER_BYTES then return "it is no SQLite database" end
   if (">I4"):unpack(header, APPLICATION_ID_AT + 1) ~= APPLICATION_ID then
      return "another program's SQLite database, or one of an older sandbox"
   end
   local version = (">I4"):unpack(header, USER_VERSION_AT + 1)
   if version ~= VERSION then
      return ("another version of the sandbox wrote it (tables %d, here %d)"):format(version, VERSION)
   end
   return nil
end

--- Sets up a connection and makes the tables where there are none.
function schema.prepare(store)
   -- One sandbox a file: a second one must fail at its start and not at some later request.
   store:value "PRAGMA locking_mode = EXCLUSIVE"
   -- Before WAL mode, so that the mark is in the file itself whenever anything is.
   if store:value "PRAGMA user_version" == 0 then store:transaction(make, store) end
   store:value "PRAGMA journal_mode = WAL"
   store:run "PRAGMA synchronous = NORMAL"
   store:run "PRAGMA foreign_keys = ON"
end

return schema
