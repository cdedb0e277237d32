--- promptic.write_file and download_artifact: what becomes of a file that is there already, of links, FIFOs and
-- devices, and of everybody else's files.
-- Tags: luas
local promptic = require "promptic"
local clients = require "spec.support.clients"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local TEXT = "new \0\r\n\27 content"
local LARGE = ("x"):rep(1000000) -- more than a pipe holds

local folder, path, platform, client

setup(function()
   platform = scripted.start()
   platform:always{ body = TEXT }
   client = clients.open(platform.url)
end)

teardown(function()
   client:close()
   platform:stop()
end)

before_each(function()
   folder = process.folder()
   path = folder .. "/file"
end)

after_each(function()
   process.remove(folder)
end)

local function output(command)
   local pipe = assert(io.popen("cd " .. process.quote(folder) .. " && " .. command))
   local text = pipe:read("*a")
   pipe:close()
   return text
end

local function names()
   return (output("ls -A"):gsub("\n", " "):gsub(" $", ""))
end

local is_root = os.execute("test $(id -u) = 0")
is_root = is_root == 0 or is_root == true -- 5.1 gives a number

-- Both ways to the writer: each takes a path, writes TEXT there and returns how many bytes that was.
local WRITERS = {
   write_file = function(target, text) return promptic.write_file(target, text or TEXT) end,
   download_artifact = function(target) return client:download_artifact("a1", target) end,
}

