--- figures.lua - what the benchmarks share: running a command, medians, lines of the report.
local figures = { over = 0 }

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

--- A line of the report; with a limit it says whether the value keeps to it.
function figures.report(name, value, limit, unit)
   local verdict = ""
   if limit then
      local is_over = value > limit
      figures.over = figures.over + (is_over and 1 or 0)
      verdict = ("  at most %g: %s"):format(limit, is_over and "OVER" or "ok")
   end
   print(("%-76s %8.2f %-5s%s"):format(name, value, unit or "times", verdict))
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
