--- The workspaces of a sandbox, of which there is one unless more are asked for.
local json = require "promptic.json"
local shapes = require "promptic.sandbox.shapes"
local times = require "promptic.sandbox.times"

local workspace = {
   handlers = {},
   tables = { "workspace (id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, TIMES)" },
}
local handlers = workspace.handlers

local shape = shapes.new { "id", "name", "description", "createdAt", "updatedAt" }

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
   return 200, shape(sandbox.store:one("SELECT * FROM workspace WHERE id = ?", sandbox.workspace_id))
end

function handlers.list_workspaces(sandbox)
   return 200, { data = json.array(sandbox.store:all("SELECT * FROM workspace ORDER BY rowid", shape)) }
end

return workspace
