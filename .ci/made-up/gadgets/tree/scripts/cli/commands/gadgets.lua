--- promptic gadgets
return {
   section = "Agents",
   summary = "Gadgets of a component.",
   commands = {
      {
         name = "list", method = "list_gadgets", arguments = { "component_id" }, options = { "colour" }, times = true,
         show = {
            list = "data",
            columns = { { "ID", key = "id", as = "id" }, { "NAME", key = "name" }, { "COLOUR", key = "colour" } },
            empty = "There are no gadgets yet: `promptic gadgets create COMPONENT NAME` makes one.",
         },
      },
      {
         name = "create", method = "create_gadget", arguments = { "component_id", "name" }, options = { "colour" },
         done = "Created the gadget {name}.", show = { fields = { { "id", key = "id", as = "id" } } },
      },
   },
}
