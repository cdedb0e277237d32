--- promptic sandbox: the server of promptic.sandbox.
return {
   section = "This machine", first = true,
   summary = "Serve a stand-in for the platform, for trying without an account.",
   options = {
      { "port", type = "integer", label = "N", minimum = 0, maximum = 65535, default = 0,
         summary = "the port to listen on; 0 takes a free one" },
      { "db", label = "FILE", summary = "keep its state in this SQLite file" },
      { "pace", type = "number", label = "SECONDS", default = 0.2, minimum = 0,
         summary = "how long an iteration of an experiment takes at least" },
      { "without", label = "GROUP", summary = "leave out operations, as older or newer platforms do: "
         .. "observations, cases, workspace, ...; several with commas" },
      { "not_found", label = "FORM", values = { "json", "html", "empty" }, summary = "how it answers to those" },
   },
   notes = "It plays the platform on this machine. It prints its address; Ctrl-C ends it.\n\n"
      .. "In another terminal: export PROMPTIC_ENDPOINT=http://127.0.0.1:PORT PROMPTIC_API_KEY=ptc_sandbox\n\n"
      .. "Further options, such as --port-file for scripts: promptic-lua --run promptic.sandbox --help",
   examples = "promptic sandbox --port 8080 --db sandbox.db",
   run = function(_, values)
      local words = { "--port", values.port, "--pace", values.pace }
      for flag, name in pairs { ["--db"] = "db", ["--without"] = "without", ["--not-found"] = "not_found" } do
         if values[name] then table.move({ flag, values[name] }, 1, 2, #words + 1, words) end
      end
      for place, word in ipairs(words) do words[place] = tostring(word) end
      return nil, require("promptic.sandbox").main(words)
   end,
}
