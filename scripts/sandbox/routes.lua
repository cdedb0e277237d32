--[[
Which operation a method and a path mean, taken from the library's own table of endpoints, so a new row
is a new route. A literal segment goes before a parameter ("/traces/stats" before "/traces/{trace_id}").

A sandbox that plays an older or a newer platform has routes of some operations only (--without).
]]
local endpoints = require("promptic").endpoints

local routes = {}
routes.__index = routes

local function segments_of(path)
   local segments = {}
   for segment in path:gmatch "/([^/]*)" do segments[#segments + 1] = segment end
   return segments
end

-- A tree: children by literal segment, one child for a parameter, rows by verb at the leaves.
local function add(root, row)
   local node = root
   for _, segment in ipairs(segments_of(row.path)) do
      local key = segment:match "^{.*}$" and "{}" or segment
      node.children[key] = node.children[key] or { children = {}, rows = {} }
      node = node.children[key]
   end
   node.rows[row.verb] = { row = row, names = {} }
   for name in row.path:gmatch "{(.-)}" do table.insert(node.rows[row.verb].names, name) end
end

--- The routes of all operations but those in `without`, a set by name.
function routes.new(without)
   local self = setmetatable({ root = { children = {}, rows = {} } }, routes)
   for _, row in ipairs(endpoints) do
      if not (without or {})[row.name] then add(self.root, row) end
   end
   return self
end

local function group_of(row)
   return (row.module:gsub("^dataset_", ""):gsub("_", "-"))
end

--- The names that routes.group takes, in the order of the table.
function routes.groups()
   local list, seen = {}, {}
   for _, row in ipairs(endpoints) do
      local group = group_of(row)
      if not seen[group] then list[#list + 1] = group end
      seen[group] = true
   end
   return list
end

--- The names of the operations of a group, such as "cases"; an operation's name is a group of its own. nil if there
-- is no such group.
function routes.group(name)
   if endpoints[name] then return { name } end
   name = name:gsub("_", "-"):gsub("^dataset%-", "")
   local list = {}
   for _, row in ipairs(endpoints) do
      if group_of(row) == name then list[#list + 1] = row.name end
   end
   return list[1] and list or nil
end

--- Undoes percent-encoding; in a query a plus is a space.
function routes.decode(text, is_query)
   if is_query then text = text:gsub("%+", " ") end
   return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function find(node, segments, place, values)
   local segment = segments[place]
   if not segment then return next(node.rows) and node end
   local literal = node.children[segment]
   local found = literal and find(literal, segments, place + 1, values)
   if found then return found end
   if not node.children["{}"] or segment == "" then return nil end
   values[#values + 1] = routes.decode(segment)
   found = find(node.children["{}"], segments, place + 1, values)
   if not found then values[#values] = nil end
   return found
end

--- The row and its path parameters by name; or nil and the verbs allowed there (nil: no such path).
function routes:match(verb, path)
   if path:sub(1, 1) ~= "/" then return nil end
   local values = {}
   local node = find(self.root, segments_of(path), 1, values)
   if not node then return nil end
   local entry = node.rows[verb]
   if not entry then
      local verbs = {}
      for allowed in pairs(node.rows) do verbs[#verbs + 1] = allowed end
      table.sort(verbs)
      return nil, verbs
   end
   local arguments = {}
   for i, name in ipairs(entry.names) do arguments[name] = values[i] end
   return entry.row, arguments
end

return routes
