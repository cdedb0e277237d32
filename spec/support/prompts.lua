--- prompts.lua - what specs of client:prompt share.
--
--    local world = prompts.shared()         -- at the top of a file: a server, a client of it, a folder, hooks
--    world.server, world.client, world.folder
--    world.lines                            -- the warnings that the client has logged in this spec
--    world.deploy("text", { score = 1 })    -- the server's answer from now on
--    world.away()                           -- a client of an address where nothing answers
--    world.path()                           -- of a new file in the folder
--    world.pulled(prompts.deployed "text")  -- the path of a file of prompts
local assert = require "luassert"
local busted = require "busted"
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local json = promptic.json

local prompts = {
   ID = "3f0c9d52-8a41-4c7e-b1d0-6a2f8e9c4b17", -- of the component
   NOW = 1e-9,                                  -- a ttl: each get begins a refresh
}

--- A DeployedPrompt of this text.
function prompts.deployed(text, more)
   local prompt = { prompt = text, model = "m", provider = "p", componentId = prompts.ID, componentName = "spam",
      experimentId = "e", iterationId = 3, score = 0.5 }
   for name, value in pairs(more or {}) do prompt[name] = value end
   return prompt
end

--- What get returns after the refresh that it begins.
function prompts.refreshed(prompt)
   prompt.due = 0
   prompt:get()
   assert.is_true(promptic.flush(10))
   return prompt.value, prompt.source
end

--- The text that get returns, or false, and its source.
function prompts.text_and_source(prompt)
   local value, source = prompt:get()
   return { value and value.prompt or false, source }
end

-- Hooks of the file that calls shared.
local function begin(server, lines, folder, open)
   busted.before_each(function()
      for index = #lines, 1, -1 do lines[index] = nil end
   end)
   busted.after_each(function()
      for _ = 1, #open do table.remove(open):close() end
      server:reset() -- ends what a refresh waits for
      assert.is_true(promptic.flush(10), "a refresh is left over")
   end)
   busted.teardown(function() process.remove(folder) end)
end

--- A server, a client and a folder for all specs of the file that calls this at its top.
function prompts.shared()
   local server, lines, folder, files = scripted.shared(), {}, process.folder(), 0
   local open = {} -- what a spec has opened, closed after it
   local world = { server = server, lines = lines, folder = folder }
   world.client = clients.shared(server, { max_retries = 0, timeout = 30, log = function(level, text)
      if level == "warning" then lines[#lines + 1] = text end
   end })
   begin(server, lines, folder, open)

   function world.deploy(text, more)
      server:always{ body = json.encode(prompts.deployed(text, more)) }
   end

   function world.away()
      local url, holder = scripted.refusing()
      open[#open + 1] = holder
      open[#open + 1] = clients.open(url, { max_retries = 0 })
      return open[#open]
   end

   function world.path()
      files = files + 1
      return ("%s/%d.json"):format(folder, files)
   end

   function world.pulled(...)
      local name = world.path()
      process.write_file(name, json.encode{ version = 1, prompts = { ... } })
      return name
   end

   return world
end

return prompts
