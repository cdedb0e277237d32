edit bindings/table/library.c '    OPTION("only_new", BOOLEAN,' \
'    OPTION("most_rows", INTEGER, "stops after so many rows", DEFAULT("1000000"), RANGE(1, 1000000)), \'
edit bindings/prelude/upload.lua 'function methods.upload_observations(...)' \
'local function limited(client, experiment_id, source, settings)
   if type(source) == "table" then
      local rows = {}
      for index = 1, math.min(#source, settings.most_rows) do rows[index] = source[index] end
      source = rows
   end
   return client, experiment_id, source, settings
end
'
replace bindings/prelude/upload.lua '= check.upload_observations(...)' '= limited(check.upload_observations(...))'
replace scripts/cli/upload.lua '"on_empty", "only_new",' '"on_empty", "most_rows", "only_new",'
