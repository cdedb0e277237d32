--- Where the command puts data: -o of every command that has it, and what a file or pipe gets of a prompt.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

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

   describe("deployments pull", function()
      local other, pull

      before_each(function()
         other = sandbox.start{ pace = 0 }
         pull = command.new(other)
      end)

      after_each(function() other:stop() end)

      local function deploy(name, prompt)
         local component = other:ok("POST", "/components", { name = name }).id
         local id = other:experiment{
            component = component, prompt = prompt, hyperparameters = { epochs = 1 },
            observations = { { variables = { m = "a" }, expected = "x" }, { variables = { m = "b" }, expected = "y" } },
         }
         assert.equal("completed", other:finish(id).experimentStatus)
         other:ok("POST", "/components/" .. component .. "/deployment", { experimentId = id })
         return component
      end

      it("writes the deployed prompts in a stable order, for client:prompt to read", function()
         other:ok("POST", "/components", { name = "idle" })
         local spam, ham = deploy("spam", "Spam or {not}?"), deploy("ham", "Ham?")
         local path = folder .. "/prompts.json"
         local result = pull{ "deployments", "pull", "-o", path }
         assert.same({ 0, "", ("Wrote 2 prompts to %s.\nNothing is deployed for 1 other component.\n"):format(path) },
            { result.code, result.stdout, result.stderr })
         local text = process.read_file(path)
         local json = require("promptic").json
         local document = json.decode(text)
         assert.equal(1, document.version)
         assert.same({ ham, "ham", spam, "spam" }, { document.prompts[1].componentId, document.prompts[1].componentName,
            document.prompts[2].componentId, document.prompts[2].componentName })
         assert.same(other:ok("GET", "/components/" .. spam .. "/deployment/prompt").prompt, document.prompts[2].prompt)
         assert.matches('\n      "componentId": ', text, 1, true)
         assert.is_nil(text:find(other.key, 1, true))
         assert.equal(text, pull{ "deployments", "pull" }.stdout)
         assert.equal(text, pull{ "deployments", "pull", "-o", "-" }.stdout)
         local client = require("promptic").client{ endpoint = "http://127.0.0.1:9", api_key = "k", config_file = "" }
         for component, index in pairs{ spam = 2, ham = 1, [spam] = 2, [ham] = 1 } do
            local prompt, source = client:prompt(component, { file = path }):get()
            assert.same({ document.prompts[index].prompt, "file" }, { prompt.prompt, source })
         end
         client:close()
      end)

      it("leaves the file where nothing is deployed, or the platform fails", function()
         local path = folder .. "/prompts.json"
         process.write_file(path, "kept")
         other:ok("POST", "/components", { name = "idle" })
         local result = pull{ "deployments", "pull", "-o", path }
         assert.equal(1, result.code)
         assert.matches("nothing is deployed in this AI Application, so no file was written", result.stderr, 1, true)
         assert.matches("promptic deployments deploy COMPONENT EXPERIMENT", result.stderr, 1, true)
         result = pull{ "deployments", "pull", "-o", path, env = { PROMPTIC_API_KEY = "wrong" } }
         assert.equal(1, result.code)
         assert.equal("kept", process.read_file(path))
      end)
   end)

   it("leaves out of deployments pull a component that is deleted meanwhile, and nothing else", function()
      local peer <close> = setmetatable({ scripted.start() }, { __close = function(self) self[1]:stop() end })
      local pull = command.new{ url = peer[1].url, key = "k" }
      for gone, code in pairs{ ['{ status = 404, body = \'{"error":"Component not found"}\' }'] = 0,
         ['{ status = 404, body = "<html>" }'] = 1, ['{ status = 403, body = "{}" }'] = 1 } do
         peer[1]:route(([[
            local _, request = ...
            if request.target:find("/a/", 1, true) then return %s end
            if request.target:find("/b/", 1, true) then
               return { body = '{"prompt":"x","model":"m","provider":"p","componentId":"b","experimentId":"e",'
                  .. '"iterationId":1,"score":1}' }
            end
            return { body = '{"data":[{"id":"a","name":"one"},{"id":"b","name":"two"}]}' }
         ]]):format(gone))
         local result = pull{ "deployments", "pull" }
         local first = result.json and result.json.prompts[1].componentName
         assert.same({ code, code == 0 and "two" or nil }, { result.code, first })
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
