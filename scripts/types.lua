--[[
promptic.types: the types of responses, a row each. The source is the platform's contract,
spec/contract/openapi.yaml; spec/core/types_spec.lua holds the rows against it, field by field.

A row has a name and

   fields     of an object, in the contract's order; extends names the type whose fields come before them
   values     the words of which it is one, in the place of fields
   since      the release of Promptic's Python client that has it first ("docs": only the platform's pages)
   dropped    the release that has it no more
   meaning    what the contract says of it

A field has a name, a type and

   type       string, integer, number, boolean, object (free in form), any, or the name of a row
   list, map  an array of the type; an object whose values are of the type
   null       null takes its place: in Lua an absent key
   absent     not in every response
   values, since, dropped, meaning   as above

The names ComponentId, Started, Deployed, TracePage, DuplicatedExperiment, PartialSuccess and InsightMeta are ours: the
contract has these objects without a name.
]]
local types = {
   { name = "Workspace", meaning = "An AI Application under its older name; the same object", fields = {
      { name = "id", type = "string", since = "docs" },
      { name = "name", type = "string" },
      { name = "description", type = "string", null = true, absent = true },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "AIApplication", since = "0.21.0", fields = {
      { name = "id", type = "string", since = "docs" },
      { name = "name", type = "string" },
      { name = "description", type = "string", null = true, absent = true },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "AvailableModel", since = "0.24", fields = {
      { name = "id", type = "string", meaning = "What targetModel takes" },
      { name = "name", type = "string" },
      { name = "provider", type = "string", meaning = "For display" },
      { name = "group", type = "string", values = { "openai", "platform", "google", "custom", "openrouter" } },
      { name = "region", type = "string", absent = true, values = { "eu", "us", "global" } },
      { name = "judgeEligible", type = "boolean",
        meaning = "Whether a judge of a benchmark may use it, which are the models of group openai; another that is "
           .. "named explicitly is refused with 400" },
   } },
   { name = "Component", fields = {
      { name = "id", type = "string" },
      { name = "name", type = "string" },
      { name = "description", type = "string", null = true, absent = true },
      { name = "costAnalysisConfig", type = "object", null = true, absent = true },
      { name = "aiApplicationId", type = "string", absent = true, since = "0.21.0" },
      { name = "workspaceId", type = "string", absent = true, dropped = "0.21.0" },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "Experiment", fields = {
      { name = "id", type = "string", since = "docs" },
      { name = "datasetId", type = "string", absent = true, since = "0.18",
        meaning = "The dataset of the experiment alone, made and deleted with it; its cases are what it trains on" },
      { name = "name", type = "string", null = true, absent = true },
      { name = "description", type = "string", null = true, absent = true },
      { name = "targetModel", type = "string" },
      { name = "provider", type = "ModelProvider" },
      { name = "aiComponentId", type = "string", since = "docs" },
      { name = "customProviderId", type = "string", null = true, absent = true },
      { name = "createdByUser", type = "string", null = true, absent = true },
      { name = "experimentStatus", type = "ExperimentStatus" },
      { name = "taskType", type = "ExperimentTaskType" },
      { name = "optimizer", type = "OptimizerType" },
      { name = "tokensUsed", type = "number", absent = true },
      { name = "promptFormat", type = "PromptFormat", absent = true },
      { name = "initialPromptMessages", type = "PromptMessage", list = true, absent = true },
      { name = "inputVariables", type = "InputVariable", list = true, absent = true, since = "docs" },
      { name = "initialPromptTokens", type = "integer", null = true, absent = true },
      { name = "initialPredictionModelSchema", type = "any", null = true, absent = true },
      { name = "systemPrompt", type = "string", null = true, absent = true, since = "0.20",
        meaning = "Tool selection: fixed context of the evaluation" },
      { name = "optimizeSystemPrompt", type = "boolean", absent = true, since = "0.20" },
      { name = "optimizedSystemPrompt", type = "string", null = true, absent = true, since = "0.20" },
      { name = "runNumber", type = "integer", null = true, absent = true },
      { name = "hyperparameters", type = "Hyperparameters", absent = true },
      { name = "startedAt", type = "string", null = true, absent = true },
      { name = "endedAt", type = "string", null = true, absent = true },
      { name = "retries", type = "integer", absent = true },
      { name = "errorCode", type = "string", null = true, absent = true },
      { name = "errorMessage", type = "string", null = true, absent = true },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "ModelProvider", values = { "openai", "openrouter", "custom", "google" } },
   { name = "ExperimentStatus", values = { "pending", "scheduled", "running", "completed", "failed" } },
   { name = "ExperimentTaskType", since = "0.20",
     meaning = "What an experiment can be; toolSelection comes from create_tool_selection_experiment alone",
     values = { "classification", "textGeneration", "structuredOutput",
        "toolSelection" } },
   { name = "OptimizerType", values = { "promptic", "prompticV2", "miproV2", "bootstrapFewShot", "gepa" } },
   { name = "PromptFormat", values = { "single", "multi_message" } },
   { name = "PromptMessage", fields = {
      { name = "role", type = "string", values = { "system", "user", "assistant" } },
      { name = "content", type = "string" },
   } },
   { name = "InputVariable", since = "docs", fields = {
      { name = "name", type = "string", meaning = "What the prompt calls it" },
      { name = "column", type = "string", meaning = "Where its value is in a row of training data" },
   } },
   { name = "Hyperparameters", fields = {
      { name = "epochs", type = "integer", absent = true, since = "docs" },
      { name = "trainSplitRatio", type = "number", absent = true,
        meaning = "Share of the rows that train; the rest is held out. Without it all rows train and "
           .. "evalNormalizedScore is null" },
      { name = "numFewShots", type = "integer", absent = true, since = "docs" },
      { name = "enableCot", type = "boolean", absent = true },
   } },
   { name = "Observation", dropped = "0.18", fields = {
      { name = "id", type = "integer" },
      { name = "experimentId", type = "string" },
      { name = "idx", type = "integer" },
      { name = "expected", type = "string" },
      { name = "variables", type = "object" },
      { name = "split", type = "SplitType" },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string", absent = true },
   } },
   { name = "SplitType", values = { "train", "eval" } },
   { name = "Evaluator", fields = {
      { name = "id", type = "string" },
      { name = "experimentId", type = "string" },
      { name = "name", type = "string" },
      { name = "description", type = "string", null = true, absent = true },
      { name = "type", type = "ExperimentEvaluatorType" },
      { name = "scaleMin", type = "number" },
      { name = "scaleMax", type = "number" },
      { name = "weight", type = "number" },
      { name = "config", type = "object", null = true, absent = true },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "ExperimentEvaluatorType", since = "0.20",
     meaning = "What an evaluator can be; toolSelection is attached by create_tool_selection_experiment and cannot be "
        .. "made. It scores 1 where the predicted name is the expected one, whatever the case of its letters, else 0; "
        .. "its scale is 0 to 1, and it has no config",
     values = { "f1", "referenceJudge", "comparisonJudge", "generalJudge", "similarity", "structuredOutput",
        "toolSelection" } },
   { name = "Iteration", fields = {
      { name = "id", type = "integer" },
      { name = "experimentId", type = "string" },
      { name = "iterationNumber", type = "integer" },
      { name = "prompt", type = "string" },
      { name = "promptTokens", type = "integer", null = true, absent = true },
      { name = "overallNormalizedScore", type = "number", meaning = "Score on the train split" },
      { name = "evalNormalizedScore", type = "number", null = true, absent = true,
        meaning = "Score on the held-out eval split; null where the experiment has no trainSplitRatio" },
      { name = "schemaSnapshot", type = "any", null = true, absent = true },
      { name = "avgPredictionLatencyMs", type = "integer", null = true, absent = true, since = "0.17",
        meaning = "Mean time of one prediction, without retries; absent in old iterations" },
      { name = "toolDescriptions", type = "string", map = true, null = true, absent = true, since = "0.21.0",
        meaning = "Tool selection: the optimised description by tool name" },
      { name = "selectionSystemPrompt", type = "string", null = true, absent = true, since = "0.21.0",
        meaning = "Tool selection with optimizeSystemPrompt" },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "IterationWithScores", extends = "Iteration", fields = {
      { name = "scores", type = "IterationScore", list = true, absent = true },
   } },
   { name = "IterationScore", fields = {
      { name = "iterationId", type = "integer" },
      { name = "score", type = "number" },
      { name = "rawScore", type = "number" },
      { name = "evaluatorId", type = "string" },
      { name = "evaluatorName", type = "string" },
      { name = "evaluatorDescription", type = "string", null = true, absent = true },
      { name = "evaluatorType", type = "ExperimentEvaluatorType" },
   } },
   { name = "Deployment", fields = {
      { name = "aiComponentId", type = "string" },
      { name = "experimentId", type = "string" },
      { name = "experiment", type = "Experiment" },
   } },
   { name = "DeployedPrompt", fields = {
      { name = "prompt", type = "string" },
      { name = "promptMessages", type = "PromptMessage", list = true, absent = true },
      { name = "promptFormat", type = "PromptFormat", absent = true },
      { name = "model", type = "string" },
      { name = "provider", type = "ModelProvider" },
      { name = "componentId", type = "string" },
      { name = "componentName", type = "string", null = true, absent = true },
      { name = "experimentId", type = "string" },
      { name = "iterationId", type = "integer" },
      { name = "score", type = "number" },
      { name = "schemaSnapshot", type = "any", null = true, absent = true },
   } },
   { name = "TraceListItem", fields = {
      { name = "id", type = "string" },
      { name = "traceId", type = "string" },
      { name = "name", type = "string", null = true, absent = true },
      { name = "status", type = "string" },
      { name = "durationMs", type = "integer", null = true, absent = true },
      { name = "totalTokens", type = "integer", null = true, absent = true },
      { name = "totalCostUsd", type = "number", null = true, absent = true },
      { name = "startTime", type = "string" },
      { name = "componentName", type = "string", null = true, absent = true },
      { name = "aiComponentId", type = "string", null = true, absent = true, since = "docs" },
      { name = "endTime", type = "string", null = true, absent = true, since = "docs" },
   } },
   { name = "ExportTraceServiceResponse", since = "docs", fields = {
      { name = "partialSuccess", type = "PartialSuccess", absent = true },
   } },
   { name = "TracingStats", fields = {
      { name = "totalTraces", type = "integer" },
      { name = "totalTokens", type = "integer" },
      { name = "totalCostUsd", type = "number" },
      { name = "errorRate", type = "number" },
   } },
   { name = "Trace", fields = {
      { name = "id", type = "string" },
      { name = "traceId", type = "string" },
      { name = "workspaceId", type = "string", absent = true },
      { name = "aiComponentId", type = "string", null = true, absent = true },
      { name = "name", type = "string", null = true, absent = true },
      { name = "sessionId", type = "string", null = true, absent = true },
      { name = "userId", type = "string", null = true, absent = true },
      { name = "metadata", type = "any", null = true, absent = true },
      { name = "startTime", type = "string" },
      { name = "endTime", type = "string", null = true, absent = true },
      { name = "durationMs", type = "integer", null = true, absent = true },
      { name = "totalTokens", type = "integer", null = true, absent = true },
      { name = "totalCostUsd", type = "number", null = true, absent = true },
      { name = "status", type = "string" },
      { name = "tags", type = "string", list = true },
      { name = "createdAt", type = "string" },
      { name = "spans", type = "Span", list = true },
   } },
   { name = "Span", fields = {
      { name = "id", type = "string" },
      { name = "spanId", type = "string" },
      { name = "traceId", type = "string" },
      { name = "traceDbId", type = "string" },
      { name = "parentSpanId", type = "string", null = true, absent = true },
      { name = "name", type = "string" },
      { name = "kind", type = "string" },
      { name = "startTime", type = "string" },
      { name = "endTime", type = "string", null = true, absent = true },
      { name = "durationMs", type = "integer", null = true, absent = true },
      { name = "status", type = "string" },
      { name = "statusMessage", type = "string", null = true, absent = true },
      { name = "input", type = "string", null = true, absent = true },
      { name = "output", type = "string", null = true, absent = true },
      { name = "metadata", type = "any", null = true, absent = true },
      { name = "model", type = "string", null = true, absent = true },
      { name = "provider", type = "string", null = true, absent = true },
      { name = "inputTokens", type = "integer", null = true, absent = true },
      { name = "outputTokens", type = "integer", null = true, absent = true },
      { name = "totalTokens", type = "integer", null = true, absent = true },
      { name = "costUsd", type = "number", null = true, absent = true },
      { name = "modelParameters", type = "any", null = true, absent = true },
      { name = "createdAt", type = "string" },
      { name = "events", type = "SpanEvent", list = true },
   } },
   { name = "SpanEvent", fields = {
      { name = "id", type = "integer" },
      { name = "spanDbId", type = "string" },
      { name = "name", type = "string" },
      { name = "timestamp", type = "string" },
      { name = "body", type = "any", null = true, absent = true },
   } },
   { name = "TraceArtifact", since = "0.15", fields = {
      { name = "id", type = "string" },
      { name = "aiApplicationId", type = "string", absent = true, since = "0.21.0" },
      { name = "workspaceId", type = "string", absent = true, dropped = "0.21.0" },
      { name = "storageObjectId", type = "string", null = true, absent = true, since = "docs" },
      { name = "traceDbId", type = "string", null = true, absent = true },
      { name = "spanDbId", type = "string", null = true, absent = true },
      { name = "traceId", type = "string", null = true, absent = true },
      { name = "spanId", type = "string", null = true, absent = true },
      { name = "sourcePath", type = "string",
        meaning = "Where it came from: a path in the attributes, the path of a file, or $" },
      { name = "sourceField", type = "string", meaning = "Python sends manual or metadata" },
      { name = "source", type = "string",
        meaning = "Python sends direct_upload where the store was written directly" },
      { name = "name", type = "string", null = true, absent = true, since = "0.19" },
      { name = "mimeType", type = "string" },
      { name = "sizeBytes", type = "integer" },
      { name = "sha256", type = "string" },
      { name = "storageProvider", type = "string", absent = true },
      { name = "storageKey", type = "string", null = true, absent = true },
      { name = "preview", type = "string", null = true, absent = true,
        meaning = "The first 4,096 characters of a text" },
      { name = "createdAt", type = "string" },
      { name = "uri", type = "string",
        meaning = "promptic-artifact:// and the id; what an attribute of a span holds" },
      { name = "contentUrl", type = "string", absent = true, since = "docs" },
   } },
   { name = "PresignedUpload", since = "0.15", fields = {
      { name = "storageObjectId", type = "string" },
      { name = "access", type = "string", absent = true, values = { "public", "private" } },
      { name = "strategy", type = "string", absent = true },
      { name = "provider", type = "string", absent = true },
      { name = "uploadUrl", type = "string", meaning = "Where the bytes go, without the credential" },
      { name = "finalUrl", type = "string", null = true, absent = true },
      { name = "method", type = "string", absent = true, values = { "PUT", "POST" },
        meaning = "PUT the bytes with headers, or POST a form of fields and, last, the part file" },
      { name = "headers", type = "string", map = true, null = true, absent = true },
      { name = "fields", type = "string", map = true, null = true, absent = true },
      { name = "maxSizeBytes", type = "integer", null = true, absent = true },
      { name = "expiresAt", type = "string", absent = true },
   } },
   { name = "StorageObjectUrl", since = "docs", fields = {
      { name = "storageObjectId", type = "string" },
      { name = "downloadUrl", type = "string" },
      { name = "expiresAt", type = "string" },
   } },
   { name = "Dataset", fields = {
      { name = "id", type = "string" },
      { name = "name", type = "string" },
      { name = "description", type = "string", null = true, absent = true },
      { name = "aiComponentId", type = "string" },
      { name = "aiApplicationId", type = "string", absent = true, since = "0.18" },
      { name = "workspaceId", type = "string", absent = true, dropped = "0.18" },
      { name = "caseCount", type = "integer", absent = true, since = "0.18" },
      { name = "itemCount", type = "integer", absent = true, dropped = "0.18" },
      { name = "traceCount", type = "integer", absent = true, dropped = "0.18" },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "DatasetWithCases", extends = "Dataset", fields = {
      { name = "cases", type = "DatasetCase", list = true, absent = true, since = "0.18" },
      { name = "items", type = "DatasetItem", list = true, absent = true, dropped = "0.18" },
   } },
   { name = "DatasetCase", since = "0.18", fields = {
      { name = "id", type = "integer" },
      { name = "datasetId", type = "string" },
      { name = "idx", type = "integer", null = true },
      { name = "inputPayload", type = "object",
        meaning = "What the prompt gets, by variable; values may be promptic-artifact:// uris" },
      { name = "expectedPayload", type = "any", null = true,
        meaning = "Any JSON, null too; a plain text or {\"value\": text} in the sources" },
      { name = "split", type = "string", null = true, values = { "train", "eval" } },
      { name = "metadata", type = "object" },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "DatasetItem", dropped = "0.18", fields = {
      { name = "id", type = "integer" },
      { name = "datasetId", type = "string" },
      { name = "traceDbId", type = "string" },
      { name = "input", type = "string", null = true, absent = true },
      { name = "output", type = "string", null = true, absent = true },
      { name = "createdAt", type = "string" },
   } },
   { name = "Run", dropped = "0.21.1", fields = {
      { name = "id", type = "string" },
      { name = "name", type = "string", null = true, absent = true },
      { name = "datasetId", type = "string" },
      { name = "aiComponentId", type = "string" },
      { name = "workspaceId", type = "string", absent = true },
      { name = "status", type = "string", absent = true },
      { name = "traceCount", type = "integer" },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string", absent = true },
   } },
   { name = "RunWithTraces", extends = "Run", fields = {
      { name = "traces", type = "TraceListItem", list = true },
   } },
   { name = "Annotation", dropped = "0.21.1", fields = {
      { name = "id", type = "string" },
      { name = "runId", type = "string" },
      { name = "traceDbId", type = "string" },
      { name = "userId", type = "string" },
      { name = "rating", type = "string", null = true, absent = true },
      { name = "comment", type = "string", null = true, absent = true },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },
   { name = "AgentEvaluation", dropped = "0.21.1", fields = {
      { name = "id", type = "string" },
      { name = "name", type = "string", null = true, absent = true },
      { name = "aiComponentId", type = "string" },
      { name = "datasetId", type = "string", null = true, absent = true },
      { name = "runId", type = "string", null = true, absent = true },
      { name = "status", type = "AgentEvaluationStatus" },
      { name = "results", type = "InsightResult", null = true, absent = true },
      { name = "startedAt", type = "string", null = true, absent = true },
      { name = "completedAt", type = "string", null = true, absent = true },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
      { name = "subject", type = "string", absent = true, values = { "output", "trajectory", "annotation" },
        since = "0.17" },
      { name = "targetType", type = "string", absent = true, values = { "trace", "run", "dataset" }, since = "0.17" },
      { name = "traceDbId", type = "string", null = true, absent = true, since = "0.17" },
      { name = "budget", type = "object", null = true, absent = true, since = "0.17" },
   } },
   { name = "AgentEvaluationStatus", values = { "pending", "running", "completed", "failed" } },
   { name = "InsightResult", fields = {
      { name = "insights", type = "Insight", list = true },
      { name = "meta", type = "InsightMeta" },
   } },
   { name = "Insight", fields = {
      { name = "type", type = "string" },
      { name = "severity", type = "string", values = { "high", "medium", "low" } },
      { name = "title", type = "string" },
      { name = "description", type = "string" },
      { name = "frequency", type = "number" },
      { name = "affectedRunIds", type = "string", list = true },
      { name = "details", type = "object",
        meaning = "Varies by type: toolName, errorRate, tokensWasted, stepIndex, costPercentage, usageRate" },
      { name = "suggestedFix", type = "string", null = true, absent = true },
   } },
   { name = "JudgeResult", since = "0.17", dropped = "0.21.1",
     meaning = "One judge on one target; exactly one of datasetCaseId, traceDbId, annotationId and runId is set",
     fields = {
      { name = "id", type = "string" },
      { name = "evaluationId", type = "string" },
      { name = "subject", type = "string", values = { "output", "trajectory", "annotation" } },
      { name = "backend", type = "string", values = { "deterministic", "llm_judge", "agent_judge" } },
      { name = "judgeKey", type = "string" },
      { name = "judgeName", type = "string" },
      { name = "traceDbId", type = "string", null = true, absent = true },
      { name = "traceOtlpId", type = "string", null = true, absent = true },
      { name = "datasetCaseId", type = "integer", null = true, absent = true },
      { name = "annotationId", type = "string", null = true, absent = true },
      { name = "runId", type = "string", null = true, absent = true },
      { name = "score", type = "number", null = true, absent = true },
      { name = "rating", type = "string", null = true, absent = true },
      { name = "rationale", type = "string", null = true, absent = true },
      { name = "evidence", type = "any", null = true, absent = true },
      { name = "analysisPayload", type = "any", null = true, absent = true },
      { name = "judgeSnapshot", type = "object" },
      { name = "version", type = "integer", meaning = "Counts repetitions of the same judge on the same target" },
      { name = "createdAt", type = "string" },
   } },
   { name = "ComponentId", fields = {
      { name = "id", type = "string" },
   } },
   { name = "Started", fields = {
      { name = "messageId", type = "string" },
      { name = "status", type = "string" },
   } },
   { name = "Deployed", fields = {
      { name = "aiComponentId", type = "string" },
      { name = "experimentId", type = "string" },
   } },
   { name = "TracePage", fields = {
      { name = "traces", type = "TraceListItem", list = true },
      { name = "total", type = "integer" },
   } },
   { name = "DuplicatedExperiment", extends = "Experiment", fields = {
      { name = "modelUnavailable", type = "boolean", absent = true, since = "docs",
        meaning = "Whether the target model can no longer be used here" },
   } },
   { name = "PartialSuccess", fields = {
      { name = "rejectedSpans", type = "integer", absent = true },
      { name = "errorMessage", type = "string", absent = true },
   } },
   { name = "InsightMeta", fields = {
      { name = "totalRuns", type = "integer" },
      { name = "totalTokens", type = "integer" },
      { name = "totalCostUsd", type = "number" },
      { name = "averageDurationMs", type = "number" },
      { name = "errorRate", type = "number" },
      { name = "analyzedAt", type = "string" },
   } },
}

local by_name = {}
for _, row in ipairs(types) do by_name[row.name] = row end

--- The row of this name; nil if there is none.
function types.find(name)
   return by_name[name]
end

--- The fields of a type, those that it takes from another one first; nil if it has none.
function types.fields(name)
   local row = by_name[name]
   if not (row and row.fields) then return nil end
   local list = {}
   for _, field in ipairs(row.extends and types.fields(row.extends) or {}) do list[#list + 1] = field end
   for _, field in ipairs(row.fields) do list[#list + 1] = field end
   return list
end

--- A field's type as it is read: "string", "PromptMessage[]", "{ [string]: string }", "\"train\"|\"eval\"".
function types.written(field)
   local text = field.type
   if field.values then text = '"' .. table.concat(field.values, '"|"') .. '"' end
   if field.list then return text .. "[]" end
   return field.map and ("{ [string]: %s }"):format(text) or text
end

return types
