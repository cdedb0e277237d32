--- A configuration file in which others have a say: by its owner, its permissions, its folder, a link.
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

describe("a file that others have a say in", function()
   local function client()
      return promptic.client{ config_file = file }
   end

   local function is_root()
      return output("id -u"):match("^0") ~= nil
   end

   it("is refused where anybody can change it", function()
      process.write_file(file, 'api_key = "k"\n')
      assert(os.execute("chmod 602 " .. file))
      for _, f in ipairs{ client, function() save{ api_key = "n" } end } do
         local problem = clients.failure(f)
         assert.equal("config", problem.kind)
         assert.matches("anybody can change it", problem.message, 1, true)
      end
      assert.matches("anybody can change it", promptic.auth.status{ config_file = file }.problem, 1, true)
      assert.equal('api_key = "k"\n', process.read_file(file))
   end)

   it("is read where only its group can change it, which the status tells", function()
      process.write_file(file, 'api_key = "k"\n')
      assert(os.execute("chmod 660 " .. file))
      client():close()
      assert.is_true(promptic.auth.status{ config_file = file }.is_shared)
      save{ workspace_id = "w" }
      assert.equal("600", mode(file))
   end)

   it("is refused where it belongs to a third user", function()
      process.write_file(file, 'api_key = "k"\n')
      if not is_root() then
         return pending("only root can give a file away")
      end
      assert(os.execute("chown 12345 " .. file))
      assert.matches("it belongs to another user", clients.failure(client).message, 1, true)
      assert.matches("it belongs to another user", clients.failure(save, { api_key = "n" }).message, 1, true)
   end)

   it("is refused where anybody can exchange it", function()
      local inner = folder .. "/inner"
      file = inner .. "/config.toml"
      assert(os.execute("mkdir " .. inner))
      process.write_file(file, 'api_key = "k"\n')
      client():close()
      assert(os.execute("chmod 777 " .. inner))
      for _, f in ipairs{ client, function() save{ api_key = "n" } end } do
         assert.matches("anybody can change its folder", clients.failure(f).message, 1, true)
      end
      local link = folder .. "/link.toml"
      assert(os.execute(("ln -s inner/config.toml %s"):format(link)))
      assert.matches("anybody can change its folder",
         clients.failure(promptic.client, { config_file = link }).message, 1, true)
      os.remove(file)
      assert.matches("anybody can change its folder",
         clients.failure(function() save{ api_key = "n" } end).message, 1, true)
      assert.equal("", names(inner))
      assert(os.execute("chmod 1777 " .. inner)) -- as /tmp is: nobody can exchange the file of another
      save{ api_key = "n" }
      client():close()
      if is_root() then
         assert(os.execute("chmod 755 " .. inner .. " && chown 12345 " .. inner))
         assert.matches("its folder belongs to another user", clients.failure(client).message, 1, true)
      end
   end)

   it("is read by another user where it is root's", function()
      if not is_root() or not os.execute("setpriv --reuid 12345 --clear-groups true 2>/dev/null") then
         return pending("only root can become another user")
      end
      process.write_file(file, 'api_key = "k"\n')
      assert(os.execute(("chmod 755 %s && chmod 644 %s"):format(folder, file)))
      local program = folder .. "/program.lua"
      process.write_file(program, ([[
         package.path, package.cpath = %q, %q
         print(require("promptic").auth.status{ config_file = %q }.credential)
      ]]):format(package.path, package.cpath, file))
      local lua = process.quote(os.getenv("PROMPTIC_LUA") or "lua5.4")
      if output("setpriv --reuid 12345 --clear-groups " .. lua .. " -v 2>&1"):find("ermission denied", 1, true) then
         return pending("that user cannot run " .. lua)
      end
      assert.equal("api_key\n", output(("setpriv --reuid 12345 --clear-groups %s %s 2>&1"):format(lua, program)))
   end)

   it("has 64 KiB at most", function()
      local head = 'api_key = "k"\n#'
      process.write_file(file, head .. ("x"):rep(65536 - #head))
      client():close()
      process.write_file(file, head .. ("x"):rep(65537 - #head))
      assert.matches("larger than 64 KiB", clients.failure(client).message, 1, true)
   end)

   it("is not locked through a link", function()
      assert(os.execute(("ln -s victim %s.lock"):format(file)))
      assert.equal("config", clients.failure(save, { api_key = "k" }).kind)
      assert.equal("config.toml.lock\n", output("ls -A " .. folder))
   end)

   it("is not waited for where it is a pipe", function()
      assert(os.execute("mkfifo " .. file))
      assert.matches("not a regular file", clients.failure(client).message, 1, true)
   end)

   it("is refused with its line for a key that is given twice, or holds a NUL", function()
      for text, problem in pairs{
         ['api_key = "a"\napi_key = "a"\n'] = ":2: api_key is given twice",
         ['\napi_key = "a\\u0000b"\n'] = ":2: api_key holds a control character",
      } do
         process.write_file(file, text)
         assert.matches(file .. problem, clients.failure(client).message, 1, true)
      end
   end)

   it("has to be there where it is named", function()
      assert.matches(file .. " cannot be read: no such file", clients.failure(client).message, 1, true)
   end)

   it("gives the application of a session token from elsewhere", function()
      process.write_file(file, 'ai_application_id = "a"\n')
      local own = promptic.client{
         config_file = file, access_token = "t", endpoint = "http://127.0.0.1:1", max_retries = 0,
      }
      assert.equal("connection", clients.failure(own.list_components, own).kind) -- auth if it had none
      own:close()
   end)

   it("gives values without the white space around them", function()
      process.write_file(file, 'endpoint = " http://127.0.0.1:1/prefix \\t"\napi_key = "\\t k "\n')
      local status = promptic.auth.status{ config_file = file }
      assert.same({ "http://127.0.0.1:1/prefix", "api_key" }, { status.endpoint, status.credential })
   end)

   it("may be /dev/null, which holds nothing", function()
      assert.equal("auth", clients.failure(promptic.client, { config_file = "/dev/null" }).kind)
   end)
end)
