edit core/endpoints.c '/* ----------------------------------------------------------- components */' \
'    /* -------------------------------------------------------------- gadgets */
    {.name = "list_gadgets", .module = "gadgets", .verb = "GET", .path = "/components/{component_id}/gadgets",
     .parameters = PARAMETERS(COMPONENT_ID, OPTION(QUERY, "colour", "colour", STRING, "only of this colour", ONE_OF(VALUES("red", "green")))),
     .repeatable = true, .returns = RETURNS_LIST("data", "Gadget"), .summary = "The gadgets of a component."},
    {.name = "create_gadget", .module = "gadgets", .verb = "POST", .path = "/components/{component_id}/gadgets",
     .parameters = PARAMETERS(COMPONENT_ID,
        ARGUMENT(BODY, "name", "name", STRING, "what to call it"),
        OPTION(BODY, "colour", "colour", STRING, "its colour", ONE_OF(VALUES("red", "green")))),
     .returns = RETURNS_A("Gadget"), .summary = "Creates a gadget."},
'
edit scripts/types.lua '{ name = "Component", fields = {' \
'   { name = "Gadget", fields = {
      { name = "id", type = "string" },
      { name = "aiComponentId", type = "string" },
      { name = "name", type = "string" },
      { name = "colour", type = "string", values = { "red", "green" }, null = true, absent = true },
      { name = "createdAt", type = "string" },
      { name = "updatedAt", type = "string" },
   } },'
