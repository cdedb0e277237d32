--- The rules of core/README.md (sent, in doubt, retry, deadline) as a model of a few lines, held against random
--- sequences of faults. NETWORK_SEQUENCES says how many (1,000), NETWORK_SEED which: the seed of a run is in every
--- failure.
-- Tags: slow
local promptic = require "promptic"
local calls = require "spec.network.calls"
local lab = require "spec.network.lab"
local sandbox = require "spec.support.sandbox"
local tls_peer = require "spec.network.tls_peer"

local lacks = lab.lacks("openssl", "python3")
if lacks then
   return it("the model", function() pending("there is no " .. lacks) end)
end

local SEQUENCES = tonumber(os.getenv("NETWORK_SEQUENCES")) or 1000
local UPLOADS = math.ceil(SEQUENCES / 20)
local SEED = tonumber(os.getenv("NETWORK_SEED")) or os.time() % 1000000
local LONGEST_WAIT = 60    -- seconds of Retry-After that are obeyed
local DEADLINE = 0.5       -- seconds, of calls that meet silence
local LONG_DEADLINE = 20   -- seconds, of the others; shorter than the longest wait

-- ------------------------------------------------------------------- model

-- What an attempt may meet. arrives: whether the request does; doubt: whether it may have taken effect; repeats:
-- whether it may be tried again ("safe": by methods without harm); waits: seconds before that.
local CLOSE = { Connection = "close" }
local function reply(status, after)
   return { { "read" }, { "reply", { status = status, headers = { Connection = "close", ["Retry-After"] = after } } } }
end

local FAULTS = {
   fine = { steps = { { "read" }, { "reply", { headers = CLOSE } } }, arrives = 1, kind = "success" },
   ["end at once"] = { early = true, steps = { { "fin" } }, kind = "connection", repeats = "always" },
   ["reset at once"] = { early = true, steps = { { "rst" } }, kind = "connection", repeats = "always" },
   ["end"] = { steps = { { "read" }, { "fin" } }, arrives = 1, kind = "connection", doubt = true, repeats = "safe" },
   reset = { steps = { { "read" }, { "rst" } }, arrives = 1, kind = "connection", doubt = true, repeats = "safe" },
   half = { steps = { { "read" }, { "part", {}, -3 }, { "fin" } }, arrives = 1, kind = "connection", doubt = true,
      repeats = "safe" },
   silence = { steps = { { "read" }, { "hold" } }, arrives = 1, kind = "timeout", doubt = true, repeats = "never" },
   ["400"] = { steps = reply(400), arrives = 1, kind = "api", repeats = "never" },
   ["404"] = { steps = reply(404), arrives = 1, kind = "api", repeats = "never" },
   ["408"] = { steps = reply(408), arrives = 1, kind = "api", repeats = "always" },
   ["429"] = { steps = reply(429), arrives = 1, kind = "api", repeats = "always" },
   ["429 later"] = { steps = reply(429, "0"), arrives = 1, kind = "api", repeats = "always" },
   ["429 too late"] = { steps = reply(429, "61"), arrives = 1, kind = "api", repeats = "always", waits = 61 },
   ["503 after the deadline"] = { steps = reply(503, "30"), arrives = 1, kind = "api", repeats = "always", waits = 30 },
   ["500"] = { steps = reply(500), arrives = 1, kind = "api", doubt = true, repeats = "safe" },
   ["503"] = { steps = reply(503), arrives = 1, kind = "api", doubt = true, repeats = "safe" },
   ["503 later"] = { steps = reply(503, "0"), arrives = 1, kind = "api", repeats = "always" },
   ["no JSON"] = { steps = { { "read" }, { "reply", { headers = CLOSE, body = "no" } } }, arrives = 1, kind = "decode",
      doubt = true, repeats = "never" },
}

-- The outcome in brief and the arrivals of a call.
local function predict(case)
   local arrivals, doubt = 0, false
   for attempt = 1, case.max_retries + 1 do
      local fault = FAULTS[case.faults[attempt] or "fine"]
      arrivals = arrivals + (fault.arrives or 0)
      local is_gone = case.faults[attempt] == "404" and case.method.name == "DELETE" and attempt > 1
      if fault.kind == "success" or is_gone then
         return fault.kind == "success" and "success after " .. attempt or "success after 1", arrivals
      end
      doubt = doubt or fault.doubt or false
      local may = fault.repeats == "always" or fault.repeats == "safe" and case.method.is_safe
      if not may or attempt > case.max_retries or (fault.waits or 0) > math.min(LONGEST_WAIT, case.deadline) then
         return ("%s after %d, %s"):format(fault.kind, attempt, doubt and "maybe sent" or "not sent"), arrivals
      end
   end
end

-- ------------------------------------------------------------------- cases

local METHODS = {
   { name = "GET", is_safe = true, call = function(client) return client:request("GET", "/things/x") end },
   { name = "DELETE", is_safe = true, call = function(client) return client:delete_component("c") end },
   { name = "upsert", is_safe = true, call = function(client) return client:upsert_annotation("c", "r", "t") end },
   { name = "POST", call = function(client) return client:create_component("n") end },
   { name = "PATCH", call = function(client) return client:update_experiment("e", { name = "n" }) end },
}

local CHANNELS = {
   { name = "plain HTTP" },
   { name = "TLS 1.2", handshake = { { "handshake", { version = "1.2" } } } },
   { name = "TLS 1.3", handshake = { { "handshake", { version = "1.3" } } } },
}

-- What became of a connection of a call before, if there was one.
local IDLE = { { { "fin" } }, { { "rst" } }, { { "send", "\r\n" }, { "hold" } } }

