-- artifacts.lua - the bytes of artifacts: fetched through a redirect, into a file, and uploaded.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, ipairs, pairs = error, ipairs, pairs
local table, tostring, type = table, tostring, type

local methods, library, tasks = import "methods", import "c.library", import "tasks"
local files, writing = import "c.files", import "writing"
local failure = import "failure"
local is_error, raise, attempt = failure.is_error, failure.raise, failure.attempt
local check = library.check

local MOST_BYTES = 52428800 -- 50 MiB; the Python client's limit, the contract's of sizeBytes
local FOLDER = "trace-artifacts"

-- ------------------------------------------------------------------ down

-- The response with the bytes: the platform's, or that of the URL it redirects to. With a file they go there.
local function fetch(client, endpoint, id, options, file)
   local max_bytes = file and options.max_bytes
   local response = files.exchange(client, {
      endpoint = endpoint, id = id, options = options, file = file, max_bytes = max_bytes,
   })
   if response.status < 300 then
      return response
   end
   return files.exchange(client, {
      method = "GET", url = response.headers.location, path = response.path, headers = { Accept = "*/*" },
      file = file, max_bytes = max_bytes,
   })
end

for _, name in ipairs{ "get_artifact_content", "get_storage_object_content" } do
   methods[name] = function(...)
      local client, id, options = check[name](...)
      return fetch(client, name, id, options).body
   end
end

local function fetch_and_commit(client, id, path, options, file)
   fetch(client, "get_artifact_content", id, options, file)
   return writing.commit(file, path)
end

local function download(client, id, path, options)
   local file = options.file or writing.open(path)
   local fine, result = failure.attempt_and(function() file:discard() end, fetch_and_commit, client, id, path,
      options, file)
   if not fine then
      error(result, 0)
   end
   return result
end

--- Writes an artifact's bytes to a file and returns their number. An existing file is replaced once all bytes have
--- arrived, and stays unchanged after a failure.
function methods.download_artifact(...)
   return tasks.run(download, check.download_artifact(...))
end

-- ------------------------------------------------------------------ up

local TYPES = {
   csv = "text/csv", gif = "image/gif", gz = "application/gzip", htm = "text/html", html = "text/html",
   jpeg = "image/jpeg", jpg = "image/jpeg", json = "application/json", md = "text/markdown", mp3 = "audio/mpeg",
   mp4 = "video/mp4", pdf = "application/pdf", png = "image/png", svg = "image/svg+xml", txt = "text/plain",
   wav = "audio/x-wav", webm = "video/webm", webp = "image/webp", xml = "application/xml", zip = "application/zip",
}

local function type_of(name)
   local ending = name and name:match("%.(%w+)$")
   return ending and TYPES[ending:lower()] or "application/octet-stream"
end

-- In quotes in a header of a part: RFC 7578, 4.2, as browsers do it.
local function quote(text)
   return (text:gsub('[\r\n"]', { ["\r"] = "%0D", ["\n"] = "%0A", ['"'] = "%22" }))
end

-- A boundary that the bytes do not hold: the content's hash is as good as a random number.
local function boundary_of(job)
   local boundary = "promptic-" .. job.sha256
   while job.bytes:find(boundary, 1, true) do
      boundary = "promptic-" .. files.sha256(boundary)
   end
   return boundary
end

