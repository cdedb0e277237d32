--- requests.lua - what a request costs beside libcurl alone, and what a step costs a game's frame.
--
--    requests.lua BUILD [ROUNDS]
--
-- Each figure is the median over rounds in which all sides run directly after each other, so that what else the
-- machine does meets all. BUILD/bench holds gets (gets.c) and no-decode, a promptic-lua that does not decode.
local figures = require "figures"
local nginx = require "nginx"
local pages = require "pages"

local build, rounds = arg[1] or "build", tonumber(arg[2]) or 9
local here = arg[0]:match("^(.*/)") or "./"

-- The ratios of wall time and CPU to those of libcurl alone: without decoding, with it.
local function compare(mode, url, page, count)
   local ratios = { wall = {}, cpu = {}, whole_wall = {}, whole_cpu = {} }
   local function ours(program)
      return figures.run("'%s/%s' '%sgets.lua' %s '%s' %s %d", build, program, here, mode, url, page, count)
   end
   for round = 1, rounds do
      local base = figures.run("'%s/bench/gets' %s '%s/api/v1/components/%s' %d", build, mode, url, page, count)
      local bare, whole = ours("bench/no-decode"), ours("promptic-lua")
      ratios.wall[round], ratios.cpu[round] = bare[1] / base[1], bare[2] / base[2]
      ratios.whole_wall[round], ratios.whole_cpu[round] = whole[1] / base[1], whole[2] / base[2]
   end
   for name, list in pairs(ratios) do ratios[name] = figures.median(list) end
   return ratios
end

local function sequential(url)
   local of = compare("easy", url, "small", 5000)
   figures.report("5,000 GETs of a component in turn: wall before decoding, beside curl easy", of.wall, 1.05)
   figures.report("   CPU", of.cpu, 1.10)
   figures.report("   with the decode: wall", of.whole_wall)
   figures.report("   with the decode: CPU", of.whole_cpu)
end

local function concurrent(url)
   local of = compare("multi", url, "large", 5000)
   figures.report("5,000 GETs of 25 KB, 32 at a time: CPU before decoding, beside curl multi", of.cpu, 1.10)
   figures.report("   the decode's share, in the CPU of curl multi", of.whole_cpu - of.cpu)
end

local function frames(url)
   local result = figures.run("'%s/promptic-lua' '%sframe.lua' '%s' 3600", build, here, url)
   figures.report("step(0) at 60 Hz, 64 requests in flight, answers of 25 KB decoded: median", result[1], nil, "ms")
   figures.report("   99.9th percentile of 3,600", result[2], 2, "ms")
   figures.report("   longest", result[3], 8, "ms")
   figures.report("   longest, of the CPU's time", result[4], nil, "ms")
   figures.report("   answers a second", result[5], nil, "")
end

figures.with_folder(function(folder)
   local answers = { ["components/small"] = pages.component(1), ["components/large"] = pages.scores(25 * 1024) }
   nginx.serve(folder, answers, function(url)
      sequential(url)
      concurrent(url)
      frames(url)
   end)
end)
