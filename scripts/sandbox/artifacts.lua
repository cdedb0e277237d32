--[[
Artifacts: files that spans refer to, as promptic-artifact://ID in any of their texts. The bytes lie in the
store (storage.lua), uploaded there before or given here as base64.
]]
local failure = require "promptic.sandbox.failure"
local httpd = require "promptic.httpd"
local ids = require "promptic.sandbox.ids"
local json = require "promptic.json"
local lookup = require "promptic.sandbox.lookup"
local shapes = require "promptic.sandbox.shapes"
local storage = require "promptic.sandbox.storage"
local times = require "promptic.sandbox.times"

local artifacts = {
   handlers = {},
   open_bodies = { create_artifact = true },
   tables = {
      [[artifact (id TEXT PRIMARY KEY, workspaceId OF(workspace), storageObjectId OF(storage_object), name TEXT,
      mimeType TEXT NOT NULL, sizeBytes INTEGER NOT NULL, sha256 TEXT NOT NULL, sourcePath TEXT NOT NULL,
      sourceField TEXT NOT NULL, source TEXT NOT NULL, preview TEXT, createdAt TEXT NOT NULL)]],
      -- Where a span names an artifact, which need not be there yet.
      "artifact_use (spanDbId OF(span), artifactId TEXT NOT NULL, PRIMARY KEY (spanDbId, artifactId))",
   },
   indexes = { "artifact_workspace ON artifact (workspaceId)", "artifact_object ON artifact (storageObjectId)",
      "artifact_use_artifact ON artifact_use (artifactId)" },
   kinds = { artifact = { from = "artifact t", workspace = "t.workspaceId", parents = {} } },
}
local handlers = artifacts.handlers

-- An artifact with the first span that refers to it.
local SELECT = [[SELECT a.*, s.id AS spanDbId, s.spanId, s.traceDbId, s.traceId FROM artifact a
   LEFT JOIN span s ON s.id = (SELECT u.spanDbId FROM artifact_use u JOIN span ON span.id = u.spanDbId
      JOIN trace t ON t.id = span.traceDbId WHERE u.artifactId = a.id AND t.workspaceId = a.workspaceId
      ORDER BY span.start_ns, u.rowid LIMIT 1) ]]

local artifact = shapes.new { "id", "workspaceId", "storageObjectId", "traceDbId", "spanDbId", "traceId", "spanId",
   "sourcePath", "sourceField", "source", "name", "mimeType", "sizeBytes", "sha256", "preview", "createdAt" }

local function shape_in(sandbox)
   return function(row)
      local object = shapes.in_application(artifact(row))
      object.storageProvider, object.storageKey = "sandbox", row.storageObjectId
      object.uri = "promptic-artifact://" .. row.id
      object.contentUrl = ("%s/api/v1/artifacts/%s/content"):format(sandbox.base_url, row.id)
      return object
   end
end

--- Notes which artifacts the texts of a span name. What it named before is forgotten with its row.
function artifacts.note_uses(store, span_db_id, ...)
   for _, text in ipairs { ... } do
      for id in text:gmatch "promptic%-artifact://(%x+%-%x+%-%x+%-%x+%-%x+)" do
         store:run("INSERT OR IGNORE INTO artifact_use VALUES (?, ?)", span_db_id, id:lower())
      end
   end
end

function handlers.list_trace_artifacts(sandbox, input)
   return 200, { data = json.array(sandbox.store:all(SELECT .. [[WHERE a.workspaceId = ? AND a.id IN (
      SELECT artifactId FROM artifact_use u JOIN span ON span.id = u.spanDbId WHERE span.traceDbId = ?)
      ORDER BY a.rowid]], shape_in(sandbox), sandbox.workspace_id, input.trace.id)) }
end

function handlers.get_artifact(sandbox, input)
   return 200, shape_in(sandbox)(sandbox.store:one(SELECT .. "WHERE a.id = ?", input.artifact.id))
end

function handlers.get_artifact_content(sandbox, input)
   local object = lookup.find(sandbox, "storage_object", input.artifact.storageObjectId)
   local name = input.filename or input.artifact.name
   return 302, nil, { location = (storage.download_url(sandbox, object, input.disposition, name)) }
end

---------------------------------------------------------------- create

-- An object made of the base64 of the body.
local function object_of_base64(sandbox, body)
   local bytes = httpd.unbase64(body.contentBase64)
   if not bytes then failure.at("contentBase64", "Invalid base64") end
   if #bytes > storage.MOST_BYTES then
      failure.raise(413, "The artifact is larger than %d bytes", storage.MOST_BYTES)
   end
   local id = storage.reserve(sandbox, { folder = "artifacts", filename = body.name or "artifact",
      contentType = body.mimeType or "application/octet-stream", access = "private",
      maxSizeBytes = storage.MOST_BYTES })
   storage.fill(sandbox.store, id, bytes)
   return lookup.find(sandbox, "storage_object", id)
end

-- Checks size and SHA-256 that the client gave against the bytes.
local function check_claims(body, object)
   if body.sizeBytes and body.sizeBytes ~= object.sizeBytes then
      failure.at("sizeBytes", ("The object has %d bytes"):format(object.sizeBytes))
   elseif body.sha256 and body.sha256:lower() ~= object.sha256 then
      failure.at("sha256", "The object has another SHA-256")
   end
end

local function object_of(sandbox, body)
   if body.contentBase64 then return object_of_base64(sandbox, body) end
   if not body.storageObjectId then failure.at("contentBase64", "Required") end
   local object = lookup.find(sandbox, "storage_object", body.storageObjectId)
   if not object.sizeBytes then failure.conflict "Nothing has been uploaded to this object yet" end
   return object
end

function handlers.create_artifact(sandbox, input)
   local body, id = input.body, ids.uuid()
   if body.name == json.null then body.name = nil end
   local object = object_of(sandbox, body)
   check_claims(body, object)
   sandbox.store:run("INSERT INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", id, sandbox.workspace_id,
      object.id, body.name, body.mimeType or object.contentType, object.sizeBytes, object.sha256,
      body.sourcePath or "$", body.sourceField or "manual",
      body.source or (body.contentBase64 and "base64" or "direct_upload"), body.preview, times.now())
   return 201, shape_in(sandbox)(sandbox.store:one(SELECT .. "WHERE a.id = ?", id))
end

return artifacts
