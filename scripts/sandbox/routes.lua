--[[
Which operation a method and a path mean, taken from the library's own table of endpoints, so a new row
is a new route. A literal segment goes before a parameter ("/traces/stats" before "/traces/{trace_id}").
]]
local endpoints = require("promptic").endpoints

local routes = {}

local function segments_of(path)
   local segments = {}
   for segment in path:gmatch "/([^/]*)" do segments[#segments + 1] = segment end
   return segments
end

-- A tree: children by literal segment, one child for a parameter, rows by verb at the leaves.
local root = { children = {}, rows = {} }

local function add(row)
   local node = root
   for _, segment in ipairs(segments_of(row.path)) do
      local key = segment:match "^{.*}$" and "{}" or segment
      node.children[key] = node.children[key] or { children = {}, rows = {} }
      node = node.children[key]
   end
   node.rows[row.verb] = { row = row, names = {} }
   for name in row.path:gmatch "{(.-)}" do table.insert(node.rows[row.verb].names, name) end
end

for _, row in ipairs(endpoints) do add(row) end

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
function routes.match(verb, path)
   if path:sub(1, 1) ~= "/" then return nil end
   local values = {}
   local node = find(root, segments_of(path), 1, values)
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
