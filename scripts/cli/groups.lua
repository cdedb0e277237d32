--[[
The groups of the promptic command, in the order of `promptic --help`. A group's module is
loaded only when the group is used, so that the command starts fast.

Each is a file in commands/ and found by its name; a new one needs no list. Such a module returns

   section       heading of the help
   summary       one line
   first         true: stands before the others of its section
   aliases       older names, which the help does not list
   older         true: newer platforms dropped its operations
   commands      { row, ... }; a command without a group, such as `login`, is one row instead, in the same table

A row is

   name          the word on the command line, or two: "cases list"
   summary       one line; by default that of its method
   method        what it calls (a name in promptic.endpoints or promptic.library), which describes its parameters too
   methods       others that its function calls, which describe further ones
   arguments     positional: names of the method's parameters, or tables (see parameters.lua)
   options       the same for flags
   show          how the response is shown to a person: see view.lua. Such a row takes --json and --exact too
   done          instead: a sentence that says what was done, with {names} of arguments and of the response
   confirm       what to ask before it is done, with {names}; such a row takes -f, --force
   run           function(context, values): does it instead of a call of the method, and returns the text to show;
                 values holds the arguments and options by name. See context.lua for what a context can do.
                 It may return an exit code as its second value
   hints         by the status of a response: what to do about it, with {names} of arguments and options
   from          a module that returns the rest of the row, loaded when the command is used
   raw           true: what follows the first argument is left alone, in values.rest
   without_json  true: show or not, it takes no --json
   notes         further paragraphs of the help, as one string; "\n" keeps lines apart
   examples      lines of the help, each a command
]]
local promptic = require "promptic"

local groups = {}

local MODULES = "promptic.cli.commands."

-- Sections of the help, in their order; others follow.
local SECTIONS = { "Account", "Prompts", "Agents", "Older platforms", "This machine" }

-- The group of this name; nil if there is no such module.
local function load(word)
   local name = MODULES .. word:gsub("-", "_")
   if word:find("_", 1, true) or not package.preload[name] then return nil end
   local module = require(name)
   return {
      name = word, module = name, section = module.section, first = module.first,
      summary = module.summary, older = module.older, aliases = module.aliases or {},
   }
end

-- Where groups stand in their section: those that say so first, then by name, then resources in the table's order.
local function ranks()
   local list = {}
   for index, row in ipairs(promptic.endpoints) do
      local name = row.module:gsub("_", "-")
      list[name] = list[name] or index
   end
   return list
end

-- Names of groups, each a file of the folder.
local function names()
   local list = {}
   for name in pairs(package.preload) do
      local word = name:sub(1, #MODULES) == MODULES and name:sub(#MODULES + 1)
      if word then list[#list + 1] = (word:gsub("_", "-")) end
   end
   return list
end

local all -- once asked for

--- The groups in the order of the help.
function groups.list()
   if all then return all end
   local list, rank, place = {}, ranks(), {}
   for index, word in ipairs(names()) do list[index] = load(word) end
   for index, section in ipairs(SECTIONS) do place[section] = index end
   table.sort(list, function(a, b)
      if a.section ~= b.section then
         local one, other = place[a.section] or math.huge, place[b.section] or math.huge
         return one < other or one == other and a.section < b.section
      elseif a.first ~= b.first then
         return a.first == true
      end
      local one, other = rank[a.name] or 0, rank[b.name] or 0
      return one < other or one == other and a.name < b.name
   end)
   all = list
   return list
end

--- The group of this name, or of this older name, which the help does not list; nil if there is none.
function groups.find(word)
   local group = load(word)
   if group then return group end
   for _, entry in ipairs(groups.list()) do
      for _, alias in ipairs(entry.aliases) do
         if alias == word then return entry end
      end
   end
end

return groups
