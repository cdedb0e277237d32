-- The list of mutants (spec/mutants/list.lua), checked, and one of them tried:
--
--    lua5.4 .ci/mutants.lua numbers [fixed]     the numbers of all, or of those that .ci/run tries; fails if a text is
--                                               not found exactly once
--    lua5.4 .ci/mutants.lua try NUMBER          in a copy of the tree: changes the file, builds, runs the specs until
--                                               one fails, restores the file; prints how it went
--
-- The environment says MAKE; ENVIRONMENT is the command that the specs run below, LUA their interpreter.
local mutants = {}
for _, group in ipairs(dofile "spec/mutants/list.lua") do
   for index = 3, #group do
      local change = group[index]
      mutants[#mutants + 1] = {
         file = group[1], specs = change.specs or group[2], old = change[1], new = change[2],
         fixed = change.fixed, explained = change.explained,
      }
   end
end

local function read(path)
   local file = assert(io.open(path, "rb"))
   local text = file:read("a")
   file:close()
   return text
end

local function write(path, text)
   local file = assert(io.open(path, "wb"))
   assert(file:write(text))
   assert(file:close())
end

-- Where the mutant's text begins and ends; nil and how often it was found.
local function find(mutant, text)
   local first, last = text:find(mutant.old, 1, true)
   local again = first and text:find(mutant.old, first + 1, true)
   if again or not first then
      return nil, again and "more than once" or "nowhere"
   end
   return first, last
end

local function numbers(which)
   local wrong = false
   for number, mutant in ipairs(mutants) do
      local place, how_often = find(mutant, read(mutant.file))
      if not place then
         io.stderr:write(("%s: mutant %d is found %s: %s\n"):format(mutant.file, number, how_often, mutant.old))
         wrong = true
      elseif which ~= "fixed" or mutant.fixed then
         print(number)
      end
   end
   os.exit(not wrong)
end

local function run(command)
   return (os.execute(("timeout --kill-after=5 %d sh -c '%s' >>mutant.log 2>&1 </dev/null"):format(120, command)))
end

-- Files first: every build of a spec's module, or of the units.
local function builds(specs)
   local targets = specs:find("units", 1, true) and "build/host/units" or ""
   if specs:find("spec/", 1, true) then
      targets = targets .. " build/promptic.so"
   end
   return run(os.getenv("MAKE") .. " --no-print-directory BUILD=build CHECK=module CFLAGS=-w\\ -O0 " .. targets)
end

local function killer(specs)
   local environment, lua = os.getenv("ENVIRONMENT"), os.getenv("LUA")
   for spec in specs:gmatch("%S+") do
      local command = spec == "units" and "build/host/units"
         or ("%s .ci/run-specs.lua --no-keep-going %s"):format(lua, spec)
      if not run(environment .. " " .. command) then
         return spec
      end
   end
end

local function try(number)
   local mutant, began = mutants[number], os.time()
   local text = read(mutant.file)
   local first, last = find(mutant, text)
   os.remove("mutant.log")
   write(mutant.file, text:sub(1, first - 1) .. mutant.new .. text:sub(last + 1))
   local built = builds(mutant.specs)
   local by = built and killer(mutant.specs)
   write(mutant.file, text)
   local outcome = not built and "does not compile" or by and "killed by " .. by
      or mutant.explained and "survives, as explained: " .. mutant.explained or "SURVIVES"
   if by and mutant.explained then
      outcome = "KILLED by " .. by .. ", although it is explained why it survives"
   end
   print(("%s mutant %d of %s, %d s: %s -> %s"):format(outcome, number, mutant.file, os.time() - began,
      mutant.old:gsub("%s+", " "), mutant.new:gsub("%s+", " ")))
end

if arg[1] == "numbers" then
   numbers(arg[2])
else
   try(tonumber(arg[2]))
end
