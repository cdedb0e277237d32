--- The workspaces of a sandbox, of which there is one unless more are asked for, and their AI components.
local failure = require "promptic.sandbox.failure"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local workspace = { handlers = {} }
local handlers = workspace.handlers

local function id_of(number)
   return ("5a4db0c5-0000-4000-8000-%012d"):format(number)
end

--- The first one's, which the API key belongs to. The same everywhere, so that it can stand in a
-- configuration.
workspace.ID = id_of(1)

--- Makes the workspaces that are not in the database yet. Each holds components of its own.
function workspace.prepare(store, count)
   local now = times.now()
   for number = store:value("SELECT count(*) FROM workspace") + 1, count or 1 do
      local name = number == 1 and "Sandbox" or ("Sandbox %d"):format(number)
      store:run("INSERT INTO workspace VALUES (?, ?, ?, ?, ?)", id_of(number), name,
         "A stand-in for the Promptic platform on this machine", now, now)
   end
end

--- Whether there is a workspace of this id.
function workspace.exists(sandbox, id)
   return sandbox.store:one("SELECT 1 FROM workspace WHERE id = ?", id) ~= nil
end

function handlers.get_workspace(sandbox)
   local row = sandbox.store:one("SELECT * FROM workspace WHERE id = ?", sandbox.workspace_id)
   return 200, shapes.workspace(row)
end

function handlers.list_workspaces(sandbox)
   local list = sandbox.store:all("SELECT * FROM workspace ORDER BY rowid", shapes.workspace)
   return 200, { data = json.array(list) }
end

--- The component's row; 404 where there is none.
function workspace.component(sandbox, id)
   return sandbox.store:one("SELECT * FROM component WHERE id = ? AND workspaceId = ?", id,
      sandbox.workspace_id) or failure.not_found()
end

function handlers.list_components(sandbox)
   return 200, { data = json.array(
      sandbox.store:all("SELECT * FROM component WHERE workspaceId = ? ORDER BY rowid", shapes.component,
         sandbox.workspace_id)) }
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
