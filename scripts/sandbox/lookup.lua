--[[
The one place where an id becomes a row. Every lookup knows the workspace of the request, and the things that
the path names before this one: what belongs to another workspace, component, experiment, dataset or run is
not found, like an unknown id.
]]
local failure = require "promptic.sandbox.failure"

local lookup = {}

local OF_COMPONENT = " JOIN component c ON c.id = t.aiComponentId"
local OF_EXPERIMENT = " JOIN experiment e ON e.id = t.experimentId JOIN component c ON c.id = e.aiComponentId"
local OF_DATASET = " JOIN dataset d ON d.id = t.datasetId JOIN component c ON c.id = d.aiComponentId"
local OF_RUN = " JOIN run r ON r.id = t.runId JOIN component c ON c.id = r.aiComponentId"

-- By kind: its table as t, with what its workspace is read from; the column of each parent that it may have;
-- what is counted along.
local kinds = {
   component = { from = "component t", workspace = "t.workspaceId", parents = {} },
   experiment = { from = "experiment t" .. OF_COMPONENT, parents = { component = "t.aiComponentId" } },
   -- a case of the experiment's own dataset
   observation = { from = "dataset_case t JOIN experiment e ON e.datasetId = t.datasetId"
      .. " JOIN component c ON c.id = e.aiComponentId", parents = { experiment = "e.id" } },
   evaluator = { from = "evaluator t" .. OF_EXPERIMENT, parents = { experiment = "t.experimentId" } },
   iteration = { from = "iteration t" .. OF_EXPERIMENT, parents = { experiment = "t.experimentId" } },
   trace = { from = "trace t", workspace = "t.workspaceId", parents = {}, also = "t.traceId" },
   artifact = { from = "artifact t", workspace = "t.workspaceId", parents = {} },
   storage_object = { from = "storage_object t", workspace = "t.workspaceId", parents = {} },
   -- the dataset of an experiment is found by the experiment, not in lists
   dataset = { from = "dataset t" .. OF_COMPONENT, parents = { component = "t.aiComponentId" },
      listed = " AND NOT EXISTS (SELECT 1 FROM experiment WHERE datasetId = t.id)",
      counts = [[, (SELECT count(*) FROM item WHERE datasetId = t.id) AS itemCount,
         (SELECT count(*) FROM item WHERE datasetId = t.id) AS traceCount,
         (SELECT count(*) FROM dataset_case WHERE datasetId = t.id) AS caseCount]] },
   case = { from = "dataset_case t" .. OF_DATASET, parents = { dataset = "t.datasetId" } },
   run = { from = "run t" .. OF_COMPONENT, parents = { component = "t.aiComponentId" },
      counts = ", (SELECT count(*) FROM run_trace WHERE runId = t.id) AS traceCount" },
   annotation = { from = "annotation t" .. OF_RUN, parents = { run = "t.runId" } },
   evaluation = { from = "evaluation t" .. OF_COMPONENT, parents = { component = "t.aiComponentId" } },
}

local function select_of(kind)
   return ("SELECT t.*%s FROM %s WHERE %s = ?"):format(kind.counts or "", kind.from,
      kind.workspace or "c.workspaceId")
end

--- The row of a kind ("experiment") with that id in the workspace of the request; 404 where there is none.
-- parents: rows by kind that it must belong to, as far as it can (nil: any).
function lookup.find(sandbox, name, id, parents)
   local kind, values = kinds[name], { sandbox.workspace_id, id }
   local sql = select_of(kind) .. " AND "
   if kind.also then
      sql, values[3] = ("%s(t.id = ? OR %s = ?)"):format(sql, kind.also), id
   else
      sql = sql .. "t.id = ?"
   end
   for parent, column in pairs(kind.parents) do
      local row = parents and parents[parent]
      if row then sql, values[#values + 1] = sql .. " AND " .. column .. " = ?", row.id end
   end
   return sandbox.store:one(sql, table.unpack(values)) or failure.not_found()
end

--- The rows of a kind in the workspace of the request, in the order they were made, each through `map`; of a
-- parent's row where one is given.
function lookup.all(sandbox, name, map, parent, parent_row)
   local kind, values = kinds[name], { sandbox.workspace_id }
   local sql = select_of(kind)
   if parent then sql, values[2] = sql .. " AND " .. kind.parents[parent] .. " = ?", parent_row.id end
   return sandbox.store:all(sql .. (kind.listed or "") .. " ORDER BY t.rowid", map, table.unpack(values))
end

--- Finds what the path of an endpoint's row names, in order, each within what comes before it, and sets it
-- in the input by its kind: input.component, input.dataset, input.case.
function lookup.path(sandbox, row, input)
   for _, parameter in ipairs(row.parameters) do
      if parameter.place == "path" then
         local name = parameter.name:gsub("_id$", "")
         input[name] = lookup.find(sandbox, name, input[parameter.name], input)
      end
   end
end

return lookup
