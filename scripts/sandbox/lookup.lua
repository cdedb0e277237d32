--[[
The one place where an id becomes a row. Every lookup knows the workspace of the request, and the things that
the path names before this one: what belongs to another workspace, component, experiment, dataset or run is
not found, like an unknown id.
]]
local failure = require "promptic.sandbox.failure"
local resources = require "promptic.sandbox.resources"

local lookup = {}

--- Joins from a row t to its component c, whose workspace is read.
lookup.OF_COMPONENT = " JOIN component c ON c.id = t.aiComponentId"
lookup.OF_EXPERIMENT = " JOIN experiment e ON e.id = t.experimentId JOIN component c ON c.id = e.aiComponentId"
lookup.OF_DATASET = " JOIN dataset d ON d.id = t.datasetId JOIN component c ON c.id = d.aiComponentId"
lookup.OF_RUN = " JOIN run r ON r.id = t.runId JOIN component c ON c.id = r.aiComponentId"

-- What the modules of the resources say of their kinds:
--    from        its table as t, with what its workspace is read from
--    workspace   the column of that; c.workspaceId without
--    parents     the column of each parent that it may have
--    also        a further column that an id may stand in
--    counts      counts that are read along; listed: those that lists show
local kinds = resources.kinds

local function select_of(kind)
   return ("SELECT t.*%s FROM %s WHERE %s = ?"):format(kind.counts or "", kind.from,
      kind.workspace or "c.workspaceId")
end

--- The row of a kind ("experiment") with that id in the workspace of the request; 404 if there is none.
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
