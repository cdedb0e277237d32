--- requests.lua - what a request costs beside libcurl alone, and beside other clients.
--
--    requests.lua BUILD [ROUNDS]
--
-- BUILD/bench holds gets (gets.c) and no-decode, a promptic-lua that does not decode.
local figures = require "figures"
local nginx = require "nginx"
local pages = require "pages"

local build = arg[1]
local rounds = tonumber(os.getenv("BENCH_ROUNDS")) or 7

-- The sides' runs; each prints "wall cpu".
local function turns(mode, where, page, count)
   local env = where.ca and ("env BENCH_CA_FILE='%s' "):format(where.ca) or ""
   local root, url = figures.root, where.url
   local function ours(program)
      return figures.run("%s'%s/%s' '%sgets.lua' %s '%s' %s %d", env, build, program, root, mode, url, page, count)
   end
   local sides = {
      c = function()
         return figures.run("%s'%s/bench/gets' %s '%s/api/v1/components/%s' %d", env, build, mode, url, page, count)
      end,
      bare = function() return ours "bench/no-decode" end,
      whole = function() return ours "promptic-lua" end,
      -- A tenth as many, of which each takes as long.
      python = function()
         local numbers = figures.run("%s/usr/bin/python3 '%sclient.py' %s '%s' %s %d", env, root, mode, url, page,
            count // 10)
         return { numbers[1] * 10, numbers[2] * 10 }
      end,
   }
   if mode == "easy" and not where.ca then
      sides.luasocket = function()
         local numbers = figures.run("lua5.4 '%ssocket_gets.lua' '%s' %s %d", root, url, page, count // 10)
         return { numbers[1] * 10, numbers[2] * 10 }
      end
   end
   return figures.turns(rounds, sides, { python = 3 })
end

-- The other clients' costs at that place, 1 (wall) or 2 (CPU), in that of libcurl alone.
local function peers(results, place)
   local list = {
      { "promptic without decoding", figures.of(results, "bare", place, "c") },
      { "httpx and json in Python", figures.of(results, "python", place, "c") },
   }
   if results.luasocket then
      list[3] = { "LuaSocket and lua-cjson, a connection each", figures.of(results, "luasocket", place, "c") }
   end
   return list
end

local function sequential(where, name, aims)
   local results = turns("easy", where, "small", 3000)
   for place, what in ipairs{ "wall", "CPU" } do
      figures.add{
         key = ("sequential%s %s"):format(name, what), group = "requests, beside libcurl alone",
         unit = "times its " .. what,
         work = ("3,000 GETs of a component in turn%s, decoded: %s, beside curl easy"):format(name, what),
         value = figures.of(results, "whole", place, "c"), aim = aims[place], peers = peers(results, place),
      }
   end
end

local function concurrent(where, name, aim, page)
   local results = turns("multi", where, page or "large", 3000)
   figures.add{
      key = "concurrent" .. name, group = "requests, beside libcurl alone", unit = "times its CPU",
      work = ("3,000 GETs of 25 KB, 32 at once%s, decoded: CPU, beside curl multi"):format(name),
      value = figures.of(results, "whole", 2, "c"), aim = aim, peers = peers(results, 2),
   }
end

figures.with_folder(function(folder)
   local answers = { ["components/small"] = pages.component(1), ["components/large"] = pages.scores(25 * 1024) }
   answers["components/packed"] = answers["components/large"]
   nginx.serve(folder, answers, function(url, tls)
      sequential({ url = url }, "", { 1.08, 1.10 })
      sequential(tls, " over TLS", {})
      concurrent({ url = url }, "", 4.5)
      concurrent(tls, " over TLS")
      concurrent({ url = url }, " in gzip", nil, "packed")
   end)
end)
