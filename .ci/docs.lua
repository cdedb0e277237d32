--[[
Rewrites the generated blocks of the READMEs: what stands between

   <!-- generated: NAME WORDS... -->
   <!-- end -->

in any .md file of this tree. Made from the rows of promptic.endpoints and promptic.library, the help of the programs
and the Makefile. Run by `make docs`, and by spec/house/docs_spec.lua with --check, which writes nothing and fails if a
block is out of date.

   build/promptic-lua -E .ci/docs.lua [--check] [FILE...]
]]
local formats = require "promptic.formats"
local promptic = require "promptic"
local reference = require "promptic.reference"
local types = require "promptic.types"

local function read_all(handle)
   local text = assert(handle:read "a")
   handle:close()
   return text
end

local function output(command)
   return read_all(assert(io.popen(command)))
end

local function code(text)
   return "`" .. text .. "`"
end

-- A pipe ends a cell, also in code.
local function cell(text)
   return (text:gsub("|", "\\|"))
end

local function render(header, rows)
   local lines = { "| " .. table.concat(header, " | ") .. " |", "|" .. ("---|"):rep(#header) }
   for _, row in ipairs(rows) do
      for index, text in ipairs(row) do row[index] = cell(text) end
      lines[#lines + 1] = ("| %s |"):format(table.concat(row, " | "))
   end
   return table.concat(lines, "\n") .. "\n"
end

-- ------------------------------------------------------------------ endpoints

local function names_in(row, place, required)
   local names = {}
   for _, parameter in ipairs(row.parameters) do
      if parameter.place == place and parameter.required == required then
         names[#names + 1] = reference.written(parameter)
      end
   end
   return names
end

local function elements(subject, row)
   local must, may = names_in(row, "item", true), names_in(row, "item", false)
   if #must == 0 then return "" end
   local optional = #may > 0 and (", and may have `%s`"):format(table.concat(may, ", ")) or ""
   return (" %s has `%s`%s."):format(subject, table.concat(must, ", "), optional)
end

-- What a list's elements, lists inside the body or a table of changes may hold.
local function inside(row)
   local text, fields = elements("An element", row), names_in(row, "field", false)
   if #fields > 0 then text = text .. (" Fields: `%s`."):format(table.concat(fields, ", ")) end
   for _, parameter in ipairs(row.parameters) do
      if parameter.items then
         text = text .. elements(("One of `%s`"):format(parameter.name), { parameters = parameter.items })
      end
   end
   return text
end

-- The releases of the Python client that first had it and that no longer have it.
local function age(row)
   local text = ""
   if row.since then
      text = row.since == "docs" and " *Only in the platform's pages.*" or (" *Since %s.*"):format(row.since)
   end
   if not row.dropped then return text end
   local instead = row.instead and ("; newer: `%s`"):format(row.instead) or ""
   return ("%s *Dropped in %s%s.*"):format(text, row.dropped, instead)
end

local generators = {}

--- All endpoints by resource.
function generators.methods()
   local rows, last = {}, nil
   for _, row in ipairs(promptic.endpoints) do
      rows[#rows + 1] = {
         row.module ~= last and row.module or "", code(reference.signature(row)),
         row.summary .. inside(row) .. age(row), code(reference.returned(row)),
      }
      last = row.module
   end
   return render({ "resource", "method", "what it does", "returns" }, rows)
end

-- "or nil; since 0.18": the remark beside a field's type.
local function remarks(field)
   local list = {}
   if field.absent or field.null then list[#list + 1] = "or nil" end
   if field.since then
      list[#list + 1] = field.since == "docs" and "only in the platform's pages" or "since " .. field.since
   end
   if field.dropped then list[#list + 1] = "dropped in " .. field.dropped end
   if field.meaning then list[#list + 1] = field.meaning end
   return table.concat(list, "; ")
end

--- The types of responses, a table each.
function generators.types()
   local parts = {}
   for _, row in ipairs(types) do
      local text = ("### %s\n\n"):format(row.name)
      if row.meaning then text = text .. row.meaning .. "." .. age(row) .. "\n\n"
      elseif age(row) ~= "" then text = text .. age(row):sub(2) .. "\n\n" end
      if row.values then
         text = text .. "One of `" .. table.concat(row.values, "`, `") .. "`.\n"
      else
         if row.extends then text = text .. ("The fields of `%s`, and\n\n"):format(row.extends) end
         local rows = {}
         for index, field in ipairs(row.fields) do
            rows[index] = { code(field.name), code(types.written(field)), remarks(field) }
         end
         text = text .. render({ "field", "type", "" }, rows)
      end
      parts[#parts + 1] = text
   end
   return "\n" .. table.concat(parts, "\n") .. "\n"
end

--- Options of endpoints that take one of a few words.
function generators.words()
   local order, by_key = {}, {}
   local function add(row, parameters)
      for _, parameter in ipairs(parameters) do
         if parameter.values then
            local words = "`" .. table.concat(parameter.values, "`, `") .. "`"
            local key = parameter.name .. "\0" .. words
            if not by_key[key] then
               by_key[key] = { code(parameter.name), words, {} }
               order[#order + 1] = by_key[key]
            end
            table.insert(by_key[key][3], code(row.name))
         end
         add(row, parameter.items or {})
      end
   end
   for _, row in ipairs(promptic.endpoints) do add(row, row.parameters) end
   for _, entry in ipairs(order) do entry[3] = table.concat(entry[3], ", ") end
   return render({ "option", "words", "of" }, order)
end

-- ------------------------------------------------------------------ the library

local function row_of(key)
   return promptic.library[key] or promptic.endpoints[key] or error("there is no row '" .. key .. "'", 0)
end

-- The rows of these keys, or of these kinds and tables: "method", "task", "auth", "json".
local function rows_of(words)
   local list = {}
   for _, word in ipairs(words) do
      local before = #list
      for _, row in ipairs(promptic.library) do
         if row.key == word or row.kind == word or row.table == word then list[#list + 1] = row end
      end
      if #list == before then error("there is no row '" .. word .. "'", 0) end
   end
   return list
end

-- Options have a table of their own if there are many.
local MOST_OPTIONS = 4

local function short_signature(row)
   local _, options = reference.split(row)
   if #options <= MOST_OPTIONS then return reference.signature(row) end
   return (reference.signature(row):gsub("{ .* }", "{ ... }"))
end

--- Functions of the library, by their keys or in groups.
function generators.functions(...)
   local rows = {}
   for index, row in ipairs(rows_of{ ... }) do
      local prefix = reference.prefix(row)
      rows[index] = {
         code((prefix == "client:" and "" or prefix) .. short_signature(row)), row.summary,
         code(reference.returned(row)),
      }
   end
   return render({ "function", "what it does", "returns" }, rows)
end

local function meaning(parameter)
   local text = parameter.summary
   if parameter.values then text = text .. ": `" .. table.concat(parameter.values, "`, `") .. "`" end
   if parameter.signature then text = ("`%s`, %s"):format(formats.words(parameter), text) end
   if parameter.minimum and parameter.maximum < 2147483647 then
      text = ("%s; %.14g to %.14g"):format(text, parameter.minimum, parameter.maximum)
   end
   return text
end

--- The options of a row.
function generators.options(key)
   local rows = {}
   local _, options = reference.split(row_of(key))
   for index, option in ipairs(options) do
      local default = option.default
      if default and option.type == "string" then default = ('`"%s"`'):format(default) end
      rows[index] = { code(option.name), default or option.assumed or "", meaning(option) }
   end
   return render({ "option", "default", "meaning" }, rows)
end

--- The fields of a class of the library.
function generators.fields(key)
   local rows = {}
   for index, field in ipairs(row_of(key).parameters) do
      rows[index] = { code(field.name), field.type, meaning(field) }
   end
   return render({ "field", "type", "meaning" }, rows)
end

--- The codes of the library's own errors.
function generators.codes()
   local rows = {}
   for index, row in ipairs(require "promptic.codes") do rows[index] = { code(row[1]), code(row[2]), row[3] } end
   return render({ "code", "kind", "when" }, rows)
end

-- ------------------------------------------------------------------ programs and targets

--- What `promptic-lua --help` or `promptic-lua --sandbox`'s server prints.
function generators.help(name)
   local scripts = { ["promptic-lua"] = "", sandbox = " scripts/sandbox.lua", promptic = " scripts/promptic" }
   local script = scripts[name] or error("there is no program '" .. name .. "'", 0)
   local text = output(("COLUMNS=100 '%s' -E%s --help"):format(arg[-2] or arg[-1], script))
   text = text:gsub("^usage: %S*/", "usage: ") -- wherever the program lies
   return ("```text\n%s```\n"):format(text)
end

--- The targets of the Makefile.
function generators.targets()
   local rows = {}
   local file = assert(io.open "Makefile")
   for line in file:lines() do
      local name, text = line:match "^([a-z-]+):.*## (.*)"
      if name then rows[#rows + 1] = { code("make " .. name), text } end
   end
   file:close()
   return render({ "target", "what it does" }, rows)
end

-- ------------------------------------------------------------------ files

local function generate(call)
   local words = {}
   for word in call:gmatch "%S+" do words[#words + 1] = word end
   local name = table.remove(words, 1)
   local generator = generators[name] or error(("there is no generator '%s'"):format(name), 0)
   return generator(table.unpack(words))
end

-- The text with its generated blocks anew.
local function rewrite(text, file)
   local function block(head, call, rest)
      if rest:find("<!-- generated:", 1, true) then error(file .. ": no <!-- end --> after " .. head, 0) end
      local done, result = pcall(generate, call)
      if not done then error(("%s: %s: %s"):format(file, head, result), 0) end
      return head .. "\n" .. result .. "<!-- end -->\n"
   end
   local blocks, ends = select(2, text:gsub("<!%-%- generated:", "")), 0
   text = text:gsub("(<!%-%- generated: ([^\n]-) %-%->)\n(.-)<!%-%- end %-%->\n", function(...)
      ends = ends + 1
      return block(...)
   end)
   if ends ~= blocks then error(("%s: %d blocks begin, %d end"):format(file, blocks, ends), 0) end
   return text
end

local function files_of(arguments)
   if #arguments > 0 then return arguments end
   local list = {}
   local found = output "find . -name build -prune -o -name node_modules -prune -o -name '*.md' -print | sort"
   for file in found:gmatch "[^\n]+" do
      list[#list + 1] = file:gsub("^%./", "")
   end
   return list
end

local check = arg[1] == "--check" and table.remove(arg, 1) ~= nil
local stale = 0
for _, file in ipairs(files_of(arg)) do
   local text = read_all(assert(io.open(file, "rb")))
   local anew = rewrite(text, file)
   if anew ~= text then
      stale = stale + 1
      if check then
         io.stderr:write(file, ": a generated block is out of date: make docs\n")
      else
         local out = assert(io.open(file, "wb"))
         assert(out:write(anew))
         assert(out:close())
         print("  docs   " .. file)
      end
   end
end
os.exit(not (check and stale > 0))
