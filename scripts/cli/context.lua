--[[
The context in which a command runs.

   context.client       the client, made when it is first needed, which is when a bad credential is reported
   context.values       the arguments and options by name
   context.row          the command's row; context.command is its full name, "promptic components list"
   context:call(name, ...)       a method of the client; a response of another shape than its row's is an error
   context:accept(name, response)   the same check of a response of a method that was called otherwise
   context.answered              the method that was called last, nil before
   context:note(text)   a line on stderr; not with --json, where it would only disturb
   context:confirm(question)     asks, or refuses without a terminal; --force asks nothing. The question
                                 may be a function(context), called where it is asked
   context:misuse(message)       ends the command with exit code 2
   context:show(show, response)     prints a response: the document with --json, else as view.lua does
   context.printed      set by a command that has printed its data itself: nothing else goes to stdout
]]
local output = require "promptic.cli.output"

local Context = {}

local context = {}

-- Warns wherever a credential that others can read is used, also with --json: it may have been stolen already.
local function warn_if_shared(promptic)
   local status = promptic.auth.status()
   if status.source == "file" and status.is_shared then
      output.note(("Warning: others can read or change %s; chmod 600 keeps it to you."):format(status.config_file))
   end
end

function Context:__index(name)
   if name == "client" then
      local promptic = require "promptic"
      local client = promptic.client { user_agent = "promptic-cli" }
      self.client = client
      warn_if_shared(promptic)
      return client
   end
   return Context[name]
end

function context.new(row, command, values)
   return setmetatable({ row = row, command = command, values = values }, Context)
end

function Context:call(name, ...)
   local client = self.client
   return self:accept(name, client[name](client, ...))
end

function Context:accept(name, answer)
   local row = require("promptic").endpoints[name]
   local problem = row and require("promptic.cli.shape").problem(row.returns, answer)
   if problem then require("promptic.cli.failure").raise_shape(name, problem) end
   self.answered = name -- what fails from here on may be this response's fault
   return answer
end

function Context:note(text)
   if not self.values.json then output.note(text) end
end

function Context:misuse(message)
   require("promptic.cli.arguments").misuse(message, self.command)
end

function Context:confirm(question)
   if self.values.force then return end
   local ask, failure = require "promptic.cli.ask", require "promptic.cli.failure"
   if not ask.possible() then
      failure.raise("this command asks for confirmation, but there is no terminal", {
         code = 2, hint = ("add -f to skip the question: %s -f ..."):format(self.command),
      })
   end
   if type(question) == "function" then question = question(self) end
   if not ask.confirm(question) then failure.raise "nothing was done" end
end

function Context:show(show, answer)
   if self.printed then return end
   if self.values.json then
      return output.write(require("promptic.cli.document").render(answer))
   end
   if show.bytes then return output.data(answer[show.bytes] or "") end
   local text = require("promptic.cli.view").render(show, answer, {
      room = output.room(), paint = output.painter(), exact = self.values.exact, values = self.values,
      elsewhere = require("promptic.cli.endpoint").elsewhere,
   })
   output.write(text)
end

return context
