--[[
The store behind artifacts. Its URLs need no credential and work until they expire.

   PUT /storage/TOKEN   takes the bytes of an object that presign_upload has reserved
   GET /storage/TOKEN   gives the bytes of an object

Tokens are kept in memory: they end with the sandbox, also with --db. Objects do not.
]]
local failure = require "promptic.sandbox.failure"
local httpd = require "promptic.httpd"
local promptic = require "promptic"
local ids = require "promptic.sandbox.ids"
local secrets = require "promptic.sandbox.secrets"
local Store = require "promptic.sandbox.store"
local times = require "promptic.sandbox.times"

local storage = {
   handlers = {},
   open_bodies = { presign_upload = true },
   tables = {
      -- An object in the store behind artifacts; sizeBytes is NULL until its bytes have been uploaded.
      [[storage_object (id TEXT PRIMARY KEY, workspaceId OF(workspace), folder TEXT NOT NULL,
      filename TEXT NOT NULL, contentType TEXT NOT NULL, access TEXT NOT NULL, maxSizeBytes INTEGER NOT NULL,
      sizeBytes INTEGER, sha256 TEXT, createdAt TEXT NOT NULL)]],
      [[storage_part (storageObjectId OF(storage_object), number INTEGER NOT NULL, bytes BLOB NOT NULL,
      PRIMARY KEY (storageObjectId, number))]],
   },
   indexes = { "storage_object_workspace ON storage_object (workspaceId)" },
   kinds = { storage_object = { from = "storage_object t", workspace = "t.workspaceId", parents = {} } },
}
local handlers = storage.handlers

--- The most that one object holds: 50 MiB, as the platform's Python client sends.
storage.MOST_BYTES = 50 * 1024 * 1024

local LIFETIME_SECONDS = 900
local PART_BYTES = 1024 * 1024 -- of an object's bytes in one row: a statement holds them as hexadecimal text

---------------------------------------------------------------- tokens

-- A URL for `ticket` = { object = id, verb = "GET" or "PUT", ... }, and when it expires on the wire.
local function url_for(sandbox, ticket)
   local now = promptic.time()
   for token, other in pairs(sandbox.tickets) do
      if other.expires < now then sandbox.tickets[token] = nil end
   end
   local token = secrets.token()
   ticket.expires = now + LIFETIME_SECONDS
   sandbox.tickets[token] = ticket
   return sandbox.base_url .. "/storage/" .. token, times.iso(ticket.expires)
end

--- A short-lived URL of an object's bytes. disposition and filename are for browsers, both optional.
function storage.download_url(sandbox, object, disposition, filename)
   return url_for(sandbox, { object = object.id, verb = "GET", disposition = disposition or "inline",
      filename = filename or object.filename })
end

---------------------------------------------------------------- bytes

--- Reserves an object; returns its id. fields: folder, filename, contentType, access, maxSizeBytes.
function storage.reserve(sandbox, fields)
   local id = ids.uuid()
   sandbox.store:run([[INSERT INTO storage_object (id, workspaceId, folder, filename, contentType, access,
      maxSizeBytes, createdAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)]], id, sandbox.workspace_id, fields.folder,
      fields.filename, fields.contentType, fields.access, fields.maxSizeBytes, times.now())
   return id
end

