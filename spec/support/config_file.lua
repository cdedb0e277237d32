--- config_file.lua - what specs of the configuration file share.
local promptic = require "promptic"
local process = require "spec.support.process"

local config_file = {}

--- promptic.auth.save of these changes, to this file.
function config_file.save(file, changes)
   local all = { config_file = file }
   for name, value in pairs(changes) do
      all[name] = value
   end
   return promptic.auth.save(all)
end

--- What a shell command prints.
function config_file.output(command)
   local pipe = assert(io.popen(command))
   local text = pipe:read("*a")
   pipe:close()
   return text
end

--- The permissions of a file: "600".
function config_file.mode(path)
   return config_file.output("stat -c %a " .. process.quote(path)):match("%d+")
end

--- The files of a folder, the locks beside them aside: those stay.
function config_file.names(path)
   return (config_file.output("ls -A " .. process.quote(path)):gsub("[^\n]*%.lock\n", ""))
end

return config_file
