--- figures.lua - what the benchmarks share: commands in turns, medians, and the figures with their aims and limits.
--
-- A figure is a row: key, group, work, unit, value, aim, peers = { { name, value }, ... } and note. Its limit is in
-- limits.lua: what was reached plus a fifth. A figure without an aim is there to be seen and has a limit all the same.
-- One that is `absolute`, a time in an aim's unit, has no limit: it depends on the machine, and the figure behind it
-- has the limit, its ratio to something in the same run.
local figures = { rows = {}, over = 0, root = (arg[0]:match("^(.*/)") or "./") }

local limits = dofile(figures.root .. "limits.lua")

--- What a command prints, as the numbers of its first line. Fails where the command does.
function figures.run(format, ...)
   local command = format:format(...)
   local pipe = assert(io.popen(command))
   local output = pipe:read("a")
   assert(pipe:close(), command .. " failed")
   local numbers = {}
   for number in output:gmatch("%S+") do numbers[#numbers + 1] = tonumber(number) end
   return numbers, output
end

function figures.write(path, text)
   local file = assert(io.open(path, "w"))
   file:write(text)
   assert(file:close())
end

function figures.median(values)
   table.sort(values)
   return values[(#values + 1) // 2]
end

--- Runs the sides, functions by name that give lists of numbers, directly after each other, as many times; what else
-- the machine does meets all of them, and each of them begins a round as often. A side with a cost is left out of
-- all but one round in so many.
function figures.turns(rounds, sides, costs)
   local names, results = {}, {}
   for name in pairs(sides) do
      names[#names + 1], results[name] = name, {}
   end
   table.sort(names)
   for round = 1, rounds do
      for turn = 1, #names do
         local name = names[(round + turn) % #names + 1]
         if (round - 1) % (costs and costs[name] or 1) == 0 then
            results[name][round] = sides[name]()
         end
      end
   end
   return results
end

--- The median of a side's numbers at that place, in those of the base of the same round if there is one.
function figures.of(results, side, place, base, base_place)
   local values = {}
   for round, numbers in pairs(results[side]) do
      values[#values + 1] = numbers[place] / (base and results[base][round][base_place or place] or 1)
   end
   return figures.median(values)
end

local function shown(value)
   return value and ("%.4g"):format(value) or ""
end

--- Adds a row and prints it.
function figures.add(row)
   row.limit = not row.absolute and limits[row.key] or nil
   row.is_over = row.limit ~= nil and row.value > row.limit
   figures.over = figures.over + (row.is_over and 1 or 0)
   figures.rows[#figures.rows + 1] = row
   if row.group ~= figures.group then
      figures.group = row.group
      print(("\n%-78s %9s %7s %7s"):format(row.group, "measured", "aim", "limit"))
   end
   print(("  %-76s %9s %7s %7s  %s%s"):format(row.work, shown(row.value), shown(row.aim), shown(row.limit), row.unit,
      row.is_over and "  OVER" or ""))
   for _, peer in ipairs(row.peers or {}) do
      print(("     %-73s %9s"):format(peer[1], shown(peer[2])))
   end
   io.stdout:flush()
end

--- Makes what was measured plus a fifth the limits; those of other parts stay.
function figures.set_limits()
   local lines = {}
   for _, row in ipairs(figures.rows) do limits[row.key] = not row.absolute and row.value * 1.2 or nil end
   for key, limit in pairs(limits) do
      lines[#lines + 1] = ("   [%q] = %s,"):format(key, shown(limit))
   end
   table.sort(lines)
   figures.write(figures.root .. "limits.lua", "--- limits.lua - the limits of `make bench`: what was reached plus a "
      .. "fifth.\n-- BENCH_LIMITS=1 make bench writes them.\nreturn {\n" .. table.concat(lines, "\n") .. "\n}\n")
end

--- A free folder for the run of f, which gets its name.
function figures.with_folder(f)
   local pipe = assert(io.popen("mktemp -d"))
   local folder = pipe:read("l")
   pipe:close()
   local fine, problem = xpcall(f, debug.traceback, folder)
   os.execute(("rm -rf '%s'"):format(folder))
   assert(fine, problem)
end

return figures
