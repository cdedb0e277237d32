--- promptic completion: what a shell needs to know to complete the command, made by argparse.
local arguments = require "promptic.cli.arguments"

local completion = {}

-- The whole command as a parser of argparse; only completion needs all of it.
local function parser()
   local cli, help = require "promptic.cli", require "promptic.cli.help"
   local root = require "promptic.argparse"("promptic"):add_help(false)
   root:flag("-h --help", "explain the command")
   root:flag("--version", "print the version")
   for _, group in ipairs(require "promptic.cli.groups") do
      if group.name then
         local command = root:command(group.name, group.summary):add_help(false)
         command:flag("-h --help", "explain the command")
         local rows, single = cli.rows(group, true)
         local words = single and (rows[1].arguments or {})[1]
         if words and words.values then
            -- argparse completes commands and options, and no arguments
            for _, word in ipairs(words.values) do command:command(word):add_help(false) end
         elseif single then
            arguments.fill(command, rows[1], true)
         else
            for _, row in ipairs(rows) do
               local inner = command:command(row.name, help.summary(row)):add_help(false)
               inner:flag("-h --help", "explain the command")
               arguments.fill(inner, row, true)
            end
         end
      end
   end
   return root
end

--- The completion script for bash, zsh or fish.
function completion.script(shell)
   local root = parser()
   return root["get_" .. shell .. "_complete"](root)
end

completion.arguments = { { "shell", values = { "bash", "zsh", "fish" }, summary = "the shell" } }
completion.notes = "bash: put it into ~/.local/share/bash-completion/completions/promptic\n"
   .. "zsh:  put it into a folder of $fpath, as _promptic\n"
   .. "fish: put it into ~/.config/fish/completions/promptic.fish"
completion.examples = "source <(promptic completion bash)"

function completion.run(_, values)
   require("promptic.cli.output").write(completion.script(values.shell))
end

return completion
