--- promptic models
return {
   section = "Account",
   summary = "The models that experiments can use.",
   commands = {
      {
         name = "list", method = "list_models", summary = "List the models that experiments can use.",
         show = {
            list = "data",
            columns = {
               { "ID", key = "id", as = "id" },
               { "NAME", key = "name" },
               { "PROVIDER", key = "provider", optional = true },
               { "GROUP", key = "group", optional = true },
               { "REGION", key = "region", optional = "last" },
               { "JUDGE", value = function(model) return model.judgeEligible and "yes" or "no" end },
            },
            empty = "There are no models.",
         },
      },
   },
}
