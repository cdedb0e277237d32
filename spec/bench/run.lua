--- run.lua - the benchmarks: what promptic costs beside libcurl alone, measured in the same run.
--
--    run.lua BUILD [ROUNDS]        (make bench)
--
-- nginx serves canned answers on the loopback. Each figure is the median over rounds in which both sides run
-- directly after each other, so that what else the machine does meets both.
local socket = require "socket"

local build, rounds = arg[1] or "build", tonumber(arg[2]) or 7
local here = arg[0]:match("^(.*/)") or "./"

local function run(command)
   local pipe = assert(io.popen(command))
   local line = pipe:read("*l")
   assert(pipe:close(), command .. " failed")
   local numbers = {}
   for number in line:gmatch("%S+") do numbers[#numbers + 1] = tonumber(number) end
   return numbers
end

local function write(path, text)
   local file = assert(io.open(path, "w"))
   file:write(text)
   assert(file:close())
end

-- ------------------------------------------------------------------ the server

local function free_port()
   local probe = assert(socket.bind("127.0.0.1", 0))
   local _, port = probe:getsockname()
   probe:close()
   return math.tointeger(tonumber(port))
end

-- A component as the platform gives it, with a description that fills it up to so many bytes of plain JSON.
local function page(bytes)
   local items, size, index = {}, 0, 0
   while size < bytes do
      index = index + 1
      items[index] = ('{"id":"3f6c2a60-0000-4000-8000-%012d","name":"component %d","score":%.6f,"tokens":%d}')
         :format(index, index, index / 7, index * 1234)
      size = size + #items[index] + 1
   end
   return '{"data":[' .. table.concat(items, ",") .. "]}"
end

local function start_server(dir)
   assert(os.execute(("chmod 755 '%s' && mkdir -p '%s/pages/api/v1/components'"):format(dir, dir)))
   write(dir .. "/pages/api/v1/components/small", page(200))
   write(dir .. "/pages/api/v1/components/large", page(25 * 1024))
   local port = free_port()
   local settings = assert(io.open(here .. "nginx.conf")):read("*a")
   write(dir .. "/nginx.conf", (settings:gsub("@(%u+)@", { DIR = dir, PORT = tostring(port) })))
   assert(os.execute(("nginx -c '%s/nginx.conf' -p '%s' & "):format(dir, dir)))
   for _ = 1, 200 do
      local peer = socket.connect("127.0.0.1", port)
      if peer then
         peer:close()
         return "http://127.0.0.1:" .. port
      end
      socket.sleep(0.02)
   end
   error("nginx did not start")
end

-- ------------------------------------------------------------------ figures

local function median(values)
   table.sort(values)
   return values[(#values + 1) // 2]
end

local function report(name, value, limit, unit)
   local verdict = not limit and "" or value <= limit and ("  at most %.2f: ok"):format(limit)
      or ("  at most %.2f: OVER"):format(limit)
   print(("%-62s %8.2f %-6s%s"):format(name, value, unit or "times", verdict))
end

local lua = ("'%s/promptic-lua' '%s"):format(build, here)

-- Both sides in turns; the ratios of wall time and CPU, and the decode's CPU as a share of the yardstick's.
local function compare(mode, url, path, count)
   local walls, cpus, bare, decodes = {}, {}, {}, {}
   for round = 1, rounds do
      local base = run(("'%s/bench/gets' %s '%s/api/v1/components/%s' %d"):format(build, mode, url, path, count))
      local ours = run(("%sgets.lua' %s '%s' %d"):format(lua, mode, url, count))
      walls[round], cpus[round] = ours[1] / base[1], ours[2] / base[2]
      bare[round], decodes[round] = (ours[2] - ours[3]) / base[2], ours[3] / base[2]
   end
   return median(walls), median(cpus), median(bare), median(decodes)
end

local function gets(url)
   local wall, cpu = compare("easy", url, "small", 5000)
   report("5,000 GETs one after the other: wall, beside curl easy", wall, 1.05)
   report("5,000 GETs one after the other: CPU, beside curl easy", cpu, 1.10)
   local _, whole, bare, decode = compare("multi", url, "large", 5000)
   report("5,000 GETs of 25 KB, 32 at a time: CPU before decoding, beside curl multi", bare, 1.10)
   report("   the decode's share, in the yardstick's CPU", decode)
   report("   with the decode", whole)
end

local function frames(url)
   local result = run(("%sframe.lua' '%s' 1800"):format(lua, url))
   report("step(0) at 60 Hz, 64 requests in flight: median", result[1], nil, "ms")
   report("   99.9th percentile", result[3], 2, "ms")
   report("   longest of 1,800", result[4], 8, "ms")
   report("   answers of 25 KB decoded a second", result[5], nil, "")
end

local dir = assert(io.popen("mktemp -d")):read("*l")
local fine, problem = xpcall(function()
   local url = start_server(dir)
   gets(url)
   frames(url)
end, debug.traceback)
os.execute(("kill $(cat '%s/nginx.pid' 2>/dev/null) 2>/dev/null; rm -rf '%s'"):format(dir, dir))
assert(fine, problem)
