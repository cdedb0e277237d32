--- AI components, which experiments, datasets and deployments belong to.
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local components = {
   handlers = {},
   tables = { [[component (id TEXT PRIMARY KEY, workspaceId OF(workspace),
      name TEXT NOT NULL, description TEXT, TIMES)]] },
   indexes = { "component_workspace ON component (workspaceId)" },
   kinds = { component = { from = "component t", workspace = "t.workspaceId", parents = {} } },
}
local handlers = components.handlers

local component = shapes.new { "id", "name", "description", "workspaceId", "createdAt", "updatedAt" }

local function shape(row)
   local object = shapes.in_application(component(row))
   object.costAnalysisConfig = json.null
   return object
end

function handlers.list_components(sandbox)
   return 200, { data = json.array(lookup.all(sandbox, "component", shape)) }
end

function handlers.create_component(sandbox, input)
   local id, now = ids.uuid(), times.now()
   sandbox.store:run("INSERT INTO component VALUES (?, ?, ?, ?, ?, ?)", id, sandbox.workspace_id,
      input.body.name, input.body.description, now, now)
   return 201, { id = id }
end

function handlers.get_component(_, input)
   return 200, shape(input.component)
end

function handlers.delete_component(sandbox, input)
   sandbox.store:run("DELETE FROM component WHERE id = ?", input.component.id)
   return 204
end

return components
