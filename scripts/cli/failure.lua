--- What went wrong, what to do about it, and which exit code says so.
local arguments = require "promptic.cli.arguments"

local failure = {}

local CREDENTIAL = "run `promptic login`, or set PROMPTIC_API_KEY"

local BY_KIND = {
   auth = CREDENTIAL,
   connection = "check the network, and with `promptic auth status` which endpoint is used",
   timeout = "try again; `promptic auth status` tells which endpoint is used",
   tls = "the server's certificate is not trusted: CURL_CA_BUNDLE names other authorities",
   decode = "is the endpoint a Promptic platform? `promptic auth status` tells which one is used",
   config = "see PROMPTIC_ENDPOINT, PROMPTIC_API_KEY and ~/.promptic/config.toml",
}

local BY_STATUS = {
   [401] = "the credential was refused: " .. CREDENTIAL,
   [402] = "the workspace's plan or credit does not cover this",
   [403] = "the credential does not reach this: `promptic workspace info` tells whose it is",
}

-- Groups whose list needs no other id.
local LISTED = { components = true, experiments = true, traces = true }

local function hint_for_missing(group)
   if LISTED[group] then return ("`promptic %s list` shows what there is"):format(group) end
   return "check the ids; `promptic components list` and `promptic experiments list` show what there is"
end

local function hint(err, group)
   local status = err.status_code
   if not status then return BY_KIND[err.kind] end
   if status == 404 then return hint_for_missing(group) end
   if status == 409 and group == "experiments" then
      return "`promptic experiments get ID` tells its status; `promptic experiments duplicate ID` makes a "
         .. "pending one of it"
   end
   if status == 429 then
      return err.retry_after and ("try again in %.0f s"):format(err.retry_after) or "try again later"
   end
   if status >= 500 then
      return "the platform could not do it: try again later"
         .. (err.request_id and (" (request %s)"):format(err.request_id) or "")
   end
   return BY_STATUS[status]
end

--- A failure that is told by a sentence, with an optional hint and exit code; to be raised with error().
function failure.new(message, options)
   options = options or {}
   return setmetatable({ message = message, hint = options.hint, code = options.code }, failure)
end

function failure.raise(message, options)
   error(failure.new(message, options), 0)
end

--- Whether it is Ctrl-C that ended the work.
function failure.is_interrupt(err)
   if type(err) == "table" then return err.kind == "cancelled" end
   return type(err) == "string" and err:find("interrupted!", 1, true) ~= nil
end

--- What is to be said about an error and the exit code. trace is the traceback where it was raised.
function failure.describe(err, group, trace)
   local kind = getmetatable(err)
   if kind == arguments.Misuse then
      local help = ("see `%s --help`"):format(err.command or "promptic")
      return { message = err.usage, hint = err.hint or help, code = 2 }
   elseif kind == failure then
      return { message = err.message, hint = err.hint, code = err.code or 1 }
   elseif failure.is_interrupt(err) then
      return { message = "interrupted", code = 130 }
   elseif require("promptic").is_error(err) then
      return { message = tostring(err), hint = hint(err, group), code = 1 }
   end
   local argument = type(err) == "string" and err:match "bad argument .*"
   if argument then return { message = argument:match "%((.*)%)$" or argument, code = 2 } end
   return { message = trace or tostring(err), code = 1 }
end

return failure
