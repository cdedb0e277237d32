--- promptic storage
local output = require "promptic.cli.output"

local function get(context, values)
   local bytes = context:call("get_storage_object_content", values.storage_object_id)
   if not values.output then return output.data(bytes) end
   output.save(values.output, bytes)
   output.wrote(context, values.output, ("%d bytes"):format(#bytes))
end

return {
   section = "Agents",
   summary = "The objects in the store behind artifacts.",
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
         options = { { "output", flag = "-o --output", label = "FILE",
            summary = "write to this file; - for standard output" } },
         summary = "Print an object's bytes, or write them to a file.",
         run = get,
         examples = "promptic storage get OBJECT -o data.json",
      },
   },
}
