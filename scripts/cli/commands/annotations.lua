--- promptic annotations
local agents = require "promptic.cli.agents"
local call = require "promptic.cli.call"

local columns = {
   { "ID", key = "id", as = "id" },
   { "TRACE", key = "traceDbId", as = "id" },
   { "RATING", key = "rating", as = "status" },
   { "COMMENT", key = "comment" },
   { "BY", key = "userId", optional = true },
   { "CHANGED", key = "updatedAt", as = "time", optional = true },
}

local function list(context, values)
   if (values.run_id == nil) == (values.dataset_id == nil) then
      context:misuse "either --run or --dataset is needed"
   end
   return call.method(context, values.run_id and "list_annotations" or "list_dataset_annotations")
end

return {
   section = "Older platforms", older = true,
   summary = "What people say of the traces of a run.",
   commands = {
      {
         name = "create", method = "upsert_annotation",
         summary = "Rate a trace of a run, or change its rating.",
         examples = "promptic annotations create -c COMPONENT --run RUN --trace TRACE --rating positive",
         options = {
            agents.component, { "run_id", required = true }, { "trace_db_id", required = true }, "rating",
            "comment",
         },
         run = function(context, values)
            if not values.rating and not values.comment then
               context:misuse "a --rating or a --comment is needed"
            end
            return call.method(context, "upsert_annotation")
         end,
         done = "Annotated the trace {traceDbId}.", show = { fields = { { "id", key = "id", as = "id" } } },
      },
      {
         name = "list", method = "list_annotations", methods = { "list_dataset_annotations" }, run = list, times = true,
         summary = "List the annotations of a run, or of a dataset over all its runs.",
         options = {
            agents.component, { "run_id", summary = "of this run and of other runs of its dataset" },
            { "dataset_id", summary = "of this dataset, over all its runs" },
         },
         show = { list = "data", columns = columns, empty = "There are no annotations yet." },
      },
      {
         name = "delete", method = "delete_annotation", arguments = { "annotation_id" },
         options = { agents.component, { "run_id", required = true } }, summary = "Delete an annotation.",
         confirm = "Delete the annotation {annotation_id}?", done = "Deleted the annotation {annotation_id}.",
      },
   },
}
