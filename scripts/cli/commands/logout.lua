--- promptic logout
return {
   section = "Account",
   summary = "Forget the session of this machine.",
   notes = "It removes the session, its AI Application and the endpoint from ~/.promptic/config.toml and keeps the "
      .. "rest of it. Where an API key is stored there, the endpoint stays with it.",
   run = function()
      return require("promptic").auth.logout()
   end,
   done = function(result)
      local text = "There was no session to remove."
      if result.was_logged_in then
         text = ("Signed out: the session is gone from %s."):format(result.config_file)
      end
      if result.had_endpoint then text = text .. "\nThe endpoint that was stored there is gone as well." end
      if result.has_api_key then text = text .. "\nThe API key there stays, and is used from now on." end
      local status = require("promptic").auth.status()
      if status.source == "environment" then
         text = ("%s\n%s in the environment stays, and is used: unset it to sign out."):format(text,
            status.credential == "api_key" and "PROMPTIC_API_KEY" or "PROMPTIC_ACCESS_TOKEN")
      end
      local elsewhere = require("promptic.cli.endpoint").elsewhere()
      return elsewhere and text .. "\n" .. elsewhere or text
   end,
}
