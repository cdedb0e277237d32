--- promptic artifacts
local stdout = require "promptic.cli.output"

local function size_of(artifact)
   local bytes = artifact.sizeBytes
   if not bytes then return nil end
   if bytes < 1024 then return ("%d bytes"):format(bytes) end
   if bytes < 1024 * 1024 then return ("%.1f KiB"):format(bytes / 1024) end
   return ("%.1f MiB"):format(bytes / 1024 / 1024)
end

local function title(artifact) return artifact.name or "Artifact" end

local fields = {
   { "id", key = "id", as = "id" },
   { "uri", key = "uri" },
   { "type", key = "mimeType" },
   { "size", value = size_of },
   { "sha256", key = "sha256" },
   { "trace", key = "traceId", as = "id" },
   { "span", key = "spanId", as = "id" },
   { "source", key = "sourcePath" },
   { "created", key = "createdAt", as = "time" },
}

local output = { "output", flag = "-o --output", label = "FILE",
   summary = "write the bytes to this file; - for standard output" }

local function get(context, values)
   local artifact = context:call("get_artifact", values.artifact_id)
   if values.output == "-" then
      stdout.write(context:call("get_artifact_content", values.artifact_id))
      context.printed = true
   elseif values.output then
      context:call("download_artifact", values.artifact_id, values.output)
      stdout.wrote(context, values.output, size_of(artifact) or "it")
   end
   return artifact
end

local function upload(context, values)
   return context:call("upload_artifact", { path = values.file }, {
      name = values.name, mime_type = values.mime_type, preview = values.preview,
   })
end

return {
   section = "Agents",
   summary = "Files that traces refer to.",
   fields = fields,
   columns = {
      { "ID", key = "id", as = "id" },
      { "NAME", key = "name" },
      { "TYPE", key = "mimeType" },
      { "SIZE", value = size_of },
      { "SPAN", key = "spanId", as = "id", optional = true },
      { "SOURCE", key = "sourcePath", optional = true },
      { "CREATED", key = "createdAt", as = "time", optional = "last" },
   },
   commands = {
      {
         name = "get", method = "get_artifact", methods = { "get_artifact_content" }, arguments = { "artifact_id" },
         options = { output }, times = true, run = get, show = { title = title, fields = fields },
         summary = "Show an artifact, or write its bytes to a file.",
         notes = "A file of this name is replaced once all of it has come.",
         examples = "promptic artifacts get ARTIFACT -o shot.png",
      },
      {
         name = "upload", method = "create_artifact", methods = { "presign_upload" },
         arguments = { { "file", type = "string", label = "FILE", summary = "the file, 50 MiB at most" } },
         options = { { "name", of = "upload_artifact" }, { "mime_type", of = "upload_artifact" },
            { "preview", of = "upload_artifact" } },
         summary = "Store a file as an artifact, which a span refers to by its uri.",
         run = upload, show = { title = title, fields = fields },
         examples = "promptic artifacts upload shot.png",
      },
   },
}
