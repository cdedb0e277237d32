--- The one workspace of a sandbox, and its AI components.
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local workspace = { handlers = {} }
local handlers = workspace.handlers

--- The same everywhere, so that it can stand in a configuration.
workspace.ID = "5a4db0c5-0000-4000-8000-000000000001"

--- Makes the workspace in a new database.
function workspace.prepare(store)
   if store:one("SELECT 1 FROM workspace") then return end
   local now = times.now()
   store:run("INSERT INTO workspace VALUES (?, ?, ?, ?, ?)", workspace.ID, "Sandbox",
      "A stand-in for the Promptic platform on this machine", now, now)
end

function handlers.get_workspace(sandbox)
   return 200, shapes.workspace(sandbox.store:one("SELECT * FROM workspace"))
end

function handlers.list_workspaces(sandbox)
   return 200, { data = json.array(sandbox.store:all("SELECT * FROM workspace", shapes.workspace)) }
end

--- The component's row; 404 where there is none.
function workspace.component(sandbox, id)
   return sandbox.store:one("SELECT * FROM component WHERE id = ?", id) or failure.not_found()
end

function handlers.list_components(sandbox)
   return 200, { data = json.array(
      sandbox.store:all("SELECT * FROM component ORDER BY rowid", shapes.component)) }
end

function handlers.create_component(sandbox, input)
   local id, now = ids.uuid(), times.now()
   sandbox.store:run("INSERT INTO component VALUES (?, ?, ?, ?, ?, ?)", id, sandbox.workspace_id,
      input.body.name, input.body.description, now, now)
   return 201, { id = id }
end

function handlers.get_component(sandbox, input)
   return 200, shapes.component(workspace.component(sandbox, input.component_id))
end

function handlers.delete_component(sandbox, input)
   workspace.component(sandbox, input.component_id)
   sandbox.store:run("DELETE FROM component WHERE id = ?", input.component_id)
   return 204
end

return workspace
