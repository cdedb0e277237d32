/*
 * endpoints.c - THE TABLE: one row an endpoint, one row a parameter. Source: the platform's
 * contract, spec/contract/openapi.yaml (spec/core/table_spec.lua compares the two).
 *
 * How a parameter is written: request_parameters.h. Those that Lua takes by position (PATH,
 * ARGUMENT) come first, in that order. A list inside a body has the rows of its elements in .items.
 */
#include "request_parameters.h"

#include <string.h>

/* clang-format off */
/* The contract's schemas/ExperimentStatus and its neighbours. */
#define EXPERIMENT_STATUS VALUES("pending", "scheduled", "running", "completed", "failed")
#define MODEL_PROVIDER    VALUES("openai", "openrouter", "custom", "google")
#define OPTIMIZER_TYPE    VALUES("promptic", "prompticV2", "miproV2", "bootstrapFewShot", "gepa")
#define TASK_TYPE         VALUES("classification", "textGeneration", "structuredOutput")
#define EVALUATOR_TYPE    VALUES("f1", "referenceJudge", "comparisonJudge", "generalJudge", "similarity", "structuredOutput")
#define SPLIT_TYPE        VALUES("train", "eval")
#define TRACE_STATUS      VALUES("ok", "error")
#define ANNOTATION_RATING VALUES("positive", "negative")
#define PROMPT_FORMAT     VALUES("single", "multi_message")
#define TOOL_SOURCE       VALUES("manual", "mcp")
#define ANY_NATURAL       RANGE(0, 2147483647)

/* Path parameters that many rows share. */
#define COMPONENT_ID   PATH("component_id", STRING, "id of the AI component", UUID)
#define EXPERIMENT_ID  PATH("experiment_id", STRING, "id of the experiment", UUID)
#define OBSERVATION_ID PATH("observation_id", INTEGER, "id of the observation, a number")
#define EVALUATOR_ID   PATH("evaluator_id", STRING, "id of the evaluator", UUID)
#define ITERATION_ID   PATH("iteration_id", INTEGER, "id of the iteration, a number")
#define TRACE_ID       PATH("trace_id", STRING, "OpenTelemetry id of the trace: its traceId, 32 hexadecimal digits, not its id")
#define ARTIFACT_ID    PATH("artifact_id", STRING, "id of the artifact", UUID)
#define STORAGE_ID     PATH("storage_object_id", STRING, "id of the object", UUID)
#define DATASET_ID     PATH("dataset_id", STRING, "id of the dataset", UUID)
#define CASE_ID        PATH("case_id", INTEGER, "id of the case, a number")
#define RUN_ID         PATH("run_id", STRING, "id of the run", UUID)
#define ANNOTATION_ID  PATH("annotation_id", STRING, "id of the annotation", UUID)
#define EVALUATION_ID  PATH("evaluation_id", STRING, "id of the evaluation", UUID)

#define LIMIT       OPTION(QUERY, "limit", "limit", INTEGER, "how many at most", DEFAULT("50"), RANGE(1, 100))
#define OFFSET      OPTION(QUERY, "offset", "offset", INTEGER, "how many to skip", DEFAULT("0"), ANY_NATURAL)
#define SERVICE     OPTION(QUERY, "service", "service", STRING, "only with this service.name")
#define ENVIRONMENT OPTION(QUERY, "environment", "environment", STRING, "only with this deployment.environment.name")
#define ARTIFACT_WORKSPACE \
    OPTION(QUERY, "workspace_id", "workspaceId", STRING, "whose artifact it is; a credential's own by default", UUID)
#define TRACE_IDS   OPTION(BODY, "trace_ids", "traceIds", STRINGS, "database ids of its traces: the id of each, not its traceId")

/* Fields of a dataset case, in a list's element and in changes. */
#define EXPECTED_PAYLOAD(PLACE) \
    INNER(PLACE, "expected_payload", "expectedPayload", ANY, "the right answer, any JSON value; promptic.null says that none is right", NULLABLE)
#define CASE_REST(PLACE) \
    EXPECTED_PAYLOAD(PLACE), \
    INNER(PLACE, "split", "split", STRING, "which part it belongs to", NULLABLE, ONE_OF(SPLIT_TYPE)), \
    INNER(PLACE, "idx", "idx", INTEGER, "its place in the order", NULLABLE), \
    INNER(PLACE, "metadata", "metadata", OBJECT, "further data of any kind")
#define INPUT_PAYLOAD(PLACE, IS_REQUIRED) \
    INNER(PLACE, "input_payload", "inputPayload", OBJECT, "the prompt's inputs by name", .required = IS_REQUIRED)

