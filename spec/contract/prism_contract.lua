--- What Prism has seen: `make contract` (.ci/contract) starts it and sends rows_spec through it before this.
--
-- PROMPTIC_ENDPOINT is Prism as a proxy before the sandbox, PRISM_MOCK Prism as a mock of the platform,
-- PRISM_LOGS the folder with what they print, mock.log and proxy.log.
local promptic = require "promptic"
local contract = require "spec.support.contract"

local ENDPOINTS = { mock = os.getenv("PRISM_MOCK"), proxy = os.getenv("PROMPTIC_ENDPOINT") }
local LOGS = assert(os.getenv("PRISM_LOGS"), "run it with make contract")
local PROGRAM = assert(os.getenv("PROMPTIC_LUA"))

-- The mock makes its own answers, of any text where the contract has a pattern: only requests count there.
local function is_the_mocks(name, violation)
   return name == "mock" and violation:find("^%s*response%.") ~= nil
end

-- The requests in Prism's log, in their order: name = "get /api/v1/workspace", verb, path, violations.
local function requests_of(name)
   local list = {}
   for line in io.lines(LOGS .. "/" .. name .. ".log") do
      local verb, path = line:match("%[HTTP SERVER%] (%l+) (/%S*) .*Request received")
      if verb then
         list[#list + 1] = { name = verb .. " " .. path, verb = verb, path = path, violations = {} }
      elseif line:find("Violation:", 1, true) or line:find("terminated with error", 1, true) then
         local violations, violation = list[#list].violations, line:match("Violation: (.*)") or line
         if not is_the_mocks(name, violation) then
            violations[#violations + 1] = violation
         end
      end
   end
   return list
end

-- Prism writes down a request before it answers the next: once the log has this one, it has all before it. It
-- also shows that a violation is found where there is one.
local function send_violation(name)
   local client = promptic.client{ endpoint = ENDPOINTS[name], max_retries = 0 }
   local sent, problem = pcall(client.request, client, "POST", "/components", { body = { name = 1 } })
   client:close()
   assert(not sent and problem.status_code == 400, tostring(problem))
end

-- The operation a request is for: of the templates that fit, the one with the fewest parameters.
local function operation_of(request, operations)
   local best, fewest
   for _, operation in ipairs(operations) do
      local pattern, parameters = ("/api/v1" .. operation.path):gsub("%-", "%%-"):gsub("{.-}", "[^/]+")
      if operation.verb:lower() == request.verb and request.path:find("^" .. pattern .. "$")
         and (not fewest or parameters < fewest) then
         best, fewest = operation.id, parameters
      end
   end
   return best
end

describe("the examples, through Prism,", function()
   local listing = assert(io.popen("ls examples/*.lua | grep -v -e agent.lua -e nightly.lua"))
   for example in listing:lines() do
      it(example .. " runs", function()
         local output = assert(io.popen(("'%s' '%s' 2>&1"):format(PROGRAM, example)))
         local text = output:read("*a")
         assert(output:close(), text)
      end)
   end
   listing:close()
end)

for _, name in ipairs{ "mock", "proxy" } do
   describe("Prism as a " .. name, function()
      local requests, probe

      setup(function()
         send_violation(name)
         requests = requests_of(name)
         probe = table.remove(requests)
      end)

      it("finds a violation where there is one", function()
         assert.equal("post /api/v1/components", probe.name)
         assert.matches("name must be string", table.concat(probe.violations, "\n"))
      end)

      it("has found none in what the client sent and what it was answered", function()
         local found = {}
         for _, request in ipairs(requests) do
            if #request.violations > 0 then
               found[#found + 1] = request.name .. ": " .. table.concat(request.violations, "; ")
            end
         end
         assert.same({}, found)
      end)

      it("has seen every operation of the contract", function()
         local operations, seen, missing = contract.operations(contract.load()), {}, {}
         for _, request in ipairs(requests) do
            seen[operation_of(request, operations) or ""] = true
         end
         for _, operation in ipairs(operations) do
            if not seen[operation.id] then
               missing[#missing + 1] = operation.id
            end
         end
         assert.same({}, missing)
      end)
   end)
end
