--- promptic storage
local output = require "promptic.cli.output"

local function fail(path, problem)
   require("promptic.cli.failure").raise(("cannot write '%s': %s"):format(path, problem))
end

-- The file is replaced once all of it is written.
local function write(path, bytes)
   local temporary = path .. ".part"
   local file, problem = io.open(temporary, "wb")
   if not file then fail(path, problem) end
   local written, why = file:write(bytes)
   local closed, reason = file:close()
   if not written or not closed then
      os.remove(temporary)
      fail(path, why or reason)
   end
   local renamed, refusal = os.rename(temporary, path)
   if not renamed then
      os.remove(temporary)
      fail(path, refusal)
   end
end

local function get(context, values)
   local bytes = context:call("get_storage_object_content", values.storage_object_id)
   if not values.output then return output.write(bytes) end
   write(values.output, bytes)
   context:note(("Wrote %d bytes to %s."):format(#bytes, values.output))
end

return {
   commands = {
      {
         name = "url", method = "get_storage_object_url", arguments = { "storage_object_id" }, times = true,
         summary = "Show a short-lived URL of an object.",
         show = {
            fields = {
               { "id", key = "storageObjectId", as = "id" },
               { "url", key = "downloadUrl" },
               { "expires", key = "expiresAt", as = "time" },
            },
         },
      },
      {
         name = "get", method = "get_storage_object_content", arguments = { "storage_object_id" },
         options = { { "output", flag = "-o --output", label = "FILE", summary = "write to this file" } },
         summary = "Print an object's bytes, or write them to a file.",
         run = get,
         examples = "promptic storage get OBJECT -o data.json",
      },
   },
}
