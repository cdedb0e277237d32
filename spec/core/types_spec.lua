--- The types of responses against the platform's contract, both ways: no field is missing, none is made up.
local contract = require "spec.support.contract"
local types = dofile("scripts/types.lua")

local document = contract.load()
local schemas = document.components.schemas

-- Objects without a name in the contract: ours -> where they are.
local UNNAMED = {
   ComponentId = "create_component", Started = "start_experiment", Deployed = "deploy", TracePage = "list_traces",
   DuplicatedExperiment = "duplicate_experiment", PartialSuccess = "ExportTraceServiceResponse.partialSuccess",
   InsightMeta = "InsightResult.meta",
}

local responses = {}
for _, operation in ipairs(contract.operations(document)) do
   local _, response = next(operation.success)
   local content = response.content and response.content["application/json"]
   responses[operation.id] = content and content.schema
end

local function schema_of(name)
   local place = UNNAMED[name]
   if not place then
      return schemas[name]
   end
   local owner, field = place:match("^(%w+)%.(%w+)$")
   return owner and schemas[owner].properties[field] or responses[place]
end

local function set(list)
   local found = {}
   for _, one in ipairs(list or {}) do
      found[one] = true
   end
   return found
end

-- The properties of an object of its own, the set of those required, and the type that it extends.
local function parts(schema)
   local properties, required, extends = {}, {}, nil
   for _, part in ipairs(schema.allOf or { schema }) do
      if part["$ref"] then
         extends = part["$ref"]:match("[^/]+$")
      else
         for name, property in pairs(part.properties or {}) do
            properties[name] = property
         end
         for _, name in ipairs(part.required or {}) do
            required[name] = true
         end
      end
   end
   return properties, required, extends
end

local BASE = { string = true, integer = true, number = true, boolean = true, object = true }

local kind_of

-- A property as a row says it: type, list, map, null, values.
function kind_of(property, place)
   if property["$ref"] then
      return { type = property["$ref"]:match("[^/]+$") }
   elseif property.oneOf then
      local kind = kind_of(property.oneOf[1], place)
      kind.null = property.oneOf[2].type == "null" or nil
      return kind
   end
   local word, null = property.type, nil
   if type(word) == "table" then
      null = set(word).null
      word = word[1] == "null" and word[2] or word[1]
   end
   local values
   for _, value in ipairs(property.enum or {}) do
      values = values or {}
      values[#values + 1] = type(value) == "string" and value or nil
   end
   if word == "array" then
      local kind = kind_of(property.items, place)
      kind.list, kind.null = true, null
      return kind
   elseif type(property.additionalProperties) == "table" then
      local kind = kind_of(property.additionalProperties, place)
      kind.map, kind.null = true, null
      return kind
   elseif property.properties then
      for name, where in pairs(UNNAMED) do
         if where == place then
            return { type = name, null = null }
         end
      end
   end
   assert(word == nil or BASE[word], place)
   return { type = word or "any", null = word == nil or null or nil, values = values }
end

local function text_of(schema)
   return schema["x-since"] and tostring(schema["x-since"]) or nil,
      schema["x-dropped"] and tostring(schema["x-dropped"]) or nil,
      schema.description and (schema.description:gsub("%s+", " "):gsub("%.? ?$", ""))
end

describe("the types of responses", function()
   it("are those that the contract's responses hold, and no others", function()
      local expected, found = {}, {}
      local function visit(schema)
         local name = schema["$ref"] and schema["$ref"]:match("[^/]+$")
         if name and expected[name] then
            return
         elseif name then
            expected[name] = true
            schema = schemas[name]
         end
         for _, key in ipairs{ "oneOf", "allOf" } do
            for _, part in ipairs(schema[key] or {}) do visit(part) end
         end
         for _, property in pairs(schema.properties or {}) do visit(property) end
         if schema.items then visit(schema.items) end
      end
      for _, schema in pairs(responses) do visit(schema) end
      expected.AnnotationList = nil -- a list under the name data, as many have without a name
      for name in pairs(UNNAMED) do expected[name] = true end
      for _, row in ipairs(types) do found[row.name] = true end
      assert.same(expected, found)
   end)

   for _, row in ipairs(types) do
      it(row.name .. " has the contract's fields or words", function()
         local schema = schema_of(row.name)
         local properties, required, extends = parts(schema)
         if schema.enum then
            assert.same(schema.enum, row.values)
         else
            assert.equal(extends, row.extends)
         end
         local names = {}
         for _, field in ipairs(row.fields or {}) do
            names[field.name] = true
            local property = assert(properties[field.name], field.name .. " is not in the contract")
            local expected = kind_of(property, row.name .. "." .. field.name)
            expected.name, expected.absent = field.name, not required[field.name] or nil
            expected.since, expected.dropped, expected.meaning = text_of(property)
            assert.same(expected, field)
         end
         for name in pairs(properties) do
            assert.is_true(names[name], name .. " has no row")
         end
         if not UNNAMED[row.name] then
            local since, dropped, meaning = text_of(schema)
            assert.same({ since, dropped, meaning }, { row.since, row.dropped, row.meaning })
         end
      end)
   end

   it("are what the rows of endpoints and of the library name", function()
      local promptic = require "promptic"
      local count = 0
      for _, list in ipairs{ promptic.endpoints, promptic.library } do
         for _, row in ipairs(list) do
            local returns = row.returns
            if returns.form ~= "value" and returns.type then
               count = count + 1
               local class = promptic.library[returns.type] or returns.type == "Client" or nil
               assert.is_truthy(types.find(returns.type) or class, row.name .. ": " .. returns.type)
            end
         end
      end
      assert.is_true(count > 50)
   end)
end)
