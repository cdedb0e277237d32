--- From the words of a command line to the values of a command, by argparse.
local near = require "promptic.cli.near"
local parameters = require "promptic.cli.parameters"

local arguments = {}

--- Raised for a wrong command line: { usage = message, command = the command's full name }
arguments.Misuse = { __name = "promptic.cli.Misuse", __tostring = function(misuse) return misuse.usage end }

function arguments.misuse(message, command)
   error(setmetatable({ usage = message, command = command }, arguments.Misuse), 0)
end

local function converter(parameter, called)
   return function(text)
      local value, problem = parameters.convert(parameter, text)
      if value == nil then return nil, ("%s %s"):format(called, problem) end
      return value
   end
end

local function add_argument(parser, parameter)
   local argument = parser:argument(parameter.name, parameter.summary)
   if parameter.many then
      argument:args(parameter.required and "+" or "*")
   elseif not parameter.required then
      argument:args "?"
   end
   argument:convert(converter(parameter, parameter.label))
   return argument
end

-- All flags of an option, those too that the help does not list.
local function flags_of(option)
   return option.aliases and option.flag .. " " .. option.aliases or option.flag
end

local function add_option(parser, parameter, for_completion)
   local option = parser:option(for_completion and parameter.flag or flags_of(parameter), parameter.summary)
   option:target(parameter.name)
   if parameter.switch then
      option:args(0)
   elseif for_completion then
      if parameter.values then option:choices(parameter.values) end
   else
      option:convert(converter(parameter, parameter.flag:match "%-%-%S+"))
   end
   if parameter.many then
      option:count "*"
   elseif not parameter.switch then
      option:count(parameter.required and "1" or "0-1")
   end
end

--- Adds what the row takes to a parser of argparse.
function arguments.fill(parser, row, for_completion)
   local positional, options = parameters.of(row)
   for _, parameter in ipairs(positional) do
      local argument = add_argument(parser, parameter)
      if for_completion and parameter.values then argument:choices(parameter.values) end
   end
   for _, parameter in ipairs(options) do add_option(parser, parameter, for_completion) end
end

-- Which flags there are, and whether each takes a value.
local function what_flags_take(options)
   local takes = {}
   for _, option in ipairs(options) do
      for flag in flags_of(option):gmatch "%S+" do takes[flag] = option.switch and "nothing" or "value" end
   end
   return takes
end

-- argparse takes every word that begins with "-" for an option. As everywhere else the word behind an option is
-- its value, unless it is an option as well: "--scale-min -1", "-p '- be short'".
local function bind(words, takes)
   local bound, place = {}, 1
   while words[place] do
      local word, following = words[place], words[place + 1]
      if word == "--" then
         table.move(words, place, #words, #bound + 1, bound)
         break
      elseif takes[word] == "value" and following and following:find "^%-." and not takes[following] then
         bound[#bound + 1] = word .. (word:find "^%-%-" and "=" or "") .. following
         place = place + 2
      else
         bound[#bound + 1] = word
         place = place + 1
      end
   end
   return bound
end

-- How often the words, which `bind` has made, give the option.
local function count_of(option, words, takes)
   local count, place = 0, 1
   while words[place] and words[place] ~= "--" do
      local word = words[place]
      for flag in flags_of(option):gmatch "%S+" do
         if word == flag or word:find(flag .. (#flag > 2 and "=" or ""), 1, true) == 1 then count = count + 1 end
      end
      place = place + (takes[word] == "value" and 2 or 1)
   end
   return count
end

-- Of two ids, or of two files with rows, neither is to be dropped. Of other options the last one counts, as aliases of
-- the shell need it.
local function refuse_repeated(options, words, takes, command)
   for _, option in ipairs(options) do
      if option.once and count_of(option, words, takes) > 1 then
         arguments.misuse(("'%s' is given more than once"):format(option.flag:match "%-%-%S+"), command)
      end
   end
end

-- Whether the words give a value to the option.
local function is_given(option, words)
   for _, word in ipairs(words) do
      if word == "--" then return false end
      for flag in flags_of(option):gmatch "%S+" do
         if word == flag or word:find(flag .. (#flag > 2 and "=" or ""), 1, true) == 1 then return true end
      end
   end
   return false
end

-- Reports everything that is missing at once.
local function missing(options, words)
   local flags = {}
   for _, option in ipairs(options) do
      if option.required and not is_given(option, words) then
         flags[#flags + 1] = ("'%s'"):format(option.flag:match "%-%-%S+")
      end
   end
   return #flags > 1 and ("options %s are missing"):format(table.concat(flags, ", "))
      or ("option %s is missing"):format(flags[1])
end

-- "-n" is near every other letter, and a positional value may be mistaken for an option.
local function unknown(flag, positional, options)
   for _, parameter in ipairs(positional) do
      if flag == "--" .. parameter.name:gsub("_id$", "") then
         return ("%s is given without a flag, not as '%s'"):format(parameter.label, flag)
      end
   end
   local flags = {}
   for _, option in ipairs(options) do flags[#flags + 1] = option.flag:match "%-%-%S+" end
   local hint = #flag > 2 and near.hint(flag, flags) or ""
   if hint ~= "" then hint = "." .. hint
   else hint = #flags > 0 and "; there are " .. table.concat(flags, ", ") or "; there are none" end
   return ("unknown option '%s'%s"):format(flag, hint)
end

-- argparse's messages, in the words of this command: they are all that its hook, Parser:error, gets. Its own tips,
-- which go by a letter too many or too few, are not asked for.
local function reword(said, positional, options, words)
   local name = said:match "^missing argument '([%w_]+)'"
   for _, parameter in ipairs(positional) do
      if parameter.name == name then return ("%s is missing"):format(parameter.label) end
   end
   if said == "too many arguments" then return "too many arguments: what holds spaces needs quotes" end
   if said:find "^missing option" then return missing(options, words) end
   local flag = said:match "^unknown option '(.-)'"
   return flag and unknown(flag, positional, options) or said
end

local function defaults(values, options)
   for _, option in ipairs(options) do
      if values[option.name] == nil then values[option.name] = option.own_default end
      -- what may be given several times and was not
      if option.many and #values[option.name] == 0 then values[option.name] = nil end
   end
   return values
end

--- The values of a command's row by name; raises a Misuse.
function arguments.parse(row, command, words)
   if row.raw then
      local first = row.arguments[1]
      if not words[1] then arguments.misuse(parameters.of(row)[1].label .. " is missing", command) end
      return { [first[1] or first] = words[1], rest = table.move(words, 2, #words, 1, {}) }
   end
   local positional, options = parameters.of(row)
   local parser = require "promptic.argparse"(command):add_help(false)
   arguments.fill(parser, row)
   function parser.error(_, message) arguments.misuse(reword(message, positional, options, words), command) end
   local takes = what_flags_take(options)
   local bound = bind(words, takes)
   local values = defaults(parser:parse(bound), options)
   refuse_repeated(options, bound, takes, command)
   return values
end

return arguments
