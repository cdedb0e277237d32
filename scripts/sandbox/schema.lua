--[[
The tables, which the modules of the resources define, and how a file of an older sandbox gets them.

A definition is what follows CREATE TABLE. A column that leaves the sandbox bears its wire name, so that a row is
nearly the response; columns in snake_case stay inside. JSON documents are text. Times are text as on the wire, except
those of spans, which are nanoseconds since 1970 because they are compared and subtracted. Macros: OF(table) is a
reference to the row that this one is deleted with; TIMES is createdAt and updatedAt.

A file of an older sandbox is upgraded in one transaction when it is opened: a table that is not there is made, one
that is defined otherwise is made anew and gets its rows, as far as the columns are the same. So a new table, or a new
column with a DEFAULT (or NULL), needs nothing else. What rows need beyond that is a step of the module's `upgrades`,
by the version of the tables that it leads to:

   upgrades = { [3] = { before = function(store) end, after = function(store) end } }

"before" works on the tables as they were, such as adding a column with values; "after" on those of today, and drops
the tables that are no more. The highest such version is that of the file. A file of a newer sandbox, which has a
higher version or columns that are not known here, is refused.
]]
local httpd = require "promptic.httpd"
local resources = require "promptic.sandbox.resources"

local schema = {}

-- "Prom" as SQLite's application_id, which marks a file as a sandbox's; those of version 1 have none.
local APPLICATION_ID = 0x50726f6d

-- The header of a database file (sqlite.org/fileformat2.html, 1.3): the magic text, and at these offsets
-- big-endian 32-bit integers.
local MAGIC = "SQLite format 3\0"
local HEADER_BYTES, USER_VERSION_AT, APPLICATION_ID_AT = 100, 60, 68

-- How much of a file without our mark is read: the tables of a sandbox stand at its beginning.
local MOST_PEEKED = 256 * 1024

local macros = {
   ["OF%(([%w_]+)%)"] = "TEXT NOT NULL REFERENCES %1 ON DELETE CASCADE",
   TIMES = "createdAt TEXT NOT NULL, updatedAt TEXT NOT NULL",
}

-- Calls visit(value) for each value of a list that the modules have under this key.
local function each(key, visit)
   for _, module in ipairs(resources.load().list) do
      for _, value in ipairs(module[key] or {}) do visit(value) end
   end
end

