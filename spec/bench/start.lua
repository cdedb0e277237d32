--- start.lua - how long commands take that do little, beside stock Lua that does nothing and C that does the same.
--
--    start.lua BUILD
--
-- BUILD/bench holds in_turns (in_turns.c), which runs both in turns, idle (idle.c) and gets (gets.c).
local figures = require "figures"
local nginx = require "nginx"
local pages = require "pages"

local build = arg[1]
local pairs_of_runs = tonumber(os.getenv("BENCH_ROUNDS")) and 30 or 150
local interpreter = ("'%s/promptic-lua'"):format(build)
local command = ("%s -E '%s../../scripts/promptic'"):format(interpreter, figures.root)

-- wall, CPU and memory of the second command in the first's.
local function compare(base, ours)
   return figures.run("'%s/bench/in_turns' %d %s -- %s", build, pairs_of_runs, base, ours)
end

local empty, idle = "lua5.4 -e ''", ("'%s/bench/idle'"):format(build)

local function start(key, words, aim)
   figures.add{
      key = key, group = "starts, beside stock Lua (lua5.4 -e '')", work = key, unit = "times its wall", aim = aim,
      value = compare(empty, words)[1],
   }
end

start("promptic-lua -e ''", interpreter .. " -e ''", 1.7)
start("promptic-lua --help", interpreter .. " --help", 1.7)
start("promptic-lua --version", interpreter .. " --version", 1.7)
start("promptic --help", command .. " --help", 1.7)
start("promptic --version", command .. " --version", 1.7)
start("promptic completion bash", command .. " completion bash", 2)
figures.rows[#figures.rows].peers = {
   { "for scale: a program in C that links liblua and libcurl and does nothing", compare(empty, idle)[1] },
   { "for scale: python3 -c 'import httpx'", compare(empty, "/usr/bin/python3 -c 'import httpx'")[1] },
}

figures.with_folder(function(folder)
   nginx.serve(folder, { components = pages.components(20) }, function(url)
      local c = ("'%s/bench/gets' print '%s/api/v1/components' 1"):format(build, url)
      local group = "one call as a process, beside a program in C on libcurl"
      local script = compare(c, ("%s '%sone_call.lua' '%s'"):format(interpreter, figures.root, url))
      local shell = compare(c, ("env PROMPTIC_ENDPOINT='%s' PROMPTIC_API_KEY=bench %s components list --json")
         :format(url, command:gsub(" %-E", "")))
      figures.add{ key = "one call wall", group = group, work = "a script that makes one call: wall",
         unit = "times its wall", value = script[1], aim = 1.1 }
      figures.add{ key = "one call memory", group = group, work = "a script that makes one call: memory at its peak",
         unit = "times its", value = script[3], aim = 1.1 }
      figures.add{ key = "components list wall", group = group, work = "promptic components list --json: wall",
         unit = "times its wall", value = shell[1] }
   end)
end)
