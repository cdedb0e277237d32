--- The checks of promptic doctor, in their order. `report(name, state, text, advice)` takes each finding.
local catalogue = require "promptic.cli.catalogue"
local failure = require "promptic.cli.failure"
local promptic = require "promptic"
local times = require "promptic.cli.times"

local checks = {}

local TIMEOUT, DEADLINE = 10, 30 -- seconds: a person waits
local SLOW = 1           -- seconds of a call on an open connection
local FEW_DAYS = 14      -- of a certificate
local OFF, FAR_OFF = 5, 300 -- seconds between the clocks; Date has whole seconds
local MOST_COMPONENTS = 20

---------------------------------------------------------------- configuration

local function version(report)
   local contract = promptic.contract
   local known = contract and (", the platform's contract of %s (Python client %s)"):format(contract.date,
      contract.newest_client) or ""
   report("version", "ok", ("promptic %s%s"):format(promptic.version, known))
end

local SOURCES = { environment = "the environment", file = "the configuration file", default = "the default" }

local function endpoint(report, status)
   if not status.endpoint then return end
   local text = ("%s, from %s"):format(status.endpoint, SOURCES[status.endpoint_source] or status.endpoint_source)
   report("endpoint", "ok", text)
   report("proxy", "ok", status.proxy and ("%s, except for %s"):format(status.proxy,
      os.getenv "no_proxy" or os.getenv "NO_PROXY" or "no host") or "none")
end

local CREDENTIALS = { access_token = "session of `promptic login`", api_key = "API key" }

-- Whether there is one that can be used.
local function credential(report, status)
   if status.is_shared then
      report("file", "problem", "others can read or change " .. status.config_file,
         ("chmod 600 %s\na credential in it may be known to others: replace it"):format(status.config_file))
   end
   if status.problem then
      report("configuration", "problem", status.problem) -- the text names the setting
      return false
   elseif status.credential == "none" then
      report("credential", "problem", "none", "run `promptic login` or `promptic configure`, or set PROMPTIC_API_KEY")
      return false
   end
   local what = ("%s, from %s"):format(CREDENTIALS[status.credential], SOURCES[status.source] or status.source)
   if status.credential == "access_token" and not status.ai_application_id then
      report("credential", "problem", what .. ", without an AI Application",
         "choose one with `promptic ai-application select ID`; `promptic ai-application list` shows yours")
      return false
   end
   report("credential", "ok", what .. (status.ai_application_id and ", for " .. status.ai_application_id or ""))
   return true
end

---------------------------------------------------------------- the connection

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
   Dec = 12 }

-- Seconds since 1970 of a Date header (RFC 9110, 5.6.7).
local function parse_date(text)
   local day, month, year, clock = (text or ""):match "^%a+, (%d+) (%a+) (%d+) (%d+:%d+:%d+) GMT$"
   if not day or not MONTHS[month] then return nil end
   return times.parse(("%s-%02d-%02dT%s"):format(year, MONTHS[month], tonumber(day), clock))
end

local function milliseconds(seconds) return ("%.0f ms"):format(seconds * 1000) end

local function tls(report, status, response)
   -- the library takes plain http to this machine only
   if not status.endpoint:find "^https:" then return report("TLS", "ok", "none: plain http to this machine") end
   local certificate = response.certificate
   if not certificate then return report("TLS", "ok", "the certificate was verified") end
   local text = "issued by " .. certificate.issuer
   if not certificate.expires then return report("TLS", "ok", text) end
   local days = (certificate.expires - os.time()) // 86400
   text = ("%s, %d days left"):format(text, days)
   report("TLS", days < FEW_DAYS and "note" or "ok", text, days < FEW_DAYS
      and "the server's operator has to renew the certificate, unless a proxy in between issued it" or nil)
end

local function clock(report, response, asked)
   local date = parse_date(response.headers.date)
   if not date then return report("clock", "note", "not compared: the response has no Date") end
   local now = os.time()
   -- the response was made at some time between the two, and Date is cut to a second
   local off = now < date and now - date or asked > date + 1 and asked - date - 1 or 0
   if math.abs(off) <= OFF then return report("clock", "ok", "agrees with the server's") end
   report("clock", math.abs(off) > FAR_OFF and "problem" or "note",
      ("this machine's is %d s %s of the server's"):format(math.abs(off), off > 0 and "ahead" or "behind"),
      "set this machine's clock, by NTP for example: times of traces and certificates depend on it")
end

local function tls_advice()
   return ("the certificate is not trusted or has expired, or this machine's clock is wrong (it says %s UTC)\n"
      .. "CURL_CA_BUNDLE names other authorities, such as a proxy's"):format(os.date "!%Y-%m-%d %H:%M")
end

local BY_KIND = {
   connection = "check the network, the name in the endpoint, and the proxy",
   timeout = "nothing came back: check the network, a firewall, and the proxy",
   decode = "is the endpoint a Promptic platform?",
   config = "see the proxy above: https_proxy names it, no_proxy exempts hosts from it",
}

local function advice_for(err)
   return err.kind == "tls" and tls_advice() or BY_KIND[err.kind]
end

local function attempt(f, ...)
   local done, result = pcall(f, ...)
   if done or promptic.is_error(result) and not failure.is_interrupt(result) then return done, result end
   error(result, 0)
