-- What can go wrong, and how a script distinguishes failures.
--
--    build/promptic-lua --sandbox examples/errors.lua

local promptic = require "promptic"
local client <close> = promptic.client()

-- A call that fails raises a promptic.Error, a table that says what happened; a wrong argument is Lua's own.
local function explain(err)
   if not promptic.is_error(err) then return "wrong call: " .. tostring(err) end
   if err.kind == "api" and err.status_code == 404 then
      return ("not there: %s %s"):format(err.method, err.path)
   elseif err.retry_after then
      return ("busy: try again in %g seconds"):format(err.retry_after)
   elseif err.kind == "connection" or err.kind == "timeout" then
      return ("out of reach after %d attempts"):format(err.attempts)
   end
   return ("%s error: %s"):format(err.kind, err.message)
end

local function attempt(what, f, ...)
   local ok, result = pcall(f, ...)
   if promptic.is_error(result, "interrupted") then error(result, 0) end -- Ctrl-C: not for us to catch
   print(("%-22s %s"):format(what, ok and "fine" or explain(result)))
end

attempt("a good call", client.list_components, client)
attempt("an unknown id", client.get_component, client, "00000000-0000-4000-8000-000000000000")
attempt("a misspelt option", client.list_experiments, client, { limt = 10 })
attempt("a value out of range", client.list_traces, client, { limit = 1000 })
attempt("a number without JSON", client.create_observations, client, "any",
   { { variables = { x = 0 / 0 }, expected = "?" } })

local stranger <close> = promptic.client { api_key = "not-the-key" }
attempt("a wrong key", stranger.list_components, stranger)

local nowhere <close> = promptic.client { api_key = "key", endpoint = "http://127.0.0.1:1", backoff = 0.01 }
attempt("nobody listening", nowhere.list_components, nowhere)