static const promptic_endpoint table[] = {
    /* ------------------------------------------------------------ workspace */
    {.name = "get_workspace", .module = "workspace", .verb = "GET", .path = "/workspace",
     .parameters = NO_PARAMETERS, .repeatable = true, .returns = RETURNS_A("Workspace"),
     .summary = "The workspace that the credential belongs to: older name of an AI Application.", .dropped = "0.21.0", .instead = "get_ai_application"},
    {.name = "list_workspaces", .module = "workspace", .verb = "GET", .path = "/workspaces",
     .parameters = NO_PARAMETERS, .repeatable = true, .without_workspace = true, .returns = RETURNS_LIST("data", "Workspace"),
     .summary = "Workspaces that the user of a session token can reach.", .dropped = "0.21.0", .instead = "list_ai_applications"},

    /* ------------------------------------------------------- AI Application */
    {.name = "get_ai_application", .module = "ai_application", .verb = "GET", .path = "/ai-application",
     .parameters = NO_PARAMETERS, .repeatable = true, .returns = RETURNS_A("AIApplication"),
     .summary = "The AI Application that the credential belongs to.", .since = "0.21.0"},
    {.name = "list_ai_applications", .module = "ai_application", .verb = "GET", .path = "/ai-applications",
     .parameters = NO_PARAMETERS, .repeatable = true, .without_workspace = true, .returns = RETURNS_LIST("data", "AIApplication"),
     .summary = "AI Applications that the user of a session token can reach.", .since = "0.21.0"},

    /* --------------------------------------------------------------- models */
    {.name = "list_models", .module = "models", .verb = "GET", .path = "/models",
     .parameters = NO_PARAMETERS, .repeatable = true, .returns = RETURNS_LIST("data", "AvailableModel"),
     .summary = "Models that experiments can use: the id of one is a target_model.", .since = "0.24"},

    /* ----------------------------------------------------------- components */
    {.name = "list_components", .module = "components", .verb = "GET", .path = "/components",
     .parameters = NO_PARAMETERS, .repeatable = true, .returns = RETURNS_LIST("data", "Component"),
     .summary = "All AI components of the workspace."},
    {.name = "create_component", .module = "components", .verb = "POST", .path = "/components",
     .parameters = PARAMETERS(
        ARGUMENT(BODY, "name", "name", STRING, "what to call it"),
        OPTION(BODY, "description", "description", STRING, "what it is for", NULLABLE)),
     .returns = RETURNS_A("ComponentId"), .summary = "Creates an AI component, which experiments and deployments belong to."},
    {.name = "get_component", .module = "components", .verb = "GET", .path = "/components/{component_id}",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = RETURNS_A("Component"),
     .summary = "One AI component."},
    {.name = "delete_component", .module = "components", .verb = "DELETE", .path = "/components/{component_id}",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Deletes a component and everything that belongs to it."},

    /* ---------------------------------------------------------- experiments */
    {.name = "list_experiments", .module = "experiments", .verb = "GET", .path = "/experiments",
     .parameters = PARAMETERS(
        LIMIT, OFFSET,
        OPTION(QUERY, "component_id", "component_id", STRING, "only of this component", UUID),
        OPTION(QUERY, "status", "status", STRING, "only in this status", ONE_OF(EXPERIMENT_STATUS))),
     .repeatable = true, .returns = RETURNS_LIST("data", "Experiment"),
     .summary = "A page of experiments; each_experiment walks over all pages."},
    {.name = "create_experiment", .module = "experiments", .verb = "POST", .path = "/experiments",
     .parameters = PARAMETERS(
        ARGUMENT(BODY, "ai_component_id", "aiComponentId", STRING, "id of the component it belongs to", UUID),
        ARGUMENT(BODY, "target_model", "targetModel", STRING, "the model to optimise for: an id of list_models"),
        OPTION(BODY, "task_type", "taskType", STRING, "what the prompt does", DEFAULT("classification"), ONE_OF(TASK_TYPE)),
        OPTION(BODY, "provider", "provider", STRING, "who serves the model", DEFAULT("openai"), ONE_OF(MODEL_PROVIDER)),
        OPTION(BODY, "optimizer", "optimizer", STRING, "how prompts are searched", DEFAULT("prompticV2"), ONE_OF(OPTIMIZER_TYPE)),
        OPTION(BODY, "initial_prompt", "initialPrompt", STRING, "the prompt to start from", NULLABLE),
        OPTION(BODY, "name", "name", STRING, "what to call it", NULLABLE),
        OPTION(BODY, "description", "description", STRING, "what it is for", NULLABLE),
        OPTION(BODY, "hyperparameters", "hyperparameters", OBJECT, "epochs, trainSplitRatio, numFewShots, enableCot"),
        OPTION(BODY, "initial_prediction_model_schema", "initialPredictionModelSchema", OBJECT, "JSON schema of a structured output, which structuredOutput needs", NULLABLE),
        OPTION(BODY, "prompt_format", "promptFormat", STRING, "one text, or messages with roles", ONE_OF(PROMPT_FORMAT), ASSUMED("single")),
        OPTION(BODY, "input_variables", "inputVariables", ARRAY, "the prompt's named inputs: { { name, column } }", .items = PARAMETERS(
            INNER(ITEM, "name", "name", STRING, "what the prompt calls it", REQUIRED),
            INNER(ITEM, "column", "column", STRING, "where its value is in a row of training data", REQUIRED)))),
     .returns = RETURNS_A("Experiment"), .summary = "Creates an experiment in status pending."},
    {.name = "create_tool_selection_experiment", .module = "experiments", .verb = "POST", .path = "/experiments/tool-selection",
     .parameters = PARAMETERS(
        ARGUMENT(BODY, "ai_component_id", "aiComponentId", STRING, "id of the component it belongs to", UUID),
        ARGUMENT(BODY, "tools", "tools", ARRAY, "the tools to choose from, one at least", NOT_EMPTY, .items = PARAMETERS(
            INNER(ITEM, "name", "name", STRING, "its name, unique in the list", REQUIRED, NOT_EMPTY),
            INNER(ITEM, "description", "description", STRING, "what it does: the text that is optimised", REQUIRED, NOT_EMPTY),
            INNER(ITEM, "input_schema", "inputSchema", OBJECT, "JSON schema of its arguments"))),
        ARGUMENT(BODY, "test_cases", "testCases", ARRAY, "queries with the tool that is right, one at least", NOT_EMPTY, .items = PARAMETERS(
            INNER(ITEM, "query", "query", STRING, "the question", REQUIRED),
            INNER(ITEM, "expected_tool", "expectedTool", STRING, "name of the right tool; empty: none is", REQUIRED))),
        OPTION(BODY, "tool_source", "toolSource", STRING, "where the tools come from", DEFAULT("manual"), ONE_OF(TOOL_SOURCE)),
        OPTION(BODY, "optimize_system_prompt", "optimizeSystemPrompt", BOOLEAN, "optimise the system prompt too", DEFAULT("false")),
        OPTION(BODY, "target_model", "targetModel", STRING, "the model to optimise for; the platform has a default"),
        OPTION(BODY, "system_prompt", "systemPrompt", STRING, "what the model is given before each query"),
        OPTION(BODY, "epochs", "epochs", INTEGER, "how many rounds", RANGE(1, 5)),
        OPTION(BODY, "train_split_ratio", "trainSplitRatio", NUMBER, "share of the cases that train; without it all do", RANGE(0.5, 0.9)),
        OPTION(BODY, "name", "name", STRING, "what to call it"),
        OPTION(BODY, "description", "description", STRING, "what it is for")),
     .returns = RETURNS_A("Experiment"), .summary = "Creates an experiment that optimises the descriptions of tools.", .since = "0.20"},
    {.name = "get_experiment", .module = "experiments", .verb = "GET", .path = "/experiments/{experiment_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = RETURNS_A("Experiment"),
     .summary = "One experiment with its status."},
    {.name = "update_experiment", .module = "experiments", .verb = "PATCH", .path = "/experiments/{experiment_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID,
        ARGUMENT(CHANGES, "changes", "changes", OBJECT, "the fields to change"),
        INNER(FIELD, "name", "name", STRING, "what to call it", NULLABLE),
        INNER(FIELD, "description", "description", STRING, "what it is for", NULLABLE),
        INNER(FIELD, "target_model", "targetModel", STRING, "the model to optimise for"),
        INNER(FIELD, "provider", "provider", STRING, "who serves the model", ONE_OF(MODEL_PROVIDER)),
        INNER(FIELD, "task_type", "taskType", STRING, "what the prompt does", ONE_OF(TASK_TYPE)),
        INNER(FIELD, "optimizer", "optimizer", STRING, "how prompts are searched", ONE_OF(OPTIMIZER_TYPE)),
        INNER(FIELD, "initial_prompt", "initialPrompt", STRING, "the prompt to start from", NULLABLE),
        INNER(FIELD, "hyperparameters", "hyperparameters", OBJECT, "epochs, trainSplitRatio, numFewShots, enableCot"),
        INNER(FIELD, "initial_prediction_model_schema", "initialPredictionModelSchema", OBJECT, "JSON schema of a structured output", NULLABLE)),
     .returns = RETURNS_A("Experiment"), .summary = "Changes a pending experiment."},
    {.name = "delete_experiment", .module = "experiments", .verb = "DELETE", .path = "/experiments/{experiment_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Deletes an experiment with its training data, evaluators and iterations."},
    {.name = "start_experiment", .module = "experiments", .verb = "POST", .path = "/experiments/{experiment_id}/start",
     .parameters = PARAMETERS(EXPERIMENT_ID), .returns = RETURNS_A("Started"),
     .summary = "Starts a pending experiment; 409 if it is not pending."},
    {.name = "duplicate_experiment", .module = "experiments", .verb = "POST", .path = "/experiments/{experiment_id}/duplicate",
     .parameters = PARAMETERS(EXPERIMENT_ID,
        OPTION(BODY, "continue_from_optimized", "continueFromOptimized", BOOLEAN, "start from the best iteration's prompt"),
        OPTION(BODY, "initial_prompt_override", "initialPromptOverride", STRING, "start from this prompt")),
     .returns = RETURNS_A("DuplicatedExperiment"), .summary = "Clones an experiment with its cases and evaluators; modelUnavailable says that its model is gone."},

    /* --------------------------------------------------------- observations */
    {.name = "list_observations", .module = "observations", .verb = "GET", .path = "/experiments/{experiment_id}/observations",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = RETURNS_LIST("data", "Observation"),
     .summary = "The observations of an experiment in idx order.", .dropped = "0.18", .instead = "list_dataset_cases"},
    {.name = "create_observations", .module = "observations", .verb = "POST", .path = "/experiments/{experiment_id}/observations",
     .parameters = PARAMETERS(EXPERIMENT_ID,
        ARGUMENT(LIST, "observations", "observations", ARRAY, "a list of 1,000 observations at most", AT_MOST(1000)),
        INNER(ITEM, "variables", "variables", OBJECT, "the prompt's inputs by name", REQUIRED),
        INNER(ITEM, "expected", "expected", STRING, "the right answer", REQUIRED),
        INNER(ITEM, "split", "split", STRING, "which part it belongs to", ONE_OF(SPLIT_TYPE), ASSUMED("eval")),
        INNER(ITEM, "input", "variables.input", ANY, "older form of variables = { input = ... }")),
     .returns = RETURNS_LIST("data", "Observation"), .summary = "Adds inputs with their expected outputs.", .dropped = "0.18", .instead = "create_dataset_cases"},
    {.name = "update_observation", .module = "observations", .verb = "PATCH", .path = "/experiments/{experiment_id}/observations/{observation_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, OBSERVATION_ID,
        ARGUMENT(CHANGES, "changes", "changes", OBJECT, "the fields to change"),
        INNER(FIELD, "variables", "variables", OBJECT, "the prompt's inputs by name"),
        INNER(FIELD, "expected", "expected", STRING, "the right answer"),
        INNER(FIELD, "split", "split", STRING, "which part it belongs to", ONE_OF(SPLIT_TYPE)),
        INNER(FIELD, "input", "variables.input", ANY, "older form of variables = { input = ... }")),
     .returns = RETURNS_A("Observation"), .summary = "Changes an observation.", .dropped = "0.18", .instead = "update_dataset_case"},
    {.name = "delete_observation", .module = "observations", .verb = "DELETE", .path = "/experiments/{experiment_id}/observations/{observation_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, OBSERVATION_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Deletes an observation.", .dropped = "0.18", .instead = "delete_dataset_case"},

    /* ----------------------------------------------------------- evaluators */
    {.name = "list_evaluators", .module = "evaluators", .verb = "GET", .path = "/experiments/{experiment_id}/evaluators",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = RETURNS_LIST("data", "Evaluator"),
     .summary = "The evaluators of an experiment."},
    {.name = "create_evaluators", .module = "evaluators", .verb = "POST", .path = "/experiments/{experiment_id}/evaluators",
     .parameters = PARAMETERS(EXPERIMENT_ID,
        ARGUMENT(LIST, "evaluators", "evaluators", ARRAY, "a list of evaluators"),
        INNER(ITEM, "name", "name", STRING, "what to call it", REQUIRED),
        INNER(ITEM, "type", "type", STRING, "how it scores", REQUIRED, ONE_OF(EVALUATOR_TYPE)),
        INNER(ITEM, "weight", "weight", NUMBER, "its share in the overall score", REQUIRED),
        INNER(ITEM, "description", "description", STRING, "what it judges", NULLABLE),
        INNER(ITEM, "scale_min", "scaleMin", NUMBER, "the lowest raw score"),
        INNER(ITEM, "scale_max", "scaleMax", NUMBER, "the highest raw score"),
        INNER(ITEM, "config", "config", OBJECT, "settings of its type", NULLABLE)),
     .returns = RETURNS_LIST("data", "Evaluator"), .summary = "Adds evaluators, which score predictions."},
    {.name = "update_evaluator", .module = "evaluators", .verb = "PATCH", .path = "/experiments/{experiment_id}/evaluators/{evaluator_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, EVALUATOR_ID,
        ARGUMENT(CHANGES, "changes", "changes", OBJECT, "the fields to change"),
        INNER(FIELD, "name", "name", STRING, "what to call it"),
        INNER(FIELD, "type", "type", STRING, "how it scores", ONE_OF(EVALUATOR_TYPE)),
        INNER(FIELD, "weight", "weight", NUMBER, "its share in the overall score"),
        INNER(FIELD, "description", "description", STRING, "what it judges", NULLABLE),
        INNER(FIELD, "scale_min", "scaleMin", NUMBER, "the lowest raw score"),
        INNER(FIELD, "scale_max", "scaleMax", NUMBER, "the highest raw score"),
        INNER(FIELD, "config", "config", OBJECT, "settings of its type", NULLABLE)),
     .returns = RETURNS_A("Evaluator"), .summary = "Changes an evaluator."},
    {.name = "delete_evaluator", .module = "evaluators", .verb = "DELETE", .path = "/experiments/{experiment_id}/evaluators/{evaluator_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, EVALUATOR_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Deletes an evaluator."},

    /* ----------------------------------------------------------- iterations */
    {.name = "list_iterations", .module = "iterations", .verb = "GET", .path = "/experiments/{experiment_id}/iterations",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = RETURNS_LIST("data", "Iteration"),
     .summary = "The prompts that an experiment has tried."},
    {.name = "get_iteration", .module = "iterations", .verb = "GET", .path = "/experiments/{experiment_id}/iterations/{iteration_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, ITERATION_ID), .repeatable = true, .returns = RETURNS_A("IterationWithScores"),
     .summary = "One iteration with its score per evaluator."},
    {.name = "get_best_iteration", .module = "iterations", .verb = "GET", .path = "/experiments/{experiment_id}/iterations/best",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = RETURNS_A("IterationWithScores"),
     .summary = "The best iteration, by evalNormalizedScore if there is one."},

    /* ---------------------------------------------------------- deployments */
    {.name = "get_deployment", .module = "deployments", .verb = "GET", .path = "/components/{component_id}/deployment",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = RETURNS_MAYBE("Deployment"),
     .summary = "The deployment of a component; nil if there is none."},
    {.name = "deploy", .module = "deployments", .verb = "POST", .path = "/components/{component_id}/deployment",
     .parameters = PARAMETERS(COMPONENT_ID,
        ARGUMENT(BODY, "experiment_id", "experimentId", STRING, "id of the experiment whose best prompt to deploy")),
     .returns = RETURNS_A("Deployed"), .summary = "Deploys the best prompt of an experiment."},
    {.name = "undeploy", .module = "deployments", .verb = "DELETE", .path = "/components/{component_id}/deployment",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Removes the deployment of a component."},
    {.name = "get_deployed_prompt", .module = "deployments", .verb = "GET", .path = "/components/{component_id}/deployment/prompt",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = RETURNS_MAYBE("DeployedPrompt"),
     .summary = "The deployed prompt of a component; nil if there is none."},

    /* --------------------------------------------------------------- traces */
    {.name = "list_traces", .module = "traces", .verb = "GET", .path = "/traces",
     .parameters = PARAMETERS(
        LIMIT, OFFSET,
        OPTION(QUERY, "status", "status", STRING, "only with this status", ONE_OF(TRACE_STATUS)),
        OPTION(QUERY, "ai_component", "ai_component", STRING, "only of this component, by name or id"),
        OPTION(QUERY, "start_after", "start_after", STRING, "only begun after this ISO 8601 time", TIME),
        OPTION(QUERY, "start_before", "start_before", STRING, "only begun before this ISO 8601 time", TIME),
        SERVICE, ENVIRONMENT),
     .repeatable = true, .returns = RETURNS_A("TracePage"),
     .summary = "A page of traces; each_trace walks over all pages."},
    {.name = "get_trace", .module = "traces", .verb = "GET", .path = "/traces/{trace_id}",
     .parameters = PARAMETERS(TRACE_ID), .repeatable = true, .returns = RETURNS_A("Trace"),
     .summary = "One trace with its spans and their events."},
    {.name = "get_stats", .module = "traces", .verb = "GET", .path = "/traces/stats",
     .parameters = PARAMETERS(
        OPTION(QUERY, "days_back", "days_back", INTEGER, "how many days to look back", DEFAULT("30"), RANGE(1, 2147483647)),
        SERVICE, ENVIRONMENT),
     .repeatable = true, .returns = RETURNS_A("TracingStats"), .summary = "Totals over the traces of the last days."},

    {.name = "ingest_traces", .module = "traces", .verb = "POST", .path = "/traces",
     .parameters = PARAMETERS(
        ARGUMENT(CHANGES, "request", "request", DOCUMENT, "OTLP's ExportTraceServiceRequest, a table or its JSON text"),
        INNER(FIELD, "resource_spans", "resourceSpans", ARRAY, "spans by resource and scope")),
     .returns = RETURNS_A("ExportTraceServiceResponse"), .summary = "Sends spans as OTLP over HTTP does, in JSON.", .since = "docs"},

    /* ------------------------------------------------------------ artifacts */
    {.name = "list_trace_artifacts", .module = "artifacts", .verb = "GET", .path = "/traces/{trace_id}/artifacts",
     .parameters = PARAMETERS(TRACE_ID), .repeatable = true, .returns = RETURNS_LIST("data", "TraceArtifact"),
     .summary = "Artifacts that the spans of a trace refer to.", .since = "0.15"},
    {.name = "get_artifact", .module = "artifacts", .verb = "GET", .path = "/artifacts/{artifact_id}",
     .parameters = PARAMETERS(ARTIFACT_ID, ARTIFACT_WORKSPACE), .repeatable = true, .returns = RETURNS_A("TraceArtifact"),
     .summary = "An artifact, without its bytes.", .since = "0.15"},
    {.name = "get_artifact_content", .module = "artifacts", .verb = "GET", .path = "/artifacts/{artifact_id}/content",
     .parameters = PARAMETERS(ARTIFACT_ID, ARTIFACT_WORKSPACE,
        OPTION(QUERY, "disposition", "disposition", STRING, "what a browser is to do with it", ONE_OF(VALUES("inline", "attachment"))),
        OPTION(QUERY, "filename", "filename", STRING, "what a browser is to call it")),
     .repeatable = true, .returns = RETURNS_BYTES, .redirects = true, .summary = "An artifact's bytes, as a string.", .since = "0.15"},
    {.name = "create_artifact", .module = "artifacts", .verb = "POST", .path = "/artifacts",
     .parameters = PARAMETERS(
        OPTION(BODY, "content_base64", "contentBase64", STRING, "the bytes, where nothing was uploaded"),
        OPTION(BODY, "storage_object_id", "storageObjectId", STRING, "id of the object that was uploaded", UUID),
        OPTION(BODY, "name", "name", STRING, "file name of a download", NULLABLE),
        OPTION(BODY, "mime_type", "mimeType", STRING, "media type, such as image/png"),
        OPTION(BODY, "size_bytes", "sizeBytes", INTEGER, "how many bytes it has, 50 MiB at most", AT_MOST(52428800)),
        OPTION(BODY, "sha256", "sha256", STRING, "SHA-256 of the bytes, in hexadecimal digits"),
        OPTION(BODY, "source_path", "sourcePath", STRING, "the attribute or file it comes from"),
        OPTION(BODY, "source_field", "sourceField", STRING, "manual or metadata"),
        OPTION(BODY, "source", "source", STRING, "direct_upload where the store was written directly"),
        OPTION(BODY, "preview", "preview", STRING, "the beginning of a text", NULLABLE)),
     .returns = RETURNS_A("TraceArtifact"), .summary = "Creates an artifact from an uploaded object or from base64; upload_artifact does all of it.", .since = "0.15"},

    /* -------------------------------------------------------------- storage */
    {.name = "presign_upload", .module = "storage", .verb = "POST", .path = "/storage-objects/presign",
     .parameters = PARAMETERS(
        ARGUMENT(BODY, "folder", "folder", STRING, "where it belongs, such as trace-artifacts"),
        ARGUMENT(BODY, "filename", "filename", STRING, "what to call it"),
        ARGUMENT(BODY, "content_type", "contentType", STRING, "media type, such as image/png"),
        OPTION(BODY, "access", "access", STRING, "who may read it", ONE_OF(VALUES("public", "private")), ASSUMED("private")),
        OPTION(BODY, "size_bytes", "sizeBytes", INTEGER, "how many bytes will be sent", ANY_NATURAL),
        OPTION(BODY, "max_size_bytes", "maxSizeBytes", INTEGER, "how many bytes may be sent", ANY_NATURAL)),
     .returns = RETURNS_A("PresignedUpload"), .summary = "Reserves an object and says how to upload it.", .since = "0.15"},
    {.name = "get_storage_object_url", .module = "storage", .verb = "GET", .path = "/storage-objects/{storage_object_id}/url",
     .parameters = PARAMETERS(STORAGE_ID), .repeatable = true, .returns = RETURNS_A("StorageObjectUrl"),
     .summary = "A short-lived URL of an object.", .since = "docs"},
    {.name = "get_storage_object_content", .module = "storage", .verb = "GET", .path = "/storage-objects/{storage_object_id}/content",
     .parameters = PARAMETERS(STORAGE_ID), .repeatable = true, .returns = RETURNS_BYTES, .redirects = true,
     .summary = "An object's bytes, as a string.", .since = "docs"},

    /* ------------------------------------------------------------- datasets */
    {.name = "create_dataset", .module = "datasets", .verb = "POST", .path = "/components/{component_id}/datasets",
     .parameters = PARAMETERS(COMPONENT_ID,
        ARGUMENT(BODY, "name", "name", STRING, "what to call it"),
        OPTION(BODY, "description", "description", STRING, "what it is for", NULLABLE),
        TRACE_IDS),
     .returns = RETURNS_A("Dataset"), .summary = "Creates a dataset, which cases are added to; older platforms make it of traces."},
    {.name = "list_datasets", .module = "datasets", .verb = "GET", .path = "/components/{component_id}/datasets",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = RETURNS_LIST("data", "Dataset"),
     .summary = "The datasets of a component."},
    {.name = "get_dataset", .module = "datasets", .verb = "GET", .path = "/components/{component_id}/datasets/{dataset_id}",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID), .repeatable = true, .returns = RETURNS_A("DatasetWithCases"),
     .summary = "One dataset with its cases; older platforms have items."},
    {.name = "delete_dataset", .module = "datasets", .verb = "DELETE", .path = "/components/{component_id}/datasets/{dataset_id}",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Deletes a dataset with its runs."},

    /* -------------------------------------------------------- dataset cases */
    {.name = "list_dataset_cases", .module = "dataset_cases", .verb = "GET", .path = "/components/{component_id}/datasets/{dataset_id}/cases",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID), .repeatable = true, .returns = RETURNS_LIST("data", "DatasetCase"),
     .summary = "The cases of a dataset.", .since = "0.18"},
    {.name = "create_dataset_cases", .module = "dataset_cases", .verb = "POST", .path = "/components/{component_id}/datasets/{dataset_id}/cases",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID,
        ARGUMENT(LIST, "cases", "cases", ARRAY, "a list of cases"),
        INPUT_PAYLOAD(ITEM, true), CASE_REST(ITEM)),
     .returns = RETURNS_LIST("data", "DatasetCase"), .summary = "Adds inputs with their expected outputs to a dataset.", .since = "0.18"},
    {.name = "get_dataset_case", .module = "dataset_cases", .verb = "GET", .path = "/components/{component_id}/datasets/{dataset_id}/cases/{case_id}",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID, CASE_ID), .repeatable = true, .returns = RETURNS_A("DatasetCase"),
     .summary = "One case of a dataset.", .since = "0.18"},
    {.name = "update_dataset_case", .module = "dataset_cases", .verb = "PATCH", .path = "/components/{component_id}/datasets/{dataset_id}/cases/{case_id}",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID, CASE_ID,
        ARGUMENT(CHANGES, "changes", "changes", OBJECT, "the fields to change"),
        INPUT_PAYLOAD(FIELD, false), CASE_REST(FIELD)),
     .returns = RETURNS_A("DatasetCase"), .summary = "Changes a case of a dataset.", .since = "0.18"},
    {.name = "delete_dataset_case", .module = "dataset_cases", .verb = "DELETE", .path = "/components/{component_id}/datasets/{dataset_id}/cases/{case_id}",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID, CASE_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Deletes a case of a dataset.", .since = "0.18"},

    /* ----------------------------------------------------------------- runs */
    {.name = "create_run", .module = "runs", .verb = "POST", .path = "/components/{component_id}/runs",
     .parameters = PARAMETERS(COMPONENT_ID,
        ARGUMENT(BODY, "dataset_id", "datasetId", STRING, "id of the dataset it was made on"),
        OPTION(BODY, "name", "name", STRING, "what to call it", NULLABLE),
        TRACE_IDS),
     .returns = RETURNS_A("Run"), .summary = "Creates a run of an agent over a dataset.", .dropped = "0.21.1"},
    {.name = "list_runs", .module = "runs", .verb = "GET", .path = "/components/{component_id}/runs",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = RETURNS_LIST("data", "Run"),
     .summary = "The runs of a component.", .dropped = "0.21.1"},
    {.name = "get_run", .module = "runs", .verb = "GET", .path = "/components/{component_id}/runs/{run_id}",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID), .repeatable = true, .returns = RETURNS_A("RunWithTraces"),
     .summary = "One run with its traces.", .dropped = "0.21.1"},
    {.name = "delete_run", .module = "runs", .verb = "DELETE", .path = "/components/{component_id}/runs/{run_id}",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Deletes a run with its annotations.", .dropped = "0.21.1"},

    /* ---------------------------------------------------------- annotations */
    {.name = "upsert_annotation", .module = "annotations", .verb = "POST", .path = "/components/{component_id}/runs/{run_id}/annotations",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID,
        ARGUMENT(BODY, "trace_db_id", "traceDbId", STRING, "database id of the trace: its id, not its traceId"),
        OPTION(BODY, "rating", "rating", STRING, "was it good", ONE_OF(ANNOTATION_RATING)),
        OPTION(BODY, "comment", "comment", STRING, "what a person says of it")),
     .repeatable = true, .returns = RETURNS_A("Annotation"),
     .summary = "Rates a trace of a run, or changes the rating it has.", .dropped = "0.21.1"},
    {.name = "list_annotations", .module = "annotations", .verb = "GET", .path = "/components/{component_id}/runs/{run_id}/annotations",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID), .repeatable = true, .returns = RETURNS_LIST("data", "Annotation"),
     .summary = "Annotations of a run and of other runs of its dataset.", .dropped = "0.21.1"},
    {.name = "list_dataset_annotations", .module = "annotations", .verb = "GET", .path = "/components/{component_id}/datasets/{dataset_id}/annotations",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID), .repeatable = true, .returns = RETURNS_LIST("data", "Annotation"),
     .summary = "Annotations of a dataset's traces over all its runs.", .dropped = "0.21.1"},
    {.name = "delete_annotation", .module = "annotations", .verb = "DELETE", .path = "/components/{component_id}/runs/{run_id}/annotations/{annotation_id}",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID, ANNOTATION_ID), .repeatable = true, .returns = RETURNS_NOTHING,
     .summary = "Deletes an annotation.", .dropped = "0.21.1"},

    /* ---------------------------------------------------------- evaluations */
    {.name = "create_evaluation", .module = "evaluations", .verb = "POST", .path = "/components/{component_id}/evaluations",
     .parameters = PARAMETERS(COMPONENT_ID,
        ARGUMENT(BODY, "dataset_id", "datasetId", STRING, "id of the dataset to evaluate"),
        OPTION(BODY, "name", "name", STRING, "what to call it", NULLABLE),
        OPTION(BODY, "run_id", "runId", STRING, "only this run", NULLABLE)),
     .returns = RETURNS_A("AgentEvaluation"), .summary = "Starts an evaluation of an agent's traces.", .dropped = "0.21.1"},
    {.name = "list_evaluations", .module = "evaluations", .verb = "GET", .path = "/components/{component_id}/evaluations",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = RETURNS_LIST("data", "AgentEvaluation"),
     .summary = "The evaluations of a component.", .dropped = "0.21.1"},
    {.name = "get_evaluation", .module = "evaluations", .verb = "GET", .path = "/components/{component_id}/evaluations/{evaluation_id}",
     .parameters = PARAMETERS(COMPONENT_ID, EVALUATION_ID), .repeatable = true, .returns = RETURNS_A("AgentEvaluation"),
     .summary = "One evaluation with its results, once completed.", .dropped = "0.21.1"},
    {.name = "list_judge_results", .module = "evaluations", .verb = "GET", .path = "/components/{component_id}/evaluations/{evaluation_id}/judge-results",
     .parameters = PARAMETERS(COMPONENT_ID, EVALUATION_ID), .repeatable = true, .returns = RETURNS_LIST("rows", "JudgeResult"),
     .summary = "The results of each judge of an evaluation.", .since = "0.17", .dropped = "0.21.1"},
};
/* clang-format on */

const promptic_endpoint *promptic_endpoints(size_t *count) {
    *count = sizeof table / sizeof *table;
    return table;
}

const promptic_endpoint *promptic_endpoint_find(const char *name) {
    size_t count;
    const promptic_endpoint *rows = promptic_endpoints(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}
