--- The spool of promptic.tracer on a full disk, and with files that a loss of power or somebody else has left.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"
local spans = require "spec.support.spans"

local PROGRAM = os.getenv("PROMPTIC_LUA") or "lua5.4"
local LINE = '{"traceId":"11112222333344445555666677778888","spanId":"1111222233334444","name":"%s",'
   .. '"kind":1,"startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":[]}\n'

local server = scripted.shared{ body = "{}" }
local client = clients.shared(server, { max_retries = 0 })
local folder

before_each(function() folder = process.folder() end)
after_each(function() process.remove(folder) end)

local function put(name, text)
   process.write_file(folder .. "/" .. name, text)
end

-- What is in the folder.
local function list()
   local names = {}
   for name in process.run{ "ls", folder }.stdout:gmatch("[^\n]+") do names[#names + 1] = name end
   return names
end

-- The names of the spans that a tracer with this folder sends.
local function sent()
   local tracer = promptic.tracer(client, { spool = folder, interval = 0 })
   assert.is_true(tracer:flush(20))
   tracer:close(0)
   return spans.names(server)
end

describe("a spool", function()
   it("has no file for each span that a full disk has no room for", function()
      local script = ([[
         local promptic = require "promptic"
         local client = promptic.client{ endpoint = "http://127.0.0.1:1", api_key = "k", config_file = "" }
         local tracer = promptic.tracer(client, { spool = "%s", interval = 60 })
         tracer:span("small"):finish()
         for _ = 1, 20 do tracer:span("large", { text = ("x"):rep(20000) }):finish() end
         print(tracer.stats.made, tracer.stats.dropped.refused)
         os.exit(0)
      ]]):format(folder)
      local shell = "trap '' XFSZ; ulimit -f 8; exec " .. process.quote(PROGRAM) .. " -e " .. process.quote(script)
      local result = process.run{ "sh", "-c", shell }
      assert.same({ "21\t0\n", 0 }, { result.stdout, result.code }, result.stderr)
      assert.equal(2, #list()) -- the small span, and the lock
      assert.same({ "small" }, sent())
   end)

   it("sends again a segment that is shorter than its lock file says, and what came after it", function()
      put("aa.000001", LINE:format("whole"))
      put("ab.lock", "1 99999\n")
      put("ab.000001", LINE:format("short"))
      local names = sent()
      table.sort(names)
      assert.same({ "short", "whole" }, names)
      assert.same({}, list())
   end)

   it("removes a segment that was sent to its end", function()
      put("ab.lock", ("1 %d\n"):format(#LINE:format("sent")))
      put("ab.000001", LINE:format("sent"))
      assert.same({}, sent())
      assert.same({}, list())
   end)

   it("does not wait for the writer of a FIFO", function()
      assert(process.run{ "mkfifo", folder .. "/ab.000001" }.code == 0)
      put("ac.000001", LINE:format("after"))
      assert.same({ "after" }, sent())
   end)
end)
