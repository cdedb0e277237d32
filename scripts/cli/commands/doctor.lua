--[[
promptic doctor: looks at everything that a call needs, from the credential to the platform's operations, and changes
nothing. Each finding is { name, state ("ok", "note", "problem"), text, advice }.
]]
local checks = require "promptic.cli.doctor_checks"
local output = require "promptic.cli.output"
local promptic = require "promptic"

local COLOURS = { ok = "green", note = "yellow", problem = "red" }
local STATE, NAME = #"problem" + 2, #"GET /ai-applications" + 2

local function print_finding(finding)
   local clean, layout = require("promptic.terminal").clean, require "promptic.cli.table"
   local paint, indent = output.painter(), STATE + NAME
   local lines = layout.wrap(clean(finding.text, true), math.max(output.room() - indent, 30))
   output.write(paint(COLOURS[finding.state], finding.state) .. (" "):rep(STATE - #finding.state)
      .. finding.name .. (" "):rep(math.max(NAME - #finding.name, 1))
      .. table.concat(lines, "\n" .. (" "):rep(indent)) .. "\n")
   if not finding.advice then return end
   for line in (clean(finding.advice) .. "\n"):gmatch "([^\n]*)\n" do
      for _, part in ipairs(layout.wrap(line, math.max(output.room() - STATE, 30))) do
         output.write((" "):rep(STATE) .. part .. "\n")
      end
   end
end

local function run(context, values)
   local findings, problems = promptic.array {}, 0
   checks.run(function(name, state, text, advice)
      local finding = { name = name, state = state, text = text, advice = advice }
      findings[#findings + 1] = finding
      if state == "problem" then problems = problems + 1 end
      if not values.json then print_finding(finding) end
   end, context)
   return { ok = problems == 0, findings = findings }, problems > 0 and 1 or 0
end

return {
   section = "Account",
   summary = "Look for problems: credential, network, platform, models.",
   notes = "It changes nothing. Each line is ok, a note or a problem, with what to do; the exit code is 1 with a "
      .. "problem. It looks at configuration, connection, certificate and clock, asks the platform for each list that "
      .. "takes no id, and for the deployed prompts of at most 20 components.",
   examples = "promptic doctor\npromptic doctor --json",
   run = run,
   show = { line = function() return nil end },
}
