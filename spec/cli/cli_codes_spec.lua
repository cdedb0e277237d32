--- The command's hints depend on codes, kinds and statuses of errors, never on their wording: support/scramble.lua
-- replaces that.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

local ID = "00000000-0000-4000-8000-000000000000"

describe("the command's hints", function()
   local server, stub, folder, experiment, component

   setup(function()
      server, stub = sandbox.start{ pace = 0 }, scripted.start()
      folder = process.folder()
      local promptic = command.new(server)
      component = promptic{ "components", "create", "c", "--json" }.json.id
      experiment = promptic{ "experiments", "create", "-c", component, "-m", "gpt-4.1-mini", "--json" }.json.id
      process.write_file(folder .. "/semicolon.csv", "message;expected\na;b\n")
      process.write_file(folder .. "/label.csv", "message,label\na,b\n")
      process.write_file(folder .. "/pandas.csv", ",message,expected\n0,a,b\n")
      process.write_file(folder .. "/empty.csv", "message,expected\na,\n")
   end)

   teardown(function()
      server:stop()
      stub:stop()
      process.remove(folder)
   end)

   before_each(function() stub:reset() end)

   local function add(file)
      return { "observations", "add", experiment, "--from-file", folder .. "/" .. file }
   end

   local function stubbed(reply, ...)
      return { reply = reply, env = { PROMPTIC_ENDPOINT = stub.url, PROMPTIC_API_KEY = "key" }, ... }
   end

   -- a part of the hint, the command; {name} stands for an id
   local CASES = {
      { "promptic configure", function()
         return { "components", "list", env = { HOME = folder, PROMPTIC_API_KEY = false, PROMPTIC_ENDPOINT = false } }
      end },
      { "ai-application select", function()
         return { "components", "list", env = { PROMPTIC_API_KEY = false, PROMPTIC_ACCESS_TOKEN = "token" } }
      end },
      { "promptic components list` lists the ids", function() return { "components", "get", "nope" } end },
      { "promptic components list` lists the ids", function() return { "components", "get", ID } end },
      { "makes a pending copy", function()
         return stubbed({ status = 409, body = '{"error":"x"}' }, "experiments", "start", ID)
      end },
      { "is the endpoint a Promptic platform", function()
         return stubbed({ body = "<html>" }, "components", "list")
      end },
      { "the credential was refused", function()
         return stubbed({ status = 401, body = "{}" }, "components", "list")
      end },
      { "--separator says", function() return add "semicolon.csv" end },
      { "--label-column says", function() return add "label.csv" end },
      { "--variable COLUMN says", function() return add "pandas.csv" end },
      { "--on-empty skip", function() return add "empty.csv" end },
      { "promptic evaluations", function()
         return stubbed({ body = ('{"id":"%s","status":"running"}'):format(ID) }, "evaluations", "run", ID, ID,
            "--timeout", "0")
      end },
      { "the endpoint is wrong", function()
         return stubbed({ status = 404, headers = { { "Content-Type", "text/html" } }, body = "<html>" },
            "components", "get", ID)
      end },
   }

   -- The lines below the first message: all but what comes from the library.
   local function hint_of(result)
      return result.stderr:match "\n.*$"
   end

   for _, case in ipairs(CASES) do
      it(("are the same without the words of the library: %s"):format(case[1]), function()
         local call = case[2]()
         if call.reply then stub:always(call.reply) end
         local promptic = command.new(server)
         local plain = promptic(call)
         call.script = "spec/support/scramble.lua"
         local scrambled = promptic(call)
         assert.equal(plain.code, scrambled.code)
         for _, result in ipairs{ plain, scrambled } do
            assert.matches(case[1], hint_of(result):gsub("%s+", " "), 1, true)
         end
      end)
   end

   -- Each code, and each kind and status without one, with two wordings: hint and exit code are the same.
   local EVERY = [[
      local failure, promptic = require "promptic.cli.failure", require "promptic"
      local situation = { row = {}, values = { experiment_id = "e", component_id = "c" } }
      local function described(kind, code, status, message)
         local err = setmetatable({ kind = kind, code = code, status_code = status, message = message,
            method = "GET", path = "/experiments/e" }, promptic.Error)
         local result = failure.describe(err, situation)
         return tostring(result.hint) .. "\n" .. result.code
      end
      local count = 0
      local function compare(kind, code, status)
         count = count + 1
         for _, message in ipairs { "no credential", "interrupted!", "the separator looks like ';'", "" } do
            if described(kind, code, status, message) ~= described(kind, code, status, "x") then
               print(kind, code, status, message)
            end
         end
      end
      for _, field in ipairs(promptic.library.Error.parameters) do
         for _, kind in ipairs(field.name == "kind" and field.values or {}) do compare(kind) end
      end
      for _, row in ipairs(require "promptic.codes") do compare(row[2], row[1], row[2] == "api" and 404 or nil) end
      for status = 400, 599 do compare("api", nil, status) end
      print(count >= 250)
   ]]

   it("are the same for each code, kind and status, whatever the words", function()
      local result = process.run{ os.getenv "PROMPTIC_LUA", "-e", EVERY }
      assert.same({ 0, "", "true\n" }, { result.code, result.stderr, result.stdout })
   end)

   -- No message handler runs where memory has ended, so the error comes as a bare text.
   it("come without a handler too: out of memory is said as such", function()
      process.write_file(folder .. "/memory.lua", [[
         package.preload["promptic.cli.commands.eat"] = function()
            return { summary = "", run = function()
               local all = {}
               while true do all[#all + 1] = ("x"):rep(1 << 24) end
            end }
         end
         os.exit(require("promptic.cli").main{ "eat" })
      ]])
      local function limited(...)
         return process.run{ "sh", "-c", 'ulimit -v 400000; exec "$0" "$@"', os.getenv "PROMPTIC_LUA", ... }
      end
      if limited("-v").code ~= 0 then return pending "a sanitizer needs more address space" end
      local result = limited(folder .. "/memory.lua")
      assert.same({ 1, "promptic: not enough memory\n" }, { result.code, result.stderr })
   end)
end)
