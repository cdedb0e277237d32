--- frames.lua - what promptic.step(0) costs a game's frame.
--
--    frames.lua BUILD
local figures = require "figures"
local nginx = require "nginx"
local pages = require "pages"

local build = arg[1]
local group = "frames: promptic.step(0)"

-- The worst 99.9th percentile of the shapes, that shape, and the worst that lua-cjson takes at once.
local function worst_shape(collector)
   local root = figures.root
   local _, output = figures.run("LUA_PATH='%s../../?.lua;;' '%s/promptic-lua' '%sjson_frames.lua' 10 %s", root, build,
      root, collector)
   local worst, at_once, name = 0, 0, nil
   for shape, longest, once in output:gmatch("\n(%S.-)%s%s+%d+%s+[%d.]+%s+([%d.]+)%s+[%d.]+%s+([%d.]+)") do
      at_once = math.max(at_once, tonumber(once))
      if tonumber(longest) > worst then
         worst, name = tonumber(longest), shape
      end
   end
   return worst, name, at_once
end

local function large()
   local worst, name, at_once = worst_shape("incremental")
   figures.add{
      key = "frame of large responses", group = group, unit = "ms of CPU", aim = 2,
      work = ("10 MB arriving, the worst of eight shapes (%s): 99.9th percentile"):format(name),
      value = worst, peers = { { "lua-cjson, which decodes at once: the worst shape", at_once } },
   }
   worst, name = worst_shape("generational")
   figures.add{
      key = "frame of large responses, generational", group = group, unit = "ms of CPU", value = worst,
      work = ("the same with Lua's generational collector (%s)"):format(name),
   }
end

local function idle(count, aim)
   local numbers = figures.run("'%s/promptic-lua' '%sidle_step.lua' %d '%s/bench/gets'", build, figures.root, count,
      build)
   figures.add{
      key = ("step with %d idle"):format(count), group = group, unit = "µs of CPU", aim = aim,
      work = ("%d idle requests under way"):format(count), value = numbers[1],
      peers = { { "libcurl alone, curl_multi_perform", numbers[2] } },
   }
end

local function steady(url)
   local numbers = figures.run("'%s/promptic-lua' '%sframe.lua' '%s' 1200", build, figures.root, url)
   figures.add{ key = "frame of many responses", group = group, unit = "ms of CPU", aim = 2, value = numbers[4],
      work = "60 a second, 64 requests for 25 KB under way: 99.9th percentile of 1,200",
      note = ("median wall %.2f ms, %.0f responses a second"):format(numbers[1], numbers[5]) }
end

large()
idle(64, 10)
idle(100, 12)
figures.with_folder(function(folder)
   nginx.serve(folder, { ["components/large"] = pages.scores(25 * 1024) }, steady)
end)