for name, write in pairs(WRITERS) do
   describe(name, function()
      it("makes a file as readable as the umask says, and nothing beside it", function()
         output("touch other")
         assert.equal(#TEXT, write(path))
         assert.equal(TEXT, process.read_file(path))
         assert.equal(output("stat -c %a other"), output("stat -c %a file"))
         assert.equal("file other", names())
      end)

      it("keeps the permissions of a file, and no new file is seen with others", function()
         for _, mode in ipairs{ "600", "640", "606" } do
            process.write_file(path, "old")
            output("chmod " .. mode .. " file")
            write(path)
            assert.equal(mode .. "\n", output("stat -c %a file"))
         end
      end)

      it("keeps owner and group", function()
         if not is_root then return pending("only root can give a file away") end
         process.write_file(path, "old")
         output("chown 12345:23456 file && chmod 640 file")
         write(path)
         assert.equal("12345 23456 640\n", output("stat -c '%u %g %a' file"))
         assert.equal(TEXT, process.read_file(path))
      end)

      it("replaces a file as a whole: who has it open goes on reading the old one", function()
         process.write_file(path, "old")
         local reader = assert(io.open(path, "rb"))
         write(path)
         assert.equal("old", reader:read("*a"))
         reader:close()
      end)

      it("writes a file of several names in place", function()
         process.write_file(path, "old and longer than the new content is")
         output("ln file second")
         write(path)
         assert.equal(TEXT, process.read_file(folder .. "/second"))
         assert.equal("file second", names())
      end)

      it("writes through a link and leaves it", function()
         process.write_file(path, "old and longer than the new content is")
         output("chmod 600 file && ln -s file link")
         write(folder .. "/link")
         assert.equal(TEXT, process.read_file(path))
         assert.equal("file\n600\n", output("readlink link; stat -c %a file"))
         assert.equal("file link", names())
      end)

      it("makes the file that a link names", function()
         output("ln -s file link")
         write(folder .. "/link")
         assert.equal(TEXT, process.read_file(path))
         assert.equal("file\n", output("readlink link"))
      end)

      it("follows only links that the kernel follows", function()
         if not is_root then return pending("needs a file of another user") end
         process.write_file(path, "victim's")
         output("mkdir -m 1777 shared && ln -s ../file shared/link && chown -h 12345 shared/link && chown 12345 shared")
         local shared = folder .. "/shared"
         local file = io.open("/proc/sys/fs/protected_symlinks")
         local protects = file and file:read("*n") == 1
         if file then file:close() end
         output("chown 0 shared")
         if not protects or os.execute("test -r " .. shared .. "/link") == 0
            or os.execute("test -r " .. shared .. "/link") == true then
            return pending("fs.protected_symlinks is off")
         end
         assert.is_false((pcall(write, shared .. "/link")))
         assert.equal("victim's", process.read_file(path))
         assert.equal("../file\n", output("readlink shared/link"))
      end)

      it("leaves other files of similar names alone", function()
         process.write_file(path .. ".part", "precious")
         output("echo secret >victim; ln -s victim .file.part")
         write(path)
         assert.equal("precious", process.read_file(path .. ".part"))
         assert.equal("secret\n", output("cat victim"))
         assert.equal(".file.part file file.part victim", names())
      end)

      it("writes through a FIFO, once somebody reads it", function()
         output("mkfifo pipe; touch go")
         local reader = assert(io.popen(("cd %s && while [ -e go ]; do sleep 0.01; done; cat pipe"):format(folder)))
         local size = promptic.run(function()
            promptic.spawn(function() os.remove(folder .. "/go") end)
            return write(folder .. "/pipe")
         end)
         assert.equal(#TEXT, size)
         assert.equal(TEXT, reader:read("*a"))
         reader:close()
         assert.equal("fifo\n", output("stat -c %F pipe"))
      end)

      it("says so where the reader of a FIFO is gone, and the process lives on", function()
         output("mkfifo pipe; touch hold")
         local reader = assert(io.popen(
            ("cd %s && exec 3<pipe && while [ -e hold ]; do sleep 0.01; done"):format(folder)))
         platform:always{ body = LARGE }
         finally(function() platform:always{ body = TEXT } end)
         local turns = 0
         local fine, problem = pcall(promptic.run, function()
            local task = promptic.spawn(write, folder .. "/pipe", LARGE)
            local other = promptic.spawn(function()
               while true do
                  turns = turns + 1
                  if turns == 3 then os.remove(folder .. "/hold") end -- only now the reader goes
                  promptic.sleep(0.001)
               end
            end)
            task:await()
            other:cancel()
         end)
         os.remove(folder .. "/hold")
         reader:close()
         assert.is_false(fine)
         assert.matches("cannot write '.*/pipe': Broken pipe", tostring(problem))
         assert.is_true(turns > 2) -- other tasks ran meanwhile
      end)

      it("writes through a device", function()
         if not is_root then return pending("only root can make a device") end
         output("mknod null c 1 3; mknod full c 1 7")
         assert.equal(#TEXT, write(folder .. "/null"))
         local fine, problem = pcall(write, folder .. "/full")
         assert.is_false(fine)
         assert.matches("cannot write '.*/full': No space left on device", tostring(problem))
         assert.equal("character special file\ncharacter special file\n", output("stat -c %F null full"))
         assert.equal("full null", names())
      end)

      it("refuses what it cannot write, before anything is sent", function()
         platform:reset():always{ body = TEXT }
         process.write_file(path, "old")
         for bad, reason in pairs{
            [folder .. "/no/such"] = "No such file", [folder] = "Is a directory", [folder .. "/new/"] = "directory",
            [""] = "No such file", [path .. "/x"] = "Not a directory",
         } do
            local fine, problem = pcall(write, bad)
            assert.is_false(fine, bad)
            assert.matches(reason, tostring(problem))
         end
         assert.equal(0, platform:seen().accepted)
         assert.equal("file", names())
      end)

   end)
end

describe("write_file", function()
   it("raises an error of its own", function()
      local problem = clients.failure(promptic.write_file, folder .. "/no/such", "x")
      assert.same({ "argument", "not_written" }, { problem.kind, problem.code })
      assert.matches("^cannot write '.*/no/such': No such file or directory$", problem.message)
   end)

   it("takes a path and a text", function()
      clients.refused(function() promptic.write_file(7, "x") end, "path")
      clients.refused(function() promptic.write_file("a\0b", "x") end, "NUL")
      clients.refused(function() promptic.write_file(path) end, "text")
      clients.refused(function() promptic.write_file(path, "x", {}) end, "write_file(path, text)")
   end)

   it("writes an empty file too", function()
      assert.equal(0, promptic.write_file(path, ""))
      assert.equal("", process.read_file(path))
   end)
end)
