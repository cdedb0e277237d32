--- Much of everything: long work and long lists leave room for other requests. No times are compared; what is counted
-- is what was served in between.
local otlp = require "spec.support.otlp"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local socket = require "socket"

local json = require("promptic").json

local server
before_each(function() server = sandbox.start{ pace = 0 } end)
after_each(function() assert.equal("", server:stop()) end)

local COUNT = 1002 -- three pages of rows

-- That many traces, by their database ids, newest first.
local function ingest()
   local spans = {}
   for i = 1, COUNT do
      spans[i] = otlp.span{ trace = i, error = i % 3 == 0 and "x" or nil,
         attributes = { ["gen_ai.tool.name"] = "search", input = ("in " .. i .. " "):rep(20) } }
   end
   server:ok("POST", "/traces", otlp.request(spans))
   local ids = {}
   for offset = 0, COUNT - 1, 100 do
      for _, trace in ipairs(server:ok("GET", "/traces?limit=100&offset=" .. offset).traces) do
         ids[#ids + 1] = trace.id
      end
   end
   return ids
end

local function column(list, name)
   local values = {}
   for i, row in ipairs(list) do values[i] = row[name] end
   return values
end

it("datasets, runs and evaluations of many traces hold each of them, in order", function()
   local ids = ingest()
   local at = "/components/" .. server:component "agent"
   local dataset = server:ok("POST", at .. "/datasets", { name = "d", traceIds = ids })
   assert.equal(COUNT, dataset.traceCount)
   assert.same(ids, column(server:ok("GET", at .. "/datasets/" .. dataset.id).items, "traceDbId"))
   local run = server:ok("POST", at .. "/runs", { datasetId = dataset.id, traceIds = ids })
   assert.same(ids, column(server:ok("GET", at .. "/runs/" .. run.id).traces, "id"))
   for _, run_id in ipairs{ json.null, run.id } do
      local made = server:ok("POST", at .. "/evaluations", { datasetId = dataset.id, runId = run_id })
      local path, running = at .. "/evaluations/" .. made.id, 0
      repeat
         local status = server:ok("GET", path).status
         running = running + (status == "running" and 1 or 0)
      until status == "completed"
      -- slices of a hundredth of a second, and the work takes many
      assert.is_true(running >= 5, ("served %d requests meanwhile"):format(running))
      local judged = server:ok("GET", path .. "/judge-results").rows
      assert.same({ COUNT // 3, "tool_errors" }, { #judged, judged[1].judgeKey })
      for i, row in ipairs(judged) do assert.same({ ids[3 * i - 2] }, { row.traceDbId }) end
   end
   -- an unknown one among them undoes all of it
   ids[#ids] = "00000000-0000-4000-8000-000000000000"
   assert.equal(404, server:post(at .. "/datasets", { name = "e", traceIds = ids }).status)
   assert.equal(1, #server:ok("GET", at .. "/datasets").data)
end)

it("a long list is whole and in order, and others are served while it is sent", function()
   local path, list = "/experiments/" .. server:experiment(), {}
   for i = 1, 1000 do list[i] = { variables = { text = ("x"):rep(2500), n = i }, expected = "y" } end
   for _ = 1, 4 do server:ok("POST", path .. "/observations", list) end
   -- a reader that takes its time: its answer does not fit into what the system keeps for it
   local slow = assert(socket.connect("127.0.0.1", server.port))
   slow:send(("GET /api/v1%s/observations HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer sandbox\r\n"
      .. "Connection: close\r\n\r\n"):format(path, server.port))
   assert(slow:receive(1))
   for _ = 1, 20 do assert.equal(200, server:get("/workspace").status) end
   slow:settimeout(60)
   local text = assert(slow:receive "*a")
   slow:close()
   local _, count = text:gsub('"expected":"y"', "")
   assert.equal(4000, count)
   local rows = server:ok("GET", path .. "/observations").data
   for i, row in ipairs(rows) do assert.same({ i - 1, (i - 1) % 1000 + 1 }, { row.idx, row.variables.n }) end
end)

describe("LuaSQL", function()
   it("2.8.1 gives an empty table for an empty result's first row, which is none", function()
      local result = process.run{ os.getenv("PROMPTIC_LUA") or "build/promptic-lua", "-e", [[
         local real = require "luasql.sqlite3"
         -- a cursor as that version makes it
         local function cursor_of(cursor)
            local first = true
            return { close = function() return cursor:close() end, fetch = function(_, row, how)
               local found = cursor:fetch(row, how)
               if found == nil and first and row then found = row end
               first = false
               return found
            end }
         end
         package.loaded["luasql.sqlite3"] = { sqlite3 = function()
            local environment = real.sqlite3()
            return { close = function() return environment:close() end, connect = function(_, ...)
               local connection = environment:connect(...)
               return { close = function() return connection:close() end, execute = function(_, sql)
                  local result, message = connection:execute(sql)
                  return type(result) == "userdata" and cursor_of(result) or result, message
               end }
            end }
         end }
         local store = require("promptic.sandbox.store").open(":memory:", require "promptic.sandbox.schema")
         print(store:one "SELECT 1 AS a WHERE 0", #store:all "SELECT 1 AS a WHERE 0", store:value "SELECT 1 WHERE 0")
         print(store:one "SELECT 1 AS a".a, #store:all "SELECT 1 AS a UNION SELECT 2", store:value "SELECT 3")
         store:close()
      ]] }
      assert.same({ "nil\t0\tnil\n1\t2\t3\n", "" }, { result.stdout, result.stderr })
   end)
end)
