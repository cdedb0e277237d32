--- The sandbox's own checks against the contract, field by field, by what it answers: for each parameter and each
-- field of a body one value that the contract allows and one for each way in which it does not. The rows of the
-- endpoint table are not read here (table_spec compares them with the contract). The ids are well formed and
-- nobody's, so what is allowed answers anything but 400.
local contract = require "spec.support.contract"
local json = require("promptic").json
local sandbox = require "spec.support.sandbox"

local document = contract.load()

local server
setup(function() server = sandbox.start{ pace = 0 } end)
teardown(function() assert.equal("", server:stop()) end)

local NOBODY = "00000000-0000-4000-8000-00000000000a"

-- Where the sandbox asks for more than the contract has, by operation (or any) and field, with the reason.
local STRICTER = {
   ["hyperparameters"] = "typos are refused, though the contract leaves the object open",
}

-- Fields that the contract requires because clients send them always; the platform has defaults for them, so the
-- sandbox takes bodies without them.
local FILLED_IN = { create_experiment = { taskType = "classification", provider = "openai", optimizer = "prompticV2" } }

-- Values of these fields that fit together; the rest are made from their schemas.
local FITTING = { scaleMin = 0, scaleMax = 2, trainSplitRatio = 0.5, epochs = 3,
   contentBase64 = "dGV4dA==", storageObjectId = NOBODY }

---------------------------------------------------------------- schemas

local function resolved(schema)
   return contract.resolve(document, schema)
end

local function kind_of(schema)
   local kind, nullable = schema.type, false
   if type(kind) == "table" then
      for _, name in ipairs(schema.type) do
         if name == "null" then nullable = true else kind = name end
      end
   end
   return kind, nullable or (kind == nil and not schema.enum)
end

local sample

local function object_sample(schema)
   local object = {}
   for name, property in pairs(schema.properties or {}) do
      if FITTING[name] ~= nil then object[name] = FITTING[name] else object[name] = sample(resolved(property)) end
   end
   return object
end

-- A value that the schema allows.
function sample(schema)
   local kind = kind_of(schema)
   if schema.enum then return schema.enum[1] end
   if kind == "string" or kind == nil then
      return ({ uuid = NOBODY, ["date-time"] = "2026-01-01T00:00:00Z" })[schema.format] or "text"
   elseif kind == "integer" or kind == "number" then
      return schema.minimum or 1
   elseif kind == "boolean" then
      return true
   elseif kind == "array" then
      return json.array{ sample(resolved(schema.items)) }
   end
   return object_sample(schema)
end


