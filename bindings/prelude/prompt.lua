-- prompt.lua - client:prompt: the deployed prompt of a component for a program in production. get never waits: a task
-- in the background keeps it fresh. Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, ipairs, math, pairs, pcall = error, ipairs, math, pairs, pcall
local setmetatable, tostring, type = setmetatable, tostring, type

local library, methods = import "c.library", import "methods"
local background, disk, failure, host = import "background", import "c.spool", import "failure", import "c.tasks"
local auth, render, writing = import "c.auth", import "render", import "writing"

local check, now, promptic, warn = library.check, library.now, library.promptic, library.warn
local generation = host.generation

local Prompt = { __name = "promptic.prompt" }
Prompt.__index = Prompt

-- Fields: value and source (what get returns, or nil and why), due (when the next refresh is, monotonic), fetched (when
-- the platform last gave it), gone (since when the platform says that nothing is deployed, or false), pause (seconds
-- until the next attempt after a failure), refreshing (the generation of the process that refreshes, or false), id (the
-- component's).

local FIRST_PAUSE, LONGEST_PAUSE = 1, 30

-- ------------------------------------------------------------------ files

local MOST_BYTES = 64 * 1024 * 1024

local function read_json(path)
   local size, problem = disk.status(path)
   if not size then
      return nil, problem
   end
   local text, why = disk.read(path, 0, math.min(size, MOST_BYTES))
   if not text then
      return nil, why
   end
   local fine, value = pcall(promptic.json.decode, text)
   if not fine or type(value) ~= "table" then
      return nil, path .. ": not JSON"
   end
   return value
end

local function is_prompt(value)
   return type(value) == "table" and type(value.prompt) == "string"
end

-- The prompt of this component in a file that `promptic deployments pull` has written.
local function from_file(self, path)
   local document, problem = read_json(path)
   if not document then
      return nil, problem
   end
   for _, entry in ipairs(type(document.prompts) == "table" and document.prompts or {}) do
      if is_prompt(entry) and (entry.componentId == self.component or entry.componentName == self.component) then
         return entry
      end
   end
   return nil, ("%s: no prompt of '%s'"):format(path, self.component)
end

-- What a process before this one has left, if it was of this endpoint and component.
local function from_cache(self)
   local document = read_json(self.cache_file)
   if document and document.endpoint == self.endpoint and document.component == self.component
      and is_prompt(document.prompt) then
      return document.prompt
   end
end

local function save(self)
   if not self.cache_file then
      return
   end
   local text = promptic.json.encode{ endpoint = self.endpoint, component = self.component, prompt = self.value }
   local fine, problem = failure.attempt(writing.write, self.cache_file, text, true)
   if not fine then
      self:note("the cache_file cannot be written: " .. tostring(problem))
   end
end

-- ------------------------------------------------------------------ what get returns

local function same(a, b)
   if type(a) ~= "table" or type(b) ~= "table" then
      return a == b
   end
   for key, value in pairs(a) do
      if not same(value, b[key]) then
         return false
      end
   end
   for key in pairs(b) do
      if a[key] == nil then
         return false
      end
   end
   return true
end

-- Each thing once in a row.
function Prompt:note(text)
   if self.noted ~= text then
      self.noted = text
      pcall(warn, self.client, ("prompt of '%s': %s"):format(self.component, text))
   end
end

local function set(self, value, source)
   local before = self.value
   if before ~= nil and same(before, value) then
      value = before -- the same table as long as nothing changes
   end
   self.value, self.source = value, source
   if self.on_change and value ~= before and value ~= nil then
      local fine, problem = pcall(self.on_change, value, before)
      if not fine then
         self:note("on_change has failed: " .. tostring(problem))
      end
   end
end

-- What there is besides the platform, in its order.
local function fall_back(self, why)
   local cached = self.cache_file and not self.gone and from_cache(self)
   if cached then
      return set(self, cached, "cache_file")
   end
   local problem
   if self.file then
      local found
      found, problem = from_file(self, self.file)
      if found then
         return set(self, found, "file")
      end
      self:note(problem)
   end
   if self.fallback then
      return set(self, self.fallback, "fallback")
   end
   self.value, self.source = nil, problem and why .. "; " .. problem or why
end

-- ------------------------------------------------------------------ refreshing

local function id_of(self)
   if self.id then
      return self.id
   end
   local component = self.is_id and { id = self.component } or methods.find_component(self.client, self.component)
   self.id = component and component.id
   return self.id
end

-- The deployed prompt; nil and why if there is none. A component of a name that is gone is looked for once more: it may
-- have been made anew.
local function ask(self)
   local known = self.id
   local id = id_of(self)
   if not id then
      return nil, ("there is no component '%s'"):format(self.component)
   end
   local fine, value = failure.attempt(methods.get_deployed_prompt, self.client, id)
   if fine and is_prompt(value) then
      return value
   elseif fine then
      return nil, "no prompt is deployed"
   elseif failure.is_error(value) and value.status_code == 404 then
      self.id = nil
      if known and not self.is_id then
         return ask(self)
      end
      return nil, ("there is no component '%s'"):format(self.component)
   end
   error(value, 0)
end

local function take(self, value, why)
   self.pause, self.due = FIRST_PAUSE, now() + self.ttl
   if value then
      self.fetched, self.gone, self.noted = now(), false, false
      local before = self.value
      set(self, value, "fresh")
      if self.value ~= before then
         save(self)
      end
      return
   end
   self.gone = self.gone or now()
   self:note(why)
   if self.fetched and now() - self.gone < self.stale then
      self.source = "stale"
      self.due = math.min(self.due, self.gone + self.stale)
      return
   end
   self.fetched = false
   fall_back(self, why)
end

-- After a failure the prompt stays what it is: only the platform takes one away.
local function suffer(self, err)
   self:note(tostring(err))
   if self.fetched then
      self.source = "stale"
   elseif self.value == nil then
      fall_back(self, tostring(err))
   end
   self.due = now() + self.pause
   self.pause = math.min(2 * self.pause, LONGEST_PAUSE)
end

local function refresh(self)
   local fine, result = failure.attempt(function()
      local value, why = ask(self)
      return { value = value, why = why }
   end)
   if fine then
      take(self, result.value, result.why)
   else
      suffer(self, result)
   end
   self.refreshing = false
   return fine, result
end

-- What happens past `due`: one refresh begins, unless one is under way.
local function begin_refresh(self)
   if self.refreshing ~= generation() then
      self.refreshing = generation()
      if self.source == "fresh" then
         self.source = "stale"
      end
      if not pcall(background.start, refresh, self) then
         self.refreshing, self.due = false, now() + self.pause
      end
   end
end

-- ------------------------------------------------------------------ methods

--- The prompt and where it is from: "fresh", "stale", "cache_file", "file" or "fallback"; nil and why. Never waits.
function Prompt:get()
   if now() >= self.due then
      begin_refresh(self)
   end
   return self.value, self.source
end

--- The same after asking the platform; waits, and raises if that fails.
function Prompt:fetch(timeout)
   local client = self.client
   if timeout ~= nil then
      self.client = client:with{ deadline = timeout }
   end
   self.refreshing = generation()
   local fine, problem = refresh(self)
   self.client = client
   if not fine then
      error(problem, 0)
   end
   return self.value, self.source
end

local function contents(value)
   local texts = {}
   for index, message in ipairs(value.promptMessages) do
      texts[index] = message.content
   end
   return texts
end

--- The prompt with values in the places of its variables: a text, or for multi_message a list of { role, content }.
function Prompt:render(variables)
   local value, why = self:get()
   if not value then
      failure.raise("config", ("there is no prompt of '%s': %s"):format(self.component, why), "no_prompt")
   end
   if value.promptFormat ~= "multi_message" or type(value.promptMessages) ~= "table" then
      return render.texts({ value.prompt }, variables or {}, self.input_variables)[1]
   end
   local messages = {}
   for index, text in ipairs(render.texts(contents(value), variables or {}, self.input_variables)) do
      messages[index] = { role = value.promptMessages[index].role, content = text }
   end
   return messages
end

--- Attributes of a span that uses it.
function Prompt:attributes()
   local value = self.value or {}
   return {
      ["promptic.prompt.source"] = self.source, ["promptic.component.id"] = value.componentId,
      ["promptic.experiment.id"] = value.experimentId, ["promptic.iteration.id"] = value.iterationId,
   }
end

local function fallback_of(given)
   if type(given) == "string" then
      return { prompt = given }
   end
   return given or false
end

function methods.prompt(...)
   local client, component, options = check.prompt(...)
   local self = setmetatable({
      client = client, component = component, is_id = component:find("^%x+%-%x+%-%x+%-%x+%-%x+$") ~= nil,
      endpoint = auth.describe(client).endpoint, id = false, ttl = options.ttl, stale = options.stale,
      file = options.file or false, cache_file = options.cache_file or false,
      fallback = fallback_of(options.fallback), on_change = options.on_change or false,
      input_variables = options.input_variables, value = nil, source = nil, due = 0, fetched = false, gone = false,
      pause = FIRST_PAUSE, refreshing = false, noted = false,
   }, Prompt)
   fall_back(self, "it was not fetched yet")
   return self
end

return Prompt
