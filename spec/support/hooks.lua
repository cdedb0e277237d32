--- hooks.lua - a host that suspends its coroutines by count hooks (spec/tasks/hooks.c), as HAProxy does.
--
--    local host = require "spec.support.hooks".shared()   -- at the top of a file: built before its first spec
--    host.hooks                                            -- the module of hooks.c, from setup on
--    host.interleave(3, 7, f)   -- runs f in three coroutines in turn, each suspended every 7 instructions; returns
--                               -- what each has returned, as table.pack does, behind true or false
--    hooks.LEAST                -- the smallest number of instructions with which anything goes on
local process = require "spec.support.process"

-- Busted finds globals by a metamethod, where no hook can yield in Lua 5.1.
local coroutine = coroutine

local jit = rawget(_G, "jit")

-- In Lua 5.1 the instruction before which a hook has yielded is counted again.
local hooks = { LEAST = _VERSION == "Lua 5.1" and not jit and 2 or 1 }

-- What a host does: resumes its coroutines in turn until all are done.
local function interleave(module, count, instructions, f)
   local coroutines, results, left = {}, {}, count
   for index = 1, count do
      coroutines[index] = coroutine.create(f)
      module.set(coroutines[index], instructions)
   end
   for turn = 1, 1e6 do
      local index = turn % count + 1
      local co = coroutines[index]
      if coroutine.status(co) ~= "dead" then
         local returned = table.pack(module.resume(co))
         if coroutine.status(co) == "dead" then
            results[index], left = returned, left - 1
         end
      end
      if left == 0 then break end
   end
   module.set(coroutines[1], 0) -- LuaJIT has one for all
   return results
end

function hooks.shared()
   local busted, host, folder = require "busted", {}, nil
   busted.setup(function()
      local name = jit and "luajit" or "lua" .. _VERSION:match("%d%.%d")
      folder = process.folder()
      local result = process.run{ "sh", "-c",
         ("cc -std=c11 -Wall -Wextra -Werror -shared -fPIC $(.ci/lua-flags %s) -o '%s/hooks.so' spec/tasks/hooks.c")
            :format(name, folder) }
      assert(result.code == 0, result.stderr)
      host.hooks = assert(package.loadlib(folder .. "/hooks.so", "luaopen_hooks"))()
      if jit then jit.off() end -- compiled code calls no hooks
   end)
   busted.teardown(function()
      if jit then jit.on() end
      process.remove(folder)
   end)
   function host.interleave(...)
      return interleave(host.hooks, ...)
   end
   return host
end

return hooks
