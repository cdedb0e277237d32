--- methods_table.lua - the table of methods in README.md, generated from promptic.endpoints.
--
--    build/promptic-lua spec/support/methods_table.lua             prints it
--    build/promptic-lua spec/support/methods_table.lua README.md   puts it between the file's markers
--
-- As a module: render(endpoints) -> Markdown; block(text) -> what stands between the markers of text.
local methods_table = {}

local BEGIN, END = "<!-- methods -->\n", "<!-- /methods -->\n"

local function join(names)
   return table.concat(names, ", ")
end

local function default_of(parameter)
   if not parameter.default then
      return ""
   end
   return (parameter.type == "string" and ' = "%s"' or " = %s"):format(parameter.default)
end

-- The names of an endpoint's parameters in these places that are, or are not, required.
local function names_of(endpoint, places, required)
   local names = {}
   for _, parameter in ipairs(endpoint.parameters) do
      if places[parameter.place] and parameter.required == required then
         names[#names + 1] = parameter.name .. default_of(parameter)
      end
   end
   return names
end

-- The fields of lists inside the body.
local function of_lists(endpoint)
   local text = ""
   for _, parameter in ipairs(endpoint.parameters) do
      if parameter.items then
         local must = names_of({ parameters = parameter.items }, { item = true }, true)
         local may = names_of({ parameters = parameter.items }, { item = true }, false)
         text = text .. (" One of `%s` has `%s`%s."):format(parameter.name, join(must),
            #may > 0 and (", and may have `%s`"):format(join(may)) or "")
      end
   end
   return text
end

local function signature(endpoint)
   local by_position = { path = true, query = true, body = true, list = true, changes = true }
   local arguments = names_of(endpoint, by_position, true)
   local options = names_of(endpoint, { body = true, query = true }, false)
   if #options > 0 then
      arguments[#arguments + 1] = "{ " .. join(options) .. " }"
   end
   return ("%s(%s)"):format(endpoint.name, join(arguments))
end

-- What a list's elements or a table of changes may hold.
local function inside(endpoint)
   local must, may = names_of(endpoint, { item = true }, true), names_of(endpoint, { item = true }, false)
   local fields = names_of(endpoint, { field = true }, false)
   if #must > 0 then
      return (" An element has `%s`, and may have `%s`."):format(join(must), join(may))
   elseif #fields > 0 then
      return (" Fields: `%s`."):format(join(fields))
   end
   return of_lists(endpoint)
end

-- Since which release the Python client has it, where that is not the first, and in which it is gone.
local function age(endpoint)
   local text = ""
   if endpoint.since then
      text = endpoint.since == "docs" and " *In the platform's pages only.*" or (" *Since %s.*"):format(endpoint.since)
   end
   if endpoint.dropped then
      local instead = endpoint.instead and (", which has `%s`"):format(endpoint.instead) or ""
      text = text .. (" *Gone in %s%s.*"):format(endpoint.dropped, instead)
   end
   return text
end

local function resources(endpoints)
   local order, rows = {}, {}
   for _, endpoint in ipairs(endpoints) do
      if not rows[endpoint.module] then
         order[#order + 1] = endpoint.module
         rows[endpoint.module] = {}
      end
      table.insert(rows[endpoint.module], endpoint)
   end
   return order, rows
end

-- Options that take one of a few words: name -> words, each pair once, with the methods that take it.
local function enums(endpoints)
   local order, methods, cells = {}, {}, {}
   for _, endpoint in ipairs(endpoints) do
      for _, parameter in ipairs(endpoint.parameters) do
         if parameter.values then
            local key = parameter.name .. "\0" .. join(parameter.values)
            if not methods[key] then
               order[#order + 1], methods[key] = key, {}
               cells[key] = { parameter.name, "`" .. table.concat(parameter.values, "`, `") .. "`" }
            end
            table.insert(methods[key], "`" .. endpoint.name .. "`")
         end
      end
   end
   return order, methods, cells
end

function methods_table.render(endpoints)
   local lines = {}
   local function put(format, ...)
      lines[#lines + 1] = format:format(...)
   end
   put "| resource | method | what it does | returns |"
   put "|---|---|---|---|"
   local order, rows = resources(endpoints)
   for _, module in ipairs(order) do
      for index, endpoint in ipairs(rows[module]) do
         put("| %s | `%s` | %s%s%s | `%s` |", index == 1 and module or "", signature(endpoint),
            endpoint.summary, inside(endpoint), age(endpoint), endpoint.returns)
      end
   end
   put ""
   put "Options that take one of a few words:"
   put ""
   put "| option | words | of |"
   put "|---|---|---|"
   local keys, methods, cells = enums(endpoints)
   for _, key in ipairs(keys) do
      put("| `%s` | %s | %s |", cells[key][1], cells[key][2], join(methods[key]))
   end
   return table.concat(lines, "\n") .. "\n"
end

local function find(text)
   local _, start = text:find(BEGIN, 1, true)
   local stop = text:find(END, start or 1, true)
   assert(start and stop, "the markers <!-- methods --> and <!-- /methods --> are missing")
   return start, stop
end

function methods_table.block(text)
   local start, stop = find(text)
   return text:sub(start + 1, stop - 1)
end

local function rewrite(path, generated)
   local file = assert(io.open(path, "rb"))
   local text = file:read("a")
   file:close()
   local start, stop = find(text)
   file = assert(io.open(path, "wb"))
   assert(file:write(text:sub(1, start), generated, text:sub(stop)))
   assert(file:close())
end

if arg and arg[0] and arg[0]:find("methods_table%.lua$") then
   local generated = methods_table.render(require("promptic").endpoints)
   if arg[1] then
      rewrite(arg[1], generated)
   else
      io.write(generated)
   end
end

return methods_table
