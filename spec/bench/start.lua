--- start.lua - how long commands take that do little, beside C programs that do the same.
--
--    start.lua BUILD [PAIRS]
--
-- BUILD/bench holds in_turns (in_turns.c), idle (idle.c) and gets (gets.c).
local figures = require "figures"
local nginx = require "nginx"
local pages = require "pages"

local build, pairs_of_runs = arg[1] or "build", tonumber(arg[2]) or 200
local root = (arg[0]:match("^(.*/)") or "./") .. "../../"

-- The median over the pairs of the second command's wall time in the first's.
local function compare(name, limit, base, ours)
   local ratio = figures.run("'%s/bench/in_turns' %d %s -- %s", build, pairs_of_runs, base, ours)
   figures.report(name, ratio[1], limit)
   figures.report("   CPU", ratio[2])
end

local interpreter = ("'%s/promptic-lua'"):format(build)
local command = ("%s '%sscripts/promptic'"):format(interpreter, root)
local idle = ("'%s/bench/idle'"):format(build)

compare("promptic-lua -e '': wall, beside a program with liblua and libcurl that does nothing", 1.2, idle,
   interpreter .. " -e ''")
compare("promptic --help: wall, beside the same", 2, idle, command .. " --help")

figures.with_folder(function(folder)
   nginx.serve(folder, { components = pages.components(20) }, function(url)
      compare("promptic components list --json: wall, beside a program on libcurl that prints the same", 1.5,
         ("'%s/bench/gets' print '%s/api/v1/components' 1"):format(build, url),
         ("env PROMPTIC_ENDPOINT='%s' PROMPTIC_API_KEY=bench %s components list --json"):format(url, command))
   end)
end)
