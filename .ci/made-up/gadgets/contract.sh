# What the platform publishes first: not counted.
edit spec/contract/openapi.yaml '  - {name: workspace, description:' \
'  - {name: gadgets, description: Gadgets of a component.}'
edit spec/contract/openapi.yaml '  /workspace:' \
'  /components/{component_id}/gadgets:
    parameters: [{$ref: "#/components/parameters/component_id"}]
    get:
      tags: [gadgets]
      operationId: list_gadgets
      summary: The gadgets of a component
      parameters: [{name: colour, in: query, schema: {type: string, enum: [red, green]}}]
      responses:
        "200":
          description: The gadgets
          content:
            application/json:
              schema:
                type: object
                required: [data]
                properties: {data: {type: array, items: {$ref: "#/components/schemas/Gadget"}}}
        "400": {$ref: "#/components/responses/BadRequest"}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "404": {$ref: "#/components/responses/NotFound"}
        default: {$ref: "#/components/responses/Error"}
    post:
      tags: [gadgets]
      operationId: create_gadget
      summary: Creates a gadget
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties: {name: {type: string}, colour: {type: string, enum: [red, green]}}
              additionalProperties: false
      responses:
        "201":
          description: The gadget
          content: {application/json: {schema: {$ref: "#/components/schemas/Gadget"}}}
        "400": {$ref: "#/components/responses/BadRequest"}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "404": {$ref: "#/components/responses/NotFound"}
        default: {$ref: "#/components/responses/Error"}'
edit spec/contract/openapi.yaml '    Component:' \
'    Gadget:
      type: object
      required: [id, aiComponentId, name, createdAt, updatedAt]
      properties:
        id: {type: string}
        aiComponentId: {type: string}
        name: {type: string}
        colour: {type: [string, "null"], enum: [red, green, null]}
        createdAt: {type: string}
        updatedAt: {type: string}'
