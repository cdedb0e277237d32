--- promptic completion: the script with which a shell completes the command, made by argparse when this is built.
local arguments = require "promptic.cli.arguments"

local completion = {
   section = "This machine",
   summary = "Print the completion for a shell.",
}

-- The whole command as a parser of argparse; only completion needs all of it.
local function parser()
   local cli, help = require "promptic.cli", require "promptic.cli.help"
   local root = require "promptic.argparse"("promptic"):add_help(false)
   root:flag("-h --help", "explain the command")
   root:flag("--version", "print the version")
   for _, group in ipairs(require("promptic.cli.groups").list()) do
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
         local parents = {} -- "cases" of "cases list"
         for _, row in ipairs(rows) do
            local first, second = row.name:match "^(%S+) (%S+)$"
            if first and not parents[first] then parents[first] = command:command(first):add_help(false) end
            local parent = parents[first] or command
            local inner = parent:command(second or row.name, help.summary(row)):add_help(false)
            inner:flag("-h --help", "explain the command")
            arguments.fill(inner, row, true)
         end
      end
   end
   return root
end

-- argparse writes zsh's script for a folder of $fpath, where it is the body of the function; sourced, it has to
-- make that known instead of calling it.
local ZSH_END = [[
if [ "$funcstack[1]" = _promptic ]; then
  _promptic
else
  compdef _promptic promptic
fi
]]

--- The completion script for bash, zsh or fish.
function completion.script(shell)
   local root = parser()
   local script = root["get_" .. shell .. "_complete"](root)
   if shell == "zsh" then script = script:gsub("\n_promptic%s*$", function() return "\n" .. ZSH_END end) end
   return script
end

--- Source of the module completion_texts, for the build: the scripts by shell. Making one takes ten times as long as
-- anything else that a shell waits for when it starts.
function completion.texts()
   local lines = {}
   for _, shell in ipairs(completion.arguments[1].values) do
      lines[#lines + 1] = ("   %s = %q,"):format(shell, completion.script(shell))
   end
   return "return {\n" .. table.concat(lines, "\n") .. "\n}\n"
end

completion.arguments = { { "shell", values = { "bash", "zsh", "fish" }, summary = "the shell" } }
completion.notes = "For this session, in bash and (after compinit) in zsh: source <(promptic completion SHELL); "
   .. "in fish: promptic completion fish | source.\n\nTo keep it, write it to\n"
   .. "bash: ~/.local/share/bash-completion/completions/promptic\n"
   .. "zsh:  _promptic in a folder of $fpath\n"
   .. "fish: ~/.config/fish/completions/promptic.fish"
completion.examples = "source <(promptic completion bash)\n"
   .. "promptic completion fish >~/.config/fish/completions/promptic.fish"

function completion.run(_, values)
   require("promptic.cli.output").write(require "promptic.cli.completion_texts"[values.shell])
end

return completion
