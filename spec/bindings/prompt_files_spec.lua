--- The files of client:prompt: cache_file and file.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local prompts = require "spec.support.prompts"

local PROGRAM = os.getenv("PROMPTIC_LUA") or "lua5.4"
local ID = prompts.ID
local NEW_ID = "7a1b9d52-8a41-4c7e-b1d0-6a2f8e9c4b18"
local deployed, text_and_source = prompts.deployed, prompts.text_and_source

local world = prompts.shared()
local server, client, lines, folder = world.server, world.client, world.lines, world.folder
local deploy, path, pulled, away = world.deploy, world.path, world.pulled, world.away
local json = promptic.json

describe("a cache_file", function()
   local function cached(text, options)
      deploy(text)
      local name = path()
      client:prompt(ID, options or { cache_file = name }):fetch(10)
      return name
   end

   it("is its owner's, and of this endpoint and component alone", function()
      local name = cached "one"
      assert.equal("600", process.run{ "stat", "-c", "%a", name }.stdout:match "%d+")
      assert.equal("one", client:prompt(ID, { cache_file = name }):get().prompt)
      assert.is_nil((client:prompt(NEW_ID, { cache_file = name }):get()))
      assert.is_nil((away():prompt(ID, { cache_file = name }):get()))
      assert.is_nil(process.read_file(name):find(clients.KEY, 1, true))
   end)

   it("holds lists and nulls as they came", function()
      local name = path()
      deploy("", { promptFormat = "multi_message", promptMessages = { { role = "system", content = "a" } },
         schemaSnapshot = { deep = { json.array{} } } })
      client:prompt(ID, { cache_file = name }):fetch(10)
      local changes = 0
      local prompt = client:prompt(ID, { cache_file = name, on_change = function() changes = changes + 1 end })
      local before = prompt:get()
      assert.is_true(promptic.flush(10))
      assert.same({ before, "fresh" }, { prompt:get() })
      assert.equal(0, changes)
   end)

   it("is read whatever its time is", function()
      local name = cached "one"
      for _, date in ipairs{ "1970-01-02", "2001-01-01", "2037-12-31" } do
         assert.equal(0, process.run{ "touch", "-d", date, name }.code)
         assert.same({ "one", "cache_file" }, text_and_source(client:prompt(ID, { cache_file = name })))
      end
   end)

   it("that is cut off, something else, or newer is none", function()
      local whole = process.read_file(cached "one")
      for _, text in ipairs{ "", whole:sub(1, -3), "[]", "null", "5", '{"prompt":5}', "\0\255", ("["):rep(5000),
         (whole:gsub('"version":1', '"version":2')) } do
         local name = path()
         process.write_file(name, text)
         assert.is_nil((client:prompt(ID, { cache_file = name }):get()), text:sub(1, 30))
      end
      assert.is_nil((client:prompt(ID, { cache_file = folder }):get()))
   end)

   it("may be a symbolic link, and is never a FIFO to wait for", function()
      local name, link, fifo = cached "one", path(), path()
      process.run{ "ln", "-s", name, link }
      process.run{ "mkfifo", fifo }
      assert.equal("one", client:prompt(ID, { cache_file = link }):get().prompt)
      assert.is_nil((client:prompt(ID, { file = fifo }):get()))
   end)

   it("that cannot be written is logged, the prompt is there", function()
      local name = folder .. "/none/x.json"
      cached("one", { cache_file = name })
      assert.matches("cache_file cannot be written", lines[1], 1, true)
   end)

   it("is whole whenever another process looks, with two that write it", function()
      local name = path()
      server:route(([[
         local number = ...
         local text = %q
         return { body = (text:gsub("TEXT", ("%%d "):format(number):rep(20000))) }
      ]]):format(json.encode(deployed "TEXT")))
      local script = path()
      process.write_file(script, ([[
         local promptic = require "promptic"
         local client = promptic.client{ endpoint = %q, api_key = "k", config_file = "" }
         local prompt = client:prompt(%q, { cache_file = %q })
         for _ = 1, 40 do prompt:fetch(20) end
      ]]):format(server.url, ID, name))
      local pipes = {}
      for index = 1, 2 do
         pipes[index] = assert(io.popen(("'%s' '%s' 2>&1"):format(PROGRAM, script)))
      end
      local looked, stop = 0, promptic.now() + 60
      repeat
         local file = io.open(name)
         if file then
            local text = file:read("*a")
            file:close()
            local number = json.decode(text).prompt.prompt:match("^%d+ ")
            assert.equal(number:rep(20000), json.decode(text).prompt.prompt)
            looked = looked + 1
         end
      until server:count() >= 80 or promptic.now() > stop
      for index = 1, 2 do
         assert.equal("", pipes[index]:read("*a"))
         pipes[index]:close()
      end
      assert.is_true(looked > 5, looked)
      assert.equal("", process.run{ "sh", "-c", "ls -A '" .. folder .. "' | grep part" }.stdout)
   end)
end)

describe("a file of prompts", function()
   it("is read by id and by name", function()
      local name = pulled(deployed("a", { componentId = NEW_ID, componentName = "ham" }), deployed "b")
      for component, text in pairs{ [ID] = "b", spam = "b", [NEW_ID] = "a", ham = "a" } do
         assert.same({ text, "file" }, text_and_source(client:prompt(component, { file = name })))
      end
   end)

   it("says why it gives nothing", function()
      local broken, newer = path(), path()
      process.write_file(broken, "{")
      process.write_file(newer, '{"version":2,"prompts":[]}')
      for name, expected in pairs{
         [folder .. "/none"] = "No such file", [broken] = "not JSON", [newer] = "newer version",
         [pulled(deployed("a", { componentName = "ham" }))] = "no prompt of 'spam'",
         [pulled(deployed "a", deployed("b", { componentId = NEW_ID }))] = "several components",
      } do
         local value, why = client:prompt("spam", { file = name }):get()
         assert.is_nil(value)
         assert.matches(expected, why, 1, true)
      end
   end)
end)
