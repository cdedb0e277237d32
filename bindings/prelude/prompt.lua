-- prompt.lua - client:prompt: the deployed prompt of a component for a program in production. get never waits: a task
-- in the background keeps it fresh. Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, ipairs, math, pairs, pcall = error, ipairs, math, pairs, pcall
local setmetatable, tostring, type = setmetatable, tostring, type

local library, methods, scheduler, tasks = import "c.library", import "methods", import "scheduler", import "tasks"
local background, failure, host = import "background", import "failure", import "c.tasks"
local auth, files, render = import "c.auth", import "prompt_files", import "render"

local check, now, warn = library.check, library.now, library.warn
local generation, is_finished = host.generation, scheduler.is_finished
local max, min = math.max, math.min

local Prompt = { __name = "promptic.prompt" }
Prompt.__index = Prompt

-- Fields: value and source (what get returns, or nil and why), due (from when on get begins a refresh), is_kept
-- (whether the value is the platform's, by this process or the cache_file), gone (since when the platform says that
-- nothing is deployed, or false), pause (seconds until the next attempt after a failure), task (of the last refresh, or
-- false), process (the generation of the process that task belongs to), problem (the error of the last refresh, or
-- false), noted (what was logged last), id (the component's). Times are monotonic: the system's clock may step.

local FIRST_PAUSE, LONGEST_PAUSE = 1, 30
local FOREVER = 1e9 -- seconds

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

-- Logs each thing once in a row. `key`: what makes it the same, if its text varies.
local function note(self, text, key)
   if self.noted ~= (key or text) then
      self.noted = key or text
      pcall(warn, self.client, ("prompt of '%s': %s"):format(self.component, text))
   end
end

-- Returns whether that changes the prompt.
local function set(self, value, source)
   local before = self.value
   local is_same = before ~= nil and same(before, value)
   self.value, self.source = is_same and before or value, source
   return not is_same
end

-- What there is besides the platform, in its order.
local function fall_back(self, why)
   local problem
   if self.file then
      local found
      found, problem = files.find(self.file, self.component)
      if found then
         return set(self, found, "file")
      end
      note(self, problem)
   end
   if self.fallback then
      return set(self, self.fallback, "fallback")
   end
   self.value, self.source = nil, problem and why .. "; " .. problem or why
end

local function begin(self)
   local cached = self.cache_file and files.load(self.cache_file, self.endpoint, self.component)
   if cached then
      self.is_kept = true
      return set(self, cached, "cache_file")
   end
   return fall_back(self, "it has not been fetched yet")
end

local function save(self)
   if self.cache_file then
      local fine, problem = failure.attempt(files.store, self.cache_file, self.endpoint, self.component, self.value)
      if not fine then
         note(self, "the cache_file cannot be written: " .. tostring(problem))
      end
   end
end

-- ------------------------------------------------------------------ refreshing

local function find_id(self)
   if not self.id then
      local component = self.is_id and { id = self.component } or methods.find_component(self.client, self.component)
      self.id = component and component.id or false
   end
   return self.id
end

-- A 404 of the platform's, not one of a server in its place.
local function is_missing(err)
   return failure.is_error(err) and err.status_code == 404 and err.code ~= "no_route"
end

-- The deployed prompt; nil and why if there is none. The component of a name may have been made anew, with another id.
local function ask(self)
   local known = self.id
   local id = find_id(self)
   if not id then
      return nil, ("there is no component '%s'"):format(self.component)
   end
   local fine, value = failure.attempt(methods.get_deployed_prompt, self.client, id)
   if fine and files.is_prompt(value) then
      return value
   elseif fine and value ~= nil then
      failure.raise("decode", "the response is not a deployed prompt", "unexpected_response")
   elseif not fine and not is_missing(value) then
      error(value, 0)
   end
   self.id = false
   if fine then
      return nil, "no prompt is deployed"
   elseif known and not self.is_id then
      return ask(self)
   end
   return nil, ("there is no component '%s'"):format(self.component)
end

-- The platform has taken the prompt away, and the time in which it stays in use is over.
local function withdraw(self, why)
   self.is_kept = false
   if self.cache_file then
      files.remove(self.cache_file, self.endpoint, self.component)
   end
   fall_back(self, why)
end

local function is_over(self)
   return self.gone and now() >= self.gone + self.stale
end

local function take(self, value)
   local is_new = self.gone or not self.is_kept
   self.gone, self.noted, self.is_kept = false, false, true
   if set(self, value, "fresh") or is_new then
      save(self)
   end
end

local function lose(self, why)
   self.gone = self.gone or now()
   note(self, why)
   if not self.is_kept or is_over(self) then
      withdraw(self, why)
   else
      self.due = min(self.due, self.gone + self.stale)
   end
end

-- After a failure the prompt stays what it is: only the platform takes one away.
local function suffer(self, err)
   local key = failure.is_error(err) and ("%s %s %s"):format(err.kind, tostring(err.status_code), tostring(err.code))
   note(self, tostring(err), key)
   if self.value == nil then
      fall_back(self, tostring(err))
   end
   self.due = now() + self.pause
   self.pause = min(2 * self.pause, LONGEST_PAUSE)
end

local function refresh(self)
   local before = self.value
   if self.is_kept and is_over(self) then
      withdraw(self, "no prompt is deployed")
   end
   local fine, result = failure.attempt(function()
      local value, why = ask(self)
      return { value = value, why = why }
   end)
   self.problem = not fine and result
   if not fine then
      suffer(self, result)
   else
      self.pause, self.due = FIRST_PAUSE, now() + self.ttl
      if result.value then
         take(self, result.value)
      else
         lose(self, result.why)
      end
   end
   self.task = false -- on_change may ask for the next one
   if self.on_change and self.value ~= before then
      local worked, problem = failure.attempt(self.on_change, self.value, before)
      if not worked then
         note(self, "on_change has failed: " .. tostring(problem))
      end
   end
end

-- In a forked child a refresh of the parent's is none.
local function is_refreshing(self)
   return self.task and self.process == generation() and not is_finished(self.task)
end

-- Past `due` one refresh begins, unless one is under way.
local function begin_refresh(self)
   self.due = now() + self.pause
   if is_refreshing(self) then
      return
   end
   if self.source == "fresh" then
      self.source = "stale"
   end
   local fine, task = pcall(background.start, refresh, self)
   self.task, self.process = fine and task, generation()
end

-- ------------------------------------------------------------------ methods

--- The prompt and where it is from: "fresh", "stale", "cache_file", "file" or "fallback"; nil and why. Never waits.
function Prompt:get()
   if now() >= self.due then
      begin_refresh(self)
   end
   return self.value, self.source
end

local function await(self, task, stop)
   if not tasks.settle(task, max(0, stop - now())) then
      local text = "the prompt of '%s' was not fetched in time; the request continues"
      failure.raise("timeout", text:format(self.component), "fetch")
   end
end

-- A refresh that was under way may have been answered before: that is no answer to who asks now.
local function fetch(self, stop)
   if is_refreshing(self) then
      await(self, self.task, stop)
   end
   if not is_refreshing(self) then
      begin_refresh(self)
   end
   local task = self.task
   if task then
      await(self, task, stop)
   end
   if not task or self.problem then
      error(self.problem or "not enough memory", 0)
   end
end

--- The same after asking the platform; waits, and raises if that fails. After `timeout` seconds the refresh goes on in
--- the background.
function Prompt:fetch(timeout)
   if timeout ~= nil and (type(timeout) ~= "number" or not (timeout >= 0)) then
      error(("bad argument #1 to 'fetch' (seconds expected, got %s)"):format(tostring(timeout)), 2)
   end
   tasks.enter(fetch, self, now() + min(timeout or FOREVER, FOREVER))
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
   if variables ~= nil and type(variables) ~= "table" then
      error(("bad argument #1 to 'render' (table expected, got %s)"):format(type(variables)), 2)
   end
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
   local value = self.value
   return value and {
      ["promptic.prompt.source"] = self.source, ["promptic.component.id"] = value.componentId,
      ["promptic.experiment.id"] = value.experimentId, ["promptic.iteration.id"] = value.iterationId,
   } or {}
end

-- Whether it is the id of a component, a UUID; a name may consist of hexadecimal words too.
local function is_id(text)
   return #text == 36 and text:find("^%x+%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+$") == 1 and text:find("-", 1, true) == 9
end

local function fallback_of(given)
   if type(given) == "string" then
      return { prompt = given }
   elseif given ~= nil and not files.is_prompt(given) then
      failure.raise("argument", "fallback is neither a text nor a DeployedPrompt", "wrong_fallback")
   end
   return given or false
end

function methods.prompt(...)
   local client, component, options = check.prompt(...)
   local self = setmetatable({
      client = client, component = component, is_id = is_id(component),
      endpoint = auth.describe(client).endpoint, id = false, ttl = options.ttl, stale = options.stale,
      file = options.file or false, cache_file = options.cache_file or false,
      fallback = fallback_of(options.fallback), on_change = options.on_change or false,
      input_variables = options.input_variables, value = nil, source = nil, due = 0, is_kept = false, gone = false,
      pause = FIRST_PAUSE, task = false, process = false, problem = false, noted = false,
   }, Prompt)
   begin(self)
   return self
end

return Prompt
