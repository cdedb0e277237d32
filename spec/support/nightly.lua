--- nightly.lua - examples/nightly.lua in processes of its own, ended at chosen moments and run again; what it leaves is
-- counted on the server's side.
--
--    local job = nightly.new{ "--without", "observations" }      -- a sandbox of this form
--    job.name = "tickets"                                             -- of the component
--    local result = job:run{ night = 1, rows = 60 }                   -- result.code, .stdout, .stderr
--    job:run{ night = 1, rows = 60, signal = "KILL", after = 0.1 }    -- a signal after so many seconds
--    job:run{ night = 1, rows = 60, dies_at = 3 }                     -- kill -9 at the third response
--    job:check(1, 1, 60)     -- one component, one experiment a night, each row of the file once
--    job:loses("POST /start", true)    -- the response of the next such request is lost; false: it is not carried out
--    job:stop()
local assert = require "luassert"
local socket = require "socket"
local command = require "spec.support.interpreter"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

local nightly = {}

local Job = {}
Job.__index = Job

local LABELS = { "account", "billing", "bug" }
local WORDS = { account = "password login", billing = "invoice refund", bug = "crash error" }

-- Ends its own process at a response. A LUA_INIT, so that the example stays as it is.
local DIES = [[
local promptic, left = require "promptic", tonumber(os.getenv "DIES_AT")
local client = promptic.client
rawset(promptic, "client", function(options)
   options = options or {}
   options.log = function(level)
      left = left - (level == "debug" and 1 or 0)
      if left == 0 then os.execute "kill -9 $PPID" end
   end
   return client(options)
end)]]

--- Where training data can be, as options of a sandbox.
nightly.FORMS = { both = {}, cases = { "--without", "observations" }, observations = { "--without", "cases" } }

--- Signals that end the job, and its exit status then.
nightly.SIGNALS = { KILL = 137, INT = 130, TERM = 143 }

--- A sandbox of this form with the job; pace: seconds of each step of an experiment.
function nightly.new(form, pace)
   local server = sandbox.start{ pace = pace or 0, arguments = form }
   return setmetatable({ server = server, folder = process.folder(), is_older = form[2] == "cases" }, Job)
end

