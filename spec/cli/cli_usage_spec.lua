--- What the promptic command says where something is wrong; help, completion, manual, exit codes.
local command = require "spec.support.command"
local process = require "spec.support.process"
local sandbox = require "spec.support.sandbox"
local scripted = require "spec.support.scripted"

local GROUPS = {
   auth = { "status" }, ["ai-application"] = { "info", "list", "select" }, models = { "list" },
   traces = { "list", "get", "artifacts", "ingest", "stats" }, artifacts = { "get", "upload" },
   storage = { "url", "get" },
   components = { "list", "create", "get", "delete" },
   experiments = { "list", "create", "create-tool-selection", "get", "update", "delete", "start", "wait",
      "duplicate", "continue", "report" },
   observations = { "list", "add", "update", "delete" }, evaluators = { "list", "add", "update", "delete" },
   iterations = { "list", "get", "best", "plot" }, deployments = { "status", "deploy", "prompt", "pull", "undeploy" },
   datasets = { "create", "list", "get", "delete", "cases list", "cases get", "cases add", "cases update",
      "cases delete" },
   runs = { "create", "list", "get", "delete" },
   annotations = { "create", "list", "delete" }, evaluations = { "run", "list", "get", "judges" },
}

describe("promptic's command line", function()
   local server, promptic

   setup(function()
      server = sandbox.start{ pace = 0 }
      promptic = command.new(server)
   end)

   teardown(function() server:stop() end)

   it("explains every group and command", function()
      local all = promptic{ "--help" }
      assert.same({ 0, "" }, { all.code, all.stderr })
      for group, names in pairs(GROUPS) do
         assert.matches("\n  " .. group:gsub("%-", "%%-") .. " +%u", all.stdout)
         local help = promptic{ group, "--help" }
         assert.equal(0, help.code)
         for _, name in ipairs(names) do
            -- with what it takes by position: "get EXPERIMENT  Show ..."
            assert.matches("\n  " .. name:gsub("%-", "%%-") .. "[%u %[%]%-]*  %u%l", help.stdout)
            local first, second = name:match("^(%S+) (%S+)$")
            local one = promptic{ group, first or name, second or "-h", "-h" }
            assert.equal(0, one.code)
            assert.equal(1, one.stdout:find("Usage: promptic " .. group .. " " .. name, 1, true))
            local examples = one.stdout:match "\nExamples\n(.*)"
            assert.matches("promptic " .. group .. " " .. name, examples or "", 1, true)
         end
      end
   end)

   it("explains the commands below a word of two, such as datasets cases", function()
      for _, words in ipairs{ { "datasets", "cases", "--help" }, { "help", "datasets", "cases" } } do
         local help = promptic(words)
         assert.same({ 0, "" }, { help.code, help.stderr })
         assert.matches("^Usage: promptic datasets cases COMMAND .*\n  add DATASET +%u", help.stdout)
         assert.is_nil(help.stdout:find "datasets create")
      end
      local misuse = promptic{ "datasets", "cases" }
      assert.equal(2, misuse.code)
      assert.matches("`promptic datasets cases --help`", misuse.stderr, 1, true)
   end)

   it("names commands and not methods of the library", function()
      local manual = process.run{ "cat", "build/man/promptic.1" }.stdout:gsub("\\\\-", "-")
      for _, row in ipairs(require("promptic").endpoints) do
         if row.name:find("_", 1, true) then -- `deploy` is a word as well
            assert.is_nil(manual:find("%f[%w_]" .. row.name .. "%f[^%w_]"), row.name)
         end
      end
      assert.is_nil(manual:find "given several times[^\n]*given several times")
   end)

   it("explains without a credential, and for every width", function()
      local bare = command.new(nil)
      for _, width in ipairs{ 40, 80, 200 } do
         for _, line in ipairs{ "--help", "experiments --help", "evaluators add --help" } do
            local words = {}
            for word in line:gmatch("%S+") do words[#words + 1] = word end
            words.env = { COLUMNS = tostring(width), HOME = "/nonexistent" }
            local result = bare(words)
            assert.equal(0, result.code)
            local before = result.stdout:match("^(.-)\nExamples") or result.stdout
            for shown in before:gmatch("[^\n]+") do
               assert.is_true(#shown <= width, shown)
            end
         end
      end
   end)

   it("refuses wrong usage with exit code 2, and shows the right one", function()
      local rows = {
         { { "componnets" }, "there is no command 'componnets'. Did you mean 'components'?" },
         { { "component" }, "there is no command 'component'. Did you mean 'components'?" },
         { { "components", "lst" }, "there is no command 'lst'. Did you mean 'list'?" },
         { { "components", "ls" }, "there is no command 'ls'. Did you mean 'list'?" },
         { { "experiments", "rm" }, "there is no command 'rm'. Did you mean 'delete'?" },
         { { "zebra" }, "there is no command 'zebra'.\n" },
         { { "--verbose" }, "there is no option '--verbose' before a command" },
         { { "components", "--json" }, "a command is missing before '--json'" },
         { { "components", "create" }, "NAME is missing\n  see `promptic components create --help`" },
         { { "components", "get" }, "COMPONENT is missing" },
         { { "components", "get", "a", "b" }, "too many arguments" },
         { { "components", "list", "--jsn" }, "unknown option '--jsn'. Did you mean '--json'?" },
         { { "datasets", "list", "--compnoent", "x" }, "unknown option '--compnoent'. Did you mean '--component'?" },
         { { "experiments", "list", "--status", "runing" }, "--status takes one of pending, scheduled, "
            .. "running, completed, failed. Did you mean 'running'?" },
         { { "experiments", "list", "--limit", "x" }, "--limit takes a whole number from 1 to 100" },
         { { "traces", "list", "--limit", "101" }, "--limit takes a whole number from 1 to 100" },
         { { "traces", "list", "--start-after", "yesterday" }, "--start-after takes a time: 2026-01-31, " },
         { { "traces", "list", "--limit" }, "option '--limit' requires an argument" },
         { { "experiments", "create", "-m", "x" }, "option '--component' is missing" },
         { { "experiments", "create", "-c", "x", "-m", "y", "--hyperparameters", "none.json" },
            "--hyperparameters none.json: No such file or directory" },
         { { "datasets", "list" }, "option '--component' is missing" },
         { { "evaluators", "add", "x", "-n", "a" }, "option '--type' is missing" },
         { { "evaluators", "add", "x", "-w", "1" }, "options '--name', '--type' are missing" },
         { { "annotations", "create", "-cx", "--trace=y" }, "option '--run' is missing" },
         { { "runs", "create", "-c", "x", "--dataset", "y", "-q" },
            "unknown option '-q'; there are --component, --dataset, " },
         { { "components", "get", "x", "--quite" }, "unknown option '--quite'; there are --json" },
         { { "observations", "add", "x", "--from-file", "a.csv", "--from-file=b.csv" },
            "'--from-file' is given more than once" },
         { { "datasets", "list", "-c", "x", "--component-id", "y" }, "'--component' is given more than once" },
         { { "annotations", "list", "--run", "x", "-c", "y", "-c", "y" }, "'--component' is given more than once" },
         { { "runs", "create", "-c", "x", "--name", "y" }, "NAME is given without a flag, not as '--name'" },
         { { "experiments", "get", "--experiment", "x" }, "EXPERIMENT is given without a flag" },
         { { "evaluations", "run", "x", "--dataset", "y", "--timeout", "-1" }, "--timeout takes a number from 0" },
         { { "annotations", "list", "-c", "x" }, "either --run or --dataset is needed" },
         { { "observations", "add", "x" }, "either --from-file or --input with --expected is needed" },
         { { "observations", "add", "x", "--from-file", "a.txt" },
            "--from-file: 'a.txt' ends in none of .csv, .tsv, .jsonl, .ndjson, .json: give --format" },
         { { "observations", "add", "x", "-i", "a", "-e", "b", "--variable", "a" },
            "--variable goes with --from-file" },
         { { "observations", "add", "x", "--from-file", "a.csv", "--variable", "a", "--variable", "a=b" },
            "--variable: 'a' is there twice" },
         { { "observations", "add", "x", "-i", "a", "-e", "b", "--on-empty", "skip" },
            "--on-empty goes with --from-file" },
         { { "observations", "add", "x", "--from-file", "a.jsonl", "--separator", ";" },
            "--separator: the source is not a .csv file" },
         { { "observations", "add", "x", "--from-file", "a.csv", "--separator", ";;" },
            "--separator takes one character, or tab, and not ';;'" },
         { { "observations", "add", "x", "--from-file", "a.csv", "--on-empty", "kep" },
            "--on-empty takes one of error, skip, keep. Did you mean 'keep'?" },
         { { "observations", "add", "x", "--from-file", "none.csv" },
            "--from-file: none.csv: No such file or directory\n  see `promptic observations add --help`" },
         { { "completion", "tcsh" }, "SHELL takes one of bash, zsh, fish" },
         { { "components", "delete", "x" }, "but there is no terminal\n  add -f to skip the question" },
         { { "components", "get", "" }, "COMPONENT takes an id, and not ''" },
         { { "experiments", "get", ".." }, "EXPERIMENT takes an id, and not '..'" },
         { { "datasets", "cases" }, "a command is missing after 'cases': list, get, add, update, delete" },
         { { "datasets", "cases", "--json" }, "a command is missing after 'cases'" },
         { { "datasets", "cases", "lst" }, "there is no command 'lst'. Did you mean 'list'?" },
         { { "datasets", "cases", "get", "d", "x", "-c", "c" }, "CASE takes a whole number" },
         { { "datasets", "cases", "add", "d", "-c", "c" }, "either --from-file or --file is needed" },
         { { "datasets", "cases", "add", "d", "-c", "c", "--file", "none.json" }, "--file none.json: No such file" },
         { { "experiments", "create-tool-selection", "-c", "c" }, "options '--tools', '--test-cases' are missing" },
         { { "experiments", "create-tool-selection", "-c", "c", "--epochs", "6" },
            "--epochs takes a whole number from 1 to 5" },
         { { "experiments", "create-tool-selection", "-c", "c", "--train-split-ratio", "0.4" },
            "--train-split-ratio takes a number from 0.5 to 0.9" },
         { { "artifacts", "upload", "none.png" }, "source: none.png: No such file or directory" },
         { { "traces", "ingest", "none.json" }, "FILE none.json: No such file or directory" },
         { { "observations", "update", "e", "1" }, "nothing to change was given" },
         { { "evaluators", "update", "e", "f" }, "nothing to change was given" },
      }
      for _, row in ipairs(rows) do
         local result = promptic(row[1])
         assert.equal("2 ", result.code .. " " .. result.stdout, table.concat(row[1], " "))
         assert.is_truthy(result.stderr:find(row[2], 1, true), result.stderr .. " lacks " .. row[2])
         assert.is_nil(result.stderr:find("traceback", 1, true), result.stderr)
      end
   end)

   it("takes help for a command wherever one is expected", function()
      assert.equal(promptic{ "components", "--help" }.stdout, promptic{ "components", "help" }.stdout)
      assert.equal(promptic{ "components", "list", "-h" }.stdout, promptic{ "help", "components", "list" }.stdout)
      assert.equal(promptic{ "--help" }.stdout, promptic{ "help" }.stdout)
   end)

   it("shows a group's commands where one is missing", function()
      local result = promptic{ "components" }
      assert.same({ 2, "" }, { result.code, result.stdout })
      assert.matches("Usage: promptic components COMMAND", result.stderr)
      assert.same({ 2, "" }, { promptic{}.code, promptic{}.stdout })
   end)

   it("says what to do next where a call fails", function()
      local none = { PROMPTIC_API_KEY = false, PROMPTIC_ENDPOINT = false, HOME = "/nonexistent" }
      local rows = {
         { { "components", "list", env = none }, "promptic: there is no credential\n"
            .. "  run `promptic login` or `promptic configure`, or set PROMPTIC_API_KEY\n" },
         { { "components", "list",
            env = { PROMPTIC_API_KEY = false, PROMPTIC_ACCESS_TOKEN = "t", HOME = "/nonexistent" } },
            "no AI Application is chosen\n  choose one with `promptic ai-application select" },
         { { "components", "list", env = { PROMPTIC_API_KEY = "wrong" } }, "[401]" },
         { { "components", "get", "00000000-0000-4000-8000-000000000000" },
            "[404] Not found (GET /components/00000000-0000-4000-8000-000000000000)\n  `promptic components list` "
               .. "lists" },
         { { "components", "get", "nope" }, "[400] component_id: Invalid uuid\n  `promptic components list` lists" },
         { { "components", "list", env = { PROMPTIC_ENDPOINT = "http://127.0.0.1:1" } },
            "promptic auth status" },
         { { "components", "list", env = { PROMPTIC_ENDPOINT = "gopher://x" } }, "PROMPTIC_ENDPOINT" },
      }
      for _, row in ipairs(rows) do
         local result = promptic(row[1])
         assert.equal("1 ", result.code .. " " .. result.stdout)
         assert.matches("^promptic: ", result.stderr)
         assert.is_truthy(result.stderr:find(row[2], 1, true), result.stderr)
      end
   end)

   it("tells where the ids of a call that found nothing can be looked up", function()
      local component = server:component("known")
      local experiment = server:experiment{ component = component }
      local nope = "00000000-0000-4000-8000-000000000000"
      local rows = {
         { { "components", "get", nope }, "`promptic components list` lists the ids" },
         { { "experiments", "create", "-c", nope, "-m", "x" }, "`promptic components list` lists" },
         { { "evaluators", "delete", experiment, nope, "-f" }, "check the ids: `promptic experiments list` and "
            .. "`promptic evaluators list " .. experiment .. "` list them" },
         { { "datasets", "get", nope, "-c", component }, "check the ids: `promptic components list` and "
            .. "`promptic datasets list -c " .. component .. "` list them" },
         { { "iterations", "best", experiment }, "`promptic experiments get " .. experiment .. "` shows its status" },
         { { "deployments", "deploy", component, experiment }, "promptic experiments start " .. experiment },
      }
      for _, row in ipairs(rows) do
         local result = promptic(row[1])
         assert.equal("1 ", result.code .. " " .. result.stdout)
         assert.is_truthy(result.stderr:find(row[2], 1, true), result.stderr)
      end
   end)

   it("tells the id of an experiment that it has made and could not start, and what it lacks", function()
      local component = server:component("unready")
      local result = promptic{ "experiments", "create", "-c", component, "-m", "x", "--start", "--json" }
      local made = server:ok("GET", "/experiments?component_id=" .. component).data[1]
      assert.same({ 1, "", "pending" }, { result.code, result.stdout, made.experimentStatus })
      assert.matches("%[400%].*\n  the experiment was created and is pending: " .. made.id:gsub("%-", "%%-")
         .. "\n.*promptic observations add ", result.stderr)
   end)

   it("says of a file with a wrong row where that is, and what has become of the others", function()
      local folder, id = process.folder(), server:experiment{ observations = {} }
      finally(function() process.remove(folder) end)
      process.write_file(folder .. "/a.jsonl",
         '{"variables":{"a":1},"expected":"x"}\n{"variables":[],"expected":"y"}\n')
      local result = promptic{ "observations", "add", id, "--from-file", folder .. "/a.jsonl" }
      assert.same({ 1, "" }, { result.code, result.stdout })
      assert.equal("promptic: " .. folder .. "/a.jsonl:2: variables: object expected, got an array "
         .. "(no row was added)\n", result.stderr)
   end)

   it("prints its version and that of the contract", function()
      local library = require "promptic"
      local contract = library.contract
      assert.equal(("promptic %s\ncontract %s, Python client %s of %s\n"):format(library.version, contract.date,
         contract.newest_client, contract.newest_client_date), promptic{ "--version" }.stdout)
      assert.equal(promptic{ "--version" }.stdout, promptic{ "version" }.stdout)
   end)

   it("is silent where its reader has seen enough", function()
      for _ = 1, 40 do server:component("one of many") end
      for _, before in ipairs{ "", "trap '' PIPE; " } do
         local result = command.shell(server, before
            .. "$PROMPTIC components list --json | head -1 >/dev/null; $PROMPTIC --help | true; "
            .. "$PROMPTIC components list | head -1")
         assert.equal("", result.stderr)
         assert.matches("^ID +NAME", result.stdout)
      end
   end)

   it("fails where it cannot write", function()
      local result = command.shell(server, "$PROMPTIC components list >/dev/full")
      assert.equal(1, result.code)
      assert.matches("cannot write: No space left on device", result.stderr)
      -- a closed stdout is not taken by the connection, which would send the answer to the server
      result = command.shell(server, "$PROMPTIC components list >&-")
      assert.equal(1, result.code)
      assert.matches("cannot write: Bad file descriptor", result.stderr)
   end)

   it("ends with 130 on Ctrl-C, and says how to go on", function()
      local id = server:experiment{}
      local result = command.shell(server, [[
         folder=$(mktemp -d); mkfifo $folder/err
         env --default-signal=INT $PROMPTIC experiments wait ]] .. id .. [[ 2>$folder/err & pid=$!
         exec 3<$folder/err; read -r first <&3; kill -INT $pid; cat <&3; wait $pid; code=$?
         rm -r $folder; exit $code]])
      assert.equal(130, result.code)
      assert.matches("promptic: interrupted\n  it goes on; to wait for it again:\n"
         .. "    promptic experiments wait " .. id .. "\n", result.stdout, 1, true)
   end)

   it("reports on Ctrl-C how much of an upload was added", function()
      local folder, slow = process.folder(), scripted.start()
      finally(function()
         slow:stop()
         process.remove(folder)
      end)
      process.write_file(folder .. "/a.csv", "expected,text\nspam,free prize\n")
      slow:always{ stall = true }
      local pipe = assert(io.popen(("echo $$; PROMPTIC_API_KEY=k PROMPTIC_ENDPOINT=%s exec %s scripts/promptic "
         .. "observations add e1 --again --from-file %s/a.csv 2>&1"):format(slow.url,
         process.quote(os.getenv("PROMPTIC_LUA")), folder)))
      local pid = pipe:read("l")
      repeat until #slow:requests() == 1
      os.execute("kill -INT " .. pid)
      assert.equal("promptic: interrupted\n  0 rows were added, and perhaps those of requests under way\n"
         .. "  the same command with --only-new adds the missing rows; `promptic observations list e1` "
         .. "lists the present ones\n", pipe:read("a"))
      assert.equal(130, select(3, pipe:close()))
   end)

   it("makes completions that the shells take", function()
      for _, shell in ipairs{ "bash", "zsh", "fish" } do
         local script = promptic{ "completion", shell }
         assert.equal(0, script.code)
         assert.matches("observations", script.stdout)
      end
      -- which is sourced as well as found in $fpath
      assert.matches("\n  compdef _promptic promptic\nfi\n$", promptic{ "completion", "zsh" }.stdout)
      local checked = command.shell(nil, [[eval "$($PROMPTIC completion bash)" &&
         COMP_WORDS=(promptic comp) COMP_CWORD=1 COMP_LINE="promptic comp" &&
         _promptic promptic comp promptic && echo ${COMPREPLY[*]}]])
      assert.equal("components completion\n", checked.stdout)
      checked = command.shell(nil, [[eval "$($PROMPTIC completion bash)" &&
         COMP_WORDS=(promptic completion "") COMP_CWORD=2 COMP_LINE="promptic completion " &&
         _promptic promptic "" completion && echo ${COMPREPLY[*]}]])
      assert.equal("bash zsh fish\n", checked.stdout)
   end)

   it("has made its completions when it was built, without what makes them", function()
      local made = process.run{ os.getenv("PROMPTIC_LUA"), "-E", "-e", [[
         local completion = require "promptic.cli.commands.completion"
         completion.run(nil, { shell = "bash" })
         assert(not package.loaded["promptic.argparse"], "argparse was loaded")
         for _, shell in ipairs(completion.arguments[1].values) do
            assert(require "promptic.cli.completion_texts"[shell] == completion.script(shell), shell)
         end]] }
      assert.equal("", made.stderr)
      assert.equal(0, made.code)
   end)

   it("has manual pages that tell every command", function()
      local lua = process.quote(os.getenv("PROMPTIC_LUA"))
      local page = process.run{ "sh", "-c", lua .. " --run promptic.cli.manual promptic" }.stdout
      for group, names in pairs(GROUPS) do
         for _, name in ipairs(names) do
            local heading = ("\\fBpromptic %s %s "):format(group, name):gsub("%-", "\\-")
            assert.is_truthy(page:find(heading, 1, true), heading)
         end
      end
      local help = lua .. " --help"
      local make = help .. " | " .. lua .. " --run promptic.cli.manual promptic-lua"
      page = process.run{ "sh", "-c", make }.stdout
      for flag in process.run{ "sh", "-c", help }.stdout:gmatch("\n +(%-%-%l[%l-]+)") do
         assert.is_truthy(page:find(flag:gsub("%-", "\\-"), 1, true), flag)
      end
   end)
end)
