--- calls.lua - calls of specs, each made twice: blocking, and in a task; and how they ended.
--
--    for _, way in ipairs(calls.WAYS) do
--       describe(way.name, function()
--          it("...", function() local ended = way.run(client.create_component, client, "n") end)
--    ended.ok, ended.result, ended.attempts, ended.reused     -- or kind, maybe_sent, attempts, status, message
local promptic = require "promptic"
local clients = require "spec.support.clients"

local calls = {}

--- How a call ended. An error that is no promptic.Error is raised again.
function calls.outcome(f, ...)
   local ok, result = pcall(f, ...)
   if ok then
      local response = type(result) == "table" and promptic.response(result) or {}
      return { ok = true, result = result, attempts = response.attempts, reused = response.connection_reused }
   elseif getmetatable(result) ~= promptic.Error then
      error(result, 0)
   end
   return {
      ok = false, kind = result.kind, maybe_sent = result.maybe_sent, attempts = result.attempts,
      status = result.status_code, message = result.message, error = result,
   }
end

--- The two ways to make a call: run(f, ...) gives the outcome, within(f, ...) runs any function that way.
calls.WAYS = {
   {
      name = "blocking:",
      run = calls.outcome,
      within = function(f, ...) return f(...) end,
   },
   {
      name = "in a task:",
      is_task = true,
      run = function(f, ...) return promptic.run(calls.outcome, f, ...) end,
      within = promptic.run,
   },
}

--- A client of a part of the laboratory (url, ca_file), as spec/support/clients.lua opens them.
function calls.client(part, options)
   local all = { ca_file = part.ca_file }
   for name, value in pairs(options or {}) do
      all[name] = value
   end
   return clients.open(part.url, all)
end

--- Runs f(1) to f(count) at a time, and meanwhile() once all are under way; raises the first error.
function calls.together(count, f, meanwhile)
   promptic.run(function()
      local tasks = {}
      for index = 1, count do
         tasks[index] = promptic.spawn(f, index)
      end
      meanwhile(function() promptic.sleep(0.001) end)
      for _, task in ipairs(tasks) do
         task:await()
      end
   end)
end

--- What is checked of an outcome, as one value to compare.
function calls.brief(ended)
   if ended.ok then
      return ("success after %d"):format(ended.attempts or 1)
   elseif not ended.attempts then
      return ended.kind -- not of a call: of a task that is the parent's
   end
   return ("%s after %d, %s"):format(ended.kind, ended.attempts, ended.maybe_sent and "maybe sent" or "not sent")
end

return calls
