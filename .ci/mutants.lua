-- The list of mutants (spec/mutants/list.lua), and one of them tried:
--
--    lua5.4 .ci/mutants.lua numbers all|fixed|NUMBER...   the numbers of all, of those that .ci/run tries, or of these;
--                                             also of those whose text is not found exactly once
--    lua5.4 .ci/mutants.lua specs NUMBER...   the specs that have to notice these, a line each
--    lua5.4 .ci/mutants.lua pass SPEC         runs such a line in an unchanged copy of the tree, where it has to pass
--    lua5.4 .ci/mutants.lua try NUMBER        in a copy of the tree: changes the file, builds, runs the specs until
--                                             one fails, restores the file; prints the outcome
--    lua5.4 .ci/mutants.lua rooms LOG         the lines that try has printed, summed up by file
--
-- The environment says MAKE; ENVIRONMENT is the command that the specs run below, LUA their interpreter.
local SECONDS = 120 -- for a build, and for a spec

local mutants = {}
for _, group in ipairs(dofile "spec/mutants/list.lua") do
   for index = 3, #group do
      local change = group[index]
      mutants[#mutants + 1] = {
         file = group[1], old = change[1], new = change[2], fixed = change.fixed, explained = change.explained,
         specs = change.specs or group[2], only = change.only or not change.specs and group.only or nil,
         program = change.program or group.program,
      }
   end
end

local function read(path)
   local file = io.open(path, "rb")
   local text = file and file:read("a")
   return text, file and file:close()
end

local function write(path, text)
   local file = assert(io.open(path, "wb"))
   assert(file:write(text))
   assert(file:close())
end

-- Where the mutant's text begins and ends; nil and why it does not apply.
local function find(mutant, text)
   if not text then
      return nil, "there is no such file"
   end
   local first, last = text:find(mutant.old, 1, true)
   if not first then
      return nil, "its text is not in the file"
   elseif text:find(mutant.old, first + 1, true) then
      return nil, "its text is in the file more than once"
   end
   return first, last
end

local function numbers(wanted)
   local which = {}
   for _, word in ipairs(wanted) do
      which[tonumber(word) or word] = true
   end
   for number, mutant in ipairs(mutants) do
      if which.all or which[number] or which.fixed and mutant.fixed or not find(mutant, read(mutant.file)) then
         print(number)
      end
   end
end

-- ------------------------------------------------------------------ specs

-- The specs of a mutant, one line each: units, units:NAME, or a file, with "*" behind it if it is about promptic-lua,
-- and, after a space, a part of the names of its specs.
local function lines_of(mutant)
   local lines = {}
   for spec in mutant.specs:gmatch("%S+") do
      if spec:find("^spec/") then
         spec = spec .. (mutant.program and "*" or "") .. (mutant.only and " " .. mutant.only or "")
      end
      lines[#lines + 1] = spec
   end
   return lines
end

local function run(command)
   return (os.execute(("timeout --kill-after=5 %d sh -c '%s' >>mutant.log 2>&1 </dev/null"):format(SECONDS, command)))
end

local function passes(line)
   local environment, lua = os.getenv("ENVIRONMENT"), os.getenv("LUA")
   local name = line:match("^units:?(.*)")
   if name then
      return run(environment .. " build/host/units " .. name)
   end
   local file, program, only = line:match("^([^ *]+)(%*?) ?(.*)")
   if program ~= "" then
      environment = environment .. " PROMPTIC_LUA=$PWD/build/promptic-lua PROMPTIC_SANDBOX_LUA=$PWD/build/promptic-lua"
   end
   local filter = only:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")
   return run(("%s %s .ci/run-specs.lua --no-keep-going %s %s"):format(environment, lua, file,
      only ~= "" and ('--filter="%s"'):format(filter) or ""))
end

-- Builds what these specs need.
local function builds(lines)
   local targets = {}
   for _, line in ipairs(lines) do
      local target = line:find("^units") and "host/units" or line:find("*", 1, true) and "promptic-lua" or "promptic.so"
      targets[target] = "build/" .. target
      if target == "promptic-lua" then -- its sandbox loads it from there
         targets.server = "build/lib/promptic/httpd.so"
      end
   end
   local words = {}
   for _, target in pairs(targets) do
      words[#words + 1] = target
   end
   return run(os.getenv("MAKE") .. " --no-print-directory BUILD=build CHECK=module CFLAGS=-w\\ -O0 "
      .. table.concat(words, " "))
end

local function specs(wanted)
   local seen = {}
   for _, number in ipairs(wanted) do
      for _, line in ipairs(lines_of(mutants[tonumber(number)])) do
         if not seen[line] then
            seen[line] = true
            print(line)
         end
      end
   end
end

-- A spec that fails unchanged would seem to notice everything; one that was renamed notices nothing.
local function pass(line)
   os.remove("mutant.log")
   local fine = builds{ line } and passes(line)
   local log = read("mutant.log") or ""
   if not fine then
      print("FAILS without a change: " .. line .. "\n" .. log:sub(-3000):gsub("\n", "\n   "))
   elseif not line:find("^units") and not log:find("\n[1-9]%d* success") then
      print("NONE is run: " .. line)
   end
end

-- ------------------------------------------------------------------ one mutant

local function outcome_of(mutant, lines)
   if not builds(lines) then
      return "does not compile"
   end
   for _, line in ipairs(lines) do
      if not passes(line) then
         return mutant.explained and "KILLED, although it is explained why it survives: by " .. line
            or "killed by " .. line
      end
   end
   return mutant.explained and "survives, as explained: " .. mutant.explained or "SURVIVES"
end

local function try(number)
   local mutant, began = mutants[number], os.time()
   local text = read(mutant.file)
   local first, last = find(mutant, text)
   local outcome = not first and "DOES NOT APPLY, " .. last
   if first then
      os.remove("mutant.log")
      write(mutant.file, text:sub(1, first - 1) .. mutant.new .. text:sub(last + 1))
      outcome = outcome_of(mutant, lines_of(mutant))
      write(mutant.file, text)
   end
   print(("%s | mutant %d of %s, %d s: %s -> %s"):format(outcome, number, mutant.file, os.time() - began,
      mutant.old:gsub("%s+", " "), mutant.new:gsub("%s+", " ")))
end

local function rooms(log)
   local order, sums = {}, {}
   for line in io.lines(log) do
      local outcome, file = line:match("^(.-) | mutant %d+ of (%S+),")
      if file and not sums[file] then
         order[#order + 1], sums[file] = file, { made = 0, killed = 0 }
      end
      if file then
         sums[file].made = sums[file].made + 1
         sums[file].killed = sums[file].killed + (outcome:find("^killed") and 1 or 0)
      end
   end
   table.sort(order)
   for _, file in ipairs(order) do
      print(("%-44s %3d of %3d killed"):format(file, sums[file].killed, sums[file].made))
   end
end

local what = table.remove(arg, 1)
if what == "numbers" then
   numbers(arg)
elseif what == "specs" then
   specs(arg)
elseif what == "pass" then
   pass(arg[1])
elseif what == "rooms" then
   rooms(arg[1])
else
   try(tonumber(arg[1]))
end
