--- The workspaces of a sandbox, of which there is one unless more are asked for, and their AI components.
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
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

local function get(sandbox)
   return 200, shapes.workspace(sandbox.store:one("SELECT * FROM workspace WHERE id = ?", sandbox.workspace_id))
end

local function list(sandbox)
   return 200, { data = json.array(sandbox.store:all("SELECT * FROM workspace ORDER BY rowid", shapes.workspace)) }
end

-- An AI Application is a workspace under its newer name.
handlers.get_workspace, handlers.get_ai_application = get, get
handlers.list_workspaces, handlers.list_ai_applications = list, list

function handlers.list_components(sandbox)
   return 200, { data = json.array(lookup.all(sandbox, "component", shapes.component)) }
end

function handlers.create_component(sandbox, input)
   local id, now = ids.uuid(), times.now()
   sandbox.store:run("INSERT INTO component VALUES (?, ?, ?, ?, ?, ?)", id, sandbox.workspace_id,
      input.body.name, input.body.description, now, now)
   return 201, { id = id }
end

function handlers.get_component(_, input)
   return 200, shapes.component(input.component)
end

function handlers.delete_component(sandbox, input)
   sandbox.store:run("DELETE FROM component WHERE id = ?", input.component.id)
   return 204
end

return workspace
