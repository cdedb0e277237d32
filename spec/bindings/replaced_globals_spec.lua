--- A host may replace or forbid what is global: OpenResty has a `coroutine` of its own, a game's sandbox takes `io` and
-- `os` away. The module reads nothing of `coroutine` and `require`, and of the others only while it is opened.
-- Tags: luas
local observations = require "spec.support.observations"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local server, platform

setup(function()
   server = scripted.start()
   server:always{ body = '{"id":"x","experimentStatus":"completed","data":[],"total":0}' }
   platform = scripted.start()
   observations.serve(platform)
end)

teardown(function()
   server:stop()
   platform:stop()
end)

-- The opening is run before the module is opened: `poison(name)` replaces a global, `open()` gives the module.
local PROGRAM = [[
local url, platform = ...
local find_module = package.searchpath or function(name, path)
   for template in path:gmatch("[^;]+") do
      local file = template:gsub("%?", name)
      local handle = io.open(file)
      if handle then
         handle:close()
         return file
      end
   end
end
pcall(require, "cjson")
local raise, set_meta, loadlib, cpath = error, setmetatable, package.loadlib, package.cpath
local out, assert, kind, get, set, protected, globals = io.stdout, assert, type, rawget, rawset, pcall, _G
local function forbidden(_, key) raise("the library reads a global: " .. key, 2) end
local function poison(name)
   local function refuse() raise("the library calls the global " .. name, 2) end
   local value = get(globals, name)
   set(globals, name, kind(value) == "table" and set_meta({}, { __index = forbidden }) or refuse)
end
local loaded = package.loaded.promptic
local library = not loaded and assert(find_module("promptic", cpath))
local function open()
   return loaded or assert(loadlib(library, "luaopen_promptic"))("promptic")
end
]]

local USE = [[
local client = promptic.client{ endpoint = url, api_key = "k", config_file = "" }
local uploading = promptic.client{ endpoint = platform, api_key = "k", config_file = "" }
promptic.on_task_error = function() end
assert(client:get_component("c").id == "x")
assert(client:wait_for_experiment("e").id == "x")
for _ in client:each_experiment() do raise "there is none" end
local ids = promptic.map({ 1, 2, 3 }, function(number)
   promptic.sleep(0.001)
   return client:get_component("c" .. number).id
end, { concurrency = 2 })
assert(#ids == 3 and ids[3] == "x")
promptic.run(function()
   local failing = promptic.spawn(function() raise("on purpose") end)
   local sleeping = promptic.spawn(promptic.sleep, 3600)
   local waiting = promptic.spawn(client.get_component, client, "c")
   promptic.spawn(function() assert(waiting:await().id == "x") end)
   promptic.sleep(0.001)
   sleeping:cancel()
   assert(promptic.run(function() return 5 end) == 5)
   assert(not protected(failing.await, failing))
end)
]]

local AFTER = [[
local rows = {}
for number = 1, 7 do rows[number] = { variables = { n = number }, expected = "x" } end
assert(uploading:upload_observations("e", rows, { batch_size = 2, concurrency = 2, ordered = false }).sent == 7)
promptic.spawn(function() end)
assert(promptic.step(0) == 0)
out:write("all was done\n")
]]

local ALL = { "assert", "collectgarbage", "coroutine", "debug", "error", "getmetatable", "io", "ipairs", "math", "next",
   "os", "package", "pairs", "pcall", "rawequal", "rawget", "rawset", "require", "select", "setmetatable", "table",
   "tonumber", "tostring", "type", "unpack", "xpcall" }

local function poisons(names)
   local lines = {}
   for index, name in ipairs(names) do lines[index] = ("poison %q"):format(name) end
   return table.concat(lines, "\n") .. "\n"
end

-- Stock Lua as well, where the specs run in one that has the module built in.
local INTERPRETERS = { os.getenv("PROMPTIC_LUA") or "lua5.4" }
if INTERPRETERS[1]:find("promptic-lua", 1, true) then
   INTERPRETERS[2] = os.getenv("PROMPTIC_SERVER_LUA") or "lua5.4"
end

local function run(interpreter, program)
   local result = process.run{ interpreter, "-", server.url, platform.url, stdin = program,
      env = { LUA_PATH = package.path, LUA_CPATH = package.cpath } }
   assert.equal("", result.stderr)
   assert.equal("all was done\n", result.stdout)
end

for _, interpreter in ipairs(INTERPRETERS) do
   describe("the module in " .. interpreter:match("[^/]+$"), function()
      it("reads neither coroutine nor require, also while it is opened", function()
         run(interpreter, PROGRAM .. poisons{ "coroutine", "require" } .. "local promptic = open()\n" .. USE .. AFTER)
      end)

      it("reads no other global once it is open", function()
         run(interpreter, PROGRAM .. "local promptic = open()\n" .. poisons(ALL) .. USE .. AFTER)
      end)
   end)
end
