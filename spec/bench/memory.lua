--- memory.lua - the memory that a list of 100 MB takes, in multiples of its text.
--
--    memory.lua BUILD
local figures = require "figures"
local nginx = require "nginx"
local pages = require "pages"

local build, size = arg[1], 100e6

figures.with_folder(function(folder)
   local text = pages.observations(size)
   nginx.serve(folder, { ["components/list"] = text }, function(url)
      local ours = figures.run("'%s/promptic-lua' '%smemory_once.lua' '%s'", build, figures.root, url)
      local socket = figures.run("lua5.4 '%ssocket_gets.lua' '%s' list 1", figures.root, url)
      local python = figures.run("/usr/bin/python3 '%sclient.py' memory '%s' list", figures.root, url)
      figures.add{
         key = "memory of a list", group = "memory", work = "a list of 100 MB of observations: the process at its peak",
         unit = "times its text", aim = 2.5, value = (ours[2] - ours[1]) * 1024 / #text,
         peers = {
            { "LuaSocket and lua-cjson", socket[3] * 1024 / #text },
            { "httpx and json in Python", (python[2] - python[1]) * 1024 / #text },
         },
      }
   end)
end)
