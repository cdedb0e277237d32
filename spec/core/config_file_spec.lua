--- promptic.auth.save, which changes the configuration file: what it leaves alone, what it refuses, how the
--- file is replaced. And that other readers of TOML, such as the Python package's, read what it writes.
-- Tags: luas slow
local promptic = require "promptic"
local clients = require "spec.support.clients"
local shared = require "spec.support.config_file"
local process = require "spec.support.process"

local folder, file

before_each(function()
   folder = process.folder()
   file = folder .. "/config.toml"
end)

after_each(function()
   process.remove(folder)
end)

local mode, names, output = shared.mode, shared.names, shared.output

local function save(changes)
   return shared.save(file, changes)
end

-- ------------------------------------------------------------------- text

local KEPT = '# mine\nname = "x" # a name\n\n[table]\napi_key = "of the table"\n'

-- { title, before (nil: no file), changes, after }
local CHANGES = {
   { "makes a file", nil, { api_key = "k" }, 'api_key = "k"\n' },
   { "makes no file to remove something from it", nil, { api_key = false }, nil },
   { "writes all keys in one order", "",
      { endpoint = "https://e.example", workspace_id = "w", access_token = "t", api_key = "k" },
      'api_key = "k"\naccess_token = "t"\nworkspace_id = "w"\nendpoint = "https://e.example"\n' },
   { "changes a value in its place", 'a = 1\napi_key = "old"\nb = 2\n', { api_key = "new" },
      'a = 1\napi_key = "new"\nb = 2\n' },
   { "keeps the layout of a line", '  "api_key"\t=   \'old\'   # mine\n', { api_key = "new" },
      '  "api_key"\t=   "new"   # mine\n' },
   { "changes a value of several lines", 'api_key = """\nold"""\nb = 2\n', { api_key = "new" },
      'api_key = "new"\nb = 2\n' },
   { "changes a value that is no string", "api_key = [1,\n 2]\nb = 2\n", { api_key = "new" },
      'api_key = "new"\nb = 2\n' },
   { "escapes a value", "", { api_key = [[a"b\c'é]] }, 'api_key = "a\\"b\\\\c\'é"\n' },
   { "removes a line", 'a = 1\napi_key = "old"\nb = 2\n', { api_key = false }, "a = 1\nb = 2\n" },
   { "removes the only line", 'api_key = "old"', { api_key = false }, "" },
   { "removes a value of several lines", "a = 1\napi_key = '''\nx\n'''\nb = 2\n", { api_key = false },
      "a = 1\nb = 2\n" },
   { "keeps the comment of a line that it removes", 'api_key = "old" # why\nb = 2\n', { api_key = false },
      "# why\nb = 2\n" },
   { "adds a key behind the last one", 'a = 1 # one\n\n# two\n[t]\nb = 2\n', { api_key = "k" },
      'a = 1 # one\napi_key = "k"\n\n# two\n[t]\nb = 2\n' },
   { "adds a key before the first table and what is said of it", "# all\n\n# of t\n# more\n[t]\nb = 2\n",
      { api_key = "k" }, '# all\n\napi_key = "k"\n\n# of t\n# more\n[t]\nb = 2\n' },
   { "adds a key before a table of tables", "[[t]]\nb = 2\n", { api_key = "k" },
      'api_key = "k"\n\n[[t]]\nb = 2\n' },
   { "adds a key to comments alone", "# all", { api_key = "k" }, '# all\napi_key = "k"\n' },
   { "ends a last line that has no end", "a = 1", { api_key = "k" }, 'a = 1\napi_key = "k"\n' },
   { "keeps the line ends of DOS", "a = 1\r\nb = 2\r\n", { api_key = "k" },
      'a = 1\r\nb = 2\r\napi_key = "k"\r\n' },
   { "removes a line of DOS", 'a = 1\r\napi_key = "old"\r\nb = 2\r\n', { api_key = false },
      "a = 1\r\nb = 2\r\n" },
   { "keeps a byte order mark", '\239\187\191api_key = "old"\n',
      { api_key = false, endpoint = "http://localhost" },
      '\239\187\191endpoint = "http://localhost"\n' },
   { "adds a key behind a byte order mark", "\239\187\191[t]\n", { api_key = "k" },
      '\239\187\191api_key = "k"\n\n[t]\n' },
   { "takes the newer name for the older one", 'access_token = "t"\nworkspace_id = "w" # mine\n',
      { ai_application_id = "a" }, 'access_token = "t"\n# mine\nai_application_id = "a"\n' },
   { "takes the older name for the newer one", 'ai_application_id = "a"\nx = 1\n', { workspace_id = "w" },
      'x = 1\nworkspace_id = "w"\n' },
   { "removes both", 'ai_application_id = "a"\nworkspace_id = "w"\n',
      { ai_application_id = false, workspace_id = false }, "" },
   { "leaves the keys of tables alone", KEPT, { api_key = false, workspace_id = false }, KEPT },
   { "does several things at once", 'access_token = "t"\nx = 1\nworkspace_id = "w"\napi_key = "k"\n[t]\n',
      { access_token = false, workspace_id = "v", endpoint = "https://e.example" },
      'x = 1\nworkspace_id = "v"\napi_key = "k"\nendpoint = "https://e.example"\n[t]\n' },
   { "replaces the last key by another one", 'x = 1\napi_key = "k" # it\n[t]\n',
      { api_key = false, access_token = "t" }, 'x = 1\n# it\naccess_token = "t"\n[t]\n' },
}

describe("saving", function()
   for _, case in ipairs(CHANGES) do
      local title, before, changes, after = table.unpack(case, 1, 4)
      it(title, function()
         if before then
            process.write_file(file, before)
         end
         save(changes)
         if after then
            assert.equal(after, process.read_file(file))
         else
            assert.equal("", names(folder))
         end
         -- what is written says the same when it is written again
         save(changes)
         assert.equal(after, after and process.read_file(file))
      end)
   end
end)

-- { title, before, changes, words of the message }
local REFUSED = {
   { "what is no TOML", "api_key = unquoted\n", { api_key = "k" }, { "config.toml:1", "quotes" } },
   { "a key given twice", 'api_key = "a"\nx = 1\napi_key = "b"\n', { api_key = "k" },
      { "config.toml:3", "api_key is given twice" } },
   { "a table of a key's name", "x = 1\n[api_key]\n", { api_key = "k" }, { "config.toml:2", "api_key" } },
   { "a dotted key of a key's name", "endpoint.x = 1\n", { api_key = "k" }, { "config.toml:1", "endpoint" } },
   { "a file that is too long", ("# long\n"):rep(10000), { api_key = "k" }, { "64 KiB" } },
   { "an endpoint that is none", "", { endpoint = "ftp://e.example" }, { "endpoint", "https://" } },
}

-- { title, changes, words }
local BAD_VALUES = {
   { "a line break", { api_key = "a\nb" }, { "api_key", "control character" } },
   { "a tab", { api_key = "a\tb" }, { "api_key", "control character" } },
   { "a DEL", { access_token = "a\127" }, { "access_token", "control character" } },
   { "a NUL", { api_key = "a\0b" }, { "api_key", "NUL" } },
   { "what is not UTF-8", { api_key = "a\255" }, { "api_key", "UTF-8" } },
   { "nothing", { api_key = "" }, { "api_key", "empty" } },
   { "a space at the end", { api_key = "k " }, { "api_key", "space" } },
   { "true", { api_key = true }, { "api_key", "string or false expected" } },
   { "two names of one thing", { workspace_id = "w", ai_application_id = "a" }, { "two names of one id" } },
   { "a number", { workspace_id = 7 }, { "workspace_id", "string or false expected" } },
   { "a key that is none", { apikey = "k" }, { "apikey", "api_key" } },
}

describe("saving refuses", function()
   for _, case in ipairs(REFUSED) do
      local title, before, changes, words = table.unpack(case, 1, 4)
      it(title .. ", and changes nothing", function()
         process.write_file(file, before)
         local problem = clients.failure(save, changes)
         assert.equal("config", problem.kind)
         for _, word in ipairs(words) do
            assert.matches(word, problem.message, 1, true)
         end
         assert.equal(before, process.read_file(file))
         assert.equal("config.toml\n", names(folder))
      end)
   end

   for _, case in ipairs(BAD_VALUES) do
      it(case[1] .. " as a value", function()
         clients.refused(function() save(case[2]) end, table.unpack(case[3]))
         assert.equal("", names(folder))
      end)
   end
end)

-- ------------------------------------------------------------------- file

describe("the file", function()
   it("is its owner's alone, and so is a folder that is made for it", function()
      local inner = folder .. "/new"
      promptic.auth.save{ api_key = "k", config_file = inner .. "/config.toml" }
      assert.equal("700", mode(inner))
      assert.equal("600", mode(inner .. "/config.toml"))
      assert.equal("config.toml\n", names(inner))
   end)

   it("stays as strict as it was", function()
      process.write_file(file, "")
      assert(os.execute("chmod 400 " .. file))
      save{ api_key = "k" }
      assert.equal("400", mode(file))
   end)

   it("loses what others could do with it", function()
      process.write_file(file, 'api_key = "k"\n')
      assert(os.execute("chmod 664 " .. file))
      assert.is_true(promptic.auth.status{ config_file = file }.is_shared)
      save{ api_key = "k" }
      assert.equal("600", mode(file))
      assert.is_false(promptic.auth.status{ config_file = file }.is_shared)
   end)

   it("is replaced where a link leads to it", function()
      assert(os.execute(("mkdir %s/real && chmod 750 %s/real"):format(folder, folder)))
      process.write_file(folder .. "/real/c.toml", "x = 1\n")
      assert(os.execute(("ln -s real/c.toml %s/between && ln -s between %s"):format(folder, file)))
      save{ api_key = "k" }
      assert.equal("between", output("readlink " .. file):match("%S+"))
      assert.equal('x = 1\napi_key = "k"\n', process.read_file(folder .. "/real/c.toml"))
      assert.equal("c.toml\n", names(folder .. "/real"))
      assert.equal("750", mode(folder .. "/real"))
   end)

   it("is made where a link leads to nothing yet", function()
      assert(os.execute(("mkdir %s/real && ln -s %s/real/c.toml %s"):format(folder, folder, file)))
      save{ api_key = "k" }
      assert.equal('api_key = "k"\n', process.read_file(folder .. "/real/c.toml"))
   end)

   it("is not looked for along links without end", function()
      assert(os.execute(("ln -s config.toml %s"):format(file)))
      assert.equal("config", clients.failure(save, { api_key = "k" }).kind)
   end)

   it("is no pipe, which would be waited for, and no folder", function()
      assert(os.execute("mkfifo " .. file))
      assert.matches("is not a regular file", clients.failure(save, { api_key = "k" }).message, 1, true)
      os.remove(file)
      assert(os.execute("mkdir " .. file))
      assert.matches("is not a regular file", clients.failure(save, { api_key = "k" }).message, 1, true)
   end)

   it("is a new one each time, so that no reader sees half of it", function()
      process.write_file(file, 'api_key = "old"\n')
      local reader = assert(io.open(file))
      save{ api_key = "new" }
      assert.equal('api_key = "old"\n', reader:read("*a"))
      reader:close()
   end)

   it("is not touched where nothing changes", function()
      save{ api_key = "k" }
      local before = output("stat -c %i " .. file)
      save{ api_key = "k", endpoint = false }
      assert.equal(before, output("stat -c %i " .. file))
   end)

   -- What saving another key says, in a process of its own that `prefix`, a shell's words, holds back.
   local function save_hindered(prefix)
      local program = folder .. "-program.lua"
      process.write_file(program, ([[
         package.path, package.cpath = %q, %q
         local promptic = require "promptic"
         print(pcall(promptic.auth.save, { api_key = "new", config_file = %q }))
      ]]):format(package.path, package.cpath, file))
      local lua = os.getenv("PROMPTIC_LUA") or "lua5.4"
      local said = output(("%s %s %s 2>&1"):format(prefix, process.quote(lua), program))
      os.remove(program)
      return said
   end

   -- The limit stops the write itself, also that of root, whom no mode stops.
   it("stays as it is where the new one cannot be written", function()
      process.write_file(file, 'api_key = "old"\n')
      local said = save_hindered("trap '' XFSZ; ulimit -f 0;")
      assert.matches("false", said, 1, true)
      assert.matches("cannot be written", said, 1, true)
      assert.equal('api_key = "old"\n', process.read_file(file))
      assert.equal("config.toml\n", names(folder))
   end)

   -- Containers have files that are mounts of their own: nothing can be renamed to them.
   it("is written in place where it is a mount", function()
      if output("unshare -rm echo yes 2>&1") ~= "yes\n" then return pending("needs a mount namespace") end
      local source, mount = folder .. "/source", "mount --bind source config.toml"
      local read_only = 'mount --bind . . && cd "$PWD" && ' .. mount .. ' && mount -o remount,ro,bind "$PWD"'
      for _, setup in ipairs{ mount, read_only } do
         process.write_file(source, "api_key = 'older than old' # mine\n")
         process.write_file(file, "")
         assert(os.execute("chmod 640 " .. source))
         local said = save_hindered(("cd %s; unshare -rm sh -c '%s && exec \"$@\"' sh"):format(folder, setup))
         assert.matches("^true", said)
         assert.equal('api_key = "new" # mine\n', process.read_file(source))
         assert.equal("600", mode(source))
         assert.equal("config.toml\nsource\n", names(folder))
      end
   end)

   it("takes away what a killed writer left behind, and nothing else", function()
      local kept = { ".config.toml.backup", ".config.toml.a.B3c4", ".config.toml.aB3c4d5", ".other.toml.aB3c4d" }
      local left = { ".config.toml.aB3c4d", ".config.toml.XXXXXX" }
      for _, list in ipairs{ kept, left } do
         for _, name in ipairs(list) do
            process.write_file(folder .. "/" .. name, "api_key = 'very secret'")
            assert(os.execute("chmod 600 " .. folder .. "/" .. name))
         end
      end
      kept[#kept + 1] = ".config.toml.sHared" -- readable for others: no draft is
      process.write_file(folder .. "/.config.toml.sHared", "")
      assert(os.execute("chmod 644 " .. folder .. "/.config.toml.sHared"))
      assert(os.execute(("cd %s && ln -s config.toml .config.toml.LINKED && mkdir .config.toml.FOLDER"):format(folder)))
      save{ api_key = "k" }
      local found = " " .. names(folder):gsub("\n", " ")
      for _, name in ipairs(kept) do
         assert.matches(" " .. name .. " ", found, 1, true)
      end
      for _, name in ipairs(left) do
         assert.is_nil(found:find(" " .. name .. " ", 1, true), name)
      end
      assert.matches("LINKED", found)
      assert.matches("FOLDER", found)
   end)

   -- At 25 moments: whatever is left behind, the next writer finds the file whole and removes the rest.
   it("is whole after kill -9, and what that leaves behind goes", function()
      local program = folder .. "-killed.lua"
      process.write_file(program, ([[
         package.path, package.cpath = %q, %q
         local promptic = require "promptic"
         io.stdout:write("ready\n")
         io.stdout:flush()
         local number = 0
         while true do
            number = number + 1
            promptic.auth.save{ api_key = "very secret " .. number, config_file = %q }
         end
      ]]):format(package.path, package.cpath, file))
      local lua = process.quote(os.getenv("PROMPTIC_LUA") or "lua5.4")
      for number = 1, 25 do
         -- the shell counts while it is being killed, so each time dies at another moment
         assert.equal("", output(([[
            %s %s >%s-out & pid=$!
            until grep -q ready %s-out; do :; done
            i=0; while [ $i -lt %d ]; do i=$((i + 1)); done
            kill -9 $pid; wait $pid 2>/dev/null]]):format(lua, program, folder, folder, number * 90)))
         if process.run{ "test", "-e", file }.code == 0 then
            assert.matches('^api_key = "very secret %d+"\n$', process.read_file(file))
         end
      end
      os.remove(program)
      os.remove(folder .. "-out")
      save{ api_key = "last" }
      assert.equal("config.toml\n", names(folder))
   end)

   it("stays as it is in a folder that cannot be written to", function()
      local prefix = ""
      if output("id -u"):match("^0") then
         prefix = "setpriv --inh-caps=-all --bounding-set=-all" -- root without what lets it pass over modes
         if not os.execute(prefix .. " true 2>/dev/null") then
            return pending("root can write to any folder")
         end
      end
      process.write_file(file, 'api_key = "old"\n')
      assert(os.execute("chmod 500 " .. folder))
      local said = save_hindered(prefix)
      assert(os.execute("chmod 700 " .. folder))
      assert.matches("permission denied", said:lower(), 1, true)
      assert.equal('api_key = "old"\n', process.read_file(file))
   end)
end)

-- -------------------------------------------------------------- two writers

-- A script that another process runs with promptic, at `program`.
local function write_program(program, script)
   process.write_file(program, ("package.path, package.cpath = %q, %q\nlocal promptic = require 'promptic'\n"):format(
      package.path, package.cpath) .. script)
   return ("%s %s"):format(process.quote(os.getenv("PROMPTIC_LUA") or "lua5.4"), process.quote(program))
end

describe("several writers at one time", function()
   it("lose nothing of each other's", function()
      local writer = write_program(folder .. "/writer.lua",
         "promptic.auth.save{ [arg[1]] = arg[2], config_file = arg[3] }\n")
      for round = 1, 10 do
         local commands = {}
         for _, key in ipairs{ "api_key", "access_token", "workspace_id", "endpoint" } do
            commands[#commands + 1] = ("%s %s https://%s-%d %s &"):format(writer, key, key, round, file)
         end
         assert.equal("", output(table.concat(commands, " ") .. " wait 2>&1"))
         for _, key in ipairs{ "api_key", "access_token", "workspace_id", "endpoint" } do
            assert.matches(("%s = \"https://%s-%d\""):format(key, key, round), process.read_file(file), 1, true)
         end
         os.remove(file)
      end
      assert.equal("600", mode(file .. ".lock"))
   end)

   it("wait for each other for a while, and then say so", function()
      if not os.execute("command -v flock >/dev/null") then
         return pending("there is no flock")
      end
      process.write_file(file, 'api_key = "old"\n')
      local hold = ("flock %s.lock sh -c 'echo held; cat >/dev/null'"):format(file)
      assert(os.execute(("mkfifo %s/in %s/out"):format(folder, folder)))
      assert(os.execute(("%s <%s/in >%s/out 2>&1 &"):format(hold, folder, folder)))
      local holder, held = assert(io.open(folder .. "/in", "w")), assert(io.open(folder .. "/out"))
      assert.equal("held", held:read("*l"))
      local problem = clients.failure(save, { api_key = "new" })
      assert.equal("config", problem.kind)
      assert.matches("cannot be written: another program holds its lock", problem.message, 1, true)
      assert.equal('api_key = "old"\n', process.read_file(file))
      holder:close()
      held:read("*a") -- until it has let go
      held:close()
      save{ api_key = "new" }
   end)
end)

-- ------------------------------------------------------------------- status

describe("the status", function()
   it("tells of a file that is wrong, and of the rest all the same", function()
      process.write_file(file, "api_key = unquoted\n")
      local status = promptic.auth.status{ config_file = file }
      assert.matches("config.toml:1", status.problem, 1, true)
      assert.is_true(status.exists)
      assert.equal(file, status.config_file)
   end)

   it("never holds a secret", function()
      save{ api_key = "pk-very-secret", access_token = "session-very-secret", workspace_id = "w" }
      local status = promptic.auth.status{ config_file = file }
      for _, value in pairs(status) do
         assert.not_matches("very", tostring(value), 1, true)
      end
      assert.same({ "file", "access_token", "w" }, { status.source, status.credential, status.workspace_id })
   end)

   it("takes a file that is not there for none", function()
      local status = promptic.auth.status{ config_file = file }
      assert.same({ "none", "none", false }, { status.source, status.credential, status.exists })
      assert.is_nil(status.problem)
   end)
end)

-- ------------------------------------------------------------------- Python

-- A TOML reader that is not ours: Python's own from 3.11 on.
local function python(program, ...)
   local result = process.run{ "python3", "-c", "import sys, tomllib\n" .. program, ... }
   return result.code == 0 and result.stdout or nil, result
end

describe("the Python package", function()
   local has_python = python("") ~= nil

   local function with_python(title, f)
      it(title, function()
         if not has_python then
            return pending("no Python 3.11")
         end
         f()
      end)
   end

   with_python("reads every file that is written here", function()
      local files, expected = {}, {}
      for number, case in ipairs(CHANGES) do
         local before, changes, after = case[2], case[3], case[4]
         -- Python's reader takes no byte order mark, and nobody has one here who had none before
         if after and not after:find("^\239\187\191") then
            file = ("%s/%d.toml"):format(folder, number)
            process.write_file(file, before or "")
            save(changes)
            files[#files + 1] = file
            for key, value in pairs(changes) do
               expected[#expected + 1] = ("%s %s=%s\n"):format(file, key, value or "")
            end
         end
      end
      local said, result = python([[
for name in sys.argv[1:]:
    data = tomllib.load(open(name, "rb"))
    for key in ("api_key", "access_token", "ai_application_id", "workspace_id", "endpoint"):
        print(f"{name} {key}={data.get(key, '')}")
]], table.unpack(files))
      assert(said, result.stderr)
      for _, line in ipairs(expected) do
         assert.matches(line, said, 1, true)
      end
   end)

   with_python("writes files that are read here", function()
      assert(python([[
values = {"api_key": "pk-1234", "endpoint": "http://127.0.0.1:1"}
with open(sys.argv[1], "w") as file:
    for key, value in values.items():
        file.write(f'{key} = "{value}"\n')
]], file))
      local status = promptic.auth.status{ config_file = file }
      assert.same({ "api_key", "http://127.0.0.1:1" }, { status.credential, status.endpoint })
   end)
end)
