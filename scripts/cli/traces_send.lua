--- promptic traces send: spans from a file of OTLP in JSON.
local failure = require "promptic.cli.failure"

local MOST_BYTES = 1024 * 1024 * 1024 -- of a file that is decompressed

local function read(path)
   local file, problem = io.stdin, nil
   if path ~= "-" then file, problem = io.open(path, "rb") end
   if not file then failure.raise(problem) end
   local bytes
   bytes, problem = file:read "a"
   if path ~= "-" then file:close() end
   if not bytes then failure.raise(("%s: %s"):format(path, problem)) end
   if bytes:sub(1, 2) ~= "\31\139" then return bytes end
   local text, reason = require("promptic.gunzip")(bytes, MOST_BYTES)
   if not text then failure.raise(("%s: %s"):format(path, reason)) end
   return text
end

-- A span alone becomes a document.
local function as_document(value)
   if type(value) ~= "table" then return nil end
   if value.traceId and value.spanId then return { resourceSpans = { { scopeSpans = { { spans = { value } } } } } } end
   return type(value.resourceSpans) == "table" and value or nil
end

-- The documents of a text: it is one, or each line is.
local function parse(path, text)
   local json = require("promptic").json
   local fine, whole = pcall(json.decode, text, { nulls = true })
   if fine and as_document(whole) then return { as_document(whole) } end
   local documents, number = {}, 0
   for line in text:gmatch "([^\n]*)\n?" do
      number = number + 1
      if line:find "%S" then
         local good, value = pcall(json.decode, line, { nulls = true })
         local document = good and as_document(value)
         if not document then
            failure.raise(("%s:%d: %s"):format(path, number, good and "neither resourceSpans nor a span" or "not JSON"))
         end
         documents[#documents + 1] = document
      end
   end
   if #documents == 0 then failure.raise(path .. ": no spans in this file") end
   return documents
end

-- The spans of documents, each with what it is below of.
local function flatten(documents)
   local list = {}
   for _, document in ipairs(documents) do
      for _, resource in ipairs(document.resourceSpans) do
         for _, scope in ipairs(resource.scopeSpans or {}) do
            for _, span in ipairs(scope.spans or {}) do
               list[#list + 1] = { resource = resource, scope = scope, span = span }
            end
         end
      end
   end
   return list
end

local function copy_without(source, key)
   local copy = {}
   for name, value in pairs(source) do
      if name ~= key then copy[name] = value end
   end
   return copy
end

-- A document of the spans from first to last.
local function build(list, first, last)
   local document, resource, scope, entry = { resourceSpans = {} }, nil, nil, {}
   for index = first, last do
      local before = entry
      entry = list[index]
      if entry.resource ~= before.resource then
         resource = copy_without(entry.resource, "scopeSpans")
         resource.scopeSpans = {}
         table.insert(document.resourceSpans, resource)
      end
      if entry.scope ~= before.scope then
         scope = copy_without(entry.scope, "spans")
         scope.spans = {}
         table.insert(resource.scopeSpans, scope)
      end
      table.insert(scope.spans, entry.span)
   end
   return document
end

local BATCH = 512 -- as OpenTelemetry's exporters have it

local function send(context, list, first, last, result)
   local fine, answer = pcall(context.call, context, "ingest_traces", build(list, first, last))
   if not fine and type(answer) == "table" and answer.status_code == 413 and last > first then
      local middle = (first + last) // 2
      send(context, list, first, middle, result)
      return send(context, list, middle + 1, last, result)
   elseif not fine then
      if first > 1 then context:note(("%d of %d spans were sent"):format(first - 1, #list)) end
      error(answer, 0)
   end
   local part = type(answer) == "table" and answer.partialSuccess or {}
   local rejected = math.tointeger(tonumber(part.rejectedSpans or 0)) or 0
   result.spans, result.rejected = result.spans + last - first + 1 - rejected, result.rejected + rejected
   result.message = result.message or part.errorMessage
end

return function(context, path)
   local list = flatten(parse(path == "-" and "standard input" or path, read(path)))
   local result = { spans = 0, rejected = 0 }
   for first = 1, #list, BATCH do send(context, list, first, math.min(first + BATCH - 1, #list), result) end
   return result
end
