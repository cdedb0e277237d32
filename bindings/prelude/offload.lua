-- offload.lua - long values and media of a span become artifacts that the span refers to. The
-- rules are those of the platform's Python client: data URIs, long base64 in fields named like media, long text.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local ipairs, pairs, pcall, tostring, type = ipairs, pairs, pcall, tostring, type
local concat = table.concat

local library, methods, failure = import "c.library", import "methods", import "failure"
local background, files = import "background", import "c.files"

local json = library.promptic.json

local offload = {}

local LEAST_URI = 16              -- characters of base64 in a data URI
local LEAST_BASE64 = 8 * 1024     -- bytes, decoded
local LEAST_TEXT = 256 * 1024     -- bytes
local MOST_BYTES = 50 * 1024 * 1024
local PIECE = 256 * 1024          -- characters of base64, a multiple of four
local LONGEST_HEAD = 256          -- characters of a data URI before its base64
local PREVIEW = 4096              -- characters

local MEDIA = { "image", "img", "audio", "video", "file", "pdf", "blob", "bytes", "base64", "b64", "attachment" }

local function is_media(path)
   path = path:lower()
   for _, word in ipairs(MEDIA) do
      if path:find(word, 1, true) then
         return true
      end
   end
   return false
end

-- The artifact's uri in the place of the bytes; nil where it cannot be stored: the value then stays as it is.
local function store(client, bytes, mime_type, preview)
   if #bytes > MOST_BYTES then
      return nil
   end
   local fine, artifact = failure.attempt(methods.upload_artifact, client, bytes, {
      mime_type = mime_type, preview = preview,
   })
   return fine and type(artifact) == "table" and artifact.uri or nil
end

local function preview_of(text)
   local cut = text:sub(1, PREVIEW)
   return (cut:gsub("[\128-\191]*$", ""):gsub("[\192-\255]$", "")) .. "..."
end

local replace

-- The same for what a JSON document holds. Returns whether anything has changed.
local function replace_inside(client, value, path)
   local changed = false
   for key, inner in pairs(value) do
      local place = path .. "." .. key
      if type(inner) == "table" then
         changed = replace_inside(client, inner, place) or changed
      elseif type(inner) == "string" then
         local has_type = (key == "content" or key == "data" or key == "blob") and (value.mime_type or value.media_type)
         local uri = replace(client, inner, place, has_type)
         if uri then
            value[key], changed = uri, true
         end
      end
   end
   return changed
end

local function replace_document(client, text, path)
   local fine, document = pcall(json.decode, text, { nulls = true })
   if fine and type(document) == "table" and replace_inside(client, document, path) then
      return json.encode(document)
   end
end

-- The bytes of base64 from `first` on, a piece at a time, so that others have their turn; nil for anything else.
local function decode(text, first)
   local parts = {}
   for place = first, #text, PIECE do
      local bytes = files.unbase64(text:sub(place, place + PIECE - 1))
      if not bytes then
         return nil
      end
      parts[#parts + 1] = bytes
      if place + PIECE <= #text then
         background.pause(0)
      end
   end
   return concat(parts)
end

-- The media type and the beginning of the base64 in a data URI.
local function parse_uri(text)
   local head = text:sub(1, LONGEST_HEAD)
   local mime_type, first = head:match("^data:([^;,]*)[^,]*;base64,()")
   if first and #text - first + 1 >= LEAST_URI then
      return mime_type ~= "" and mime_type or "application/octet-stream", first
   end
end

-- What stands in the place of a text; nil: it stays.
function replace(client, text, path, mime_type)
   if #text < LEAST_URI then
      return nil
   end
   local uri_type, first = parse_uri(text)
   local is_document = not uri_type and text:find("^%s*[{[]")
   if is_document then
      local changed = replace_document(client, text, path)
      if changed then
         return changed
      end
   end
   local is_long = #text * 3 / 4 >= LEAST_BASE64 and not is_document and (mime_type or is_media(path))
   local bytes = (uri_type or is_long) and decode(text, first or 1)
   if bytes then
      return store(client, bytes, uri_type or mime_type or "application/octet-stream")
   end
   if #text >= LEAST_TEXT then
      return store(client, text, "text/plain", preview_of(text))
   end
end

local function replace_attributes(client, attributes)
   for _, attribute in ipairs(attributes or {}) do
      local value = type(attribute) == "table" and attribute.value
      local text = type(value) == "table" and value.stringValue
      if type(text) == "string" then
         value.stringValue = replace(client, text, tostring(attribute.key)) or text
      end
   end
end

--- Whether the JSON text of a span may hold something to replace.
function offload.may_apply(text)
   return #text >= LEAST_BASE64 or text:find(";base64,", 1, true) ~= nil
end

--- Puts artifacts in place of long values in a span of OTLP.
function offload.replace(client, record)
   replace_attributes(client, record.attributes)
   for _, event in ipairs(record.events or {}) do
      replace_attributes(client, event.attributes)
   end
end

return offload