-- Each value that the schema does not allow, with the message that says so.
local function wrong_values(schema)
   local kind, nullable = kind_of(schema)
   local list = {}
   local function add(value, message) list[#list + 1] = { value, message } end
   local wrong_type = { string = 1, integer = "1", number = "1", boolean = "true", object = json.array{}, array = {} }
   if kind then add(wrong_type[kind], "^Expected ") end
   if kind == "integer" then add(1.5, "^Expected integer, received float$") end
   if not nullable then add(json.null, "received null$") end
   if schema.enum then add("no such value", "^Invalid enum value%. ") end
   if schema.format == "uuid" then add("1234", "^Invalid uuid$") end
   if schema.minimum then add(schema.minimum - 1, "^Number must be greater than or equal to ") end
   if schema.maximum then add(schema.maximum + 1, "^Number must be less than or equal to ") end
   if schema.exclusiveMinimum then add(schema.exclusiveMinimum, "^Number must be greater than ") end
   if (schema.minItems or 0) > 0 then add(json.array{}, "^Array must contain at least ") end
   if (schema.minLength or 0) > 0 then add("", "^String must contain at least ") end
   if kind == "array" and schema.maxItems then
      local many = json.array{}
      for i = 1, schema.maxItems + 1 do many[i] = sample(resolved(schema.items)) end
      add(many, "^Array must contain at most ")
   end
   return list, nullable
end

---------------------------------------------------------------- requests

local function path_of(operation, changes)
   return (operation.path:gsub("{(.-)}", function(name)
      for _, parameter in ipairs(operation.parameters) do
         if parameter.name == name then
            return (changes or {})[name] or tostring(parameter.schema.type == "integer" and 1 or NOBODY)
         end
      end
   end))
end

local function send(operation, body, query, changes)
   return server:request(operation.verb, path_of(operation, changes) .. (query or ""), body)
end

local function refused(answer, message, path)
   assert.equal(400, answer.status, answer.text)
   assert.matches(message, answer.json.error)
   assert.equal(path, answer.json.details.path)
end

local function allowed(answer, what)
   assert.not_equal(400, answer.status, ("%s: %s"):format(what, answer.text))
   assert.is_true(answer.status < 500, answer.text)
end

---------------------------------------------------------------- bodies

-- Visits each field of a value that the schema describes: visit(holder, name, schema, path, is_required).
local function each_field(schema, value, prefix, visit)
   local required = {}
   for _, name in ipairs(schema.required or {}) do required[name] = true end
   for name, property in pairs(schema.properties or {}) do
      local inner = resolved(property)
      local path = prefix .. name
      visit(value, name, inner, path, required[name] or false)
      if inner.properties then each_field(inner, value[name], path .. ".", visit) end
      local items = inner.items and resolved(inner.items)
      if items and items.properties then each_field(items, value[name][1], path .. "[0].", visit) end
   end
end

-- Each object of a body: visit(object, schema, path).
local function each_object(schema, value, path, visit)
   if schema.type == "array" then
      each_object(resolved(schema.items), value[1], path .. "[0]", visit)
      return
   end
   visit(value, schema, path)
   for name, property in pairs(schema.properties or {}) do
      local inner = resolved(property)
      local is_list = inner.type == "array" and resolved(inner.items).properties
      if inner.properties or is_list then
         each_object(inner, value[name], path == "" and name or path .. "." .. name, visit)
      end
   end
end

local function check_field(operation, body, holder, name, schema, path, is_required)
   local good = holder[name]
   local list, nullable = wrong_values(schema)
   for _, row in ipairs(list) do
      holder[name] = row[1]
      refused(send(operation, body), row[2], path)
   end
   holder[name] = nil
   if is_required and not (FILLED_IN[operation.id] or {})[path] then
      refused(send(operation, body), "^Required$", path)
   else
      allowed(send(operation, body), "without " .. path)
   end
   if nullable then
      holder[name] = json.null
      allowed(send(operation, body), path .. " of null")
   end
   holder[name] = good
end

local function check_unknown(operation, body, object, schema, path)
   object.noSuchField = 1
   local answer = send(operation, body)
   object.noSuchField = nil
   if schema.additionalProperties == false or STRICTER[path] then
      refused(answer, "^Unrecognized key%(s%) in object: 'noSuchField'$", path)
   else
      allowed(answer, "an unknown field in " .. path)
   end
end

-- create_artifact takes one of two; the other is asked for where neither is there.
local ONE_OF = { contentBase64 = true, storageObjectId = true }

for _, operation in ipairs(contract.operations(document)) do
   if operation.body and operation.id ~= "ingest_traces" then
      describe(operation.id, function()
         local schema = resolved(operation.body)

         it("takes what the contract allows", function()
            local body = sample(schema)
            -- what is said of the bytes has to be true of them
            if operation.id == "create_artifact" then body.sizeBytes, body.sha256 = nil, nil end
            allowed(send(operation, body), "all fields")
            if schema.type == "array" then allowed(send(operation, body[1]), "one element alone") end
         end)

         it("refuses what it does not, field by field", function()
            local body = sample(schema)
            local is_list = schema.type == "array"
            if is_list then
               for _, row in ipairs(wrong_values(schema)) do
                  -- an object alone is a list of one
                  if row[2] ~= "^Expected " then refused(send(operation, row[1]), row[2], "") end
               end
            end
            local inner = is_list and resolved(schema.items) or schema
            each_field(inner, is_list and body[1] or body, is_list and "[0]." or "", function(holder, name, ...)
               if operation.id == "create_artifact" then
                  body.sizeBytes, body.sha256 = name == "sizeBytes" and 4 or nil, nil
               end
               if ONE_OF[name] then body.contentBase64, body.storageObjectId = "dGV4dA==", NOBODY end
               check_field(operation, body, holder, name, ...)
            end)
         end)

         it("knows which objects are closed", function()
            local body = sample(schema)
            if operation.id == "create_artifact" then body.sizeBytes, body.sha256 = nil, nil end
            each_object(schema, body, "", function(object, ...) check_unknown(operation, body, object, ...) end)
         end)
      end)
   end
end

describe("the config of an evaluator", function()
   -- type, the schema of a part of the config, the config around that part, where the part stands
   local function whole(part) return part end
   local function field(part) return { fields = { label = part } } end
   for _, row in ipairs{
      { "referenceJudge", "JudgeConfig", whole, "[0].config" },
      { "comparisonJudge", "JudgeConfig", whole, "[0].config" },
      { "generalJudge", "GeneralJudgeConfig", whole, "[0].config" },
      { "structuredOutput", "StructuredOutputConfig", whole, "[0].config" },
      { "structuredOutput", "StructuredOutputFieldConfig", field, "[0].config.fields.label" },
   } do
      local kind, schema = row[1], document.components.schemas[row[2]]
      it("of " .. kind .. " is as " .. row[2], function()
         local operation = { verb = "POST", parameters = {}, path = "/experiments/" .. server:experiment()
            .. "/evaluators" }
         local part = object_sample(schema)
         -- only where a judge is the method, which it is in no sample
         local instructions = schema.properties.judge_instructions and part.judge_instructions
         if row[3] == field then part.judge_instructions = nil end
         if part.fields then part.fields = {} end
         local body = json.array{ { name = "n", type = kind, weight = 1, config = row[3](part) } }
         allowed(send(operation, body), "all of it")
         each_field(schema, part, row[4] .. ".", function(holder, name, ...)
            if name == "judge_instructions" and row[3] == field then
               holder.method, holder.judge_instructions = "judge", instructions
            end
            check_field(operation, body, holder, name, ...)
            if row[3] == field then holder.method, holder.judge_instructions = "exact", nil end
         end)
         check_unknown(operation, body, part, schema, row[4])
      end)
   end
end)

---------------------------------------------------------------- parameters

-- Texts that a query or a path must not have, with the message.
local function wrong_texts(schema)
   local list = {}
   local kind = kind_of(schema)
   if kind == "integer" then
      list[1], list[2] = { "x", "^Expected number, received nan$" }, { "1.5", "^Expected integer, received float$" }
   end
   if schema.enum then list[#list + 1] = { "other", "^Invalid enum value%. " } end
   if schema.format == "uuid" then list[#list + 1] = { "1234", "^Invalid uuid$" } end
   if schema.format == "date-time" then list[#list + 1] = { "2026-01-01", "^Invalid datetime$" } end
   if schema.minimum then list[#list + 1] = { schema.minimum - 1, "^Number must be greater than or equal to " } end
   if schema.maximum then list[#list + 1] = { schema.maximum + 1, "^Number must be less than or equal to " } end
   return list
end

describe("parameters", function()
   for _, operation in ipairs(contract.operations(document)) do
      for _, parameter in ipairs(operation.parameters) do
         it(("%s %s of %s"):format(parameter.place, parameter.name, operation.id), function()
            local schema = resolved(parameter.schema)
            local function with(text)
               if parameter.place == "path" then return send(operation, nil, nil, { [parameter.name] = text }) end
               return send(operation, nil, "?" .. parameter.name .. "=" .. text)
            end
            for _, row in ipairs(wrong_texts(schema)) do refused(with(row[1]), row[2], parameter.name) end
            if operation.verb == "GET" then
               local good = schema.default or sample(schema)
               allowed(with(tostring(schema.maximum or good):gsub(":", "%%3A")), parameter.name)
            end
         end)
      end
   end
end)

describe("credentials", function()
   local WORKSPACE

   for _, operation in ipairs(contract.operations(document)) do
      it("of " .. operation.id, function()
         WORKSPACE = WORKSPACE or server:ok("GET", "/ai-application").id
         local path = path_of(operation)
         local function status(headers)
            return server:request(operation.verb, path, nil, headers).status
         end
         assert.equal(401, status{ authorization = false })
         local token = "Bearer session-sandbox"
         if operation.session_only then
            assert.same({ 401, 200 }, { status{}, status{ authorization = token } })
            return
         end
         assert.equal(400, status{ authorization = token })
         local expected = status{}
         for _, header in ipairs{ "x-ai-application-id", "x-workspace-id" } do
            assert.equal(expected, status{ authorization = token, [header] = WORKSPACE })
            assert.equal(404, status{ authorization = token, [header] = NOBODY })
         end
      end)
   end
end)

it("omitted fields have the contract's defaults", function()
   local component = server:component()
   local made = server:ok("POST", "/experiments", { aiComponentId = component, targetModel = "m" })
   for field, default in pairs(FILLED_IN.create_experiment) do assert.equal(default, made[field]) end
   local settings = resolved(document.components.schemas.Hyperparameters).properties
   assert.same({ epochs = settings.epochs.default, numFewShots = settings.numFewShots.default },
      made.hyperparameters)
   assert.equal("single", made.promptFormat)
   local changed = server:ok("PATCH", "/experiments/" .. made.id, { hyperparameters = { epochs = 2 } })
   assert.same({ epochs = 2, numFewShots = settings.numFewShots.default }, changed.hyperparameters)
   local signed = server:ok("POST", "/storage-objects/presign", { folder = "f", filename = "n", contentType = "a/b" })
   assert.equal(document.components.schemas.PresignInput.properties.access.default, signed.access)
   local path = "/experiments/" .. made.id .. "/observations"
   local observation = server:ok("POST", path, { { variables = {}, expected = "" } }).data[1]
   assert.equal(document.components.schemas.ObservationInput.properties.split.default, observation.split)
end)
