--- The parts of JSON Schema by which a structured output is compared: properties, items, type, enum, local $ref.
local output_schema = {}

-- What a schema stands for: itself, or what its local $ref names.
local function resolve(root, schema)
   for _ = 1, 20 do
      local reference = type(schema) == "table" and schema["$ref"]
      if type(reference) ~= "string" then return schema end
      schema = reference:sub(1, 1) == "#" and root or nil
      for step in reference:gmatch "/([^/]+)" do
         schema = type(schema) == "table" and schema[step] or nil
      end
   end
   return nil
end

--- The schema of a property, or nil.
function output_schema.property(root, schema, name)
   schema = resolve(root, schema)
   local properties = type(schema) == "table" and schema.properties
   return type(properties) == "table" and resolve(root, properties[name]) or nil
end

--- The schema at a dotted path, or nil where the schema has no such field.
function output_schema.find(root, path)
   local schema = root
   for name in path:gmatch "[^.]+" do schema = output_schema.property(root, schema, name) end
   return schema
end

--- The type of what a schema describes, null left out: "enum" where its values are listed; nil where it says none.
function output_schema.type(schema)
   if schema.enum ~= nil or schema.const ~= nil then return "enum" end
   if type(schema.type) == "string" then return schema.type end
   if type(schema.type) == "table" then
      for _, name in ipairs(schema.type) do
         if name ~= "null" then return name end
      end
   end
   return schema.properties and "object" or nil
end

return output_schema
