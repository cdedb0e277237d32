--[[
A 404: an id that does not exist, an operation that this platform does not have, or a wrong endpoint. The library
distinguishes them by the row of the operation and by the response's code; here they are put in terms of commands.
]]
local promptic = require "promptic"

local missing = {}

-- The form of a row's path as a pattern: "/runs/{run_id}" matches "/runs/x".
local function matches(row, path)
   local pattern = row.path:gsub("%-", "%%-"):gsub("{[^}]*}", "[^/]+")
   return path:find("^" .. pattern .. "$") ~= nil
end

--- The row of the operation that an error is about; nil of a raw request.
function missing.operation(err)
   local found
   for _, row in pairs(promptic.endpoints) do
      if row.verb == err.method and matches(row, err.path or "") then
         -- "/experiments/tool-selection" is a row of its own, and matches "/experiments/{experiment_id}"
         if not found or row.path == err.path then found = row end
      end
   end
   return found
end

local function contains(list, method)
   for _, other in ipairs(list or {}) do
      if other == method then return true end
   end
   return false
end

--- The command that calls a method: "promptic datasets cases list"; one that calls it beside another only if no
--- command is for it alone; nil if none calls it.
function missing.command(method)
   local other
   local cli = require "promptic.cli"
   for _, group in ipairs(require("promptic.cli.groups").list()) do
      local rows, single = cli.rows(group)
      for _, row in ipairs(rows) do
         local command = "promptic " .. group.name .. (single and "" or " " .. row.name)
         if cli.resolve(row).method == method then return command end
         other = other or contains(row.methods, method) and command or nil
      end
   end
   return other
end

local function quoted(method)
   local command = missing.command(method)
   return command and ("`%s`"):format(command) or method
end

-- The platform's own text, without what the library adds for programs.
local function text_of(err)
   local read, body = pcall(promptic.json.decode, err.body or "")
   local text = read and type(body) == "table" and body.error
   if type(text) == "table" then text = text.message end
   if read and type(body) == "table" and type(body.message) == "string" then text = body.message end
   return type(text) == "string" and text ~= "" and text or "Not found"
end

local function other_platform(row)
   if row.instead then return ("a newer platform, which has %s instead"):format(quoted(row.instead)) end
   if row.dropped then return ("a newer platform, which no longer has %s"):format(quoted(row.name)) end
   if row.since then return ("an older platform, which does not have %s yet"):format(quoted(row.name)) end
   return "another platform"
end

--- The message and the hint of a 404, from those of any failure.
function missing.explain(err, message, hint)
   local row = missing.operation(err)
   if not row then
      return message, hint
   elseif err.code == "no_route" then
      return ("[404] this server has no %s %s"):format(row.verb, row.path),
         ("it is %s, or the endpoint is wrong: `promptic auth status` shows it"):format(other_platform(row))
   elseif row.dropped then
      local instead = row.instead and ": use " .. quoted(row.instead)
         or "; `promptic --help` lists what newer ones dropped under \"Older platforms\""
      return "[404] " .. text_of(err),
         (hint and hint .. "; or" or "perhaps") .. " this platform no longer has it" .. instead
   elseif row.since and row.verb == "GET" and not row.path:find("{", 1, true) then
      return "[404] " .. text_of(err), ("this platform does not have %s yet"):format(quoted(row.name))
   end
   return message, hint
end

return missing
