--[[
The groups of the promptic command, in the order of `promptic --help`. A group's module is
loaded only when the group is used, so that the command starts fast.

The module of a group returns { commands = { row, ... } }; that of a command without a group, such as `login`,
returns one row. A row is

   name          the word on the command line, or two: "cases list"
   summary       one line; by default that of its method
   method        what it calls (a name in promptic.endpoints or promptic.library), which describes its parameters too
   methods       others that its function calls, which describe further ones
   arguments     what is given by position: names of the method's parameters, or tables (see parameters.lua)
   options       the same for what is given with a flag
   show          how the response is shown to a person: see view.lua. Such a row takes --json and --exact too
   done          instead: a sentence that says what was done, with {names} of arguments and of the response
   confirm       what to ask before it is done, with {names}; such a row takes -f, --force
   run           function(context, values): does it instead of a call of the method, and returns what is shown;
                 values holds the arguments and options by name. See context.lua for what a context can do.
                 It may return an exit code as its second value
   hints         by the status of a response: what to do about it, with {names} of arguments and options
   from          a module that returns the rest of the row, loaded when the command is used
   raw           true: what follows the first argument is left alone, in values.rest
   without_json  true: show or not, it takes no --json
   notes         further paragraphs of the help, as one string; "\n" keeps lines apart
   examples      lines of the help, each a command
]]
local groups = {
   { heading = "Account" },
   { name = "login", summary = "Sign in with a browser, on this or another device." },
   { name = "logout", summary = "Forget the session of this machine." },
   { name = "configure", summary = "Store an API key and the endpoint." },
   { name = "auth", summary = "Which credential is used, and from where." },
   { name = "doctor", summary = "Look for what is wrong: credential, network, platform, models." },
   { name = "ai-application", aliases = { "workspace" }, summary = "The AI Application all calls are about." },
   { name = "models", summary = "The models that experiments can use." },

   { heading = "Prompts" },
   { name = "components", summary = "AI components, which experiments and deployments belong to." },
   { name = "experiments", summary = "Searches for a better prompt." },
   { name = "observations", summary = "The training data of an experiment: labelled examples." },
   { name = "evaluators", summary = "How an experiment scores predictions." },
   { name = "iterations", summary = "The prompts that an experiment has tried." },
   { name = "deployments", summary = "Which prompt a component serves." },

   { heading = "Agents" },
   { name = "traces", summary = "What agents did, step by step." },
   { name = "artifacts", summary = "Files that traces refer to." },
   { name = "storage", summary = "The objects in the store behind artifacts." },
   { name = "datasets", summary = "Datasets of a component, and the cases in them." },

   { heading = "Older platforms" },
   { name = "runs", older = true, summary = "Runs of an agent over a dataset." },
   { name = "annotations", older = true, summary = "What people say of the traces of a run." },
   { name = "evaluations", older = true, summary = "Findings about an agent's traces." },

   { heading = "This machine" },
   { name = "sandbox", summary = "Serve a stand-in for the platform, for trying without an account." },
   { name = "run", summary = "Run a Lua script with the platform built in." },
   { name = "completion", summary = "Print the completion for a shell." },
}

for _, entry in ipairs(groups) do
   if entry.name then
      entry.module = "promptic.cli.commands." .. entry.name:gsub("-", "_")
      groups[entry.name] = entry
      -- older names, which the help does not list
      for _, alias in ipairs(entry.aliases or {}) do groups[alias] = entry end
   end
end

return groups
