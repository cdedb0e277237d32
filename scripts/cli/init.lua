--[[
promptic: the platform from the command line.

main(words) does what the words of a command line say and returns the exit code: 0, 1 where it failed, 2 where
the command line is wrong, 130 where Ctrl-C ended it. groups.lua lists what there is; each group is a module of
its own.
]]
local arguments = require "promptic.cli.arguments"
local output = require "promptic.cli.output"

local cli = {}

local function is_help(word)
   return word == "-h" or word == "--help"
end

-- Where a command is expected `help` is as good.
local function asks_for_help(word)
   return is_help(word) or word == "help"
end

local function names_of(list)
   local names = {}
   for _, entry in ipairs(list) do names[#names + 1] = entry.name end
   return names
end

local function unknown(what, word, list, command)
   local hint = require("promptic.cli.near").hint(word, names_of(list))
   arguments.misuse(("there is no %s '%s'.%s"):format(what, word, hint), command)
end

--- The rows of a group, the parts of them that lie in modules of their own included where resolve is true.
-- The second result is true for a command without a group.
function cli.rows(group, resolve)
   local module = require(group.module)
   local rows = module.commands or { module }
   if resolve then
      for _, row in ipairs(rows) do cli.resolve(row) end
   end
   if not module.commands then module.name = group.name end
   return rows, not module.commands
end

--- Takes the rest of a row from the module that it names.
function cli.resolve(row)
   if not row.from then return row end
   for key, value in pairs(require(row.from)) do
      if row[key] == nil then row[key] = value end
   end
   row.from = nil
   return row
end

-- situation: what a failure is explained with, the row and its values as soon as they are known.
local function run(command, row, words, situation)
   situation.row = cli.resolve(row)
   for place, word in ipairs(words) do
      if word == "--" or (row.raw and place > 1) then break end
      if is_help(word) then
         output.write(require("promptic.cli.help").of_command(command, row))
         return 0
      end
   end
   local values = arguments.parse(row, command, words)
   situation.values = values
   local context = require("promptic.cli.context").new(row, command, values)
   situation.context = context
   return require("promptic.cli.call").run(context, row) or 0
end

local function find(list, name)
   for _, entry in ipairs(list) do
      if entry.name == name then return entry end
   end
end

-- The row that the words from the second one on name, and how many of them are its name.
local function find_row(rows, words)
   local row = find(rows, words[2])
   if row then return row, 1 end
   return find(rows, ("%s %s"):format(words[2], words[3] or "")), 2
end

-- The rows of a group whose names begin with this word: "cases" of "cases list".
local function rows_below(rows, word)
   local below = {}
   for _, row in ipairs(rows) do
      local second = row.name:match("^(%S+) ") == word and row.name:match "%S+$"
      if second then below[#below + 1] = setmetatable({ name = second }, { __index = row }) end
   end
   return below
end

local function rest(words, from)
   return table.move(words, from, #words, 1, {})
end

-- Explains or refuses words that name no row of the group: "datasets cases".
local function without_row(group, rows, words)
   local command = "promptic " .. group.name
   local below = rows_below(rows, words[2])
   if #below == 0 then unknown("command", words[2], rows, command) end
   if asks_for_help(words[3]) then
      local inner = setmetatable({ name = group.name .. " " .. words[2] }, { __index = group })
      output.write(require("promptic.cli.help").of_group(inner, below))
      return 0
   elseif not words[3] or words[3]:find "^%-" then
      arguments.misuse(("a command is missing after '%s': %s"):format(words[2], table.concat(names_of(below), ", ")),
         command .. " " .. words[2])
   end
   return unknown("command", words[3], below, command .. " " .. words[2])
end

local function in_group(group, words, situation)
   local rows, single = cli.rows(group, asks_for_help(words[2]) or asks_for_help(words[3]) or not words[2])
   if single then return run("promptic " .. group.name, rows[1], rest(words, 2), situation) end
   local command = "promptic " .. group.name
   if asks_for_help(words[2]) then
      output.write(require("promptic.cli.help").of_group(group, rows))
      return 0
   elseif not words[2] then
      io.stderr:write(require("promptic.cli.help").of_group(group, rows))
      return 2
   elseif words[2]:find "^%-" then
      arguments.misuse(("a command is missing before '%s'"):format(words[2]), command)
   end
   local row, count = find_row(rows, words)
   if not row then return without_row(group, rows, words) end
   return run(command .. " " .. row.name, row, rest(words, 2 + count), situation)
end

local function dispatch(words, situation)
   local word = words[1]
   if word == "--version" or word == "-V" or word == "version" then
      local promptic = require "promptic"
      output.write(("promptic %s\ncontract %s, Python client %s of %s\n"):format(promptic.version,
         promptic.contract.date, promptic.contract.newest_client, promptic.contract.newest_client_date))
      return 0
   elseif asks_for_help(word) or not word then
      if word == "help" and words[2] then
         return dispatch(table.move({ "--help" }, 1, 1, #words, rest(words, 2)), situation)
      end
      local text = require("promptic.cli.help").of_all(require("promptic.cli.groups").list())
      if word then output.write(text) else io.stderr:write(text) end
      return word and 0 or 2
   elseif word:find "^%-" then
      arguments.misuse(("there is no option '%s' before a command"):format(word), "promptic")
   end
   local groups = require "promptic.cli.groups"
   local group = groups.find(word) or unknown("command", word, groups.list(), "promptic")
   return in_group(group, words, situation)
end

-- Runs before the stack is gone: an error that is not a promptic.Error needs its traceback.
local function handler(err)
   if type(err) == "string" then return { text = err, trace = debug.traceback(err, 2) } end
   return { text = err }
end

local function complain(problem, situation)
   if problem.text == output.CLOSED then return 0 end
   local described = require("promptic.cli.failure").describe(problem.text, situation, problem.trace)
   local paint = require("promptic.cli.style").painter "stderr"
   local prefix = described.code == 130 and "promptic: " or paint("red", "promptic: ")
   output.note(described.message, { before = prefix, columns = #"promptic: " })
   if described.hint then output.note(described.hint, { before = "  ", columns = 2, indent = "  " }) end
   return described.code
end

--- Does what the words say; returns the exit code.
function cli.main(words)
   local situation = {}
   local done, result = xpcall(dispatch, handler, words, situation)
   local ask = package.loaded["promptic.cli.ask"]
   if ask then ask.finish() end
   if done then return result end
   if type(result) ~= "table" then result = { text = result } end -- no handler runs where memory has ended
   local complained, code = pcall(complain, result, situation)
   return complained and code or 1
end

return cli
