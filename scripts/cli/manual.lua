--[[
The manual pages promptic(1) and promptic-lua(1), made from what --help is made of; the Makefile runs it:

   promptic-lua --run promptic.cli.manual promptic >promptic.1
   promptic-lua --help | promptic-lua --run promptic.cli.manual promptic-lua >promptic-lua.1
]]
local promptic = require "promptic"

local manual = {}

-- Text as roff takes it: nothing in it is an instruction, and a hyphen stays one that can be copied.
local function escape(text)
   text = text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("\n([.'])", "\n\\&%1")
   return (text:gsub("^([.'])", "\\&%1"))
end

local function new_page(name, description)
   local lines = {
      (".TH %s 1 \"\" \"promptic-lua %s\""):format(name:upper(), promptic.version),
      ".SH NAME", escape(name .. " - " .. description),
   }
   local page = {}
   function page.section(title) lines[#lines + 1] = ".SH " .. title:upper() end
   function page.subsection(title) lines[#lines + 1] = ".SS " .. escape(title) end
   -- Below a heading a paragraph begins by itself.
   local function begin_paragraph()
      if not lines[#lines]:find "^%.S[HS] " then lines[#lines + 1] = ".PP" end
   end
   function page.paragraph(text)
      for block in (text .. "\n\n"):gmatch "(.-)\n\n+" do
         begin_paragraph()
         lines[#lines + 1] = (escape(block):gsub("\n", "\n.br\n"))
      end
   end
   function page.item(label, text)
      lines[#lines + 1] = ".TP"
      lines[#lines + 1] = "\\fB" .. escape(label) .. "\\fR"
      if text ~= "" then lines[#lines + 1] = escape(text) end
   end
   function page.inner(list, text, examples)
      if #list == 0 and not text and not examples then return end
      lines[#lines + 1] = ".RS"
      if text then page.paragraph(text) end
      for _, entry in ipairs(list) do page.item(entry[1], entry[2]) end
      if examples then
         page.paragraph "Examples:"
         page.verbatim(examples)
      end
      lines[#lines + 1] = ".RE"
   end
   function page.verbatim(text)
      begin_paragraph()
      lines[#lines + 1] = ".nf\n.RS"
      lines[#lines + 1] = escape(text)
      lines[#lines + 1] = ".RE\n.fi"
   end
   function page.render() return table.concat(lines, "\n") .. "\n" end
   return page
end

---------------------------------------------------------------- promptic(1)

local function command(page, name, row)
   local help, parameters = require "promptic.cli.help", require "promptic.cli.parameters"
   page.item(help.usage(name, row), help.summary(row))
   local positional, options = parameters.of(row)
   local list = {}
   for _, group in ipairs { positional, options } do
      for _, parameter in ipairs(group) do
         if parameter.name ~= "json" and parameter.name ~= "exact" then
            list[#list + 1] = { help.written(parameter), help.about(parameter) }
         end
      end
   end
   page.inner(list, row.notes, row.examples)
end

local function commands(page)
   local cli = require "promptic.cli"
   page.section "Commands"
   for _, group in ipairs(require("promptic.cli.groups").list()) do
      local rows, single = cli.rows(group, true)
      page.subsection(group.name)
      if not single then
         page.paragraph(group.summary .. (group.older and " " .. require("promptic.cli.help").OLDER or ""))
      end
      for _, row in ipairs(rows) do
         command(page, "promptic " .. group.name .. (single and "" or " " .. row.name), row)
      end
   end
end

local function items(page, title, list)
   page.section(title)
   for _, entry in ipairs(list) do page.item(entry[1], entry[2]) end
end

local ENVIRONMENT = {
   { "PROMPTIC_API_KEY", "An API key." },
   { "PROMPTIC_ACCESS_TOKEN, PROMPTIC_AI_APPLICATION_ID",
      "A session token, and the AI Application it is used in (older name: PROMPTIC_WORKSPACE_ID)." },
   { "PROMPTIC_ENDPOINT", "Where the platform is." },
   { "COLUMNS", "How wide tables may be, instead of the terminal's width." },
   { "NO_COLOR", "Where it is set, nothing is coloured." },
}

local STATUSES = {
   { "0", "All went well." }, { "1", "It failed; standard error has the reason and what to do." },
   { "2", "The command line is wrong." }, { "130", "Ctrl-C ended it." },
}

local ABOUT = [[
Lists are printed as tables that fit the terminal; where that is too narrow, as blocks of lines. Ids are
always whole. Every command that prints data takes --json, which prints one JSON document, the platform's
response, and nothing else; those that print times take --exact. Whatever deletes asks first, unless -f is
given, and does nothing without a terminal to ask at.]]

local FILES = { { "~/.promptic/config.toml", "Credential and endpoint, where the environment has none." } }

local function of_command()
   local help = require "promptic.cli.help"
   local page = new_page("promptic", "the Promptic platform from the command line")
   page.section "Synopsis"
   page.paragraph "promptic GROUP COMMAND [options]"
   page.section "Description"
   page.paragraph(help.DESCRIPTION)
   page.paragraph((ABOUT:gsub("\n", " ")))
   items(page, "Options", help.OPTIONS)
   commands(page)
   items(page, "Exit status", STATUSES)
   items(page, "Environment", ENVIRONMENT)
   items(page, "Files", FILES)
   page.section "Examples"
   page.verbatim(help.EXAMPLES)
   page.section "See also"
   page.paragraph "promptic-lua(1)"
   return page.render()
end

---------------------------------------------------------------- promptic-lua(1)

-- The library's own functions with their options, from their rows.
local function library(page)
   local reference = require "promptic.reference"
   page.section "Library"
   page.paragraph("What scripts have besides the platform's methods; `help \"NAME\"` at the prompt explains both. "
      .. "Options go in a trailing table.")
   for _, row in ipairs(promptic.library) do
      if row.kind ~= "class" then
         local _, options = reference.split(row)
         local list = {}
         for index, option in ipairs(options) do
            list[index] = { reference.written(option), option.summary }
         end
         local signature = reference.signature(row, function(option) return option.name end)
         if #options > 4 then signature = signature:gsub("{.*}", "{ ... }") end
         page.item(reference.prefix(row) .. signature, row.summary)
         page.inner(list)
      end
   end
end

-- Headings end with a colon, an entry is a label and two spaces before its text, lines that begin further to
-- the right go on with the text, and lines that follow each other are one paragraph.
local function of_interpreter(text)
   local page = new_page("promptic-lua", "Lua with the Promptic platform built in")
   local label, about, block
   local function finish()
      if label then page.item(label, about) end
      if block then page[block.kind](table.concat(block, block.kind == "verbatim" and "\n" or " ")) end
      label, block = nil, nil
   end
   local function add(kind, line)
      if label or (block and block.kind ~= kind) then finish() end
      block = block or { kind = kind }
      block[#block + 1] = line
   end
   page.section "Synopsis"
   for line in text:gmatch "([^\n]*)\n" do
      local heading, first, rest = line:match "^(%u[^:]*):$", line:match "^  +(%-.-)  +(%S.*)$"
      local usage, more = line:match "^usage: %S+ (.*)", line:match "^   +(%S.*)$"
      if usage then
         page.paragraph("promptic-lua " .. usage)
         page.section "Description"
      elseif heading then
         finish()
         page.section(heading:match "^[^,]*")
      elseif first then
         finish()
         label, about = first, rest
      elseif label and more then
         about = about .. " " .. more
      elseif line:find "^  " then
         add("verbatim", line:sub(3))
      elseif line ~= "" then
         add("paragraph", line)
      else
         finish()
      end
   end
   finish()
   library(page)
   page.section "See also"
   page.paragraph "lua(1), promptic(1)"
   return page.render()
end

--- The manual page of "promptic", or of "promptic-lua" from what its --help prints.
function manual.page(name, text)
   return name == "promptic" and of_command() or of_interpreter(text)
end

if ... == "promptic.cli.manual" then return manual end
io.stdout:write(manual.page(..., (...) == "promptic-lua" and io.read "a"))
