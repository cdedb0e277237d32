--- promptic deployments
local call = require "promptic.cli.call"
local catalogue = require "promptic.cli.catalogue"
local output = require "promptic.cli.output"

local NOTHING = "Nothing is deployed here: `promptic deployments deploy COMPONENT EXPERIMENT` does it."

local function counted(count, noun) return ("%d %s%s"):format(count, noun, count == 1 and "" or "s") end

local AT_ONCE = 8
local VERSION = 1 -- of the file; bindings/prelude/prompt_files.lua reads it

-- The component's prompt as the file has it; nil where nothing is deployed, or the component is gone by now.
local function pull_one(context, component)
   local promptic = require "promptic"
   local fine, prompt = pcall(context.call, context, "get_deployed_prompt", component.id)
   if not fine then
      local is_missing = promptic.is_error(prompt, "api") and prompt.status_code == 404
      if is_missing and prompt.code ~= "no_route" then return nil end
      error(prompt, 0)
   elseif prompt then
      prompt.componentId, prompt.componentName = component.id, component.name
   end
   return prompt
end

-- By name and id, so that a file in a repository changes only where a prompt does.
local function by_name(a, b)
   if a.componentName ~= b.componentName then return (a.componentName or "") < (b.componentName or "") end
   return a.componentId < b.componentId
end

local function pull(context, values)
   local components = context:call("list_components").data
   local prompts, without = require("promptic").array {}, 0
   local pulled = require("promptic").map(components, function(component)
      return pull_one(context, component) or false
   end, { concurrency = AT_ONCE })
   for index = 1, #components do
      if pulled[index] then prompts[#prompts + 1] = pulled[index] else without = without + 1 end
   end
   if #prompts == 0 then
      require("promptic.cli.failure").raise("nothing is deployed in this AI Application, so no file was written", {
         hint = "`promptic deployments deploy COMPONENT EXPERIMENT` deploys a prompt",
      })
   end
   table.sort(prompts, by_name)
   local path = values.output or "-"
   local document = require("promptic.cli.document").render { version = VERSION, prompts = prompts }
   output.save(path, document)
   output.wrote(context, path, counted(#prompts, "prompt"))
   if without > 0 then
      context:note(("Nothing is deployed for %s."):format(counted(without, "other component")))
   end
end

return {
   section = "Prompts",
   summary = "Which prompt a component serves.",
   commands = {
      {
         name = "status", method = "get_deployment", arguments = { "component_id" }, times = true,
         summary = "Show which experiment's prompt a component serves.",
         run = function(context)
            local deployment = call.method(context, "get_deployment")
            if deployment then catalogue.load(context) end
            return deployment
         end,
         show = {
            none = NOTHING,
            { fields = {
               { "component", key = "aiComponentId", as = "id" },
               { "experiment", key = "experimentId", as = "id" },
               { "name", value = function(row) return row.experiment.name end },
               { "model", value = function(row) return catalogue.mark(row.experiment) end },
               { "ended", value = function(row) return row.experiment.endedAt end, as = "time" },
            } },
            { line = function(row)
               return catalogue.is_gone(row.experiment)
                  and catalogue.advice(row.experiment.targetModel, row.experimentId) or nil
            end },
         },
      },
      {
         name = "deploy", method = "deploy", arguments = { "component_id", "experiment_id" },
         summary = "Deploy the best prompt of an experiment.",
         hints = { [409] = "`promptic experiments get {experiment_id}` shows its status; "
            .. "`promptic experiments start {experiment_id} --wait` runs one that is pending" },
         done = "Deployed the best prompt of the experiment {experiment_id}.",
         show = { line = function() return nil end },
      },
      {
         name = "prompt", method = "get_deployed_prompt", arguments = { "component_id" },
         summary = "Print the prompt that is deployed, and nothing else.",
         notes = "A file or a pipe gets the bytes of the prompt and not one more; a terminal gets no control "
            .. "characters. With --json it prints the model, the messages and the score as well.",
         examples = "promptic deployments prompt COMPONENT >prompt.txt",
         run = function(context, values)
            local prompt = context:call("get_deployed_prompt", values.component_id)
            if not prompt and not values.json then
               require("promptic.cli.failure").raise("nothing is deployed here", {
                  hint = "`promptic deployments deploy COMPONENT EXPERIMENT` deploys a prompt",
               })
            end
            return prompt
         end,
         show = { bytes = "prompt" },
      },
      {
         name = "pull", method = "get_deployed_prompt", methods = { "list_components" },
         summary = "Write all deployed prompts to a file, for a repository.",
         options = { { "output", flag = "-o --output", label = "FILE",
            summary = "write to this file; without it, or with -, to standard output" } },
         notes = "The file holds no credential. Its order is that of the components' names, so it changes only "
            .. "where a prompt does. A program reads it with client:prompt(COMPONENT, { file = FILE }) while the "
            .. "platform cannot be reached. If nothing is deployed, the command fails and an existing file stays.",
         examples = "promptic deployments pull -o prompts.json",
         run = pull,
      },
      {
         name = "undeploy", method = "undeploy", arguments = { "component_id" },
         summary = "Take the prompt of a component out of service.",
         confirm = "Take the prompt of the component {component_id} out of service?",
         done = "Nothing is deployed for the component {component_id} any more.",
      },
   },
}