-- The store wants the form's fields before the file.
local function form(job, fields)
   local boundary, parts = boundary_of(job), {}
   local function put(name, more, value)
      parts[#parts + 1] = ('--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'):format(
         boundary, quote(name), more)
      parts[#parts + 1] = value
      parts[#parts + 1] = "\r\n"
   end
   local names = {}
   for name in pairs(fields) do
      names[#names + 1] = name
   end
   table.sort(names)
   for _, name in ipairs(names) do
      put(name, "", tostring(fields[name]))
   end
   put("file", ('; filename="%s"\r\nContent-Type: %s'):format(quote(job.filename), job.mime_type), job.bytes)
   parts[#parts + 1] = "--" .. boundary .. "--\r\n"
   return table.concat(parts), "multipart/form-data; boundary=" .. boundary
end

-- The headers of the presigned response, with a Content-Type. The length is the body's own.
local function headers_of(given, mime_type)
   local headers, has_type = {}, false
   for name, value in pairs(given or {}) do
      local lower = tostring(name):lower()
      if lower ~= "content-length" then
         headers[tostring(name)] = tostring(value)
      end
      has_type = has_type or lower == "content-type"
   end
   if not has_type then
      headers["Content-Type"] = mime_type
   end
   return headers
end

-- Whether it is a table of texts by name that all fit, or absent.
local function is_map(value, fits)
   for name, text in pairs(type(value) == "table" and value or {}) do
      local is_text = type(text) == "string" or type(text) == "number"
      if type(name) ~= "string" or not is_text or not fits(name, tostring(text)) then
         return false
      end
   end
   return value == nil or type(value) == "table"
end

local function is_header(name, text)
   return name:find("^[%w!#$%%&'*+.^_`|~-]+$") ~= nil and not text:find("[%c\127]")
end

local function is_field()
   return true
end

-- The verb of the upload; raises for what the contract does not have.
local function verb_of(target)
   local method = target.method == nil and "PUT" or type(target.method) == "string" and target.method:upper()
   if (method ~= "PUT" and method ~= "POST") or not is_map(target.headers, is_header)
      or not is_map(target.fields, is_field) then
      raise("decode", "the response has no valid method and headers for the upload", "unexpected_response")
   end
   return method
end

-- Reserves an object and sends the bytes to its upload URL; the object's id.
local function store(client, job)
   local target = methods.presign_upload(client, FOLDER, job.filename, job.mime_type, {
      access = "private", size_bytes = #job.bytes, max_size_bytes = MOST_BYTES,
   })
   local id = type(target) == "table" and target.storageObjectId
   if type(id) ~= "string" or type(target.uploadUrl) ~= "string" then
      raise("decode", "the response lacks storageObjectId or uploadUrl", "unexpected_response")
   end
   local method = verb_of(target)
   local body, mime_type = job.bytes, job.mime_type
   if method == "POST" then
      body, mime_type = form(job, target.fields or {})
   end
   files.exchange(client, {
      method = method, url = target.uploadUrl, headers = headers_of(target.headers, mime_type), body = body,
   })
   return id
end

local HOPELESS = { cancelled = true, interrupted = true, auth = true }

-- Failures that another way may avoid: not a cancellation, nor out of memory.
local function is_avoidable(err)
   return is_error(err) and not HOPELESS[err.kind]
end

local function upload(client, job)
   local artifact = {
      name = job.name, mime_type = job.mime_type, size_bytes = #job.bytes, sha256 = job.sha256,
      source_path = job.path or "$", source_field = "manual", preview = job.preview,
   }
   local stored, result = attempt(store, client, job)
   if stored then
      artifact.storage_object_id, artifact.source = result, "direct_upload"
   elseif is_avoidable(result) then
      artifact.content_base64 = files.base64(job.bytes)
   else
      error(result, 0)
   end
   local made = methods.create_artifact(client, artifact)
   if type(made) == "table" and made.id and not made.uri then
      made.uri = "promptic-artifact://" .. tostring(made.id)
   end
   return made
end

--- Stores bytes as an artifact, which a span refers to by its uri. Where the platform has no presigned uploads, or
--- the upload fails, they are sent as base64.
function methods.upload_artifact(...)
   local client, source, options = check.upload_artifact(...)
   local name = options.name or source.path and source.path:match("[^/]*$")
   return tasks.run(upload, client, {
      bytes = source.bytes,
      path = source.path,
      name = name,
      filename = name or "artifact",
      mime_type = options.mime_type or type_of(name),
      preview = options.preview,
      sha256 = files.sha256(source.bytes),
   })
end