--- Sets the bytes of an object.
function storage.fill(store, id, bytes)
   store:run("DELETE FROM storage_part WHERE storageObjectId = ?", id)
   for number = 0, (#bytes - 1) // PART_BYTES do
      local part = bytes:sub(number * PART_BYTES + 1, (number + 1) * PART_BYTES)
      store:run("INSERT INTO storage_part VALUES (?, ?, ?)", id, number, Store.blob(part))
   end
   store:run("UPDATE storage_object SET sizeBytes = ?, sha256 = ? WHERE id = ?", #bytes, httpd.sha256(bytes), id)
end

local function bytes_of(store, id)
   return table.concat(store:all("SELECT bytes FROM storage_part WHERE storageObjectId = ? ORDER BY number",
      function(row) return row.bytes end, id))
end

---------------------------------------------------------------- operations

function handlers.presign_upload(sandbox, input)
   local body = input.body
   local most = math.min(body.maxSizeBytes or storage.MOST_BYTES, storage.MOST_BYTES)
   if (body.sizeBytes or 0) > most then failure.raise(413, "The object is larger than %d bytes", most) end
   local id = storage.reserve(sandbox, { folder = body.folder, filename = body.filename,
      contentType = body.contentType, access = body.access, maxSizeBytes = most })
   local url, expires = url_for(sandbox, { object = id, verb = "PUT", size = body.sizeBytes, most = most,
      content_type = body.contentType })
   return 200, { storageObjectId = id, access = body.access, strategy = "url", provider = "sandbox",
      uploadUrl = url, method = "PUT", headers = { ["Content-Type"] = body.contentType }, maxSizeBytes = most,
      expiresAt = expires }
end

-- The object of the path, once its bytes are there.
local function uploaded(input)
   return input.storage_object.sizeBytes and input.storage_object or failure.not_found()
end

function handlers.get_storage_object_url(sandbox, input)
   local object = uploaded(input)
   local url, expires = storage.download_url(sandbox, object)
   return 200, { storageObjectId = object.id, downloadUrl = url, expiresAt = expires }
end

function handlers.get_storage_object_content(sandbox, input)
   return 302, nil, { location = (storage.download_url(sandbox, uploaded(input))) }
end

---------------------------------------------------------------- requests

local function put(sandbox, ticket, request)
   local bytes = request.body or ""
   if #bytes > ticket.most then failure.raise(413, "The object is larger than %d bytes", ticket.most) end
   if ticket.size and #bytes ~= ticket.size then
      failure.invalid("The upload has %d bytes, but %d were announced", #bytes, ticket.size)
   elseif (request.headers["content-type"] or "") ~= ticket.content_type then
      failure.invalid("The upload needs Content-Type: %s", ticket.content_type)
   end
   sandbox.store:transaction(function()
      if not sandbox.store:one("SELECT 1 FROM storage_object WHERE id = ?", ticket.object) then
         failure.not_found()
      end
      storage.fill(sandbox.store, ticket.object, bytes)
   end)
   return 200, nil, { etag = '"' .. httpd.sha256(bytes) .. '"' }
end

-- A file name in a header: plain, and, unless it is ASCII, once more (RFC 6266, RFC 8187).
local function disposition(ticket)
   local plain = ticket.filename:gsub('[%c"\\\128-\255]', "_")
   local text = ('%s; filename="%s"'):format(ticket.disposition, plain)
   if plain == ticket.filename then return text end
   return text .. "; filename*=UTF-8''" .. ticket.filename:gsub("[^%w._~-]", function(byte)
      return ("%%%02X"):format(byte:byte())
   end)
end

local function get(sandbox, ticket)
   local object = sandbox.store:one("SELECT * FROM storage_object WHERE id = ?", ticket.object)
   if not object then failure.not_found() end
   return 200, bytes_of(sandbox.store, object.id), { ["content-type"] = object.contentType,
      ["content-disposition"] = disposition(ticket), ["x-content-type-options"] = "nosniff",
      -- what somebody has stored here must not run as a page of this server
      ["content-security-policy"] = "sandbox" }
end

--- Serves a request to a URL of the store: status, body, headers. nil for any other.
function storage.respond(sandbox, request)
   local token = request.path:match "^/storage/(%w+)$"
   if not token then return nil end
   local ticket = sandbox.tickets[token]
   if not ticket or ticket.expires < promptic.time() then failure.not_found() end
   if request.method ~= ticket.verb then
      return 405, { error = "Method not allowed" }, { allow = ticket.verb }
   end
   return (ticket.verb == "PUT" and put or get)(sandbox, ticket, request)
end

return storage
