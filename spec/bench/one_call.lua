--- one_call.lua - a script that makes one call and prints a line.
--
--    one_call.lua ENDPOINT
local client = require "promptic".client{ endpoint = arg[1], api_key = "bench", config_file = "" }
print(#client:list_components().data)