local NAMES = {}
for name in pairs(FAULTS) do
   NAMES[#NAMES + 1] = name
end
table.sort(NAMES)

local function pick(list)
   return list[math.random(#list)]
end

local function random_case()
   local case = {
      method = pick(METHODS), channel = pick(CHANNELS), way = pick(calls.WAYS), max_retries = math.random(0, 3),
      faults = {}, deadline = LONG_DEADLINE, idle = math.random(3) == 1 and pick(IDLE) or nil,
   }
   for attempt = 1, math.random(0, 4) do
      local name = pick(NAMES)
      -- Silence takes the time that it takes, so most of it is left out.
      case.faults[attempt] = name == "silence" and math.random(4) > 1 and "end" or name
      case.deadline = case.faults[attempt] == "silence" and DEADLINE or case.deadline
   end
   return case
end

local function text_of(case)
   return ("seed %d: %s %s %s, max_retries %d, %s: %s"):format(SEED, case.way.name, case.channel.name,
      case.method.name, case.max_retries, case.idle and "after an idle connection's end" or "fresh",
      table.concat(case.faults, ", "))
end

-- ---------------------------------------------------------------- the specs

local peer = tls_peer.shared()
local platform

setup(function()
   platform = sandbox.start{ pace = 0 }
   math.randomseed(SEED)
end)

teardown(function()
   platform:stop()
end)

local function plans_of(case)
   local first, plans = case.channel.handshake or {}, {}
   if case.idle then
      plans[1] = lab.join(first, { { "read" }, { "reply" }, { "gate", "idle" } }, case.idle)
   end
   for _, name in ipairs(case.faults) do
      local fault = FAULTS[name]
      plans[#plans + 1] = lab.join(fault.early and case.channel.handshake and {} or first, fault.steps)
   end
   return plans, lab.join(first, FAULTS.fine.steps)
end

-- In plain HTTP a connection that ends at once has perhaps had the request: only TLS says that it had not.
local function suits(case)
   if not case.channel.handshake then
      for index, name in ipairs(case.faults) do
         case.faults[index] = FAULTS[name].early and "end" or name
      end
   end
   return case
end

local function play(case)
   local client = calls.client({ url = case.channel.handshake and peer.url or peer.plain_url, ca_file = peer.ca_file },
      { max_retries = case.max_retries, timeout = LONG_DEADLINE, deadline = case.deadline })
   local plans, always = plans_of(case)
   peer:reset():always(always)
   peer:plan(lab.unpack(plans))
   if case.idle then
      assert(case.way.run(client.create_component, client, "warm").ok)
      peer:pass "idle"
   end
   local ended = case.way.run(case.method.call, client)
   client:close()
   return calls.brief(ended), peer:arrivals() - (case.idle and 1 or 0)
end

it(("%d random sequences of faults end as the model says (seed %d)"):format(SEQUENCES, SEED), function()
   for _ = 1, SEQUENCES do
      local case = suits(random_case())
      local outcome, arrivals = predict(case)
      local got, arrived = play(case)
      assert.equal(outcome, got, text_of(case))
      assert.equal(arrivals, arrived, text_of(case))
   end
end)

-- ------------------------------------------------------------------ uploads

local ROWS, BATCH, MOST_RESUMED = 40, 10, 40

local function rows()
   local list = {}
   for index = 1, ROWS do
      list[index] = { variables = { n = index }, expected = "row " .. index }
   end
   return list
end

-- Plans that pass requests on to the platform and fail in between: before it has them, or after.
local function random_plan()
   local port, plan = platform.port, { { "handshake" } }
   local fates = {
      { { "fin" } }, { { "rst" } },
      { { "read" }, { "rst" } },
      { { "read" }, { "reply", { status = 503, headers = { Connection = "close" } } } },
      { { "read" }, { "reply", { status = 429, headers = { Connection = "close" } } } },
      { { "forward", port, "lose" }, { "fin" } },
      { { "forward", port, "lose" }, { "rst" } },
      { { "forward", port, "lose" }, { "reply", { status = 500, headers = { Connection = "close" } } } },
      { { "forward", port, "half" }, { "fin" } },
   }
   for _ = 1, math.random(0, 3) do
      plan[#plan + 1] = { "forward", port }
   end
   return lab.join(plan, pick(fates))
end

-- Uploads, from where the upload before has stopped; how often it had to.
local function upload(way, client, experiment)
   local options = { batch_size = BATCH, concurrency = 3, ordered = false }
   for resumed = 0, MOST_RESUMED do
      local ok, result = pcall(way.within, client.upload_observations, client, experiment, rows(), options)
      if ok then
         return resumed
      end
      assert(promptic.is_error(result), result)
      options.resume = result.resume
   end
   error("no end of it")
end

it(("%d uploads through random faults over TLS lose nothing and send nothing twice (seed %d)"):format(UPLOADS, SEED),
   function()
      math.randomseed(SEED)
      for number = 1, UPLOADS do
         local plans = {}
         for index = 1, 60 do
            plans[index] = random_plan()
         end
         local always = { { "handshake" } }
         for _ = 1, 50 do
            always[#always + 1] = { "forward", platform.port }
         end
         peer:reset():always(always)
         peer:plan(lab.unpack(plans))
         local client = calls.client(peer, { api_key = platform.key })
         local experiment = platform:experiment{ evaluators = false }
         upload(calls.WAYS[number % 2 + 1], client, experiment)
         client:close()
         local seen = {}
         for _, row in ipairs(platform:ok("GET", ("/experiments/%s/observations"):format(experiment)).data) do
            assert.is_nil(seen[row.expected], ("seed %d, upload %d: %s twice"):format(SEED, number, row.expected))
            seen[row.expected] = true
         end
         for _, row in ipairs(rows()) do
            assert.is_true(seen[row.expected], ("seed %d, upload %d: no %s"):format(SEED, number, row.expected))
         end
      end
   end)