end

local NO_PLATFORM = "no Promptic platform answers there: is the endpoint right?"

-- Statuses of a platform that may answer other calls.
local function is_partial(status)
   return status == 402 or status == 403 or status == 429 or status >= 500
end

-- The first call, for a list that every platform has; its response, false if it was refused, or nil if no other call
-- is worth trying.
local function connection(report, client, status)
   local asked = os.time()
   local done, result = attempt(client.list_components, client)
   local response = promptic.response(result)
   if not response or not done and result.kind ~= "api" then
      report("connection", "problem", tostring(result), advice_for(result))
      return nil
   end
   report("connection", "ok", ("opened and answered within %s"):format(milliseconds(response.elapsed)))
   tls(report, status, response)
   clock(report, response, asked)
   if done then return result end
   if is_partial(result.status_code) then return false end -- the operations say which of them fail
   if result.status_code == 401 then
      report("platform", "problem", tostring(result), ("the %s was refused: run `promptic login`, or set "
         .. "PROMPTIC_API_KEY"):format(CREDENTIALS[status.credential]))
   else
      report("platform", "problem", tostring(result), result.status_code == 404 and NO_PLATFORM
         or "the platform does not answer as it should: try again later")
   end
end

---------------------------------------------------------------- the operations

local function takes_no_id(row)
   return row.verb == "GET" and not row.path:find("{", 1, true)
end

local SESSION_ONLY = { list_ai_applications = true, list_workspaces = true }

-- State, text and advice of a GET that failed.
local function explain(row, err, status)
   local code = err.status_code
   if code == 404 and row.dropped then return "ok", "not here: newer platforms dropped it" end
   if code == 404 and row.since then return "note", "not here: this platform is older" end
   if (code == 401 or code == 403) and SESSION_ONLY[row.name] and status.credential == "api_key" then
      return "ok", "takes the session of `promptic login`"
   end
   local described = failure.describe(err, { row = {}, values = {} })
   return "problem", described.message, described.hint
end

-- Asks for one list; reports it, and returns the response and how long it took.
local function ask(report, client, row, status)
   local name = "GET " .. row.path
   -- by its path: get_workspace itself falls back to the newer route
   local done, result = attempt(client.request, client, "GET", row.path)
   if not done then
      report(name, explain(row, result, status))
      return nil
   end
   local problem = require("promptic.cli.shape").problem(row.returns, result)
   local response = promptic.response(result)
   if problem then
      report(name, "problem", "not what was expected: " .. problem, BY_KIND.decode)
      return nil
   end
   report(name, "ok", ("answers in %s"):format(milliseconds(response.elapsed)))
   return result, response.connection_reused and response.elapsed or nil
end

local function latency(report, list)
   table.sort(list)
   local median = list[(#list + 1) // 2]
   if not median then return end
   report("latency", median > SLOW and "note" or "ok", ("%s a call on an open connection"):format(
      milliseconds(median)), median > SLOW and "the platform or the way to it is slow" or nil)
end

local function operations(report, client, status)
   local answers, took = {}, {}
   for _, row in ipairs(promptic.endpoints) do
      if takes_no_id(row) then
         local answer, seconds = ask(report, client, row, status)
         answers[row.name] = answer
         took[#took + 1] = seconds
      end
   end
   latency(report, took)
   if not answers.get_ai_application and not answers.get_workspace then
      report("platform", "problem", "it names neither an AI Application nor a workspace", NO_PLATFORM)
   end
   return answers
end

---------------------------------------------------------------- deployed prompts

local function prompts(report, client, components)
   local looked, deployed = 0, 0
   for _, component in ipairs(components) do
      if looked == MOST_COMPONENTS then break end
      looked = looked + 1
      local done, prompt = attempt(client.get_deployed_prompt, client, component.id)
      local name = component.name or component.id
      if not done then
         report("prompts", "problem", ("%s: %s"):format(name, tostring(prompt)))
      elseif prompt then
         deployed = deployed + 1
         local experiment = { targetModel = prompt.model, provider = prompt.provider }
         if prompt.model and catalogue.is_gone(experiment) then
            report("prompts", "problem", ("%s is for the model %s, which `promptic models list` no longer has"):format(
               name, prompt.model), prompt.experimentId and
               ("search again with another: promptic experiments duplicate %s -m MODEL"):format(prompt.experimentId))
         end
      end
   end
   report("prompts", #components > looked and "note" or "ok", ("%d of %d components %s"):format(deployed, looked,
      #components > looked and ("checked (of %d) have a deployed prompt"):format(#components)
      or "have a deployed prompt"))
end

--- Runs all checks, as far as the ones before let them.
function checks.run(report)
   local status = promptic.auth.status()
   version(report)
   endpoint(report, status)
   if not credential(report, status) then return end
   local client <close> = promptic.client {
      user_agent = "promptic-cli", certificate = true, max_retries = 0, timeout = TIMEOUT, deadline = DEADLINE,
   }
   local components = connection(report, client, status)
   if components == nil then return end
   local answers = operations(report, client, status)
   catalogue.use(answers.list_models and answers.list_models.data)
   if components then prompts(report, client, components.data) end
end

return checks
