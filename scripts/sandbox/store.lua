--[[
The sandbox's state: SQLite through LuaSQL, which has no bound parameters, so every statement is
written with `?` and each `?` is replaced by a quoted value here and nowhere else.

A file is opened in WAL mode with synchronous = NORMAL: what a request has answered survives a
kill -9 of the sandbox, but the last moments may be lost with the power. Good enough for a stand-in.
]]
local httpd = require "promptic.httpd"
local luasql = require "luasql.sqlite3"
local json = require "promptic.json"

local Store = {}
Store.__index = Store

-- The database is ours alone, so another process that holds it holds it for good.
local LOCK_TIMEOUT_MS = 200

local function quote_text(text)
   if text:find("\0", 1, true) then
      -- The statement ends for SQLite at the first NUL, so such a text travels as a blob.
      return "CAST(x'" .. httpd.hex(text) .. "' AS TEXT)"
   end
   return "'" .. text:gsub("'", "''") .. "'"
end

local function quote_number(number)
   if math.type(number) == "integer" then
      -- The one integer whose digits do not fit without their sign.
      return number == math.mininteger and "(-9223372036854775807 - 1)" or ("%d"):format(number)
   end
   assert(number == number and number ~= math.huge and number ~= -math.huge, "not a finite number")
   local text = ("%.17g"):format(number)
   return text:find("[.e]") and text or text .. ".0"
end

local Blob = {}

--- Bytes to be stored as they are.
function Store.blob(bytes)
   return setmetatable({ bytes = bytes }, Blob)
end

--- The SQL literal of a value: nil and promptic.json.null are NULL, booleans 1 and 0.
local function quote(value)
   if value == nil or value == json.null then return "NULL" end
   local kind = type(value)
   if getmetatable(value) == Blob then return "x'" .. httpd.hex(value.bytes) .. "'" end
   if kind == "string" then return quote_text(value) end
   if kind == "number" then return quote_number(value) end
   if kind == "boolean" then return value and "1" or "0" end
   error("no SQL form for a " .. kind)
end

--- Replaces each `?` of a statement by the quoted argument of its place.
local function fill(sql, ...)
   local arguments, place = table.pack(...), 0
   local text = sql:gsub("%?", function()
      place = place + 1
      return (quote(arguments[place]))
   end)
   assert(place == arguments.n, "as many values as question marks")
   return text
end

local function refuse(path, problem)
   local reason = tostring(problem):match "^[^\n]*":gsub("^.-LuaSQL: ", "")
   if reason:find("locked", 1, true) then reason = "another sandbox is using it" end
   error(("cannot open %s: %s"):format(path, reason), 0)
end

-- Checks whose file it is before SQLite touches it: another program's stays unchanged.
local function check_owner(path, schema)
   local problem = schema.foreign(path)
   if problem then refuse(path, problem) end
   local _, failed = httpd.make_private(path)
   if failed then refuse(path, failed) end
end

--- Opens (or makes) the database with these tables (schema.lua); raises where that fails. ":memory:" keeps nothing.
function Store.open(path, schema)
   if path ~= ":memory:" then check_owner(path, schema) end
   local environment = luasql.sqlite3()
   local connection, message = environment:connect(path, LOCK_TIMEOUT_MS)
   if not connection then refuse(path, message) end
   local store = setmetatable({ environment = environment, connection = connection }, Store)
   local opened, problem = pcall(schema.prepare, store)
   if not opened then
      store:close()
      refuse(path, problem)
   end
   return store
end

function Store:close()
   self.connection:close()
   self.environment:close()
end
Store.__close = Store.close

-- Runs a statement that is complete; returns a cursor or the number of rows it changed.
function Store:execute(sql)
   local result, message = self.connection:execute(sql)
   if not result then error(message .. "\n  in: " .. sql:sub(1, 200), 0) end
   return result
end

--- Runs a statement that returns no rows; returns how many it has changed, as far as it changes any.
function Store:run(sql, ...)
   local result = self:execute(fill(sql, ...))
   if type(result) == "number" then return math.tointeger(result) end
   result:close()
   return nil
end

-- The next row by column name, or nil. LuaSQL 2.8.1 returns for the first fetch from an empty result an
-- empty table instead of nil; no row of ours is NULL in every column.
local function fetch(cursor)
   local row = cursor:fetch({}, "a")
   return row and next(row) ~= nil and row or nil
end

--- The first row as a table by column name, or nil.
function Store:one(sql, ...)
   local cursor = self:execute(fill(sql, ...))
   local row = fetch(cursor)
   cursor:close() -- closing twice does nothing, and the end of the rows has closed it
   return row
end

--- The first column of the first row, or nil.
function Store:value(sql, ...)
   local cursor = self:execute(fill(sql, ...))
   local value = cursor:fetch()
   cursor:close()
   return value
end

--- All rows, or what `map` makes of each.
function Store:all(sql, map, ...)
   local cursor = self:execute(fill(sql, ...))
   local rows = {}
   local row = fetch(cursor)
   while row do
      rows[#rows + 1] = map and map(row) or row
      row = fetch(cursor)
   end
   cursor:close()
   return rows
end

--- Inserts many rows, each a list of `width` values (nil allowed), and returns the first row's id.
-- Only for tables whose id counts up: the others of the same call follow without a gap, because
-- nobody else writes meanwhile.
local ROWS_A_STATEMENT = 200

function Store:insert_many(into, width, rows)
   for first = 1, #rows, ROWS_A_STATEMENT do
      local tuples = {}
      for i = first, math.min(#rows, first + ROWS_A_STATEMENT - 1) do
         local row, values = rows[i], {}
         for column = 1, width do values[column] = quote(row[column]) end
         tuples[#tuples + 1] = "(" .. table.concat(values, ",") .. ")"
      end
      self:execute("INSERT INTO " .. into .. " VALUES " .. table.concat(tuples, ","))
   end
   return self:value("SELECT last_insert_rowid()") - #rows + 1
end

-- Errors of ours are tables and known; anything else is a fault worth a traceback.
local function with_traceback(problem)
   return type(problem) == "string" and debug.traceback(problem, 2) or problem
end

local function finish(store, ...)
   store:run "COMMIT"
   return ...
end

--- Calls f(...) so that all it writes stays or, where it raises, nothing does.
function Store:transaction(f, ...)
   self:run "BEGIN IMMEDIATE"
   local results = table.pack(xpcall(function(...) return finish(self, f(...)) end, with_traceback, ...))
   if results[1] then return table.unpack(results, 2, results.n) end
   -- a COMMIT that failed for want of space has ended the transaction already, or has not
   pcall(self.run, self, "ROLLBACK")
   error(results[2], 0)
end

-- SQLite's messages when the disk, not the statement, is at fault.
local disk_errors = { "database or disk is full", "disk I/O error", "unable to open database file" }

--- Whether an error came from the disk: the same work may succeed later.
function Store.is_disk_error(problem)
   for _, text in ipairs(disk_errors) do
      if tostring(problem):find(text, 1, true) then return true end
   end
   return false
end

return Store
