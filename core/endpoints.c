/*
 * endpoints.c - THE TABLE: one row an endpoint, one row a parameter. Source: the platform's
 * contract, spec/contract/openapi.yaml (spec/table_spec.lua compares the two).
 *
 * A parameter row reads: name, wire name, type, place, then what is special about it. Required
 * parameters come first, in the order in which Lua takes them by position.
 */
#include "promptic.h"

#include <string.h>

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PARAMETERS(...) ((const promptic_parameter[]){__VA_ARGS__, {.name = NULL}})
#define NO_PARAMETERS ((const promptic_parameter[]){{.name = NULL}})

/* clang-format off */
#define PATH(NAME, TYPE, SUMMARY) \
    {.name = NAME, .wire = NAME, .type = PROMPTIC_##TYPE, .place = PROMPTIC_IN_PATH, .required = true, .summary = SUMMARY}
#define ROW(PLACE, NAME, WIRE, TYPE, SUMMARY, ...) \
    {.name = NAME, .wire = WIRE, .type = PROMPTIC_##TYPE, .place = PROMPTIC_IN_##PLACE, .summary = SUMMARY, __VA_ARGS__}

#define REQUIRED .required = true
#define NULLABLE .nullable = true
#define OPTIONAL .required = false
#define DEFAULT(TEXT) .fallback = TEXT
#define ONE_OF(LIST) .values = LIST
#define RANGE(LOW, HIGH) .minimum = LOW, .maximum = HIGH

/* The contract's schemas/ExperimentStatus and its neighbours. */
#define EXPERIMENT_STATUS VALUES("pending", "scheduled", "running", "completed", "failed")
#define MODEL_PROVIDER    VALUES("openai", "openrouter", "custom", "google")
#define OPTIMIZER_TYPE    VALUES("promptic", "prompticV2", "miproV2", "bootstrapFewShot", "gepa")
#define TASK_TYPE         VALUES("classification", "textGeneration", "structuredOutput")
#define EVALUATOR_TYPE    VALUES("f1", "referenceJudge", "comparisonJudge", "generalJudge", "similarity", "structuredOutput")
#define SPLIT_TYPE        VALUES("train", "eval")
#define TRACE_STATUS      VALUES("ok", "error")
#define ANNOTATION_RATING VALUES("positive", "negative")
#define ANY_NATURAL       RANGE(0, 2147483647)

/* Path parameters that many rows share. */
#define COMPONENT_ID   PATH("component_id", STRING, "id of the AI component")
#define EXPERIMENT_ID  PATH("experiment_id", STRING, "id of the experiment")
#define OBSERVATION_ID PATH("observation_id", INTEGER, "id of the observation, a number")
#define EVALUATOR_ID   PATH("evaluator_id", STRING, "id of the evaluator")
#define ITERATION_ID   PATH("iteration_id", INTEGER, "id of the iteration, a number")
#define TRACE_ID       PATH("trace_id", STRING, "database id of the trace")
#define DATASET_ID     PATH("dataset_id", STRING, "id of the dataset")
#define RUN_ID         PATH("run_id", STRING, "id of the run")
#define ANNOTATION_ID  PATH("annotation_id", STRING, "id of the annotation")
#define EVALUATION_ID  PATH("evaluation_id", STRING, "id of the evaluation")

#define LIMIT(HIGH) ROW(QUERY, "limit", "limit", INTEGER, "how many at most", DEFAULT("50"), RANGE(0, HIGH))
#define OFFSET      ROW(QUERY, "offset", "offset", INTEGER, "how many to skip", DEFAULT("0"), ANY_NATURAL)

static const promptic_endpoint table[] = {
    /* ------------------------------------------------------------ workspace */
    {.name = "get_workspace", .module = "workspace", .verb = "GET", .path = "/workspace",
     .parameters = NO_PARAMETERS, .repeatable = true, .returns = "Workspace",
     .summary = "The workspace the credential belongs to."},
    {.name = "list_workspaces", .module = "workspace", .verb = "GET", .path = "/workspaces",
     .parameters = NO_PARAMETERS, .repeatable = true, .without_workspace = true, .returns = "{ data = { Workspace, ... } }",
     .summary = "Workspaces that the user of a session token can reach."},

    /* ----------------------------------------------------------- components */
    {.name = "list_components", .module = "components", .verb = "GET", .path = "/components",
     .parameters = NO_PARAMETERS, .repeatable = true, .returns = "{ data = { Component, ... } }",
     .summary = "All AI components of the workspace."},
    {.name = "create_component", .module = "components", .verb = "POST", .path = "/components",
     .parameters = PARAMETERS(
        ROW(BODY, "name", "name", STRING, "what to call it", REQUIRED),
        ROW(BODY, "description", "description", STRING, "what it is for", NULLABLE)),
     .returns = "{ id }", .summary = "Creates an AI component, which experiments and deployments belong to."},
    {.name = "get_component", .module = "components", .verb = "GET", .path = "/components/{component_id}",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = "Component",
     .summary = "One AI component."},
    {.name = "delete_component", .module = "components", .verb = "DELETE", .path = "/components/{component_id}",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = "nil",
     .summary = "Deletes a component and everything that belongs to it."},

    /* ---------------------------------------------------------- experiments */
    {.name = "list_experiments", .module = "experiments", .verb = "GET", .path = "/experiments",
     .parameters = PARAMETERS(
        LIMIT(2147483647), OFFSET,
        ROW(QUERY, "component_id", "component_id", STRING, "only of this component", OPTIONAL),
        ROW(QUERY, "status", "status", STRING, "only in this status", ONE_OF(EXPERIMENT_STATUS))),
     .repeatable = true, .returns = "{ data = { Experiment, ... } }",
     .summary = "A page of experiments; each_experiment walks over all pages."},
    {.name = "create_experiment", .module = "experiments", .verb = "POST", .path = "/experiments",
     .parameters = PARAMETERS(
        ROW(BODY, "ai_component_id", "aiComponentId", STRING, "id of the component it belongs to", REQUIRED),
        ROW(BODY, "target_model", "targetModel", STRING, "the model to optimise for, such as gpt-4.1-nano", REQUIRED),
        ROW(BODY, "task_type", "taskType", STRING, "what the prompt does", DEFAULT("classification"), ONE_OF(TASK_TYPE)),
        ROW(BODY, "provider", "provider", STRING, "who serves the model", DEFAULT("openai"), ONE_OF(MODEL_PROVIDER)),
        ROW(BODY, "optimizer", "optimizer", STRING, "how prompts are searched", DEFAULT("prompticV2"), ONE_OF(OPTIMIZER_TYPE)),
        ROW(BODY, "initial_prompt", "initialPrompt", STRING, "the prompt to start from", NULLABLE),
        ROW(BODY, "name", "name", STRING, "what to call it", NULLABLE),
        ROW(BODY, "description", "description", STRING, "what it is for", NULLABLE),
        ROW(BODY, "hyperparameters", "hyperparameters", OBJECT, "epochs, trainSplitRatio, numFewShots, enableCot", OPTIONAL),
        ROW(BODY, "initial_prediction_model_schema", "initialPredictionModelSchema", OBJECT, "JSON schema of a structured output", NULLABLE)),
     .returns = "Experiment", .summary = "Creates an experiment in status pending."},
    {.name = "get_experiment", .module = "experiments", .verb = "GET", .path = "/experiments/{experiment_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = "Experiment",
     .summary = "One experiment with its status."},
    {.name = "update_experiment", .module = "experiments", .verb = "PATCH", .path = "/experiments/{experiment_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID,
        ROW(CHANGES, "changes", "changes", OBJECT, "the fields to change", REQUIRED),
        ROW(FIELD, "name", "name", STRING, "what to call it", NULLABLE),
        ROW(FIELD, "description", "description", STRING, "what it is for", NULLABLE),
        ROW(FIELD, "target_model", "targetModel", STRING, "the model to optimise for", OPTIONAL),
        ROW(FIELD, "provider", "provider", STRING, "who serves the model", ONE_OF(MODEL_PROVIDER)),
        ROW(FIELD, "task_type", "taskType", STRING, "what the prompt does", ONE_OF(TASK_TYPE)),
        ROW(FIELD, "optimizer", "optimizer", STRING, "how prompts are searched", ONE_OF(OPTIMIZER_TYPE)),
        ROW(FIELD, "initial_prompt", "initialPrompt", STRING, "the prompt to start from", NULLABLE),
        ROW(FIELD, "hyperparameters", "hyperparameters", OBJECT, "epochs, trainSplitRatio, numFewShots, enableCot", OPTIONAL),
        ROW(FIELD, "initial_prediction_model_schema", "initialPredictionModelSchema", OBJECT, "JSON schema of a structured output", NULLABLE)),
     .returns = "Experiment", .summary = "Changes a pending experiment."},
    {.name = "delete_experiment", .module = "experiments", .verb = "DELETE", .path = "/experiments/{experiment_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = "nil",
     .summary = "Deletes an experiment with its observations, evaluators and iterations."},
    {.name = "start_experiment", .module = "experiments", .verb = "POST", .path = "/experiments/{experiment_id}/start",
     .parameters = PARAMETERS(EXPERIMENT_ID), .returns = "{ messageId, status }",
     .summary = "Starts a pending experiment; 409 where it is not pending."},
    {.name = "duplicate_experiment", .module = "experiments", .verb = "POST", .path = "/experiments/{experiment_id}/duplicate",
     .parameters = PARAMETERS(EXPERIMENT_ID,
        ROW(BODY, "continue_from_optimized", "continueFromOptimized", BOOLEAN, "start from the best iteration's prompt", OPTIONAL),
        ROW(BODY, "initial_prompt_override", "initialPromptOverride", STRING, "start from this prompt", OPTIONAL)),
     .returns = "Experiment", .summary = "Clones an experiment with its observations and evaluators."},

    /* --------------------------------------------------------- observations */
    {.name = "list_observations", .module = "observations", .verb = "GET", .path = "/experiments/{experiment_id}/observations",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = "{ data = { Observation, ... } }",
     .summary = "The observations of an experiment in idx order."},
    {.name = "create_observations", .module = "observations", .verb = "POST", .path = "/experiments/{experiment_id}/observations",
     .parameters = PARAMETERS(EXPERIMENT_ID,
        ROW(LIST, "observations", "observations", ARRAY, "a list of observations", REQUIRED),
        ROW(ITEM, "variables", "variables", OBJECT, "the prompt's inputs by name", REQUIRED),
        ROW(ITEM, "expected", "expected", STRING, "the right answer", REQUIRED),
        ROW(ITEM, "split", "split", STRING, "which part it belongs to; eval on the server", ONE_OF(SPLIT_TYPE)),
        ROW(ITEM, "input", "variables.input", ANY, "older form of variables = { input = ... }", OPTIONAL)),
     .returns = "{ data = { Observation, ... } }", .summary = "Adds inputs with their expected outputs."},
    {.name = "update_observation", .module = "observations", .verb = "PATCH", .path = "/experiments/{experiment_id}/observations/{observation_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, OBSERVATION_ID,
        ROW(CHANGES, "changes", "changes", OBJECT, "the fields to change", REQUIRED),
        ROW(FIELD, "variables", "variables", OBJECT, "the prompt's inputs by name", OPTIONAL),
        ROW(FIELD, "expected", "expected", STRING, "the right answer", OPTIONAL),
        ROW(FIELD, "split", "split", STRING, "which part it belongs to", ONE_OF(SPLIT_TYPE)),
        ROW(FIELD, "input", "variables.input", ANY, "older form of variables = { input = ... }", OPTIONAL)),
     .returns = "Observation", .summary = "Changes an observation."},
    {.name = "delete_observation", .module = "observations", .verb = "DELETE", .path = "/experiments/{experiment_id}/observations/{observation_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, OBSERVATION_ID), .repeatable = true, .returns = "nil",
     .summary = "Deletes an observation."},

    /* ----------------------------------------------------------- evaluators */
    {.name = "list_evaluators", .module = "evaluators", .verb = "GET", .path = "/experiments/{experiment_id}/evaluators",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = "{ data = { Evaluator, ... } }",
     .summary = "The evaluators of an experiment."},
    {.name = "create_evaluators", .module = "evaluators", .verb = "POST", .path = "/experiments/{experiment_id}/evaluators",
     .parameters = PARAMETERS(EXPERIMENT_ID,
        ROW(LIST, "evaluators", "evaluators", ARRAY, "a list of evaluators", REQUIRED),
        ROW(ITEM, "name", "name", STRING, "what to call it", REQUIRED),
        ROW(ITEM, "type", "type", STRING, "how it scores", REQUIRED, ONE_OF(EVALUATOR_TYPE)),
        ROW(ITEM, "weight", "weight", NUMBER, "its share in the overall score", REQUIRED),
        ROW(ITEM, "description", "description", STRING, "what it judges", NULLABLE),
        ROW(ITEM, "scale_min", "scaleMin", NUMBER, "the lowest raw score", OPTIONAL),
        ROW(ITEM, "scale_max", "scaleMax", NUMBER, "the highest raw score", OPTIONAL),
        ROW(ITEM, "config", "config", OBJECT, "settings of its type", NULLABLE)),
     .returns = "{ data = { Evaluator, ... } }", .summary = "Adds evaluators, which score predictions."},
    {.name = "update_evaluator", .module = "evaluators", .verb = "PATCH", .path = "/experiments/{experiment_id}/evaluators/{evaluator_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, EVALUATOR_ID,
        ROW(CHANGES, "changes", "changes", OBJECT, "the fields to change", REQUIRED),
        ROW(FIELD, "name", "name", STRING, "what to call it", OPTIONAL),
        ROW(FIELD, "type", "type", STRING, "how it scores", ONE_OF(EVALUATOR_TYPE)),
        ROW(FIELD, "weight", "weight", NUMBER, "its share in the overall score", OPTIONAL),
        ROW(FIELD, "description", "description", STRING, "what it judges", NULLABLE),
        ROW(FIELD, "scale_min", "scaleMin", NUMBER, "the lowest raw score", OPTIONAL),
        ROW(FIELD, "scale_max", "scaleMax", NUMBER, "the highest raw score", OPTIONAL),
        ROW(FIELD, "config", "config", OBJECT, "settings of its type", NULLABLE)),
     .returns = "Evaluator", .summary = "Changes an evaluator."},
    {.name = "delete_evaluator", .module = "evaluators", .verb = "DELETE", .path = "/experiments/{experiment_id}/evaluators/{evaluator_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, EVALUATOR_ID), .repeatable = true, .returns = "nil",
     .summary = "Deletes an evaluator."},

    /* ----------------------------------------------------------- iterations */
    {.name = "list_iterations", .module = "iterations", .verb = "GET", .path = "/experiments/{experiment_id}/iterations",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = "{ data = { Iteration, ... } }",
     .summary = "The prompts that an experiment has tried."},
    {.name = "get_iteration", .module = "iterations", .verb = "GET", .path = "/experiments/{experiment_id}/iterations/{iteration_id}",
     .parameters = PARAMETERS(EXPERIMENT_ID, ITERATION_ID), .repeatable = true, .returns = "IterationWithScores",
     .summary = "One iteration with its score per evaluator."},
    {.name = "get_best_iteration", .module = "iterations", .verb = "GET", .path = "/experiments/{experiment_id}/iterations/best",
     .parameters = PARAMETERS(EXPERIMENT_ID), .repeatable = true, .returns = "IterationWithScores",
     .summary = "The best iteration, by evalNormalizedScore where there is one."},

    /* ---------------------------------------------------------- deployments */
    {.name = "get_deployment", .module = "deployments", .verb = "GET", .path = "/components/{component_id}/deployment",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = "Deployment or nil",
     .summary = "What is deployed for a component; nil where nothing is."},
    {.name = "deploy", .module = "deployments", .verb = "POST", .path = "/components/{component_id}/deployment",
     .parameters = PARAMETERS(COMPONENT_ID,
        ROW(BODY, "experiment_id", "experimentId", STRING, "id of the experiment whose best prompt to deploy", REQUIRED)),
     .returns = "{ aiComponentId, experimentId }", .summary = "Deploys the best prompt of an experiment."},
    {.name = "undeploy", .module = "deployments", .verb = "DELETE", .path = "/components/{component_id}/deployment",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = "nil",
     .summary = "Removes what is deployed for a component."},
    {.name = "get_deployed_prompt", .module = "deployments", .verb = "GET", .path = "/components/{component_id}/deployment/prompt",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = "DeployedPrompt or nil",
     .summary = "The prompt that is deployed; nil where nothing is."},

    /* --------------------------------------------------------------- traces */
    {.name = "list_traces", .module = "traces", .verb = "GET", .path = "/traces",
     .parameters = PARAMETERS(
        LIMIT(100), OFFSET,
        ROW(QUERY, "status", "status", STRING, "only with this status", ONE_OF(TRACE_STATUS)),
        ROW(QUERY, "start_after", "start_after", STRING, "only begun after this ISO 8601 time", OPTIONAL),
        ROW(QUERY, "start_before", "start_before", STRING, "only begun before this ISO 8601 time", OPTIONAL)),
     .repeatable = true, .returns = "{ traces = { TraceListItem, ... }, total }",
     .summary = "A page of traces; each_trace walks over all pages."},
    {.name = "get_trace", .module = "traces", .verb = "GET", .path = "/traces/{trace_id}",
     .parameters = PARAMETERS(TRACE_ID), .repeatable = true, .returns = "Trace",
     .summary = "One trace with its spans and their events."},
    {.name = "get_stats", .module = "traces", .verb = "GET", .path = "/traces/stats",
     .parameters = PARAMETERS(
        ROW(QUERY, "days_back", "days_back", INTEGER, "how many days to look back", DEFAULT("30"), RANGE(1, 2147483647))),
     .repeatable = true, .returns = "TracingStats", .summary = "Totals over the traces of the last days."},

    /* ------------------------------------------------------------- datasets */
    {.name = "create_dataset", .module = "datasets", .verb = "POST", .path = "/components/{component_id}/datasets",
     .parameters = PARAMETERS(COMPONENT_ID,
        ROW(BODY, "name", "name", STRING, "what to call it", REQUIRED),
        ROW(BODY, "description", "description", STRING, "what it is for", NULLABLE),
        ROW(BODY, "trace_ids", "traceIds", STRINGS, "database ids of its traces", OPTIONAL)),
     .returns = "Dataset", .summary = "Creates a dataset from traces."},
    {.name = "list_datasets", .module = "datasets", .verb = "GET", .path = "/components/{component_id}/datasets",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = "{ data = { Dataset, ... } }",
     .summary = "The datasets of a component."},
    {.name = "get_dataset", .module = "datasets", .verb = "GET", .path = "/components/{component_id}/datasets/{dataset_id}",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID), .repeatable = true, .returns = "DatasetWithItems",
     .summary = "One dataset with its items."},
    {.name = "delete_dataset", .module = "datasets", .verb = "DELETE", .path = "/components/{component_id}/datasets/{dataset_id}",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID), .repeatable = true, .returns = "nil",
     .summary = "Deletes a dataset with its runs."},

    /* ----------------------------------------------------------------- runs */
    {.name = "create_run", .module = "runs", .verb = "POST", .path = "/components/{component_id}/runs",
     .parameters = PARAMETERS(COMPONENT_ID,
        ROW(BODY, "dataset_id", "datasetId", STRING, "id of the dataset it was made on", REQUIRED),
        ROW(BODY, "name", "name", STRING, "what to call it", NULLABLE),
        ROW(BODY, "trace_ids", "traceIds", STRINGS, "database ids of its traces", OPTIONAL)),
     .returns = "Run", .summary = "Creates a run of an agent over a dataset."},
    {.name = "list_runs", .module = "runs", .verb = "GET", .path = "/components/{component_id}/runs",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = "{ data = { Run, ... } }",
     .summary = "The runs of a component."},
    {.name = "get_run", .module = "runs", .verb = "GET", .path = "/components/{component_id}/runs/{run_id}",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID), .repeatable = true, .returns = "RunWithTraces",
     .summary = "One run with its traces."},
    {.name = "delete_run", .module = "runs", .verb = "DELETE", .path = "/components/{component_id}/runs/{run_id}",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID), .repeatable = true, .returns = "nil",
     .summary = "Deletes a run with its annotations."},

    /* ---------------------------------------------------------- annotations */
    {.name = "upsert_annotation", .module = "annotations", .verb = "POST", .path = "/components/{component_id}/runs/{run_id}/annotations",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID,
        ROW(BODY, "trace_db_id", "traceDbId", STRING, "database id of the trace", REQUIRED),
        ROW(BODY, "rating", "rating", STRING, "was it good", ONE_OF(ANNOTATION_RATING)),
        ROW(BODY, "comment", "comment", STRING, "what a person says of it", OPTIONAL)),
     .repeatable = true, .returns = "Annotation",
     .summary = "Rates a trace of a run, or changes the rating it has."},
    {.name = "list_annotations", .module = "annotations", .verb = "GET", .path = "/components/{component_id}/runs/{run_id}/annotations",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID), .repeatable = true, .returns = "{ data = { Annotation, ... } }",
     .summary = "Annotations of a run and of other runs of its dataset."},
    {.name = "list_dataset_annotations", .module = "annotations", .verb = "GET", .path = "/components/{component_id}/datasets/{dataset_id}/annotations",
     .parameters = PARAMETERS(COMPONENT_ID, DATASET_ID), .repeatable = true, .returns = "{ data = { Annotation, ... } }",
     .summary = "Annotations of a dataset's traces over all its runs."},
    {.name = "delete_annotation", .module = "annotations", .verb = "DELETE", .path = "/components/{component_id}/runs/{run_id}/annotations/{annotation_id}",
     .parameters = PARAMETERS(COMPONENT_ID, RUN_ID, ANNOTATION_ID), .repeatable = true, .returns = "nil",
     .summary = "Deletes an annotation."},

    /* ---------------------------------------------------------- evaluations */
    {.name = "create_evaluation", .module = "evaluations", .verb = "POST", .path = "/components/{component_id}/evaluations",
     .parameters = PARAMETERS(COMPONENT_ID,
        ROW(BODY, "dataset_id", "datasetId", STRING, "id of the dataset to evaluate", REQUIRED),
        ROW(BODY, "name", "name", STRING, "what to call it", NULLABLE),
        ROW(BODY, "run_id", "runId", STRING, "only this run", NULLABLE)),
     .returns = "AgentEvaluation", .summary = "Starts an evaluation of an agent's traces."},
    {.name = "list_evaluations", .module = "evaluations", .verb = "GET", .path = "/components/{component_id}/evaluations",
     .parameters = PARAMETERS(COMPONENT_ID), .repeatable = true, .returns = "{ data = { AgentEvaluation, ... } }",
     .summary = "The evaluations of a component."},
    {.name = "get_evaluation", .module = "evaluations", .verb = "GET", .path = "/components/{component_id}/evaluations/{evaluation_id}",
     .parameters = PARAMETERS(COMPONENT_ID, EVALUATION_ID), .repeatable = true, .returns = "AgentEvaluation",
     .summary = "One evaluation with its results, once completed."},
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
