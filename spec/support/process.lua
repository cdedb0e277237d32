--- process.lua - runs a program to its end and gives all it said.
--
--    local result = process.run{ "lua5.4", "-e", "print(1)" }
--    result.code, result.signal, result.stdout, result.stderr
--
-- Besides the list of arguments:
--    stdin   what the program reads; nothing by default, so it never waits for the terminal
--    env     variables to set; one that is false is removed
--    cwd     folder to run it in
-- A program that a signal ended has that signal's number in `signal` and no code.
local process = {}

--- The argument as one word of a shell command line.
function process.quote(text)
   return "'" .. tostring(text):gsub("'", [['\'']]) .. "'"
end

function process.read_file(path)
   local file = assert(io.open(path, "rb"))
   local content = file:read("*a")
   file:close()
   return content
end

function process.write_file(path, content)
   local file = assert(io.open(path, "wb"))
   assert(file:write(content))
   assert(file:close())
end

--- A new empty folder; the caller removes it.
function process.folder()
   local pipe = assert(io.popen("mktemp -d"))
   local path = pipe:read("*l")
   assert(pipe:close() and path, "mktemp -d failed")
   return path
end

function process.remove(path)
   assert(os.execute("rm -rf -- " .. process.quote(path)))
end

--- A folder for all specs of the file that calls this at its top, removed after the last one, and a function(name,
-- content) that writes a file there and returns its path.
function process.shared_folder()
   local folder = process.folder()
   require("busted").teardown(function()
      process.remove(folder)
   end)
   return folder, function(name, content)
      local path = folder .. "/" .. name
      process.write_file(path, content)
      return path
   end
end

local function words(list)
   local quoted = {}
   for index, word in ipairs(list) do
      quoted[index] = process.quote(word)
   end
   return table.concat(quoted, " ")
end

-- env(1) and not assignments, because names such as LUA_INIT_5_4 are also to be removed.
local function environment(env)
   local unset, set = {}, {}
   for name, value in pairs(env or {}) do
      if value then
         set[#set + 1] = process.quote(name .. "=" .. value)
      else
         unset[#unset + 1] = "-u " .. name
      end
   end
   return ("env %s %s "):format(table.concat(unset, " "), table.concat(set, " "))
end

function process.run(command)
   local input, output, errors = os.tmpname(), os.tmpname(), os.tmpname()
   process.write_file(input, command.stdin or "")
   local enter = command.cwd and ("cd %s && "):format(process.quote(command.cwd)) or ""
   local line = ("%sexec %s%s <%s >%s 2>%s"):format(enter, environment(command.env), words(command),
      input, output, errors)
   local status, how, number = os.execute(line)
   if type(status) == "number" then -- Lua 5.1: what wait(2) gives
      how = status % 256 == 0 and "exit" or "signal"
      number = how == "exit" and status / 256 or status % 128
   end
   local result = {
      code = how == "exit" and number or nil,
      signal = how == "signal" and number or nil,
      stdout = process.read_file(output),
      stderr = process.read_file(errors),
   }
   for _, path in ipairs{ input, output, errors } do
      os.remove(path)
   end
   return result
end

return process
