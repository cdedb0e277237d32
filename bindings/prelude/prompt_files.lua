-- prompt_files.lua - prompts in files: the one that `promptic deployments pull` writes for a repository, and the
-- cache_file that keeps the last prompt for the next start. Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local ipairs, pcall, tonumber, type = ipairs, pcall, tonumber, type

local library, disk, writing = import "c.library", import "c.spool", import "writing"
local promptic = library.promptic

local prompt_files = {}

local VERSION = 1 -- of both formats
local MOST_BYTES = 64 * 1024 * 1024

local function is_messages(list)
   if type(list) ~= "table" then
      return false
   end
   for _, message in ipairs(list) do
      if type(message) ~= "table" or type(message.role) ~= "string" or type(message.content) ~= "string" then
         return false
      end
   end
   return true
end

--- Whether a value is a DeployedPrompt that can be used. An empty text is one.
function prompt_files.is_prompt(value)
   return type(value) == "table" and type(value.prompt) == "string"
      and (value.promptMessages == nil or is_messages(value.promptMessages))
end

local function read(path)
   local text, problem = disk.contents(path, MOST_BYTES)
   if not text then
      return nil, problem
   end
   local fine, value = pcall(promptic.json.decode, text)
   if not fine or type(value) ~= "table" then
      return nil, path .. ": not JSON"
   elseif (tonumber(value.version) or 0) > VERSION then
      return nil, path .. ": written by a newer version of promptic"
   end
   return value
end

--- The prompt of a component, by id or name, in a file for a repository; nil and why.
function prompt_files.find(path, component)
   local document, problem = read(path)
   if not document then
      return nil, problem
   end
   local found
   for _, entry in ipairs(type(document.prompts) == "table" and document.prompts or {}) do
      if prompt_files.is_prompt(entry) then
         if entry.componentId == component then
            return entry
         elseif entry.componentName == component and found then
            return nil, ("%s: several components are named '%s'; use the id of one"):format(path, component)
         end
         found = entry.componentName == component and entry or found
      end
   end
   return found, not found and ("%s: no prompt of '%s'"):format(path, component) or nil
end

--- The prompt that a process has left in a cache_file, if it was of this endpoint and component.
function prompt_files.load(path, endpoint, component)
   local document = read(path)
   if document and document.endpoint == endpoint and document.component == component
      and prompt_files.is_prompt(document.prompt) then
      return document.prompt
   end
end

--- Leaves a prompt for the next process: as a whole or not at all, readable for its owner only.
function prompt_files.store(path, endpoint, component, prompt)
   local text = promptic.json.encode{ version = VERSION, endpoint = endpoint, component = component, prompt = prompt }
   return writing.write(path, text, true)
end

--- Removes a cache_file, if it is of this endpoint and component.
function prompt_files.remove(path, endpoint, component)
   if prompt_files.load(path, endpoint, component) then
      disk.remove(path)
   end
end

return prompt_files