-- What stands between the job and the sandbox.
local FORWARDS = [[
   local _, request = ...
   local id, url, verb, part, is_done = %q, %q, %q, %q, %s
   local is_next = LOST ~= id and request.method == verb and request.target:find(part, 1, true)
   LOST = is_next and id or LOST
   if is_next and not is_done then return { close = "reset" } end
   local headers, pieces = { ["content-length"] = #request.body }, {}
   for _, pair in ipairs(request.headers) do
      local name = pair[1]:lower()
      if name == "authorization" or name == "content-type" then headers[name] = pair[2] end
   end
   local _, status = require("socket.http").request{ url = url .. request.target, method = request.method,
      headers = headers, source = require("ltn12").source.string(request.body),
      sink = require("ltn12").sink.table(pieces) }
   return is_next and { close = "reset" } or { status = status, body = table.concat(pieces) }
]]

--- The next request whose line is this, the path in part, loses its response; is_done: after it was carried out.
function Job:loses(line, is_done)
   self.between = self.between or scripted.start()
   self.lost = (self.lost or 0) + 1
   local verb, part = line:match "^(%S+) (.*)$"
   self.between:route(FORWARDS:format(tostring(self.lost), self.server.url, verb, part, is_done))
end

function Job:stop()
   if self.between then self.between:stop() end
   self.server:stop()
   process.remove(self.folder)
end

-- A row as the file has it: texts with what makes CSV hard.
local function text_of(index)
   return ('ticket %d, "%s"\r\nfrom abroad; ü'):format(index, WORDS[LABELS[index % #LABELS + 1]])
end

--- Writes a file of so many rows as a spreadsheet writes it: a byte order mark, CRLF, quotes and line breaks in cells.
function Job:write(rows, separator)
   local lines = { ("\xEF\xBB\xBFticket%sexpected"):format(separator or ",") }
   for index = 1, rows do
      local text = text_of(index):gsub('"', '""')
      lines[index + 1] = ('"%s"%s%s'):format(text, separator or ",", LABELS[index % #LABELS + 1])
   end
   local path = self.folder .. "/rows.csv"
   process.write_file(path, table.concat(lines, "\r\n") .. "\r\n")
   return path
end

function Job:run(call)
   local env = { PROMPTIC_ENDPOINT = (self.between or self.server).url, PROMPTIC_API_KEY = self.server.key,
      HOME = self.folder, NIGHT = call.night and tostring(call.night), DIES_AT = call.dies_at,
      LUA_INIT = call.dies_at and DIES }
   for name, value in pairs(call.env or {}) do env[name] = value end
   local words = { command.OURS, "examples/nightly.lua" }
   for index, word in ipairs(call.arguments or { self.name, self:write(call.rows, call.separator), self.folder }) do
      words[2 + index] = word
   end
   if call.signal then
      words = { "timeout", "--preserve-status", "-s", call.signal, ("%.3f"):format(call.after), table.unpack(words) }
   end
   words.env = command.environment(env)
   local result = process.run(words)
   result.code = result.code or 128 + result.signal
   return result
end

--- Runs it until it is done, as its schedule would; returns how often that took and the last result.
function Job:finish(call)
   local result
   for times = 1, 5 do
      result = self:run{ night = call.night, rows = call.rows, env = call.env }
      if result.code == 0 or result.code == 3 then return times, result end
   end
   error("it was run again and again, and is not done: " .. result.code .. ": " .. result.stderr)
end

-- How often the platform holds each text of training data for an experiment.
function Job:held(experiment)
   local counts, path = {}, ("/experiments/%s/observations"):format(experiment.id)
   if not self.is_older then
      path = ("/components/%s/datasets/%s/cases"):format(experiment.aiComponentId, experiment.datasetId)
   end
   for _, row in ipairs(self.server:ok("GET", path).data) do
      local text = (row.inputPayload or row.variables).ticket
      counts[text] = (counts[text] or 0) + 1
   end
   return counts
end

-- The experiments by their names, each of which is there once.
function Job:experiments()
   local found, only = {}, nil
   for _, component in ipairs(self.server:ok("GET", "/components").data) do
      if component.name == self.name then
         assert.is_nil(only, "there are two components")
         only = component
      end
   end
   local list = self.server:ok("GET", "/experiments?limit=100&component_id=" .. only.id).data
   for _, experiment in ipairs(list) do
      assert.is_nil(found[experiment.name], "two experiments: " .. tostring(experiment.name))
      found[experiment.name] = experiment
   end
   return found, #list
end

--- What the platform holds after so many nights, the last one of a file of so many rows.
function Job:check(nights, night, rows)
   local experiments, count = self:experiments()
   assert.equal(nights, count)
   local experiment = experiments["nightly " .. night]
   assert.equal("completed", experiment.experimentStatus)
   local held = self:held(experiment)
   for index = 1, rows do
      local text = text_of(index)
      assert.equal(1, held[text], text)
      held[text] = nil
   end
   assert.is_nil(next(held))
end

-- Seconds that a night takes when nothing ends it.
function Job:duration(name)
   self.name = name
   local began = socket.gettime()
   self:finish{ night = 0, rows = 30 }
   return socket.gettime() - began
end

--- Nights that a signal ends at a random moment, each run again until it is done. Every third one is the first night of
--- its component. Returns how many were ended and how often one was run again.
function Job:interrupt(signal, times, code)
   local ended, runs, nights, longest = 0, 0, 0, self:duration(signal)
   for trial = 1, times do
      if trial % 3 == 1 then
         self.name, nights = signal .. trial, 0
      end
      nights = nights + 1
      local night, rows = trial, 30 + 2 * trial
      local result = self:run{ night = night, rows = rows, signal = signal, after = 0.01 + math.random() * longest }
      if result.code ~= 0 and result.code ~= 3 then
         assert.equal(code, result.code, result.stderr)
         ended = ended + 1
      else -- the machine has become faster
         longest = 0.8 * longest
      end
      local more = self:finish{ night = night, rows = rows }
      self:check(nights, night, rows)
      runs = runs + more
   end
   return ended, runs
end

return nightly
