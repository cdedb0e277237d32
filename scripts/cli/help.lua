--- What `--help` prints, made from the rows; the man page has the same text.
local parameters = require "promptic.cli.parameters"
local layout = require "promptic.cli.table"
local output = require "promptic.cli.output"

local help = {}

local WIDEST = 100 -- longer lines are hard to read
local LABEL = 28
local LEAST_TEXT = 22 -- columns, else explanations go below what they explain

help.DESCRIPTION = "The Promptic platform from the command line: label examples, search for a prompt that "
   .. "gets them right, deploy the winner."
help.OPTIONS = {
   { "-h, --help", "explain promptic, a group or a command" }, { "--version", "print the version" },
}
help.EXAMPLES = [[
promptic components create spam-filter
promptic experiments create    # asks for what it needs
promptic observations add EXPERIMENT --from-file tickets.csv
promptic evaluators add EXPERIMENT -n accuracy -t f1
promptic experiments start EXPERIMENT --wait
promptic deployments deploy COMPONENT EXPERIMENT
promptic experiments list --status running --json]]

help.OLDER = "Newer platforms dropped these operations."

--- How an argument or an option is written: "EXPERIMENT", "[NAME]", "-m, --model MODEL".
function help.written(parameter)
   if not parameter.is_option then
      local label = parameter.label .. (parameter.many and "..." or "")
      return parameter.required and label or "[" .. label .. "]"
   end
   local flags = parameter.flag:gsub(" ", ", ")
   return flags .. (parameter.switch and "" or " " .. parameter.label)
end

--- What a parameter is about, with its choices and its default.
function help.about(parameter)
   local text = parameter.summary
   if parameter.values then text = ("%s: %s"):format(text, table.concat(parameter.values, ", ")) end
   local notes = {}
   if parameter.required and parameter.is_option then notes[#notes + 1] = "required" end
   if parameter.file then notes[#notes + 1] = "a JSON file; - is standard input" end
   if parameter.many then notes[#notes + 1] = "may be given several times" end
   if parameter.default ~= nil and not parameter.switch then
      notes[#notes + 1] = "default: " .. parameter.default
   end
   return #notes > 0 and ("%s (%s)"):format(text, table.concat(notes, ", ")) or text
end

--- The summary of a row, from its method where it has none.
function help.summary(row)
   if row.summary then return row.summary end
   return row.method and parameters.row_of(row.method).summary or ""
end

-- The command with what it cannot do without: "promptic runs create --dataset DATASET".
local function shortest(command, row)
   local words = { command }
   local positional, options = parameters.of(row)
   for _, parameter in ipairs(positional) do words[#words + 1] = help.written(parameter) end
   for _, option in ipairs(options) do
      if option.required then words[#words + 1] = option.flag:match "%-%-%S+" .. " " .. option.label end
   end
   return table.concat(words, " ")
end

--- "promptic runs create --dataset DATASET [options]"
function help.usage(command, row)
   return shortest(command, row) .. (row.raw and " [ARGUMENTS...]" or " [options]")
end

--- The examples of a row; without any the command as it is typed, and how a script does.
function help.examples(command, row)
   if row.examples then return row.examples end
   local line = shortest(command, row)
   if row.confirm then return ("%s       # asks first\n%s -f    # for scripts"):format(line, line) end
   return row.show and not row.without_json and ("%s\n%s --json    # for scripts"):format(line, line) or line
end

local function page()
   local room = math.min(output.room(), WIDEST)
   local lines, paint = {}, output.painter()
   local self = {}

   function self.text(text, indent)
      for _, line in ipairs(layout.wrap(text, room - #(indent or ""))) do
         lines[#lines + 1] = (indent or "") .. line
      end
   end

   function self.heading(text)
      lines[#lines + 1] = ""
      lines[#lines + 1] = paint("bold", text)
   end

   -- Labels with their explanations, beside each other or, where it is narrow, below each other.
   function self.list(entries, label_width)
      local narrow = room < label_width + LEAST_TEXT
      for _, entry in ipairs(entries) do
         local label, text = entry[1], entry[2]
         if narrow or #label > label_width - 1 then
            lines[#lines + 1] = "  " .. label
            self.text(text, narrow and "      " or (" "):rep(label_width + 2))
         else
            local wrapped = layout.wrap(text, room - label_width - 2)
            lines[#lines + 1] = "  " .. label .. (" "):rep(label_width - #label) .. wrapped[1]
            for index = 2, #wrapped do lines[#lines + 1] = (" "):rep(label_width + 2) .. wrapped[index] end
         end
      end
   end

   function self.verbatim(text, indent)
      for line in (text .. "\n"):gmatch "([^\n]*)\n" do lines[#lines + 1] = indent .. line end
   end

   function self.render() return table.concat(lines, "\n") .. "\n" end
   return self
end

local function longest(entries, least)
   local width = least
   for _, entry in ipairs(entries) do width = math.max(width, #entry[1] + 2) end
   return width
end

local function described(list)
   local entries = {}
   for _, parameter in ipairs(list) do
      local written = help.written(parameter)
      if parameter.is_option and not written:find "^%-%l" then written = "    " .. written end
      entries[#entries + 1] = { written, help.about(parameter) }
   end
   return entries
end

--- The help of a command.
function help.of_command(command, row)
   local to = page()
   to.text("Usage: " .. help.usage(command, row))
   to.text("")
   to.text(help.summary(row))
   if row.notes then
      to.text("")
      to.text(row.notes)
   end
   local positional, options = parameters.of(row)
   if #positional > 0 then
      to.heading "Arguments"
      to.list(described(positional), LABEL)
   end
   to.heading "Options"
   local entries = described(options)
   entries[#entries + 1] = { "-h, --help", "explain this command" }
   to.list(entries, LABEL)
   to.heading "Examples"
   to.verbatim(help.examples(command, row), "  ")
   return to.render()
end

--- The help of a group: its commands.
function help.of_group(group, rows)
   local to = page()
   to.text(("Usage: promptic %s COMMAND [options]"):format(group.name))
   to.text("")
   to.text(group.summary .. (group.older and " " .. help.OLDER or ""))
   to.heading "Commands"
   local entries, examples = {}, {}
   for _, row in ipairs(rows) do
      local words = { row.name }
      for _, parameter in ipairs((parameters.of(row))) do words[#words + 1] = help.written(parameter) end
      entries[#entries + 1] = { table.concat(words, " "), help.summary(row) }
      examples[#examples + 1] = row.examples
   end
   to.list(entries, longest(entries, 12))
   if #examples > 0 then
      to.heading "Examples"
      to.verbatim(table.concat(examples, "\n"), "  ")
   end
   to.text("")
   to.text(("`promptic %s COMMAND --help` explains one of them."):format(group.name))
   return to.render()
end

--- The help of promptic itself: its groups.
function help.of_all(groups)
   local to = page()
   to.text "Usage: promptic GROUP COMMAND [options]"
   to.text ""
   to.text(help.DESCRIPTION)
   local section
   for _, group in ipairs(groups) do
      if group.section ~= section then to.heading(group.section) end
      section = group.section
      to.list({ { group.name, group.summary } }, 16)
   end
   to.heading "Options"
   to.list(help.OPTIONS, 16)
   to.heading "Examples"
   to.verbatim(help.EXAMPLES, "  ")
   to.text ""
   to.text("`promptic GROUP --help` lists the commands of a group, `man promptic` all of them. To begin: "
      .. "`promptic login`, or without an account `promptic sandbox`.")
   return to.render()
end

return help
