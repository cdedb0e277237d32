--[[
What was typed, from one session to the next: ~/.promptic/history, which only its owner can read.

A statement is a line of the file; those of more lines continue behind a tab. Statements that may hold a
credential are never kept, not even for the arrow keys.
]]
local secrets = require "promptic.repl.secrets"
local _ENV = require "promptic.repl.globals"

local history = {}
history.__index = history

local MOST = 1000          -- statements that are kept
local MOST_BYTES = 64 * 1024 -- of one; somebody has pasted a file

local function encode(statement)
   return (statement:gsub("\n", "\n\t")) .. "\n"
end

local function decode(text)
   local statements = {}
   for line in text:gmatch "([^\n]*)\n" do
      if line:sub(1, 1) == "\t" and #statements > 0 then
         statements[#statements] = statements[#statements] .. "\n" .. line:sub(2)
      elseif line ~= "" then
         statements[#statements + 1] = line
      end
   end
   return statements
end

-- Each statement once, where it was typed last, and of all the newest.
local function collapse(statements, most)
   local seen, kept = {}, {}
   for index = #statements, 1, -1 do
      local statement = statements[index]
      if not seen[statement] and #kept < most then
         seen[statement] = true
         table.insert(kept, statement)
      end
   end
   for index = 1, #kept // 2 do
      kept[index], kept[#kept - index + 1] = kept[#kept - index + 1], kept[index]
   end
   return kept
end

local function read(path)
   local file = io.open(path, "rb")
   local text = file and file:read "a" or ""
   if file then file:close() end
   return text
end

local function write(self, text)
   if not self.made then
      self.made = true
      self.host.make_folder(self.folder)
   end
   local function append() self.host.append(self.path, text) end
   if not self.host.with_lock(self.folder, append) then append() end
end

--- host: what interpreter_session.c gives. Without a folder nothing outlives the session.
function history.open(host, folder)
   local self = setmetatable({ host = host, folder = folder, statements = {} }, history)
   if folder then
      self.path = folder .. "/history"
      self:compact()
   end
   host.set_history(self.statements)
   return self
end

--- Keeps a statement, unless it is blank or may hold a secret.
function history:add(statement)
   statement = statement:gsub("^%s+", ""):gsub("%s+$", "")
   if statement == "" or #statement > MOST_BYTES or statement:find "[\0\r]" then return end
   if secrets.has(statement, secrets.known(self.folder)) then return end
   local is_repeated = self.statements[#self.statements] == statement
   self.statements[#self.statements + 1] = statement
   self.statements = collapse(self.statements, MOST)
   self.host.set_history(self.statements)
   if self.path and not is_repeated then write(self, encode(statement)) end
end

--- Takes the lines that other sessions have added, and drops duplicates and old lines from the file.
function history:compact()
   if not self.path then return end
   self.statements = collapse(decode(read(self.path)), MOST) -- where another session has the lock
   self.host.with_lock(self.folder, function()
      local text = read(self.path)
      self.statements = collapse(decode(text), MOST)
      local lines = {}
      for index, statement in ipairs(self.statements) do lines[index] = encode(statement) end
      local wanted = table.concat(lines)
      if wanted ~= text then self.host.replace(self.path, wanted) end
   end)
end

return history