-- The name of each table and its definition.
local function definitions()
   local list = {}
   each("tables", function(definition)
      for macro, text in pairs(macros) do definition = definition:gsub(macro, text) end
      list[#list + 1] = { name = definition:match "^[%w_]+", text = definition }
   end)
   return list
end

-- The upgrades of all modules in the order of their versions, and the highest of these.
local function steps()
   local list, version = {}, 1
   for place, module in ipairs(resources.load().list) do
      for number, step in pairs(module.upgrades or {}) do
         list[#list + 1] = { version = number, place = place, step = step }
         version = math.max(version, number)
      end
   end
   table.sort(list, function(a, b)
      if a.version ~= b.version then return a.version < b.version end
      return a.place < b.place
   end)
   return list, version
end

local function newer(version, here)
   error(("a newer version of the sandbox wrote it (tables %d, here %d)"):format(version, here), 0)
end

---------------------------------------------------------------- whose file it is

-- Whether a file without our mark is a sandbox's of version 1: its tables can be read in it, or in what SQLite has not
-- yet moved there.
local function is_first(path)
   for _, name in ipairs { path, path .. "-wal" } do
      local text = httpd.peek(name, MOST_PEEKED) or ""
      if text:find("CREATE TABLE workspace (id TEXT PRIMARY KEY", 1, true)
         and text:find("CREATE TABLE component (id TEXT PRIMARY KEY, workspaceId", 1, true) then
         return true
      end
   end
   return false
end

--- Why the file is none that a sandbox may open; nil if it is one, or empty, or not there. Changes nothing.
function schema.foreign(path)
   local header, problem = httpd.peek(path, HEADER_BYTES)
   if problem then return problem end
   if header == "" then return nil end
   if header:sub(1, #MAGIC) ~= MAGIC or #header < HEADER_BYTES then return "it is no SQLite database" end
   local version, id = (">I4"):unpack(header, USER_VERSION_AT + 1), (">I4"):unpack(header, APPLICATION_ID_AT + 1)
   if id == APPLICATION_ID or id == 0 and version <= 1 and is_first(path) then return nil end
   return "another program's SQLite database"
end

---------------------------------------------------------------- upgrades

local function create(store, name, text)
   store:execute("CREATE TABLE " .. (text:gsub("^[%w_]+", name, 1)))
end

-- The columns of a table, as a set and as a list.
local function columns_of(store, name)
   local set, list = {}, {}
   for _, column in ipairs(store:all(("PRAGMA table_info(%s)"):format(name))) do
      set[column.name], list[#list + 1] = true, column.name
   end
   return set, list
end

-- Makes a table anew and moves its rows, in their order and with the numbers that its ids go on from.
local function reshape(store, table_)
   local name, new = table_.name, "new_" .. table_.name
   local _, old_columns = columns_of(store, name)
   create(store, new, table_.text)
   local known = columns_of(store, new)
   for _, column in ipairs(old_columns) do
      if not known[column] then
         error(("a newer version of the sandbox wrote it (it has %s.%s)"):format(name, column), 0)
      end
   end
   local columns = table.concat(old_columns, ", ")
   store:execute(("INSERT INTO %s (%s) SELECT %s FROM %s ORDER BY rowid"):format(new, columns, columns, name))
   local has_numbers = table_.text:find("AUTOINCREMENT", 1, true)
   local last = has_numbers and store:value("SELECT seq FROM sqlite_sequence WHERE name = ?", name)
   store:execute("DROP TABLE " .. name)
   store:execute(("ALTER TABLE %s RENAME TO %s"):format(new, name))
   if last then
      store:run("DELETE FROM sqlite_sequence WHERE name = ?", name)
      store:run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", name, last)
   end
end

-- What SQLite keeps of a definition: it quotes the name of a table that was renamed.
local function stored(store, name)
   local sql = store:value("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", name)
   return sql and sql:gsub('"', ""):gsub("^CREATE TABLE ", "")
end

local function run_steps(store, list, version, when)
   for _, entry in ipairs(list) do
      if entry.version > version and entry.step[when] then entry.step[when](store) end
   end
end

-- The tables of today, whatever was there.
local function make(store, tables, version)
   local list, current = steps()
   run_steps(store, list, version, "before")
   for _, table_ in ipairs(tables) do
      local sql = stored(store, table_.name)
      if not sql then
         create(store, table_.name, table_.text)
      elseif sql ~= table_.text then
         reshape(store, table_)
      end
   end
   run_steps(store, list, version, "after")
   local indexes = store:all "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
   for _, index in ipairs(indexes) do store:execute("DROP INDEX " .. index.name) end
   each("indexes", function(definition) store:execute("CREATE INDEX " .. definition) end)
   store:execute("PRAGMA user_version = " .. current)
   store:execute("PRAGMA application_id = " .. APPLICATION_ID)
end

-- Whether the tables are those of today.
local function is_current(store, tables)
   for _, table_ in ipairs(tables) do
      if stored(store, table_.name) ~= table_.text then return false end
   end
   return true
end

--- Sets up a connection, and makes or upgrades the tables.
function schema.prepare(store)
   -- One sandbox a file: a second one must fail at its start and not at some later request.
   store:value "PRAGMA locking_mode = EXCLUSIVE"
   local _, current = steps()
   local version, tables = store:value "PRAGMA user_version", definitions()
   if version > current then newer(version, current) end
   -- Before WAL mode, so that the mark is in the file itself whenever anything is.
   if version < current or not is_current(store, tables) then
      -- an empty file begins with the tables of today
      store:transaction(make, store, tables, version == 0 and math.huge or version)
   end
   store:value "PRAGMA journal_mode = WAL"
   store:run "PRAGMA synchronous = NORMAL"
   store:run "PRAGMA foreign_keys = ON"
end

return schema
