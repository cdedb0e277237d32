--- A host whose locale writes 1,5: neither the wire nor a message has a decimal comma.
local child = require "spec.support.child"
local locale = require "spec.support.locale"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server, folder

setup(function()
   server = scripted.start()
   folder = process.folder()
end)

teardown(function()
   server:stop()
   process.remove(folder)
end)

before_each(function() server:reset() end)

-- What the script prints under the locale; `client`, whose options these are, asks the server.
local function run(script, options)
   return child.lua(([[
      local promptic = require "promptic"
      assert(os.setlocale("comma", "numeric"))
      assert(jit or ("%%g"):format(1.5) == "1,5") -- LuaJIT asks no locale
      local client = promptic.client{ endpoint = %q, api_key = "k", config_file = "", %s }
   ]]):format(server.url, options or "") .. script, {}, { LOCPATH = folder })
end

describe("a locale with a decimal comma changes no number", function()
   setup(function() locale.comma(folder) end)

   local function it_holds(title, test)
      it(title, function()
         if not os.rename(folder .. "/comma", folder .. "/comma") then
            return pending("this system's localedef makes no locale")
         end
         test()
      end)
   end

   it_holds("of a query", function()
      server:always{ body = "{}" }
      run[[client:request("GET", "/x", { query = { a = 1.5, b = { 0.1 + 0.2, 1e300, 7 } } })]]
      assert.equal("/api/v1/x?a=1.5&b=0.30000000000000004&b=1e%2B300&b=7", server:requests()[1].target)
   end)

   it_holds("of a log line", function()
      server:reply({ status = 503 }, { body = "{}" })
      local said = run([[client:get_workspace()]], "backoff = 0.001, log = function(_, text) print(text) end")
      local delay = said:match("attempt 2 follows in (%S+) s")
      assert.matches("^[%d.e-]+$", delay)
   end)

   it_holds("of a message about time", function()
      server:route[[ return { stall = true } ]]
      local said = run([[print(select(2, pcall(client.get_workspace, client)).message)]],
         "timeout = 0.125, max_retries = 0")
      assert.matches("for 0.125 s", said, 1, true)
      said = run([[print(select(2, pcall(client.get_workspace, client)).message)]], "deadline = 0.25")
      assert.matches("the deadline of 0.25 s", said, 1, true)
   end)

   it_holds("of waiting", function()
      server:always{ body = '{"experimentStatus":"running"}' }
      local said = run[[print(select(2, pcall(client.wait_for_experiment, client, "e", { max_wait = 0.25 })).message)]]
      assert.matches("is not finished after 0.25 seconds", said, 1, true)
   end)

   it_holds("of a key that cannot be written", function()
      local said = run[[print(select(2, pcall(promptic.json.encode, { [1.5] = 1, [2] = 2 })))]]
      assert.matches("1.5", said, 1, true)
   end)
end)
