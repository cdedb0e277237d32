--- Where the command puts data: -o of every command that has it, and what a file or pipe gets of a prompt.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"

local BYTES = "\137PNG\r\n\0\255" .. ("x"):rep(100000)

-- A prompt with all that a terminal obeys or hides.
local PROMPT = "Tab:\there\r\nESC: \27[1mbold\27[0m\fRLM \226\128\143 LRE \226\128\170x\226\128\172 end   \n\n"

describe("promptic", function()
   local server, promptic, folder, experiment, object, artifact

   setup(function()
      server = sandbox.start{ pace = 0 }
      promptic = command.new(server)
      folder = process.folder()
      experiment = server:experiment{ observations = { { variables = { m = "a" }, expected = "x" } } }
      process.write_file(folder .. "/bytes", BYTES)
      local made = promptic{ "artifacts", "upload", folder .. "/bytes", "--json" }.json
      artifact, object = made.id, made.storageObjectId
   end)

   teardown(function()
      server:stop()
      process.remove(folder)
   end)

   before_each(function()
      process.remove(folder)
      assert(os.execute("mkdir " .. folder))
   end)

   local function shell(line)
      return process.run{ "bash", "-c", line, cwd = folder }
   end

   -- The commands with -o, each without it.
   local function writers()
      return {
         { "experiments", "report", experiment }, { "storage", "get", object }, { "artifacts", "get", artifact },
      }
   end

   local function output(words, target)
      local line = table.move(words, 1, #words, 1, {})
      line[#line + 1], line[#line + 2] = "-o", target
      return promptic(line)
   end

   it("replaces a file and nothing else, by -o of every command", function()
      for _, words in ipairs(writers()) do
         local path = folder .. "/file"
         process.write_file(path, "old")
         shell "chmod 600 file; echo precious >file.part; echo kept >kept; ln -s kept link"
         local reader <close> = assert(io.open(path, "rb"))
         assert.equal(0, output(words, path).code)
         assert.equal("old", reader:read "a")
         local written = process.read_file(path)
         assert.is_true(#written > 1000)
         assert.equal(0, output(words, folder .. "/link").code)
         assert.equal(#written, #process.read_file(folder .. "/kept"))
         assert.equal("600\nkept\nprecious\nfile file.part kept link\n",
            shell "stat -c %a file; readlink link; cat file.part; echo $(ls -A)".stdout)
         shell "rm -f *"
      end
   end)

   it("writes through FIFOs and devices", function()
      local is_root = process.run{ "id", "-u" }.stdout == "0\n"
      for _, words in ipairs(writers()) do
         local line = ("mkfifo pipe; %s cat pipe >got & wait $!"):format(is_root and "mknod null c 1 3;" or "")
         local pipe <close> = assert(io.popen(("cd %s; %s"):format(process.quote(folder), line)))
         repeat until process.run{ "test", "-p", folder .. "/pipe" }.code == 0
         assert.equal(0, output(words, folder .. "/pipe").code)
         pipe:close()
         assert.is_true(#process.read_file(folder .. "/got") > 1000)
         if is_root then
            assert.equal(0, output(words, folder .. "/null").code)
            assert.equal("character special file\n", shell "stat -c %F null".stdout)
         end
         assert.equal("fifo\n", shell "stat -c %F pipe; rm -f *".stdout)
      end
   end)

   it("writes to standard output by -o - and by its names", function()
      for _, name in ipairs{ "-", "/dev/stdout", "/proc/self/fd/1" } do
         for index, words in ipairs(writers()) do
            local line = table.concat(words, " ")
            local result = command.shell(server, ("$PROMPTIC %s -o %s | cat"):format(line, name))
            assert.equal("", result.stderr:gsub("^Wrote [^\n]*\n$", ""))
            local got = result.stdout
            if index == 1 then
               assert.matches("^<!DOCTYPE html>", got)
            else
               assert.equal(BYTES, got:sub(1, #BYTES))
               assert.equal(name == "-" and #BYTES or #got, #got)
            end
         end
      end
   end)

   -- A disk that is full, played by the greatest size that a process may give to a file.
   it("loses nothing where the disk is full", function()
      for _, words in ipairs(writers()) do
         shell "echo old >file; ln -s file link; ln file second; echo alone >alone"
         for _, target in ipairs{ "file", "link", "alone" } do
            local line = ("trap '' XFSZ; ulimit -f 1; exec $PROMPTIC %s -o %s/%s"):format(
               table.concat(words, " "), folder, target)
            local result = command.shell(server, line)
            assert.equal(1, result.code)
            assert.matches("cannot write '.*/" .. target .. "': File too large", result.stderr)
         end
         assert.equal("old\nold\nold\nalone\nalone file link second\n",
            shell "cat file link second alone; echo $(ls -A)".stdout)
         shell "rm -f *"
      end
   end)

   it("writes a file that is a mount of its own", function()
      if process.run{ "unshare", "-rm", "true" }.code ~= 0 then return pending("needs a mount namespace") end
      for _, words in ipairs(writers()) do
         shell "echo outside >source; echo old >file"
         local line = ("unshare -rm sh -c 'mount --bind %s/source %s/file && %s %s -o %s/file'"):format(folder, folder,
            "$PROMPTIC", table.concat(words, " "), folder)
         local result = command.shell(server, line)
         assert.equal("0", result.code .. result.stderr:gsub("Wrote [^\n]*\n", ""))
         assert.is_true(#process.read_file(folder .. "/source") > 1000)
         assert.equal("old\n", process.read_file(folder .. "/file"))
         assert.equal("file source\n", shell "echo $(ls -A)".stdout)
      end
   end)

   describe("deployments prompt", function()
      local component

      setup(function()
         component = server:component()
         local id = server:experiment{
            component = component, prompt = PROMPT, hyperparameters = { epochs = 1 },
            observations = { { variables = { m = "a" }, expected = "x" }, { variables = { m = "b" }, expected = "y" } },
         }
         assert.equal("completed", server:finish(id).experimentStatus)
         server:ok("POST", "/components/" .. component .. "/deployment", { experimentId = id })
      end)

      it("gives a file or a pipe the bytes of the prompt", function()
         local expected = server:ok("GET", "/components/" .. component .. "/deployment/prompt").prompt
         assert.is_truthy(expected:find(PROMPT, 1, true))
         assert.equal(expected, promptic{ "deployments", "prompt", component }.stdout)
         local path = folder .. "/prompt"
         local words = process.quote(component) .. " >" .. path
         assert.equal(0, command.shell(server, "$PROMPTIC deployments prompt " .. words).code)
         assert.equal(expected, process.read_file(path))
         assert.equal(expected, command.shell(server, "$PROMPTIC deployments prompt " .. component .. " | cat").stdout)
      end)

      it("obeys no prompt at a terminal", function()
         local shown = promptic{ "deployments", "prompt", component, terminal = 80 }.stdout
         assert.is_nil(shown:find "[\27\f\r]")
         assert.is_nil(shown:find("\226\128\170", 1, true))
         assert.matches("Tab:\there\nESC: ", shown)
         assert.matches("\n$", shown)
      end)
   end)
end)
