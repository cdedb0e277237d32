-- http.lua - promptic.http: requests to any server, over the loop of the platform's calls and without its credential.
-- Baked into the module; runs in Lua 5.1 to 5.4.
local import = ...

local error, pairs, type = error, pairs, type
local ceil = math.ceil

local library, core, files, writing = import "c.library", import "c.auth", import "c.files", import "writing"
local failure = import "failure"
local raise, attempt_and = failure.raise, failure.attempt_and
local check, now, promptic = library.check, library.now, library.promptic

-- Seconds that no exchange takes.
local NO_DEADLINE = 1e9

-- One per lua_State, made at the first use: it has the connections. Each request has limits of its own, and a URL; the
-- endpoint is never used.
local client

local function get_client()
   client = client or core.client{ endpoint = "http://localhost", config_file = "", deadline = NO_DEADLINE }
   return client
end

-- ------------------------------------------------------------------ secrets

-- Parts of the names of headers that hold secrets.
local SECRET = { "auth", "cookie", "key", "token", "secret", "passw", "credential", "session", "signature" }
local HARMLESS = { ["idempotency-key"] = true, ["x-idempotency-key"] = true }

local function is_secret(name)
   name = name:lower()
   for i = 1, HARMLESS[name] and 0 or #SECRET do
      if name:find(SECRET[i], 1, true) then
         return true
      end
   end
   return false
end

local function refuse_plain(job)
   local place = job.place
   if not place.is_http or place.is_local or job.allow_http then
      return
   end
   local secret = place.has_user and "the user of the URL"
   for name in pairs(job.headers) do
      secret = is_secret(name) and "the header " .. name or secret
   end
   if secret then
      raise("config", ("plain http to %s would send %s unencrypted: use https, or set allow_http"):format(place.host,
         secret), "plain_http")
   end
end

-- ------------------------------------------------------------------ one exchange

local function receive(stream, on_data)
   while true do
      local got = files.next(stream)
      if type(got) == "table" then
         return got
      elseif got ~= "" and on_data(got) == false then
         files.cut(stream)
      end
   end
end

-- The response, once on_data had all of it.
local function hand_on(request, on_data)
   request.is_stream = true
   local stream = files.exchange(get_client(), request)
   local fine, result = attempt_and(function() files.drop(stream) end, receive, stream, on_data)
   if not fine then
      error(result, 0)
   end
   return result
end

local function exchange(job)
   local left = job.stop and ceil((job.stop - now()) * 1000) / 1000 -- as it was given, at first
   if left and left <= 0 then
      raise("timeout", "the deadline has passed before the request was sent", "deadline")
   end
   local request = {
      method = job.method, url = job.place.url, headers = job.headers, body = job.body,
      timeout = job.timeout, deadline = left, max_retries = job.max_retries,
      max_response_bytes = job.max_response_bytes, ca_file = job.ca_file, log = job.log, json = true,
   }
   if job.on_data then
      return hand_on(request, job.on_data)
   elseif not job.file then
      return files.exchange(get_client(), request)
   end
   request.file = job.file
   return files.exchange(get_client(), request)
end

-- ------------------------------------------------------------------ redirects

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

local function keep_headers(job, is_kept)
   local kept = {}
   for name, value in pairs(job.headers) do
      kept[name] = is_kept(name) and value or nil
   end
   job.headers = kept
end

-- Whether another origin may get it. A Host of the script's is that of the first one.
local function is_for_others(name)
   return not is_secret(name) and name:lower() ~= "host"
end

local function is_not_of_body(name)
   return name:lower():sub(1, 8) ~= "content-"
end

-- What browsers make of the method (WHATWG Fetch, 4.4).
local function turn_into_get(job, status)
   local turns = job.method == "POST" and status <= 302 or status == 303 and job.method ~= "HEAD"
   if turns and job.method ~= "GET" then
      job.method, job.body = "GET", nil
      keep_headers(job, is_not_of_body)
   end
end

-- Makes the job that of the response's Location; false where that is not followed.
local function follow(job, response)
   local location = REDIRECTS[response.status] and response.headers.location
   if location and location:sub(1, 1) == "#" then
      location = job.place.url -- libcurl 7.88 would leave out the last part of its path
   end
   local place = location and location ~= "" and job.redirects > 0 and files.locate(location, job.place.url)
   if not place or (place.is_http and not job.place.is_http) then
      return false
   end
   job.redirects = job.redirects - 1
   turn_into_get(job, response.status)
   if place.origin:lower() ~= job.place.origin:lower() then
      keep_headers(job, is_for_others)
   end
   job.place = place
   return true
end

-- ------------------------------------------------------------------ http

local function perform(job)
   local response
   repeat
      refuse_plain(job)
      response = exchange(job)
   until not follow(job, response)
   return response
end

local function perform_and_save(job)
   local response = perform(job)
   if response.status >= 200 and response.status <= 299 then
      writing.commit(job.file, job.save)
   end
   return response
end

local function save(job)
   job.file = writing.open(job.save)
   local fine, response = attempt_and(function() job.file:discard() end, perform_and_save, job)
   if not fine then
      error(response, 0)
   end
   return response
end

local function has_header(headers, wanted)
   for name in pairs(headers) do
      if name:lower() == wanted then
         return true
      end
   end
   return false
end

-- Methods whose requests say how long their body is, even without one: some servers answer 411 otherwise.
local HAS_BODY = { POST = true, PUT = true, PATCH = true }

function promptic.http(...)
   local method, _, job = check.http(...)
   local started = now()
   job.body = job.body or HAS_BODY[method] and "" or nil
   job.method, job.stop = method, job.deadline and started + job.deadline
   if job.content_type and not has_header(job.headers, "content-type") then
      job.headers["Content-Type"] = job.content_type
   end
   local response = (job.save and save or perform)(job)
   return {
      status = response.status,
      headers = response.headers,
      body = response.body,
      json = response.json,
      elapsed = now() - started,
      url = job.place.url,
   }
end

return { is_secret = is_secret }
