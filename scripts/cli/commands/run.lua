--- promptic run: this process becomes the interpreter, so a script runs exactly as in promptic-lua.
return {
   section = "This machine",
   summary = "Run a Lua script with the platform built in.",
   raw = true,
   arguments = { { "script", summary = "the Lua script; - reads it from standard input" } },
   notes = "What follows the script is left to it. `promptic-lua` itself takes further options.",
   examples = "promptic run pipeline.lua --epochs 3",
   run = function(_, values)
      local _, message = require("promptic.terminal").exec { values.script, table.unpack(values.rest) }
      require("promptic.cli.failure").raise("the interpreter could not be started: " .. tostring(message))
   end,
}
